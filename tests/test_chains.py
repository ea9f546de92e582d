"""The k best ways through a lattice, and the texts they spell, are those of trying them all."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.decoding.chains import Lattice, best_texts, choose
from segcap.decoding.compose import log_softmax
from segcap.decoding.numbers import number_fields
from segcap.decoding.viterbi import best_path, best_paths

POSSIBLE = [[(i, j) for i in range(atoms) for j in range(i + 1, atoms + 1)] for atoms in range(5)]


@st.composite
def lattices(draw):
    """Spans, whole-number scores for each of three places, and scores for skipping."""
    atoms = draw(st.integers(1, 4))
    spans = sorted(draw(st.sets(st.sampled_from(POSSIBLE[atoms]), min_size=1)))
    numbers = st.lists(st.integers(-20, 3), min_size=4 * len(spans), max_size=4 * len(spans))
    table = np.array(draw(numbers), float).reshape(len(spans), 4)
    return np.array(spans, np.int32), table[:, :3], table[:, 3], atoms


def all_chains(spans, atoms, *, skipping, start=0):
    """All ways from the first atom to the last: lists of (span, whether it is skipped)."""
    if start == atoms:
        return [[]]
    return [
        [(index, skipped), *rest]
        for index, (first, stop) in enumerate(spans)
        if first == start
        for skipped in ((False, True) if skipping else (False,))
        for rest in all_chains(spans, atoms, skipping=skipping, start=stop)
    ]


def summed(chain, scores, skips):
    """The chain's spans and score; `scores` of each span alike, or for each place."""
    kept = [index for index, skipped in chain if not skipped]
    own = sum(
        scores[index] if scores.ndim == 1 else scores[index, at] for at, index in enumerate(kept)
    )
    return tuple(kept), own + sum(skips[index] for index, skipped in chain if skipped)


@given(lattices(), st.none() | st.integers(0, 3), st.integers(1, 6), st.booleans(), st.booleans())
def test_best_paths_are_the_best_of_all_chains(lattice, length, most, skipping, by_place):
    spans, table, skips, atoms = lattice
    by_place = by_place and length is not None
    scores = table[:, :length] if by_place else table[:, 0]
    chains = all_chains(spans.tolist(), atoms, skipping=skipping)
    expected = [
        summed(chain, scores, skips)
        for chain in chains
        if length in (None, sum(not skipped for _, skipped in chain))
    ]
    given_skips = skips if skipping else None
    paths = best_paths(spans, scores, atoms=atoms, length=length, skips=given_skips, most=most)
    found = [(tuple(path.spans.tolist()), path.score) for path in paths]
    ranked = sorted((score for _, score in expected), reverse=True)
    assert [score for _, score in found] == ranked[:most]
    for path in set(found):
        assert found.count(path) <= expected.count(path)
    if found:
        alone = best_path(spans, scores, atoms=atoms, length=length, skips=given_skips)
        assert alone.score == found[0][1]


SPANS = np.array([[0, 1], [0, 2], [1, 2]], np.int32)


@pytest.mark.parametrize(
    ("scores", "skips", "length", "paths"),
    [
        ([-1, -3, -1], None, None, [([0, 2], -2), ([1], -3)]),
        ([-1, -3, -1], None, 1, [([1], -3)]),
        ([-1, -9, -1], [-9, -9, -2], 1, [([0], -3), ([1], -9), ([2], -10)]),
        ([-1, -9, -4], [-9, -1, -9], 0, [([], -1), ([], -18)]),
        ([[-1, -7], [-9, -9], [-7, -1]], None, 2, [([0, 2], -2)]),
        ([[-7, -1], [-9, -9], [-1, -7]], None, 2, [([0, 2], -14)]),
        ([-1, -np.inf, -1], None, None, [([0, 2], -2)]),
        ([-1, -np.inf, -np.inf], None, None, []),
        ([-1, -1, -1], None, 3, []),
    ],
)
def test_golden_paths(scores, skips, length, paths):
    found = best_paths(
        SPANS,
        np.array(scores, float),
        atoms=2,
        length=length,
        skips=None if skips is None else np.array(skips, float),
        most=5,
    )
    assert [(path.spans.tolist(), path.score) for path in found] == paths


