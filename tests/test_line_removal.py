"""Lines through text are taken out, what they cross stays."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from segcap.core.errors import ParameterError
from segcap.segmentation.line_removal import (
    LINE_FINDERS,
    LINE_REMOVALS,
    hough_lines,
    long_openings,
    thin_runs,
    without_lines,
)

HEIGHT, WIDTH = 60, 220
Y, X = np.mgrid[:HEIGHT, :WIDTH]

LEVEL = abs(Y - 30) <= 1
DOWN = abs(Y - 15 - np.tan(np.deg2rad(8)) * X) <= 1.2
UP = DOWN[::-1]
CURVED = abs(Y - 30 - 8 * np.sin(X / 22)) <= 1.2

over_removals = pytest.mark.parametrize("method", LINE_REMOVALS)
over_finders = pytest.mark.parametrize("finder", LINE_FINDERS.values(), ids=LINE_FINDERS)
masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=24))


def strokes(*lefts):
    """Upright strokes, 8 columns wide and 50 rows tall."""
    return (Y >= 5) & (Y < 55) & np.isin(X, np.add.outer(lefts, np.arange(8)))


def components(ink):
    return cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)[0] - 1


@pytest.mark.parametrize(
    ("finder", "line"),
    [
        (thin_runs, LEVEL),
        (thin_runs, DOWN),
        (thin_runs, CURVED),
        (hough_lines, LEVEL),
        (hough_lines, DOWN),
        (hough_lines, UP),
        (long_openings, LEVEL),
        (long_openings, DOWN),
        (long_openings, UP),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_line_is_marked_and_what_it_crosses_is_not(finder, line):
    ink = strokes(10, 110, 205)
    found = finder(ink | line)
    assert not (found & ink).any()
    assert not (found & ~line).any()
    assert (found & line).sum() >= 0.9 * (line & ~ink).sum()


@over_finders
def test_strokes_alone_are_no_lines(finder):
    assert not finder(strokes(10, 50, 90, 130, 170, 205)).any()


@over_finders
def test_short_and_thick_bars_are_no_lines(finder):
    frame = strokes(10, 200)
    short, thick = LEVEL & (X > 80) & (X < 130), abs(Y - 30) <= 4
    assert not finder(frame | short).any()
    assert not finder(frame | thick).any()


@pytest.mark.parametrize("finder", [hough_lines, long_openings])
def test_neither_steep_lines_nor_curved_ones_are_straight_and_level(finder):
    steep = abs(X - 80 - 0.8 * Y) <= 1
    assert not finder(strokes(10, 200) | steep).any()
    hill = abs(Y - 5 - (X - 110) ** 2 / 300) <= 1
    assert finder(hill).sum() < 0.5 * hill.sum()


@pytest.mark.parametrize("method", ["hough", "opening"])
@pytest.mark.parametrize("line", [LEVEL, DOWN, UP])
def test_a_line_is_removed_and_strokes_stay(method, line):
    ink = strokes(10, 60, 110, 160, 205)
    left = without_lines(ink | line, method)
    assert (left & ink).sum() == ink.sum()
    assert (left & ~ink).sum() <= 0.1 * (line & ~ink).sum()


def test_a_curved_line_is_removed_by_its_runs():
    ink = strokes(10, 110, 205)
    left = without_lines(ink | CURVED, "run-length")
    between = slice(20, 203)
    assert (left & ink).sum() == ink.sum()
    assert (left & ~ink)[:, between].sum() <= 0.05 * (CURVED & ~ink)[:, between].sum()


@pytest.mark.parametrize("method", ["hough", "opening"])
def test_a_thin_stroke_is_painted_in_again_where_a_line_crossed_it(method):
    thin = (abs(X - 110 - 0.5 * (Y - 30)) < 0.6) & (Y >= 5) & (Y < 55)
    ink = strokes(10) | thin
    crossed = ink | LEVEL
    cut = crossed & ~LINE_FINDERS[method](crossed)
    left = without_lines(crossed, method)
    assert components(cut) == 3
    assert components(left) == 2
    assert not (ink & ~left).any()


def test_nothing_is_painted_in_where_ink_stands_on_one_side_only():
    thin = (abs(X - 110 - 0.5 * (Y - 30)) < 0.6) & (Y >= 5) & (Y < 28)
    left = without_lines(strokes(10) | thin | LEVEL, "opening")
    assert not left[29:32, 40:].any()


@pytest.mark.parametrize("method", ["hough", "opening"])
def test_a_thin_slanted_stroke_stays_whole_where_a_thin_line_crosses_it(method):
    ink = (abs(X - 110 - 0.5 * (Y - 30)) < 0.6) & (Y >= 5) & (Y < 55)
    assert components(ink) == 1
    left = without_lines(ink | (Y == 30), method)
    assert components(left) == 1
    assert left.sum() <= ink.sum() + 6


@over_removals
@given(ink=masks)
def test_what_is_left_is_a_new_subset(method, ink):
    before = ink.copy()
    left = without_lines(ink, method)
    assert left.shape == ink.shape
    assert left.dtype == bool
    assert not (left & ~ink).any()
    assert not np.shares_memory(left, ink)
    np.testing.assert_array_equal(ink, before)


@over_finders
@given(ink=masks)
def test_what_is_found_is_ink(finder, ink):
    assert not (finder(ink) & ~ink).any()


@over_removals
@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0), (1, 1), (1, 9), (9, 1)])
def test_masks_without_ink(method, shape):
    assert without_lines(np.zeros(shape, bool), method).shape == shape
    assert not without_lines(np.zeros(shape, bool), method).any()


@over_removals
def test_one_pixel_is_no_line(method):
    ink = np.zeros((20, 40), bool)
    ink[9, 17] = True
    np.testing.assert_array_equal(without_lines(ink, method), ink)


def test_nothing_is_taken_out_unless_asked_for():
    ink = strokes(10, 110) | LEVEL
    np.testing.assert_array_equal(without_lines(ink, "none"), ink)


def test_an_unknown_method_is_refused():
    with pytest.raises(
        ParameterError, match=r"one of none, run-length, hough, opening. Got 'eraser'"
    ):
        without_lines(LEVEL, "eraser")
