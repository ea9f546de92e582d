"""Each cutter parts what touches, and their union is bounded, ordered and loses nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segcap.segmentation.cut_candidates import (
    CUTTERS,
    contour_concavities,
    crossed_ink,
    drop_fall,
    projection_valleys,
    propose_cuts,
    skeleton_junctions,
    watershed_lines,
)

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def picture(*rows):
    return np.array([[char == "#" for char in row] for row in rows])


def discs(*centres, radius=10, bridge=2):
    """Discs in a row, joined by a bridge along their middle, tightly boxed."""
    width = centres[-1] + radius + 1
    y, x = np.mgrid[-radius : radius + 1, :width]
    ink = np.zeros(x.shape, bool)
    for centre in centres:
        ink |= (x - centre) ** 2 + y**2 <= radius**2
    ink[radius : radius + bridge, centres[0] : centres[-1]] = True
    return ink


def slanted_bars(bridge=2):
    """Two parallel bars that lean to the right, joined by a bridge at half height."""
    height = 24
    columns = np.arange(44)
    lean = np.arange(height)[::-1, None]
    ink = ((columns >= lean) & (columns < lean + 6)) | (
        (columns >= lean + 13) & (columns < lean + 19)
    )
    ink[11 : 11 + bridge, 14:26] = True
    return ink[:, ink.any(axis=0)]


def touching_digits(handwriting, n, shared=3):
    """Pairs of digits whose boxes share some columns: (height, width) masks of left and right."""
    pictures = handwriting[0] > 100
    for left, right in zip(pictures[:n], pictures[n : 2 * n], strict=True):
        left, right = (digit[:, digit.any(axis=0)] for digit in (left, right))
        width = left.shape[1] + right.shape[1] - shared
        pair = np.zeros((2, 28, width), bool)
        pair[0, :, : left.shape[1]], pair[1, :, left.shape[1] - shared :] = left, right
        yield pair[:, pair.any(axis=(0, 2))]


@pytest.mark.parametrize("bridge", [1, 2, 4])
@pytest.mark.parametrize("distance", [24, 30])
@pytest.mark.parametrize(
    "cutter", [projection_valleys, contour_concavities, drop_fall, watershed_lines]
)
def test_two_discs_are_cut_amid_their_bridge(cutter, distance, bridge):
    ink = discs(10, 10 + distance, bridge=bridge)
    gap = 21, distance - 1
    paths = cutter(ink)
    assert any(((gap[0] - 2 <= path) & (path <= gap[1] + 2)).all() for path in paths)


def test_strokes_that_meet_are_cut_where_they_meet():
    cross = np.zeros((21, 41), bool)
    cross[9:12] = True
    cross[:, 24:27] = True
    (column,) = propose_cuts(cross, cutters=("skeleton",), limit=1)
    assert column == pytest.approx(25, abs=1)
    assert len(skeleton_junctions(np.ones((3, 20), bool))) == 0


@pytest.mark.parametrize(
    ("heights", "cuts"),
    [
        ([9] * 6 + [1] + [9] * 6, [6]),
        ([9] * 3 + [2] * 5 + [9] * 3, [5]),
        ([5, 9, 5, 1, 5, 9, 6, 3, 6, 9, 5], [3, 7]),
        ([3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3], []),
        ([3, 6, 6, 6, 6, 9, 9, 9, 9, 6, 6, 6, 6, 3], []),
    ],
    ids=["notch", "wide notch", "two notches", "peak", "stepped peak"],
)
def test_straight_cuts_are_at_local_minima_of_the_columns(heights, cuts):
    ink = np.arange(9)[:, None] < np.array(heights)
    assert projection_valleys(ink)[:, 0].tolist() == cuts


def test_a_drop_follows_the_slope_that_a_straight_cut_would_cross():
    ink = slanted_bars(bridge=2)
    straight = np.repeat(np.arange(1, ink.shape[1])[:, None], len(ink), axis=1)
    inner = straight[15:-15]
    assert crossed_ink(ink, drop_fall(ink)).min() < crossed_ink(ink, inner).min()


def test_crossed_ink_counts_what_a_path_cuts_through():
    ink = picture("##.##", "#####", "#...#")
    paths = np.array([[2, 2, 2], [1, 1, 1], [3, 3, 1], [0, 0, 0], [5, 5, 5]])
    assert crossed_ink(ink, paths).tolist() == [1, 2, 1, 0, 0]


@pytest.mark.parametrize("cutter", CUTTERS.values(), ids=CUTTERS)
@given(ink=masks)
def test_paths_lie_inside_and_are_ordered(cutter, ink):
    height, width = ink.shape
    paths = cutter(ink)
    assert paths.shape[1:] == (height,)
    assert paths.dtype == np.intp
    assert ((paths >= 0) & (paths <= width)).all()
    assert (np.diff(paths.mean(axis=1)) >= 0).all()


@given(masks, st.integers(0, 5), st.sets(st.sampled_from(sorted(CUTTERS))))
def test_the_union_is_bounded_and_in_order(ink, limit, names):
    columns = propose_cuts(ink, cutters=sorted(names), limit=limit)
    assert columns.shape == (len(columns),)
    assert len(columns) <= limit
    assert (np.diff(columns) >= 0).all()
    assert ((columns > 0) & (columns < ink.shape[1])).all()
    assert len(propose_cuts(ink, cutters=(), limit=5)) == 0


def test_the_union_prefers_what_crosses_little_ink():
    ink = discs(10, 34, 60)
    ink[8:14, 20:25] = True
    (column,) = propose_cuts(ink, cutters=("projection",), limit=1)
    assert column == pytest.approx(47, abs=1)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_narrow_components_are_not_cut(width):
    assert len(propose_cuts(np.ones((20, width), bool), limit=8)) == 0


def test_the_union_finds_more_true_cuts_than_any_cutter_alone(handwriting):
    """A column is found that leaves 95 % of two touching digits' ink on their own sides."""
    found = dict.fromkeys((*CUTTERS, "union"), 0)
    for left, right in touching_digits(handwriting, 100):
        alone, columns = left ^ right, np.arange(left.shape[1])
        for name in found:
            cutters = tuple(CUTTERS) if name == "union" else (name,)
            cuts = propose_cuts(left | right, cutters=cutters, limit=8)
            kept = [np.where(columns < cut, left, right)[alone].mean() for cut in cuts]
            found[name] += max(kept, default=0) >= 0.95
    union = found.pop("union")
    assert union > max(found.values())
    assert union >= 75
    assert min(found.values()) >= 10