@pytest.mark.parametrize(("length", "paths"), [(None, [([], 0)]), (0, [([], 0)]), (1, [])])
def test_no_atoms(length, paths):
    none = np.empty((0, 2), np.int32)
    found = best_paths(none, np.empty(0), atoms=0, length=length, most=3)
    assert [(path.spans.tolist(), path.score) for path in found] == paths


def test_spans_given_twice_are_two_characters():
    twice = np.repeat(SPANS[:1], 2, axis=0)
    paths = best_paths(twice, np.array([-2.0, -1.0]), atoms=1, most=3)
    assert [(path.spans.tolist(), path.score) for path in paths] == [([1], -1), ([0], -2)]


def lattice_of(spans, atoms):
    """A lattice whose atoms are 10 wide and 20 tall."""
    spans = np.array(spans, np.int32).reshape(-1, 2)
    boxes = np.stack([10 * spans[:, 0], 0 * spans[:, 0], 10 * spans[:, 1], 0 * spans[:, 0] + 20], 1)
    return Lattice(spans, boxes.astype(np.int32), atoms)


PAIR = lattice_of(SPANS, 2)
SURE = np.log([[0.7, 0.1, 0.1], [0.1, 0.1, 0.2], [0.1, 0.6, 0.1]])


def test_what_is_no_character_is_left_out():
    skips = np.log([0.1, 0.1, 0.9])
    reading, probabilities, *_ = choose(
        PAIR, SURE, "abc", length=None, reject_below=0.5, skips=skips
    )
    assert (reading.text, reading.status) == ("a", "ok")
    assert reading.confidence == pytest.approx(0.7)
    assert [glyph.box for glyph in reading.glyphs] == [(0, 0, 10, 20)]
    np.testing.assert_allclose(probabilities, [[0.7, 0.1, 0.1]])


@pytest.mark.parametrize(
    ("length", "skips", "reject_below", "text", "status", "confidence"),
    [
        (None, None, 0.4, "ab", "ok", 0.42),
        (None, None, 0.5, "ab", "rejected", 0.42),
        (1, None, 0, "c", "ok", 0.2),
        (3, None, 0, "ab", "rejected", 0),
        (2, [0.1, 0.1, 0.9], 0, "ab", "ok", 0.42),
        (1, [0.9, 0.1, 0.1], 0, "b", "ok", 0.6),
        (None, [0.1, 0.9, 0.1], 0, "", "rejected", 0),
        (3, [0.1, 0.1, 0.9], 0, "a", "rejected", 0),
    ],
)
def test_choosing(length, skips, reject_below, text, status, confidence):
    reading, probabilities, *_ = choose(
        PAIR,
        SURE,
        "abc",
        length=length,
        reject_below=reject_below,
        skips=None if skips is None else np.log(skips),
    )
    assert (reading.text, reading.status) == (text, status)
    assert reading.confidence == pytest.approx(confidence)
    assert probabilities.shape == (len(text), 3)


def test_an_image_without_ink():
    nothing = lattice_of([], 0)
    outcome = choose(nothing, np.empty((0, 3)), "abc", length=2, reject_below=0)
    assert (outcome.reading.text, outcome.reading.status) == ("", "empty")
    assert outcome.probabilities.shape == (0, 3)
    assert best_texts(nothing, np.empty((0, 3)), "abc", length=None, most=5) == []


