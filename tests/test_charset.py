"""Classes become text and text becomes classes."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.core.charset import Charset
from segcap.core.errors import ParameterError

DIGITS = Charset("0123456789")


@pytest.mark.parametrize(
    ("characters", "text", "classes"),
    [
        ("0123456789", "42", [4, 2]),
        ("zyx", "xyzzy", [2, 1, 0, 0, 1]),
        ("aA", "Aa", [1, 0]),
        ("äß字", "字ä", [2, 0]),
        ("0123456789", "", []),
    ],
)
def test_encode_and_decode(characters, text, classes):
    charset = Charset(characters)
    encoded = charset.encode(text)
    assert encoded.dtype == np.intp
    np.testing.assert_array_equal(encoded, classes)
    assert charset.decode(classes) == text
    assert len(charset) == len(characters)


@given(st.text(min_size=1).map(lambda text: "".join(dict.fromkeys(text))), st.data())
def test_decoding_undoes_encoding(characters, data):
    charset = Charset(characters)
    text = data.draw(st.text(st.sampled_from(characters)))
    assert charset.decode(charset.encode(text)) == text


@pytest.mark.parametrize("text", ["4a2", "٣"])
def test_encoding_an_unknown_character_raises(text):
    with pytest.raises(ParameterError, match="must hold characters of '0123456789' only"):
        DIGITS.encode(text)


def test_message_names_the_unknown_character():
    with pytest.raises(ParameterError, match="Got '4x2' with 'x'"):
        DIGITS.encode("4x2")


@pytest.mark.parametrize("characters", ["", None, ["0", "1"]])
def test_characters_must_be_a_string(characters):
    with pytest.raises(ParameterError, match="non-empty string"):
        Charset(characters)


@pytest.mark.parametrize(("characters", "twice"), [("0120", "'0'"), ("abab", "'a', 'b'")])
def test_characters_must_be_distinct(characters, twice):
    with pytest.raises(ParameterError, match=f"must be distinct.*repeats {twice}"):
        Charset(characters)


@pytest.mark.parametrize(
    ("allowlist", "allowed"),
    [
        (None, [True, True, True]),
        ("a", [True, False, False]),
        ("cb", [False, True, True]),
        ("aa", [True, False, False]),
        (["a", "c"], [True, False, True]),
        ({"b"}, [False, True, False]),
        (iter("ab"), [True, True, False]),
    ],
)
def test_mask(allowlist, allowed):
    np.testing.assert_array_equal(Charset("abc").mask(allowlist), allowed)


@pytest.mark.parametrize("allowlist", ["", []])
def test_empty_allowlist_raises(allowlist):
    with pytest.raises(ParameterError, match="'allowlist' must hold at least one character"):
        DIGITS.mask(allowlist)


def test_numbers_are_no_allowlist():
    with pytest.raises(ParameterError, match=r"'allowlist' must be characters\. Got \[1, 2\]"):
        DIGITS.mask([1, 2])


def test_an_array_of_no_dimension_is_no_allowlist():
    """It says that it can be iterated over, and cannot."""
    with pytest.raises(ParameterError, match=r"'allowlist' must be characters\. Got array"):
        DIGITS.mask(np.array("1"))


def test_unknown_character_in_allowlist_raises():
    with pytest.raises(ParameterError, match="with 'x'"):
        DIGITS.mask("12x")


def test_charsets_are_frozen_and_comparable():
    assert Charset("abc") == Charset("abc") != Charset("acb")
    assert len({Charset("abc"), Charset("abc")}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        DIGITS.characters = "abc"


@pytest.mark.parametrize(
    ("allowlist", "expected"),
    [(None, "aab1"), ("AB1", "AAB1"), ("aB1", "aaB1"), ("1", "1")],
)
def test_letters_of_the_other_case_count_as_those_that_are_admitted(allowlist, expected):
    charset = Charset("aAbB1")
    folded = charset.folded(allowlist)
    meant = [folded.get(index, index) for index in range(5)]
    admitted = charset.mask(allowlist)
    shown = {charset.characters[index] for index in meant if admitted[index]}
    assert shown == set(expected)
    assert charset.folded(allowlist, "keep") == {}
