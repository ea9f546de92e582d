"""Segments that stand alone are candidates themselves; halves of one character are joined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.segmentation.candidates import isolated_candidates, joinable, one_character_wide
from segcap.segmentation.components import Segments


def boxes_of(*boxes):
    return np.array(boxes, np.int32).reshape(-1, 4)


def bars(widths, gaps, height=20):
    """Segments of so many columns, with gaps after all but the last."""
    starts = np.cumsum([0, *np.add(widths[:-1], gaps).tolist()])[: len(widths)]
    boxes = boxes_of(*[(x, 0, x + w, height) for x, w in zip(starts, widths, strict=True)])
    labels = np.zeros((height, int(boxes[:, 2].max(initial=0))), np.int32)
    for number, (x0, _, x1, _) in enumerate(boxes.tolist(), start=1):
        labels[:, x0:x1] = number
    return Segments(boxes, labels)


@pytest.mark.parametrize(
    ("sizes", "single"),
    [
        ([(14, 20)], [True]),
        ([(24, 20)], [True]),
        ([(25, 20)], [False]),
        ([(64, 20), (10, 20)], [False, True]),
        ([(24, 10), (10, 20)], [True, True]),
        ([], []),
    ],
)
def test_one_character_wide(sizes, single):
    boxes = boxes_of(*[(200 * i, 0, 200 * i + w, h) for i, (w, h) in enumerate(sizes)])
    np.testing.assert_array_equal(one_character_wide(boxes), np.array(single, bool))


@pytest.mark.parametrize(
    ("boxes", "joins"),
    [
        ([], []),
        ([(0, 0, 8, 20)], [False]),
        ([(0, 0, 8, 20), (11, 0, 19, 20)], [False, True]),
        ([(0, 0, 8, 20), (12, 0, 20, 20)], [False, False]),
        ([(0, 0, 11, 20), (11, 0, 30, 20)], [False, True]),
        ([(0, 0, 11, 20), (11, 0, 31, 20)], [False, False]),
        ([(0, 0, 8, 20), (9, 0, 17, 20), (18, 0, 26, 20)], [False, True, True]),
        ([(0, 0, 8, 20), (40, 0, 48, 20), (0, 30, 8, 50), (40, 30, 48, 50)], [False] * 4),
    ],
    ids=[
        "none",
        "one",
        "near",
        "gap too wide",
        "half as wide again as high",
        "wider than that",
        "three",
        "two lines",
    ],
)
def test_joinable(boxes, joins):
    np.testing.assert_array_equal(joinable(boxes_of(*boxes)), np.array(joins, bool))


@pytest.mark.parametrize(
    ("length", "kept", "spans"),
    [
        (None, 3, [(0, 1), (1, 2), (2, 3)]),
        (3, 3, [(0, 1), (1, 2), (2, 3)]),
        (2, 3, [(0, 1), (0, 2), (1, 2), (2, 3)]),
        (1, 2, [(0, 1), (0, 2), (1, 2)]),
    ],
    ids=["length unknown", "as many", "halves joined", "smallest dropped"],
)
def test_golden_candidates(length, kept, spans):
    segments, lattice = isolated_candidates(bars([8, 8, 5], [2, 12]), length)
    assert len(segments.boxes) == lattice.atoms == kept
    assert lattice.spans.dtype == np.int32
    assert list(map(tuple, lattice.spans.tolist())) == spans
    x0, x1 = lattice.boxes[:, 0], lattice.boxes[:, 2]
    np.testing.assert_array_equal(x0, segments.boxes[lattice.spans[:, 0], 0])
    np.testing.assert_array_equal(x1, segments.boxes[lattice.spans[:, 1] - 1, 2])


@given(st.lists(st.tuples(st.integers(1, 24), st.integers(1, 6)), max_size=9), st.integers(1, 9))
def test_runs_never_cross_what_is_not_joined(sizes, length):
    widths, gaps = [w for w, _ in sizes], [g for _, g in sizes][:-1]
    segments, lattice = isolated_candidates(bars(widths, gaps), length)
    joins = joinable(segments.boxes) if len(sizes) > length else np.zeros(len(sizes), bool)
    count = len(segments.boxes)
    assert list(map(tuple, lattice.spans.tolist())) == [
        (first, stop)
        for first in range(count)
        for stop in range(first + 1, min(first + 6, count) + 1)
        if joins[first + 1 : stop].all()
    ]


def test_no_segments():
    segments, lattice = isolated_candidates(bars([], []), 4)
    assert (len(segments.boxes), lattice.spans.shape, lattice.atoms) == (0, (0, 2), 0)