@pytest.mark.parametrize(
    ("length", "skips", "reject_below", "value", "confidence", "status"),
    [
        (None, None, 0, 5, 43 / 64, "ok"),
        (None, None, 0.9, 5, 43 / 64, "rejected"),
        (3, None, 0, 5, 0, "rejected"),
        (None, [0.1, 0.9, 0.1], 0, None, 0, "rejected"),
    ],
)
def test_digit_sums(length, skips, reject_below, value, confidence, status):
    probabilities = np.log([[0.7, 0.1, 1e-300], [0.1, 0.1, 0.2], [0.1, 0.6, 0.1]])
    outcome = choose(
        PAIR,
        probabilities,
        "234",
        length=length,
        reject_below=0,
        skips=None if skips is None else np.log(skips),
    )
    found = outcome.digit_sum("234", reject_below)
    assert (found.value, found.status) == (value, status)
    assert found.confidence == pytest.approx(confidence)
    assert found.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("length", "most", "texts"),
    [
        (None, 9, {"ab": 0.42, "c": 0.2, "bb": 0.06, "cb": 0.06, "aa": 0.07, "ac": 0.07}),
        (None, 2, {"ab": 0.42, "c": 0.2}),
        (1, 9, {"c": 0.2, "a": 0.1, "b": 0.1}),
        (3, 9, {}),
    ],
)
def test_golden_texts(length, most, texts):
    found = best_texts(PAIR, SURE, "abc", length=length, most=most)
    probabilities = dict(found)
    assert [text for text, _ in found][:2] == list(texts)[:2]
    for text, probability in texts.items():
        assert probabilities[text] / probabilities[found[0][0]] == pytest.approx(
            probability / next(iter(texts.values()))
        )
    assert len(found) <= most


def test_chains_of_one_text_count_together():
    """Two doubtful ways to spell "a" outweigh a better way to spell "b"."""
    lattice = lattice_of([(0, 1), (0, 1), (0, 1)], 1)
    found = best_texts(
        lattice, np.log([[0.3, 0.1], [0.3, 0.1], [0.1, 0.4]]), "ab", length=None, most=5
    )
    assert found == [("a", pytest.approx(0.7 / 1.3)), ("b", pytest.approx(0.6 / 1.3))]


