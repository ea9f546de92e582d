"""Columns at which a component of touching characters may be cut.

Each classical cutter follows paths through the ink. A path is for every row of the component the
first column that belongs to the right side, so a vertical cut is the same column in all rows.
Paths come in order from left to right. `propose_cuts` compares the paths of several cutters by
the ink that they cross, and keeps of each the mean column: lines are sliced straight.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CUTTERS",
    "DEFAULT_CUTTERS",
    "contour_concavities",
    "crossed_ink",
    "cut_distance",
    "drop_fall",
    "insert_apart",
    "projection_valleys",
    "propose_cuts",
    "skeleton_junctions",
    "watershed_lines",
]

Ink = NDArray[np.bool_]
Paths = NDArray[np.intp]

_SMOOTHING = 0.05
_SHALLOWEST = 0.1
_BASIN_APART = 0.15
_CLOSEST = 0.08
_MOST_DENTS = 100
_MOST_PAIRS = 1000
_ROWS = 64
_LARGEST = (512, 4096)


def projection_valleys(ink: Ink) -> Paths:
    """Cut straight down where few pixels of ink stand above each other.

    Local minima of the column sums, smoothed over a twentieth of the height, level ones at their
    middle.

    Parameters
    ----------
    ink : (H, W) bool array
        One component, tightly boxed.

    Returns
    -------
    (K, H) int array

    References
    ----------
    Casey, Lecolinet: A survey of methods and strategies in character segmentation. IEEE
    Transactions on Pattern Analysis and Machine Intelligence 18 (1996), 690-706.
    """
    return _straight(_valleys(ink.sum(axis=0).astype(np.float64), len(ink)), len(ink))


def contour_concavities(ink: Ink) -> Paths:
    """Cut from dents in the upper outline to dents in the lower one, and straight at each.

    A dent is where the outline is farther inside its convex hull than a tenth of the height.

    Parameters
    ----------
    ink : (H, W) bool array
        One component, tightly boxed.

    Returns
    -------
    (K, H) int array

    References
    ----------
    Shi, Govindaraju: Segmentation and recognition of connected handwritten numeral strings.
    Pattern Recognition 30 (1997), 1501-1504.
    """
    height, width = ink.shape
    contours, _ = cv2.findContours(ink.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    upper: list[tuple[int, int, int]] = []
    lower: list[tuple[int, int, int]] = []
    for contour in contours:
        if len(contour) < 4:
            continue
        hull = np.sort(cv2.convexHull(contour, returnPoints=False), axis=0)[::-1]
        defects = cv2.convexityDefects(contour, hull)
        for begin, end, farthest, depth in (
            () if defects is None else defects.reshape(-1, 4).tolist()
        ):
            if depth / 256 < _SHALLOWEST * height:
                continue
            x, y = contour.reshape(-1, 2)[farthest].tolist()
            middle = (contour[begin, 0, 1] + contour[end, 0, 1]) / 2
            (upper if middle < y else lower).append((x, y, depth))
    above, below = _deepest(upper), _deepest(lower)
    straight = _straight(np.concatenate([above[:, 0], below[:, 0]]), height)
    return _ordered(np.concatenate([straight, _between(above, below, height)]), height, width)


def drop_fall(ink: Ink) -> Paths:
    """Let drops fall into the dents of the outline and cut where they are stuck.

    Drops start in every local valley of the upper outline and fall, or of the lower outline and
    rise; each once with a preference for its left and once for its right.

    Parameters
    ----------
    ink : (H, W) bool array
        One component, tightly boxed.

    Returns
    -------
    (K, H) int array

    References
    ----------
    Congedo, Dimauro, Impedovo, Pirlo: Segmentation of numeric strings. ICDAR 1995, 1038-1041.
    """
    height, width = ink.shape
    paths = []
    for rising in (False, True):
        upright = ink[::-1] if rising else ink
        depths = np.where(upright.any(axis=0), upright.argmax(axis=0), height).astype(np.float64)
        fallen = _fall(upright, _valleys(-depths, height))
        paths.append(fallen[:, ::-1] if rising else fallen)
    return _ordered(np.concatenate(paths), height, width)


def watershed_lines(ink: Ink) -> Paths:
    """Cut between the thick parts of a component.

    The distance to the background is flooded from its peaks; a path parts the basins left of it
    from those right of it.

    Parameters
    ----------
    ink : (H, W) bool array
        One component, tightly boxed.

    Returns
    -------
    (K, H) int array

    References
    ----------
    Vincent, Soille: Watersheds in digital spaces: an efficient algorithm based on immersion
    simulations. IEEE Transactions on Pattern Analysis and Machine Intelligence 13 (1991), 583-598.
    """
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    height, width = ink.shape
    padded = np.pad(ink, 1)
    depth = cv2.distanceTransform(padded.astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    peaks = peak_local_max(
        depth, min_distance=max(1, round(_BASIN_APART * height)), exclude_border=False
    )
    if len(peaks) < 2:
        return _ordered([], height, width)
    peaks = peaks[np.argsort(peaks[:, 1], kind="stable")]
    markers = np.zeros(ink.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    basins = watershed(-depth, markers, mask=ink)
    ends, begins = _basin_sides(basins, len(peaks))
    paths = []
    for last in range(1, len(peaks)):
        both = np.flatnonzero((ends[:, last] > 0) & (begins[:, last + 1] < width))
        if len(both):
            between = (ends[both, last] + begins[both, last + 1]) / 2
            paths.append(np.rint(np.interp(np.arange(height), both, between)).astype(int))
    return _ordered(paths, height, width)


def skeleton_junctions(ink: Ink) -> Paths:
    """Cut straight down through the points where strokes meet.

    Parameters
    ----------
    ink : (H, W) bool array
        One component, tightly boxed.

    Returns
    -------
    (K, H) int array

    References
    ----------
    Chen, Wang: Segmentation of single- or multiple-touching handwritten numeral string using
    background and foreground analysis. IEEE Transactions on Pattern Analysis and Machine
    Intelligence 22 (2000), 1304-1317.
    """
    from skimage.morphology import skeletonize

    lines = skeletonize(ink).astype(np.uint8)
    around = cv2.filter2D(
        lines, cv2.CV_16S, np.ones((3, 3), np.int16), borderType=cv2.BORDER_CONSTANT
    )
    meeting = (lines > 0) & (around >= 4)
    return _straight(np.flatnonzero(meeting.any(axis=0)), len(ink))


CUTTERS: dict[str, Callable[[Ink], Paths]] = {
    "projection": projection_valleys,
    "concavities": contour_concavities,
    "drop-fall": drop_fall,
    "watershed": watershed_lines,
    "skeleton": skeleton_junctions,
}
DEFAULT_CUTTERS = ("projection", "concavities", "drop-fall", "skeleton")


def crossed_ink(ink: Ink, paths: Paths) -> NDArray[np.intp]:
    """Count the pixels of ink that each path cuts off from ink beside it: (K,) int."""
    height, width = ink.shape
    rows = np.arange(height)
    right = np.clip(paths, 0, width - 1)
    left = np.clip(paths - 1, 0, width - 1)
    inside = (paths > 0) & (paths < width)
    return np.count_nonzero(inside & ink[rows, left] & ink[rows, right], axis=1)


def cut_distance(height: int) -> float:
    """Least distance of two cuts, in columns: 0.08 of the height, at least 2."""
    return max(2.0, _CLOSEST * height)


def insert_apart(columns: list[float], column: float, apart: float) -> bool:
    """Insert a column into ascending ones if it is far enough from each; return whether it was."""
    place = bisect(columns, column)
    if place and column - columns[place - 1] < apart:
        return False
    if place < len(columns) and columns[place] - column < apart:
        return False
    columns.insert(place, column)
    return True


def propose_cuts(
    ink: Ink, *, cutters: Sequence[str] = DEFAULT_CUTTERS, limit: int
) -> NDArray[np.float64]:
    """Columns of the union of several cutters' paths, thinned.

    Components of more than 512 rows or 4,096 columns are made smaller first. Paths that cross
    little ink come first; one that is nearer than `cut_distance` to one that was
    taken before, or to an end, is left out. Where a path crosses the one before, it is moved to
    it.

    Parameters
    ----------
    ink : (H, W) bool array
        One component, tightly boxed.
    cutters : sequence of str
        Names of `CUTTERS`.
    limit : int
        Most cuts.

    Returns
    -------
    (K,) float64 array
        The mean column of each path, ascending.
    """
    height, width = ink.shape
    factor = max(-(-side // most) for side, most in zip(ink.shape, _LARGEST, strict=True))
    if factor > 1:
        size = -(-width // factor), -(-height // factor)
        small = cv2.resize(ink.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
        return propose_cuts(small, cutters=cutters, limit=limit) * (width / size[0])
    proposed = [CUTTERS[name](ink) for name in cutters]
    paths = np.concatenate([np.empty((0, height), np.intp), *proposed])
    apart = cut_distance(height)
    middles = paths.mean(axis=1)
    taken: list[int] = []
    kept = [0.0, float(width)]
    for index in np.argsort(crossed_ink(ink, paths), kind="stable").tolist():
        if len(taken) == limit:
            break
        if insert_apart(kept, middles[index], apart):
            taken.append(index)
    ordered = _ordered([paths[i] for i in taken], height, width)
    return np.maximum.accumulate(ordered, axis=0).mean(axis=1)


def _basin_sides(
    basins: NDArray[np.int32], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where basins up to each end in each row, and where those from each begin, (H, count + 1)."""
    height, width = basins.shape
    ends = np.zeros((height, count + 1), np.intp)
    begins = np.full((height, count + 1), width)
    y, x = np.nonzero(basins)
    of = basins[y, x]
    np.maximum.at(ends, (y, of), x + 1)
    np.minimum.at(begins, (y, of), x)
    np.maximum.accumulate(ends, axis=1, out=ends)
    return ends, np.minimum.accumulate(begins[:, ::-1], axis=1)[:, ::-1]


