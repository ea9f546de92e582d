"""An ink mask falls into characters, in reading order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segcap.core.errors import ParameterError
from segcap.segmentation.cleanup import remove_specks
from segcap.segmentation.components import (
    SEGMENTERS,
    Segments,
    component_boxes,
    contour_boxes,
    keep_segments,
    merge_components,
    reading_order,
    segment,
)

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=16))


def drawn(*rows):
    return np.array([[char == "#" for char in row] for row in rows])


def filled(boxes, shape):
    ink = np.zeros(shape, bool)
    for x0, y0, x1, y1 in boxes:
        ink[y0:y1, x0:x1] = True
    return ink


def tight_box(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@st.composite
def separate_boxes(draw):
    """Boxes in the cells of a 4 x 5 grid, at least one pixel apart."""
    cells = draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=10))
    boxes = []
    for row, column in sorted(cells):
        width, height = draw(st.integers(1, 6)), draw(st.integers(1, 6))
        boxes.append((7 * column, 7 * row, 7 * column + width, 7 * row + height))
    return boxes


@given(separate_boxes())
def test_contours_and_components_box_separate_shapes_alike(boxes):
    ink = filled(boxes, (28, 35))
    by_components, by_contours = component_boxes(ink), contour_boxes(ink)
    assert sorted(by_components.tolist()) == sorted(map(list, boxes))
    assert sorted(by_contours.tolist()) == sorted(map(list, boxes))
    assert (np.diff(by_components[:, 0]) >= 0).all()
    assert (np.diff(by_contours[:, 0]) >= 0).all()


@given(separate_boxes())
def test_both_methods_find_the_same_segments_in_separate_shapes(boxes):
    ink = filled(boxes, (28, 35))
    one, other = segment(ink, "components"), segment(ink, "contours")
    assert sorted(one.boxes.tolist()) == sorted(other.boxes.tolist())


def test_golden_labels():
    ink = drawn(
        "##..#.",
        "##..#.",
        "##..##",
    )
    boxes, labels = segment(ink)
    np.testing.assert_array_equal(boxes, [[0, 0, 2, 3], [4, 0, 6, 3]])
    np.testing.assert_array_equal(
        labels,
        [
            [1, 1, 0, 0, 2, 0],
            [1, 1, 0, 0, 2, 0],
            [1, 1, 0, 0, 2, 2],
        ],
    )


def test_contours_count_what_a_ring_encloses_to_the_ring():
    ink = drawn(
        "#######",
        "#.....#",
        "#..#..#",
        "#.....#",
        "#######",
    )
    np.testing.assert_array_equal(contour_boxes(ink), [[0, 0, 7, 5]])
    np.testing.assert_array_equal(component_boxes(ink), [[0, 0, 7, 5], [3, 2, 4, 3]])
    np.testing.assert_array_equal(segment(ink, "contours").labels, ink.astype(int))


@pytest.mark.parametrize("method", SEGMENTERS)
@given(ink=masks)
def test_labels_and_boxes_are_consistent(method, ink):
    boxes, labels = segment(ink, method)
    assert boxes.dtype == labels.dtype == np.int32
    assert boxes.shape == (len(boxes), 4)
    np.testing.assert_array_equal(labels > 0, ink)
    assert np.unique(labels[ink]).tolist() == list(range(1, len(boxes) + 1))
    for number, box in enumerate(boxes.tolist(), start=1):
        assert box == tight_box(labels == number)
    np.testing.assert_array_equal(reading_order(boxes), np.arange(len(boxes)))


@pytest.mark.parametrize("method", SEGMENTERS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (5, 7)])
def test_no_ink(method, shape):
    boxes, labels = segment(np.zeros(shape, bool), method)
    assert boxes.shape == (0, 4)
    assert boxes.dtype == labels.dtype == np.int32
    np.testing.assert_array_equal(labels, np.zeros(shape))


@pytest.mark.parametrize("method", SEGMENTERS)
def test_one_pixel(method):
    ink = np.zeros((5, 7), bool)
    ink[2, 3] = True
    boxes, labels = segment(ink, method)
    np.testing.assert_array_equal(boxes, [[3, 2, 4, 3]])
    np.testing.assert_array_equal(labels, ink.astype(int))


@pytest.mark.parametrize("method", SEGMENTERS)
def test_full_ink(method):
    boxes, labels = segment(np.ones((4, 6), bool), method)
    np.testing.assert_array_equal(boxes, [[0, 0, 6, 4]])
    assert (labels == 1).all()


def test_input_is_left_unchanged():
    ink = drawn("#.#", "...", "###")
    before = ink.copy()
    for method in SEGMENTERS:
        segment(ink, method)
    np.testing.assert_array_equal(ink, before)


I_DOT, I_STEM = (2, 0, 5, 3), (2, 6, 5, 20)
FIVE, FIVE_BAR = (30, 4, 40, 24), (41, 2, 47, 5)
WHOLE = (50, 0, 60, 20)


@pytest.mark.parametrize(
    ("boxes", "characters"),
    [
        ([I_DOT, I_STEM], [(2, 0, 5, 20)]),
        ([I_DOT, I_STEM, WHOLE], [(2, 0, 5, 20), WHOLE]),
        ([(5, 0, 9, 9), (5, 11, 9, 20), WHOLE], [(5, 0, 9, 20), WHOLE]),
        ([(5, 0, 9, 9), (6, 11, 11, 20), WHOLE], [(5, 0, 11, 20), WHOLE]),
        ([FIVE, FIVE_BAR], [(30, 2, 47, 24)]),
        ([FIVE, (42, 2, 48, 5)], [(30, 2, 48, 24)]),
        ([FIVE, (44, 2, 50, 5)], [FIVE, (44, 2, 50, 5)]),
        ([FIVE, (41, 2, 59, 5)], [FIVE, (41, 2, 59, 5)]),
        ([(0, 0, 10, 20), (12, 0, 22, 20)], [(0, 0, 10, 20), (12, 0, 22, 20)]),
        ([(0, 0, 12, 20), (4, 1, 16, 21)], [(0, 0, 12, 20), (4, 1, 16, 21)]),
        ([(0, 0, 10, 20)], [(0, 0, 10, 20)]),
        ([], []),
    ],
    ids=[
        "dot of an i",
        "dot of an i beside another",
        "broken stroke",
        "broken slanted stroke",
        "bar of a 5, 1 pixel off",
        "bar of a 5, 2 pixels off",
        "bar far off",
        "together too wide",
        "tall neighbours",
        "slanted tall neighbours",
        "one",
        "none",
    ],
)
def test_components_of_one_character_are_merged(boxes, characters):
    merged, owner = merge_components(np.array(boxes, np.int32).reshape(-1, 4))
    assert sorted(map(tuple, merged.tolist())) == characters
    assert len(owner) == len(boxes)
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        outer = merged[owner[index]]
        assert (outer[:2] <= [x0, y0]).all()
        assert (outer[2:] >= [x1, y1]).all()


def test_merged_boxes_are_in_order_of_their_first_components():
    boxes = np.array([I_STEM, (10, 0, 20, 20), I_DOT], np.int32)
    merged, owner = merge_components(boxes)
    np.testing.assert_array_equal(owner, [0, 1, 0])
    np.testing.assert_array_equal(merged, [(2, 0, 5, 20), (10, 0, 20, 20)])


def test_components_are_labelled_as_their_character():
    ink = filled([I_DOT, I_STEM, (10, 0, 20, 20)], (20, 22))
    boxes, labels = segment(ink)
    np.testing.assert_array_equal(boxes, [[2, 0, 5, 20], [10, 0, 20, 20]])
    assert labels[1, 3] == labels[10, 3] == 1
    assert labels[10, 15] == 2


@pytest.mark.parametrize("method", SEGMENTERS)
def test_two_lines_are_read_line_by_line(method):
    upper = [(0, 1, 8, 21), (12, 0, 20, 20), (24, 3, 32, 22)]
    lower = [(3, 30, 11, 50), (15, 29, 23, 49), (27, 31, 35, 51)]
    boxes, labels = segment(filled([*lower, *upper[::-1]], (52, 40)), method)
    assert list(map(tuple, boxes.tolist())) == upper + lower
    assert [labels[10, 4], labels[10, 28], labels[40, 5], labels[40, 30]] == [1, 3, 4, 6]


def test_dot_belongs_to_the_line_below_it():
    upper = [(0, 0, 10, 20), (15, 0, 25, 20)]
    lower = [(0, 40, 10, 60), (16, 46, 20, 60), (16, 40, 20, 43)]
    boxes = segment(filled(upper + lower, (62, 30))).boxes
    assert list(map(tuple, boxes.tolist())) == [*upper, (0, 40, 10, 60), (16, 40, 20, 60)]


def test_reading_order():
    boxes = np.array([[20, 1, 28, 21], [0, 30, 8, 50], [0, 0, 8, 20], [40, 8, 44, 12]], np.int32)
    np.testing.assert_array_equal(reading_order(boxes), [2, 0, 3, 1])
    assert reading_order(np.empty((0, 4), np.int32)).shape == (0,)


def test_smallest_segment_is_dropped():
    ink = drawn(
        "###..##..#####",
        "###..##..#...#",
        "###..##..#####",
    )
    fewer = keep_segments(segment(ink), np.array([True, False, True]))
    np.testing.assert_array_equal(fewer.boxes, [[0, 0, 3, 3], [9, 0, 14, 3]])
    expected = np.zeros(ink.shape)
    expected[:, :3] = 1
    expected[:, 9:] = 2 * ink[:, 9:]
    np.testing.assert_array_equal(fewer.labels, expected)


def test_nothing_is_kept():
    segments = keep_segments(segment(drawn("#..##", "#..##")), np.zeros(2, bool))
    assert isinstance(segments, Segments)
    assert segments.boxes.shape == (0, 4)
    assert not segments.labels.any()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("method", ["components", "contours"])
def test_an_image_without_pixels_has_no_segments(shape, method):
    segments = segment(np.zeros(shape, bool), method)
    assert segments.boxes.shape == (0, 4)
    assert segments.labels.shape == shape


def test_unknown_method_raises():
    with pytest.raises(ParameterError, match="'method' of segment must be one of components"):
        segment(np.zeros((3, 3), bool), "contour")


@given(masks, st.sampled_from(SEGMENTERS), st.sampled_from([None, 1, 5]))
def test_specks_are_left_out_as_if_they_had_been_removed(ink, method, min_area):
    found = segment(ink, method, min_area=min_area)
    expected = segment(remove_specks(ink, min_area), method)
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    np.testing.assert_array_equal(found.labels, expected.labels)
