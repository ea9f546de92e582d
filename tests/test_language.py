"""The best text of a language is the best of all its texts."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_chains import POSSIBLE, all_chains, lattice_of

from segcap.decoding.chains import best_texts, choose
from segcap.decoding.language import best_spelling, likely_texts
from segcap.decoding.numbers import number_fields

CHARACTERS = "12+=a"
NUMBERS = number_fields(CHARACTERS)


@st.composite
def questions(draw):
    """Spans, and a probability for each character of each, and for none."""
    atoms = draw(st.integers(1, 4))
    spans = sorted(draw(st.sets(st.sampled_from(POSSIBLE[atoms]), min_size=1)))
    seed = draw(st.integers(0, 2**32 - 1))
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(6), len(spans))
    return (
        np.array(spans, np.int32),
        np.log(probabilities[:, :5]),
        np.log(probabilities[:, 5]),
        atoms,
    )


@given(questions(), st.none() | st.integers(1, 3), st.booleans())
def test_the_best_spelling_is_the_best_of_all(question, length, skipping):
    spans, log_probabilities, skips, atoms = question
    best = -np.inf
    for chain in all_chains(spans.tolist(), atoms, skipping=skipping):
        kept = [index for index, skipped in chain if not skipped]
        if length not in (None, len(kept)):
            continue
        left_out = sum(skips[index] for index, skipped in chain if skipped)
        for classes in product(range(5), repeat=len(kept)):
            if NUMBERS.accepts(classes):
                best = max(best, left_out + log_probabilities[kept, list(classes)].sum())
    found = best_spelling(
        spans,
        log_probabilities,
        NUMBERS.of_length(length),
        atoms=atoms,
        skips=skips if skipping else None,
    )
    assert (found is None) == (best == -np.inf)
    if found is not None:
        kept, classes = found
        assert NUMBERS.accepts(classes)
        assert length in (None, len(kept))
        own = log_probabilities[kept, classes].sum()
        assert own <= best + 1e-9 if skipping else own == pytest.approx(best)


@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_likely_texts_are_those_of_all(places, seed):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(5), places)
    found = likely_texts(probabilities, CHARACTERS, NUMBERS)
    brute = [
        (
            "".join(CHARACTERS[index] for index in classes),
            probabilities[range(places), classes].prod(),
        )
        for classes in product(range(5), repeat=places)
        if NUMBERS.accepts(classes)
    ]
    brute.sort(key=lambda pair: -pair[1])
    assert [probability for _, probability in found[:9]] == pytest.approx(
        [probability for _, probability in brute[:9]]
    )
    assert dict(found).items() <= {text: pytest.approx(p) for text, p in brute}.items()


TASK = np.log(
    [
        [0.5, 0.3, 0.01, 0.01, 0.1],
        [0.3, 0.1, 0.25, 0.05, 0.3],
        [0.2, 0.6, 0.01, 0.01, 0.1],
        [0.01, 0.01, 0.01, 0.3, 0.6],
    ]
)
PLACES = lattice_of([(0, 1), (1, 2), (2, 3), (3, 4)], 4)


PROBABILITIES = np.exp(TASK)
GIVEN = PROBABILITIES.sum(axis=1).prod() / sum(
    PROBABILITIES[range(4), classes].prod()
    for classes in product(range(5), repeat=4)
    if NUMBERS.accepts(classes)
)
"""By what the probability of a text grows where it is given that a number or a task is shown."""


def test_what_is_no_number_is_not_read_where_numbers_are_asked_for():
    free = choose(PLACES, TASK, CHARACTERS, length=None, reject_below=0).reading
    assert free.text == "112a"
    found = choose(PLACES, TASK, CHARACTERS, length=None, reject_below=0, language=NUMBERS).reading
    assert found.text == "1+2="
    assert found.confidence == pytest.approx(GIVEN * 0.5 * 0.25 * 0.6 * 0.3)
    assert found.alternatives[0][0] == "2+2="
    assert [glyph.char for glyph in found.glyphs] == list("1+2=")
    assert found.glyphs[3].alternatives[0] == ("a", pytest.approx(0.6))
    ranked = best_texts(PLACES, TASK, CHARACTERS, length=None, most=3, language=NUMBERS)
    assert ranked[0][0] == "1+2="


def test_probabilities_of_texts_of_one_value_add_up():
    outcome = choose(PLACES, TASK, CHARACTERS, length=None, reject_below=0.9, language=NUMBERS)
    found = outcome.value(CHARACTERS, None, 0.9)
    assert (found.value, found.text, found.status) == (3, "1+2=", "rejected")
    assert found.confidence == pytest.approx(GIVEN * 0.25 * 0.3 * (0.5 * 0.6 + 0.3 * 0.2))
    assert found.alternatives[:2] == (
        (4, pytest.approx(GIVEN * 0.25 * 0.3 * 0.3 * 0.6)),
        (2, pytest.approx(GIVEN * 0.25 * 0.3 * 0.5 * 0.2)),
    )
    assert outcome.value(CHARACTERS, None, 0.0).status == "ok"


def test_a_text_without_value_is_rejected_with_its_text():
    outcome = choose(PLACES, TASK, CHARACTERS, length=None, reject_below=0)
    found = outcome.value(CHARACTERS, None, 0)
    assert (found.value, found.confidence, found.status) == (None, 0.0, "rejected")
    assert found.text == outcome.reading.text
    assert found.error.endswith(f"Got {found.text!r}.")
    assert found.alternatives[0][0] == 3


def test_where_no_chain_is_a_number_the_text_is_rejected():
    letters = np.log(np.array([[1e-300, 1e-300, 1e-300, 1e-300, 1.0]]))
    letters[:, :4] = -np.inf
    outcome = choose(
        lattice_of([(0, 1)], 1), letters, CHARACTERS, length=None, reject_below=0, language=NUMBERS
    )
    assert (outcome.reading.text, outcome.reading.status) == ("a", "rejected")
    assert outcome.value(CHARACTERS, None, 0).value is None


def test_a_division_by_zero_has_no_value():
    probabilities = np.log(np.maximum([[0.9, 0.1, 0], [0, 0, 1], [0.1, 0.9, 0]], 1e-300))
    places = lattice_of([(0, 1), (1, 2), (2, 3)], 3)
    language = number_fields("60÷")
    found = choose(
        places, probabilities, "60÷", length=None, reject_below=0, language=language
    ).value("60÷", None, 0)
    assert (found.value, found.status) == (None, "rejected")
    assert "divide by zero" in found.error
    assert dict(found.alternatives)[1] == pytest.approx(0.09)