def _deepest(dents: list[tuple[int, int, int]]) -> NDArray[np.intp]:
    """Column and row of as many dents as pairs of them can be looked at, (K, 2)."""
    if len(dents) > _MOST_DENTS:
        dents = sorted(dents, key=lambda dent: -dent[2])[:_MOST_DENTS]
    return np.array(dents, np.intp).reshape(-1, 3)[:, :2]


def _between(above: NDArray[np.intp], below: NDArray[np.intp], height: int) -> Paths:
    """Paths from dents to those below them, no farther aside than down; of many the steepest."""
    aside, down = (below[np.newaxis] - above[:, np.newaxis]).transpose(2, 0, 1)
    upper, lower = np.nonzero((down > 0) & (np.abs(aside) <= down))
    slope = aside[upper, lower] / down[upper, lower]
    if len(slope) > _MOST_PAIRS:
        steepest = np.sort(np.argsort(np.abs(slope), kind="stable")[:_MOST_PAIRS])
        upper, lower, slope = upper[steepest], lower[steepest], slope[steepest]
    (x0, y0), (x1, y1) = above[upper].T[..., np.newaxis], below[lower].T[..., np.newaxis]
    rows = np.arange(height)
    columns = np.where(rows >= y1, x1, slope[:, np.newaxis] * np.maximum(rows - y0, 0) + x0)
    return np.rint(columns).astype(np.intp)


