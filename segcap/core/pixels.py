"""Turn arrays of any type and shape that images have into 8-bit RGB."""

import warnings

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ImageError, SegcapWarning

__all__ = ["FLOATS", "eight_bit", "file_levels", "full_scale", "to_rgb"]

FLOATS = "in [0, 1], or in [0, 255] if one is above 1,"
"""Where levels of floats must lie, for messages."""

_SIXTEEN_BIT = 65535
_LEAST_BRIGHT = 8192
_ROWS = 256


def file_levels(array: NDArray, name: str) -> NDArray:
    """Return the levels of a decoded file as a type whose range they use."""
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        highest, rule = 255, f"{FLOATS} where they are floats"
    else:
        highest, rule = _SIXTEEN_BIT, f"in [0, {_SIXTEEN_BIT}] where they are integers"
    if not (low >= 0 and high <= highest):
        raise ImageError(
            f"The levels of an image file must lie {rule}. "
            f"Got {name} with levels from {low} to {high}."
        )
    if array.dtype.kind == "f":
        return array
    is_sixteen_bit = array.dtype.itemsize == 2 or high > 255
    return array.astype(np.uint16) if is_sixteen_bit else array


def eight_bit(array: NDArray) -> NDArray[np.uint8]:
    """Scale levels of any type to 8 bits; uint8 arrays stay as they are."""
    white = full_scale(array)
    if white == 255 and array.dtype.kind != "f":
        return array.astype(np.uint8, copy=False)
    if white == _SIXTEEN_BIT and 0 < array.max() < _LEAST_BRIGHT:
        warnings.warn(
            f"White is {_SIXTEEN_BIT} in an image of 16 bits. One without any level of at least "
            f"{_LEAST_BRIGHT}, such as of 12 bits, is read as nearly black.",
            SegcapWarning,
            stacklevel=3,
        )
    levels = np.empty(array.shape, np.uint8)
    for top in range(0, len(array), _ROWS):  # some rows at a time, for memory's sake
        rows = slice(top, top + _ROWS)
        levels[rows] = np.rint(array[rows].astype(np.float64) * (255 / white))
    return levels


def full_scale(array: NDArray) -> int:
    """Return the level that is white, by type and, of floats, by range."""
    if array.dtype.kind == "f":
        return 255 if array.max() > 1 else 1
    if array.dtype.kind == "b":
        return 1
    return _SIXTEEN_BIT if array.dtype.kind == "u" and array.dtype.itemsize == 2 else 255


def to_rgb(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn grey, RGB or RGBA into a new RGB array, transparent ones laid on white or black."""
    if array.ndim == 2:
        return cv2.cvtColor(array, cv2.COLOR_GRAY2RGB)
    if array.shape[2] == 3:
        return array.copy()
    opacity = float(array[..., 3].sum(dtype=np.int64))
    shown = sum(
        float(np.einsum("hw,hw->", array[..., channel], array[..., 3], dtype=np.int64))
        for channel in range(3)
    )
    background = 0 if shown / 3 / max(opacity, 255.0) > 127 else 255
    colours = np.empty((*array.shape[:2], 3), np.uint8)
    for top in range(0, len(array), _ROWS):
        rows = slice(top, top + _ROWS)
        alpha = array[rows, :, 3:].astype(np.float32) / 255
        colours[rows] = np.rint(
            array[rows, :, :3].astype(np.float32) * alpha + background * (1 - alpha)
        )
    return colours
