"""Take from an ink mask what is no character: specks and frames."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["clean", "large_components", "looked_up", "remove_border", "remove_specks"]

_LEAST_AREA = 4
_PIXELS_AT_ONCE = 2**18
_LEAST_FRACTION_OF_LARGEST = 0.03
_MOST_COMPONENTS = 500
_FRAME_FRACTION = 0.9
_RULE_HEIGHT = 0.15


def clean(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Remove frames and specks; see `remove_border` and `remove_specks`.

    Strike-through lines are left, because long thin strokes are characters too; where an image
    is known to have them, use `segcap.segmentation.line_removal.without_lines` first.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (H, W) bool array
        A new mask; subset of `ink`.
    """
    return remove_specks(remove_border(ink))


def remove_specks(ink: NDArray[np.bool_], min_area: int | None = None) -> NDArray[np.bool_]:
    """Remove 8-connected components of few pixels, and all but the 500 largest.

    Parameters
    ----------
    ink : (H, W) bool array
    min_area : int, optional
        Smallest area that is kept, pixels; 3 % of the largest component's, at least 4, unless
        given.

    Returns
    -------
    (H, W) bool array
    """
    if ink.size == 0:
        return ink.copy()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    kept = large_components(stats[1:, cv2.CC_STAT_AREA], min_area)
    return ink.copy() if kept.all() else looked_up(np.append(False, kept), labels)


def large_components(areas: NDArray[np.integer], min_area: int | None = None) -> NDArray[np.bool_]:
    """Which components are no specks, and among the 500 largest.

    Parameters
    ----------
    areas : (N,) int array
        Pixels of each.
    min_area : int, optional
        As of `remove_specks`.

    Returns
    -------
    (N,) bool array
    """
    if min_area is None:
        min_area = max(_LEAST_AREA, int(areas.max(initial=0) * _LEAST_FRACTION_OF_LARGEST))
    kept = areas >= min_area
    if np.count_nonzero(kept) > _MOST_COMPONENTS:
        ranked = np.argsort(-np.where(kept, areas, 0), kind="stable")
        kept[ranked[_MOST_COMPONENTS:]] = False
    return kept


def remove_border(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Remove frames, where other ink is left.

    A frame is a component that runs along nine tenths of two sides of the image or more, or along
    nine tenths of the top or the bottom alone and is no taller than 0.15 of the image.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (H, W) bool array
    """
    if ink.size == 0:
        return ink.copy()
    inked = [np.count_nonzero(side) >= _FRAME_FRACTION * len(side) for side in _sides(ink)]
    if not any(inked):
        return ink.copy()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    sides_along = np.zeros(len(stats), int)
    level = np.zeros(len(stats), bool)
    for number, side in enumerate(_sides(labels)):
        along = np.bincount(side, minlength=len(stats)) >= _FRAME_FRACTION * len(side)
        sides_along += along
        level |= along & (number < 2)
    low = stats[:, cv2.CC_STAT_HEIGHT] <= _RULE_HEIGHT * ink.shape[0]
    frame = (sides_along >= 2) | (level & low)
    frame[0] = False
    without = ink & ~looked_up(frame, labels)
    return without if without.any() else ink.copy()


def _sides(image: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    return image[0], image[-1], image[:, 0], image[:, -1]


def looked_up(table: NDArray[Any], labels: NDArray[np.int32]) -> NDArray[Any]:
    """Return ``table[labels]``, for some pixels at once: numpy copies an index to 64 bits.

    Parameters
    ----------
    table : (N,) array
    labels : (H, W) int32 array

    Returns
    -------
    (H, W) array of the table's type
    """
    if labels.size <= _PIXELS_AT_ONCE:
        return table[labels]
    flat = labels.reshape(-1)
    found = np.empty(flat.shape, table.dtype)
    for begin in range(0, flat.size, _PIXELS_AT_ONCE):
        some = slice(begin, begin + _PIXELS_AT_ONCE)
        found[some] = table[flat[some]]
    return found.reshape(labels.shape)
