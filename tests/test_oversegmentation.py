"""Blobs of touching characters are sliced where the ink is thin, and nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segcap.segmentation.components import segment
from segcap.segmentation.oversegmentation import (
    equal_parts,
    joinable,
    oversegment,
    parts_for_length,
    parts_for_width,
)

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def discs(*centres, radius=10, bridge=2):
    """Discs in a row, joined by a bridge along their middle, tightly boxed."""
    width = centres[-1] + radius + 1
    y, x = np.mgrid[-radius : radius + 1, :width]
    ink = np.zeros(x.shape, bool)
    for centre in centres:
        ink |= (x - centre) ** 2 + y**2 <= radius**2
    ink[radius : radius + bridge, centres[0] : centres[-1]] = True
    return ink


def boxes_of(*boxes):
    return np.array(boxes, np.int32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("width", "parts", "cuts"),
    [
        (30, 1, []),
        (30, 2, [15]),
        (30, 3, [10, 20]),
        (31, 2, [16]),
        (10, 4, [2, 5, 8]),
        (3, 3, [1, 2]),
    ],
)
def test_equal_parts(width, parts, cuts):
    np.testing.assert_array_equal(equal_parts(width, parts), cuts)


@given(st.integers(1, 200), st.data())
def test_equal_parts_differ_by_at_most_a_pixel(width, data):
    parts = data.draw(st.integers(1, width))
    widths = np.diff([0, *equal_parts(width, parts).tolist(), width])
    assert len(widths) == parts
    assert widths.min() >= 1
    assert np.ptp(widths) <= 1


@pytest.mark.parametrize(
    ("widths", "length", "parts"),
    [
        ([20, 20], 2, [1, 1]),
        ([20, 45], 3, [1, 2]),
        ([20, 45], 4, [1, 3]),
        ([40, 20], 4, [3, 1]),
        ([42, 40, 20], 5, [2, 2, 1]),
        ([20, 20, 20], 2, [1, 1, 1]),
        ([2, 1], 9, [2, 1]),
        ([10], 0, [1]),
        ([], 4, []),
    ],
)
def test_parts_for_length(widths, length, parts):
    boxes = boxes_of(*[(100 * i, 0, 100 * i + width, 20) for i, width in enumerate(widths)])
    np.testing.assert_array_equal(parts_for_length(boxes, length), parts)


@given(st.lists(st.integers(1, 60), max_size=6), st.integers(0, 12))
def test_parts_reach_the_length_if_the_pixels_do(widths, length):
    boxes = boxes_of(*[(100 * i, 0, 100 * i + width, 20) for i, width in enumerate(widths)])
    parts = parts_for_length(boxes, length)
    assert (parts >= 1).all()
    assert (parts <= widths).all()
    if widths:
        assert parts.sum() == min(max(length, len(widths)), sum(widths))


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        ([(14, 20)], [1]),
        ([(24, 20)], [1]),
        ([(25, 20)], [2]),
        ([(32, 20)], [2]),
        ([(48, 20)], [3]),
        ([(64, 20), (10, 20)], [4, 1]),
        ([(24, 10), (10, 20)], [1, 1]),
        ([], []),
    ],
)
def test_parts_for_width(sizes, parts):
    boxes = boxes_of(*[(200 * i, 0, 200 * i + w, h) for i, (w, h) in enumerate(sizes)])
    np.testing.assert_array_equal(parts_for_width(boxes), parts)


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


@given(masks, st.data())
def test_atoms_partition_the_ink(ink, data):
    segments = segment(ink)
    count = len(segments.boxes)
    parts = data.draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    atoms = oversegment(segments, np.array(parts, np.intp))

    assert atoms.boxes.shape == (len(atoms.segment), 4)
    np.testing.assert_array_equal(atoms.labels > 0, ink)
    assert np.unique(atoms.labels[ink]).tolist() == list(range(1, len(atoms.boxes) + 1))
    np.testing.assert_array_equal(
        np.concatenate([[0], atoms.segment + 1])[atoms.labels], segments.labels
    )
    assert (np.diff(atoms.segment) >= 0).all()
    for number, (x0, y0, x1, y1) in enumerate(atoms.boxes.tolist(), start=1):
        rows, columns = np.nonzero(atoms.labels == number)
        assert x0 <= columns.min()
        assert columns.max() < x1
        assert (y0, y1) == (rows.min(), rows.max() + 1)
    single = np.array(parts, int)[atoms.segment] == 1
    np.testing.assert_array_equal(atoms.boxes[single], segments.boxes[np.array(parts, int) == 1])


def test_segments_of_one_part_are_left_whole():
    segments = segment(discs(10, 34))
    atoms = oversegment(segments, np.array([1]))
    np.testing.assert_array_equal(atoms.boxes, segments.boxes)
    np.testing.assert_array_equal(atoms.labels, segments.labels)
    np.testing.assert_array_equal(atoms.segment, [0])


def test_two_discs_fall_apart():
    ink = discs(10, 34)
    atoms = oversegment(segment(ink), np.array([2]))
    np.testing.assert_array_equal(atoms.segment, [0] * len(atoms.boxes))
    left, right = atoms.labels[:, :21], atoms.labels[:, 24:]
    assert left.max() < right[right > 0].min()


def test_a_rule_is_not_thought_to_hold_thousands_of_characters():
    assert parts_for_width(np.array([[0, 0, 10_000, 3]], np.int32)).tolist() == [64]
