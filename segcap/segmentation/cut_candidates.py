"""Columns at which a component of touching characters may be cut.

Each classical cutter follows paths through the ink. A path is for every row of the component the
first column that belongs to the right side, so a vertical cut is the same column in all rows.
Paths come in order from left to right. `propose_cuts` compares the paths of several cutters by
the ink that they cross, and keeps of each the mean column: lines are sliced straight.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from typing import NamedTuple

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
    upper, lower = _deepest(upper), _deepest(lower)
    paths = [np.full(height, x) for x, *_ in (*upper, *lower)]
    for x0, y0, _ in upper:
        for x1, y1, _ in lower:
            if y1 > y0 and abs(x1 - x0) <= y1 - y0:
                paths.append(np.rint(np.interp(np.arange(height), [y0, y1], [x0, x1])).astype(int))
    return _ordered(paths, height, width)


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
        slope = _Slope.of(upright)
        depths = np.where(upright.any(axis=0), upright.argmax(axis=0), height).astype(np.float64)
        for start in _valleys(-depths, height).tolist():
            for side in (-1, 1):
                path = _fall(slope, start, side)
                paths.append(path[::-1] if rising else path)
    return _ordered(paths, height, width)


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
    columns = np.arange(width)
    paths = []
    for last in range(1, len(peaks)):
        left, right = (basins > 0) & (basins <= last), basins > last
        ends = np.where(left, columns + 1, 0).max(axis=1)
        begins = np.where(right, columns, width).min(axis=1)
        both = np.flatnonzero(left.any(axis=1) & right.any(axis=1))
        if len(both):
            between = (ends[both] + begins[both]) / 2
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
    if any(abs(column - other) < apart for other in columns[max(place - 1, 0) : place + 1]):
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


def _deepest(dents: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Keep as many dents as pairs of them can be looked at."""
    if len(dents) <= _MOST_DENTS:
        return dents
    return sorted(dents, key=lambda dent: -dent[2])[:_MOST_DENTS]


def _straight(columns: NDArray[np.intp], height: int) -> Paths:
    return np.repeat(columns[:, np.newaxis], height, axis=1)


def _ordered(paths: list[NDArray[np.intp]], height: int, width: int) -> Paths:
    inside = [path for path in paths if 0 < path.mean() < width]
    inside.sort(key=lambda path: float(path.mean()))
    return np.array(inside, np.intp).reshape(-1, height)


def _valleys(profile: NDArray[np.float64], height: int) -> NDArray[np.intp]:
    """Find the local minima of a smoothed profile, level ones at their middle."""
    reach = max(1, round(_SMOOTHING * height))
    window = np.bartlett(2 * reach + 3)[1:-1]
    smooth = np.convolve(np.pad(profile, reach, mode="edge"), window / window.sum(), mode="valid")
    starts = np.flatnonzero(np.diff(smooth, prepend=np.nan) != 0)
    middles = (starts + np.append(starts[1:], len(profile))) // 2
    levels = smooth[starts]
    inner = (levels[1:-1] < levels[:-2]) & (levels[1:-1] < levels[2:])
    return middles[1:-1][inner]


class _Slope(NamedTuple):
    """Where drops are that slide over ink, and how far they slide.

    Attributes
    ----------
    blank : (H, W) bool array
    left, right : (H - 1, W) int32 array
        The nearest column at or beside each where a drop can fall, or that bars its way; -1 or W
        for none.
    """

    blank: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]

    @classmethod
    def of(cls, ink: Ink) -> "_Slope":
        blank = ~ink
        width = ink.shape[1]
        columns = np.arange(width, dtype=np.int32)
        ends = ink[:-1] | blank[1:]
        right = np.where(ends, columns, np.int32(width))[:, ::-1]
        left = np.where(ends, columns, np.int32(-1))
        np.minimum.accumulate(right, axis=1, out=right)
        np.maximum.accumulate(left, axis=1, out=left)
        return cls(blank, left, right[:, ::-1])

    def beside(self, y: int, x: int, step: int) -> int:
        """Where a drop stops that slides in a row."""
        if not 0 <= x + step < self.blank.shape[1]:
            return x + step
        return int((self.right if step > 0 else self.left)[y, x + step])


def _fall(slope: _Slope, start: int, side: int) -> NDArray[np.intp]:
    """Let one drop fall from above; `side` is where it turns first when it cannot fall."""
    height, width = slope.blank.shape
    path = np.empty(height, np.intp)
    path[0] = x = start
    for y in range(height - 1):
        row, below = slope.blank[y], slope.blank[y + 1]
        if not below[x]:
            for step in (side, -side):
                there = slope.beside(y, x, step)
                slides = 0 <= there < width and below[there]
                if slides and (row[there] or abs(there - x) == 1):
                    x = there
                    break
        path[y + 1] = x
    return path
