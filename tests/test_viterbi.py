"""The best chain of spans is the one that trying them all would find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.decoding.viterbi import best_path, span_boxes, spelling_scores


@st.composite
def lattices(draw):
    atoms = draw(st.integers(1, 6))
    possible = [(i, j) for i in range(atoms) for j in range(i + 1, atoms + 1)]
    spans = sorted(draw(st.sets(st.sampled_from(possible), min_size=1)))
    scores = draw(st.lists(st.integers(-20, 3), min_size=len(spans), max_size=len(spans)))
    return np.array(spans, np.int32), np.array(scores, float), atoms


def all_chains(spans, atoms, start=0):
    if start == atoms:
        return [[]]
    return [
        [index, *rest]
        for index, (first, stop) in enumerate(spans)
        if first == start
        for rest in all_chains(spans, atoms, stop)
    ]


@given(lattices(), st.none() | st.integers(0, 7))
def test_best_path_is_the_best_of_all_chains(lattice, length):
    spans, scores, atoms = lattice
    chains = [chain for chain in all_chains(spans.tolist(), atoms) if length in (None, len(chain))]
    path = best_path(spans, scores, atoms=atoms, length=length)
    if not chains:
        assert path is None
    else:
        assert path.spans.tolist() in chains
        assert path.score == max(scores[chain].sum() for chain in chains)


SPANS = np.array([[0, 1], [0, 2], [1, 2], [2, 3]], np.int32)


@pytest.mark.parametrize(
    ("scores", "length", "path"),
    [
        ([-1, -3, -1, -1], None, [0, 2, 3]),
        ([-1, -1, -1, -1], None, [1, 3]),
        ([-1, -1, -1, -1], 3, [0, 2, 3]),
        ([-1, -9, -1, -1], 2, [1, 3]),
        ([-1, -1, -1, -1], 1, None),
        ([-1, -1, -1, -1], 4, None),
        ([-1, -1, -1, -1], 0, None),
        ([-1, -1, -np.inf, -1], 3, None),
        ([-1, -1, -1, -np.inf], None, None),
    ],
)
def test_golden_paths(scores, length, path):
    found = best_path(SPANS, np.array(scores, float), atoms=3, length=length)
    assert (None if found is None else found.spans.tolist()) == path


def test_atom_without_a_span_leaves_no_path():
    assert best_path(SPANS[:3], np.zeros(3), atoms=3) is None


def test_no_atoms():
    none = np.empty((0, 2), np.int32)
    assert best_path(none, np.empty(0), atoms=0).spans.tolist() == []
    assert best_path(none, np.empty(0), atoms=0, length=0).spans.tolist() == []
    assert best_path(none, np.empty(0), atoms=0, length=2) is None


ATOM_BOXES = np.array([[0, 5, 4, 20], [4, 2, 9, 18], [12, 0, 20, 19]], np.int32)


@pytest.mark.parametrize(
    ("spans", "boxes"),
    [
        ([(0, 1), (1, 2), (2, 3)], ATOM_BOXES),
        ([(0, 2)], [[0, 2, 9, 20]]),
        ([(0, 3), (1, 3)], [[0, 0, 20, 20], [4, 0, 20, 19]]),
        ([(0, 1), (0, 2), (1, 2), (2, 3)], [ATOM_BOXES[0], [0, 2, 9, 20], *ATOM_BOXES[1:]]),
        ([(0, 3), (1, 2), (2, 3)], [[0, 0, 20, 20], *ATOM_BOXES[1:]]),
        ([], np.empty((0, 4))),
    ],
    ids=["single atoms", "one span", "two spans", "all", "as many spans as atoms", "none"],
)
def test_span_boxes(spans, boxes):
    found = span_boxes(ATOM_BOXES, np.array(spans, np.int32).reshape(-1, 2))
    np.testing.assert_array_equal(found, boxes)


def test_span_boxes_of_no_atoms():
    assert span_boxes(np.empty((0, 4), np.int32), np.empty((0, 2), np.int32)).shape == (0, 4)


@given(lattices(), st.booleans())
def test_a_text_is_scored_by_its_best_chain(lattice, may_skip):
    spans, scores, atoms = lattice
    table = np.stack([scores, scores[::-1]], axis=1)
    skips = scores - 1 if may_skip else None
    texts = [(0,), (1, 0), (0, 1, 1), (1,) * 7]
    paths = [
        best_path(spans, table[:, list(text)], atoms=atoms, length=len(text), skips=skips)
        for text in texts
    ]
    found = spelling_scores(spans, table, texts, atoms=atoms, skips=skips)
    np.testing.assert_allclose(found, [-np.inf if one is None else one.score for one in paths])


def test_atoms_that_cannot_be_characters_have_no_path():
    alone = np.array([[0, 1], [1, 2]])
    assert best_path(alone, np.array([0.0, -np.inf]), atoms=2) is None