def _straight(columns: NDArray[np.intp], height: int) -> Paths:
    return np.repeat(columns[:, np.newaxis], height, axis=1)


def _ordered(paths: Paths | list[NDArray[np.intp]], height: int, width: int) -> Paths:
    all_paths = np.asarray(paths, np.intp).reshape(-1, height)
    middles = all_paths.mean(axis=1)
    order = np.argsort(middles, kind="stable")
    return all_paths[order[(middles[order] > 0) & (middles[order] < width)]]


def _valleys(profile: NDArray[np.float64], height: int) -> NDArray[np.intp]:
    """Find the local minima of a smoothed profile, level ones at their middle."""
    reach = max(1, round(_SMOOTHING * height))
    padded = profile[np.arange(-reach, len(profile) + reach).clip(0, len(profile) - 1)]
    smooth = np.convolve(padded, _window(reach), mode="valid")
    starts = np.flatnonzero(np.append(True, smooth[1:] != smooth[:-1]))
    middles = (starts + np.append(starts[1:], len(profile))) // 2
    levels = smooth[starts]
    inner = (levels[1:-1] < levels[:-2]) & (levels[1:-1] < levels[2:])
    return middles[1:-1][inner]


@lru_cache(maxsize=64)
def _window(reach: int) -> NDArray[np.float64]:
    """Weights that fall on either side, together 1."""
    window = np.bartlett(2 * reach + 3)[1:-1]
    return window / window.sum()


def _fall(ink: Ink, starts: NDArray[np.intp]) -> Paths:
    """Let two drops fall from each start; where one cannot fall, it turns left first, one right."""
    height, width = ink.shape
    paths = np.empty((height, len(starts), 2), np.intp)
    paths[0, :, 0], paths[0, :, 1] = starts, starts + width
    for top in range(0, height - 1, _ROWS):  # some rows at once, for memory's sake
        ways = _ways_down(ink[top : top + _ROWS + 1])
        for y, way in enumerate(ways, start=top):
            way.take(paths[y], out=paths[y + 1])
    paths[..., 1] -= width
    return paths.reshape(height, -1).T


def _ways_down(ink: Ink) -> NDArray[np.intp]:
    """Column of the next row that a drop in each pixel reaches, (H - 1, 2 * W).

    First of drops that turn left first, then, counted from W, of those that turn right first.

    One that cannot fall slides over ink to where it can, or stays in its column.
    """
    width = ink.shape[1]
    columns = np.arange(width)
    right = _slides(ink)
    left = width - 1 - _slides(ink[:, ::-1])[:, ::-1]
    free = ~ink[1:]
    left[free], right[free] = -1, width
    left_first = np.where(left >= 0, left, np.where(right < width, right, columns))
    right_first = np.where(right < width, right, np.where(left >= 0, left, columns))
    return np.concatenate([left_first, right_first + width], axis=1)


def _slides(ink: Ink) -> NDArray[np.intp]:
    """Column right of a pixel where a drop falls that slides over ink, (H - 1, W); W for none."""
    blank = ~ink
    height, width = ink.shape
    columns = np.arange(width)
    there = np.full((height - 1, width), width)
    ends = np.where(ink[:-1] | blank[1:], columns, width)  # it can fall, or its way is barred
    there[:, :-1] = np.minimum.accumulate(ends[:, :0:-1], axis=1)[:, ::-1]
    place = np.minimum(there, width - 1) + width * np.arange(height - 1)[:, np.newaxis]
    falls = blank[1:].ravel()[place]
    reached = blank[:-1].ravel()[place] | (there - columns == 1)
    return np.where(falls & reached & (there < width), there, width)
