"""Find lines that are drawn through text, and take them out without breaking what they cross.

The finders mark pixels of lines alone: where a stroke crosses, the pixels stay the stroke's.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.segmentation.cleanup import looked_up

__all__ = [
    "LINE_FINDERS",
    "LINE_REMOVALS",
    "LineRemoval",
    "hough_lines",
    "long_openings",
    "thin_runs",
    "without_lines",
]

Ink: TypeAlias = NDArray[np.bool_]
LineRemoval: TypeAlias = Literal["none", "run-length", "hough", "opening"]

_SHORTEST = 0.3
_THICKEST = 0.09
_DIRECTIONS = np.arange(-40, 41, 8)
_HOUGH_GAP = 0.06
_THICKEST_OF_ALL = 255
_LONGEST_ELEMENT = 500
_MOST_COLUMNS = 512


def thin_runs(ink: Ink) -> Ink:
    """Mark long components in which all vertical runs of ink are short.

    Curved lines are found as well as straight ones.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (H, W) bool array
        Pixels of connected components at least 0.3 as wide as the text, whose vertical runs are at
        most 0.09 of the text's height.

    References
    ----------
    Cao, Govindaraju: Handwritten carbon form preprocessing based on Markov random field. CVPR
    2007, section on line removal.
    """
    width, height = _extent(ink)
    return _wide_components(_thin(ink, height), _SHORTEST * width)


def hough_lines(ink: Ink) -> Ink:
    """Mark straight lines that the probabilistic Hough transform finds.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (H, W) bool array
        Pixels within half of 0.09 of the text's height of a straight line at least 0.3 as long as
        the text is wide and less than 45 degrees steep, where the vertical run is no longer.

    References
    ----------
    Matas, Galambos, Kittler: Robust detection of lines using the progressive probabilistic Hough
    transform. Computer Vision and Image Understanding 78 (2000), 119-137.
    """
    width, height = _extent(ink)
    if width == 0:
        return ink.copy()
    thickest = _thickest(height)
    shortest = _SHORTEST * width
    found = cv2.HoughLinesP(
        ink.astype(np.uint8),
        rho=1,
        theta=np.pi / 180,
        threshold=max(2, round(0.6 * shortest)),
        minLineLength=shortest,
        maxLineGap=max(1.0, _HOUGH_GAP * width),
    )
    drawn = np.zeros(ink.shape, np.uint8)
    for x0, y0, x1, y1 in () if found is None else found.reshape(-1, 4).tolist():
        if abs(y1 - y0) < abs(x1 - x0):
            cv2.line(drawn, (x0, y0), (x1, y1), 1, _thickness(ink, x0, y0, x1, y1, thickest))
    return _thin(ink, height) & (drawn > 0)


def long_openings(ink: Ink) -> Ink:
    """Mark what openings by long thin straight elements leave, direction by direction.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (H, W) bool array
        Pixels of straight runs at least 0.3 as long as the text is wide, in one of eleven
        directions up to 40 degrees steep, where the vertical run is at most 0.09 of the text's
        height.

    References
    ----------
    Soille, Talbot: Directional morphological filtering. IEEE Transactions on Pattern Analysis and
    Machine Intelligence 23 (2001), 1313-1329.
    """
    width, height = _extent(ink)
    reach = max(3, round(_SHORTEST * width))
    factor = -(-reach // _LONGEST_ELEMENT)
    if factor > 1:  # the time that an element takes grows with its length
        small = tuple(-(-side // factor) for side in ink.shape)
        reduced = (
            cv2.resize(
                ink.view(np.uint8) * np.uint8(255), small[::-1], interpolation=cv2.INTER_AREA
            )
            > 0
        )
        found = _long_runs(reduced, reach // factor).view(np.uint8)
        lines = cv2.resize(found, ink.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    else:
        lines = _long_runs(ink, reach)
    return lines & _thin(ink, height)


def _long_runs(ink: Ink, reach: int) -> Ink:
    """Pixels of straight runs of a length, in any of the directions."""
    lines = np.zeros(ink.shape, bool)
    for angle in np.deg2rad(_DIRECTIONS):
        rise = round(float(np.tan(angle)) * (reach - 1))
        element = np.zeros((abs(rise) + 1, reach), np.uint8)
        ends = ((0, abs(rise)), (reach - 1, 0)) if rise > 0 else ((0, 0), (reach - 1, abs(rise)))
        cv2.line(element, *ends, 1)
        lines |= _opened(ink, element)
    return lines


LINE_FINDERS: dict[str, Callable[[Ink], Ink]] = {
    "run-length": thin_runs,
    "hough": hough_lines,
    "opening": long_openings,
}
LINE_REMOVALS: tuple[LineRemoval, ...] = ("none", "run-length", "hough", "opening")


def without_lines(ink: Ink, method: LineRemoval) -> Ink:
    """Remove lines, and paint in again what characters lose where a line crosses them.

    Parameters
    ----------
    ink : (H, W) bool array
    method : {"none", "run-length", "hough", "opening"}
        What finds the lines: none is removed, `thin_runs`, `hough_lines` or `long_openings`.

    Returns
    -------
    (H, W) bool array
        Subset of `ink`. A pixel of a line is painted in where ink stands above and below it, at
        most one column aside, and no farther apart than two pixels more than the thickest line.

    Notes
    -----
    In images of one to three characters the bars of a T or a 7 are long enough for lines.

    Raises
    ------
    ParameterError
        `method` is unknown.
    """
    if method not in LINE_REMOVALS:
        raise ParameterError(
            f"The 'line_removal' must be one of {', '.join(LINE_REMOVALS)}. Got {method!r}."
        )
    if method == "none" or not ink.any():
        return ink.copy()
    lines = LINE_FINDERS[method](ink)
    kept = ink & ~lines
    return kept | (lines & _between_ink(kept, _thickest(_extent(ink)[1]) + 2))


def _thickness(ink: Ink, x0: int, y0: int, x1: int, y1: int, thickest: int) -> int:
    """Median vertical run of the ink along a line, at most `thickest`."""
    step = max(1, abs(x1 - x0) // _MOST_COLUMNS)
    xs = np.arange(min(x0, x1), max(x0, x1) + 1, step)
    ys = np.rint(np.interp(xs, *((x0, x1), (y0, y1)) if x0 < x1 else ((x1, x0), (y1, y0))))
    reach = np.arange(-thickest, thickest + 1)
    rows = np.clip(ys.astype(int)[:, np.newaxis] + reach, 0, len(ink) - 1)
    runs = ink[rows, xs[:, np.newaxis]].sum(axis=1)
    return int(np.clip(np.median(runs), 1, thickest))


def _between_ink(ink: Ink, apart: int) -> Ink:
    """Pixels with ink above and below that is `apart` pixels apart or less, one less if odd."""
    spread = cv2.dilate(ink.view(np.uint8), np.ones((1, 3), np.uint8))
    padded = cv2.copyMakeBorder(spread, apart, apart, 0, 0, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((apart // 2 * 2 + 1, 1), np.uint8))
    return (closed[apart:-apart] > 0) & ~ink


def _wide_components(ink: Ink, shortest: float) -> Ink:
    if ink.size == 0:
        return ink.copy()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    wide = stats[:, cv2.CC_STAT_WIDTH] >= max(shortest, 2)
    wide[0] = False
    return looked_up(wide, labels)


def _extent(ink: Ink) -> tuple[int, int]:
    """Width and height of all ink together."""
    if not ink.any():
        return 0, 0
    _, _, width, height = cv2.boundingRect(ink.view(np.uint8))
    return width, height


def _thickest(height: int) -> int:
    return min(max(2, round(_THICKEST * height)), _THICKEST_OF_ALL)


def _thin(ink: Ink, height: int) -> Ink:
    """Pixels whose vertical run is no longer than the thickest line in text of a height."""
    return ink & ~_opened(ink, np.ones((_thickest(height) + 1, 1), np.uint8))


def _opened(ink: Ink, kernel: NDArray[np.uint8]) -> Ink:
    """Open with a kernel of any size; OpenCV's own opening shifts by a pixel where it is even."""
    if ink.size == 0:
        return ink.copy()
    height, width = kernel.shape
    mask = ink.view(np.uint8)
    eroded = cv2.erode(mask, kernel, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    mirrored = np.ascontiguousarray(kernel[::-1, ::-1])
    return cv2.dilate(eroded, mirrored, anchor=(width - 1, height - 1)) > 0
