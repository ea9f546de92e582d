"""Which alphabet a text is taken to be of where nobody says."""

import string

import numpy as np
import pytest

from segcap.decoding.alphabets import alphabets, likely_alphabet, within_alphabet

CHARACTERS = string.digits + string.ascii_letters + "+-."
MASKS = alphabets(CHARACTERS)


def seen(*places):
    """Probabilities of each place's characters; the rest is that there is none."""
    found = np.zeros((len(places), len(CHARACTERS)))
    for row, place in zip(found, places, strict=True):
        for char, probability in place.items():
            row[CHARACTERS.index(char)] = probability
    return found


def of_which(*places):
    alphabet = likely_alphabet(seen(*places), MASKS)
    return "any" if alphabet is None else "".join(np.array([*CHARACTERS])[alphabet])


@pytest.mark.parametrize(
    ("places", "alphabet"),
    [
        ([{"5": 0.9}, {"O": 0.7, "0": 0.25}, {"8": 0.9}, {"1": 0.9}], string.digits),
        ([{"K": 0.9}, {"x": 0.6, "X": 0.3}, {"R": 0.9}, {"M": 0.9}], string.ascii_uppercase),
        ([{"K": 0.9}, {"7": 0.9}, {"4": 0.9}, {"J": 0.9}], string.digits + string.ascii_uppercase),
        ([{"k": 0.9}, {"R": 0.9}, {"7": 0.9}, {"4": 0.9}, {"g": 0.9}], "any"),
        ([{"3": 0.9}, {".": 0.9}, {"5": 0.9}], "any"),
        ([{"5": 0.9}], "any"),
        ([], "any"),
    ],
)
def test_all_characters_have_their_say(places, alphabet):
    assert set(of_which(*places)) == set(alphabet)


def test_it_is_known_where_characters_are_left_out():
    assert len(alphabets(string.digits + string.ascii_lowercase)) == 0
    assert likely_alphabet(np.full((4, 10), 0.1), alphabets(string.digits)) is None


def test_what_is_ruled_out_goes_to_the_others_and_to_none():
    digits = MASKS[0]
    place = {"O": 0.6, "0": 0.2}
    own, shift = within_alphabet(np.log(seen(place, {"7": 0.5}) + 1e-300), digits)
    alone, _ = within_alphabet(np.log(seen(place) + 1e-300), digits)
    np.testing.assert_allclose(own[:1], alone)
    assert np.exp(own[0, 0]) == pytest.approx(0.5)
    assert np.exp(own[0, 1:]).max() < 1e-9
    assert np.exp(np.log(0.2) - shift[0]) == pytest.approx(0.5)