@st.composite
def questions(draw):
    """A lattice with a probability for each character of each span, and for none."""
    atoms = draw(st.integers(1, 3))
    spans = sorted(draw(st.sets(st.sampled_from(POSSIBLE[atoms]), min_size=1)))
    number = st.integers(1, 50)
    probabilities = np.array([[draw(number) for _ in range(4)] for _ in spans], float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return lattice_of(spans, atoms), np.log(probabilities[:, :3]), np.log(probabilities[:, 3])


def totals_of_texts(lattice, log_probabilities, skips):
    """All texts with the sums of their chains' probabilities, by trying all chains."""
    totals = defaultdict(float)
    scores = np.zeros(len(lattice.spans))
    for chain in all_chains(lattice.spans.tolist(), lattice.atoms, skipping=skips is not None):
        kept, left_out = summed(chain, scores, scores if skips is None else skips)
        for classes in product(range(3), repeat=len(kept)):
            own = log_probabilities[list(kept), list(classes)].sum()
            totals["".join("abc"[index] for index in classes)] += np.exp(own + left_out)
    return totals


@pytest.mark.parametrize(
    "skipping",
    [False, True],
)
@given(question=questions())
def test_texts_have_the_probabilities_of_all_their_chains(skipping, question):
    lattice, log_probabilities, skips = question
    skips = skips if skipping else None
    totals = totals_of_texts(lattice, log_probabilities, skips)
    found = best_texts(lattice, log_probabilities, "abc", length=None, most=200, skips=skips)
    assert dict(found) == {
        text: pytest.approx(total / sum(totals.values())) for text, total in totals.items()
    }


@given(questions(), st.booleans())
def test_all_texts_that_a_lattice_allows_are_found(question, skipping):
    lattice, log_probabilities, skips = question
    skips = skips if skipping else None
    found = best_texts(lattice, log_probabilities, "abc", length=None, most=200, skips=skips)
    assert {text for text, _ in found} == set(totals_of_texts(lattice, log_probabilities, skips))


@given(questions(), st.none() | st.integers(1, 3), st.integers(1, 8), st.booleans())
def test_texts_are_distinct_ranked_and_share_at_most_all(question, length, most, skipping):
    lattice, log_probabilities, skips = question
    found = best_texts(
        lattice,
        log_probabilities,
        "abc",
        length=length,
        most=most,
        skips=skips if skipping else None,
    )
    texts, probabilities = (
        [text for text, _ in found],
        np.array([probability for _, probability in found]),
    )
    assert len(found) <= most
    assert len(set(texts)) == len(texts)
    assert length is None or {len(text) for text in texts} <= {length}
    assert (np.diff(probabilities) <= 0).all()
    assert (probabilities > 0).all()
    assert probabilities.sum() <= 1 + 1e-9


@given(questions(), st.none() | st.integers(1, 3))
def test_the_first_text_is_what_is_chosen_where_there_is_one_chain(question, length):
    lattice, log_probabilities, _ = question
    spans = [index for index, (first, stop) in enumerate(lattice.spans) if stop - first == 1]
    lattice = Lattice(lattice.spans[spans], lattice.boxes[spans], lattice.atoms)
    outcome = choose(lattice, log_probabilities[spans], "abc", length=length, reject_below=0)
    found = best_texts(lattice, log_probabilities[spans], "abc", length=length, most=50)
    assert bool(found) == (outcome.reading.status == "ok")
    if found:
        probabilities = dict(found)
        assert probabilities[outcome.reading.text] == pytest.approx(found[0][1])


def test_what_is_skipped_counts_once():
    lattice = Lattice(np.array([[0, 1]], np.int32), np.zeros((1, 4), np.int32), 1)
    probabilities = np.array([[0.4, 0.2, 0.1]])
    found = best_texts(
        lattice, np.log(probabilities), "abc", length=None, most=4, skips=np.log(np.array([0.3]))
    )
    assert [text for text, _ in found] == ["a", "", "b", "c"]
    assert [probability for _, probability in found] == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_the_best_text_of_a_language_is_ranked_whatever_else_is_likelier():
    """Three letters are likelier than the sign, which alone makes a task of it."""
    characters = "35abc+="
    lattice = lattice_of([(0, 1), (1, 2), (2, 3), (3, 4)], 4)
    probabilities = np.full((4, 7), 0.01)
    probabilities[[0, 2, 3], [0, 1, 6]] = 0.9
    probabilities[1, 2:6] = 0.3, 0.25, 0.2, 0.15
    log_probabilities = np.log(probabilities)
    language = number_fields(characters, kind="task")
    given = {"length": None, "language": language}
    chosen = choose(lattice, log_probabilities, characters, reject_below=0, **given)
    found = best_texts(lattice, log_probabilities, characters, most=5, **given)
    assert chosen.reading.text == found[0][0] == "3+5="
    assert len(found) == 5
    impossible = np.where(language.used, -np.inf, log_probabilities)
    assert best_texts(lattice, impossible, characters, most=5, **given) == []


def test_a_probability_too_small_for_a_number_is_none():
    spans = [(place, place + 1) for place in range(400)]
    log_probabilities = np.full((400, 10), np.log(0.1))
    language = number_fields("0123456789")
    outcome = choose(
        lattice_of(spans, 400),
        log_probabilities,
        "0123456789",
        length=None,
        reject_below=0,
        language=language,
    )
    assert outcome.reading.confidence == 0
    assert outcome.reading.status == "rejected"


def test_the_only_number_that_can_be_is_no_surer_than_certain():
    language = number_fields("0123456789", None)
    for seed in range(200):
        sharp = np.random.default_rng(seed).normal(0, 1, (4, 10)) + 40 * np.eye(10)[[8, 1, 4, 8]]
        outcome = choose(
            Lattice(
                np.array([(i, i + 1) for i in range(4)], np.int32),
                np.array([(9 * i, 0, 9 * i + 8, 12) for i in range(4)], np.int32),
                4,
            ),
            log_softmax(sharp),
            "0123456789",
            length=None,
            reject_below=0.0,
            language=language,
        )
        assert outcome.reading.confidence <= 1
        assert outcome.value("0123456789", None, 0.0).confidence <= 1
