"""Rows of digits, whose sum is asked for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.errors import ParameterError

__all__ = ["DigitRows", "digit_sums"]

_FIRST_EDGE = 24
_WIDEST_ADVANCE = 40
_LOWEST_TOP = 12
_MOST_DRAWS = 10_000


class DigitRows(NamedTuple):
    """Images of digits in a row.

    Attributes
    ----------
    images : (n, height, width) uint8 array
        Ink bright on black.
    labels : (n, count) uint8 array
        The digits from left to right; their sum is the answer.
    boxes : (n, count, 4) int32 array
        x0, y0, x1, y1 of each digit's ink (its pixels above 0), half-open.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    boxes: NDArray[np.int32]


def digit_sums(
    n: int,
    min_advance: int = 15,
    *,
    seed: int = 0,
    digits: tuple[NDArray[np.uint8], NDArray[np.integer]],
    count: int = 4,
) -> DigitRows:
    """Paste digits side by side, as they come apart, touch or overlap.

    The first digit's left edge is uniform in 0 ... 24, each next one's advances by a uniform
    integer in `min_advance` ... 40, drawn again until the last digit fits; each top edge is
    uniform in 0 ... 12; where digits overlap the brighter pixel counts.

    Parameters
    ----------
    n : int
        Number of images, at least 0.
    min_advance : int
        Least distance of two left edges, pixels, in 1 ... 40: for 28 x 28 digits about 22 keeps
        them apart, 15 lets them touch, 10 overlap.
    seed : int
        The same seed gives the same bytes.
    digits : tuple of (M, h, w) uint8 array and (M,) int array
        Images of single digits, bright on black, and what they show.
    count : int
        Digits in a row, at least 1.

    Returns
    -------
    DigitRows
        Height h + 12, width count * (w + 14): 40 x 168 for four digits of 28 x 28.

    Raises
    ------
    ParameterError
        A number is outside its range or `digits` are not as said.
    """
    pictures, names = digits
    if pictures.ndim != 3 or pictures.dtype != np.uint8 or len(pictures) != len(names):
        raise ParameterError(
            "The 'digits' must be (M, h, w) uint8 images and M labels. "
            f"Got {pictures.shape} {pictures.dtype} and {len(names)} labels."
        )
    if len(pictures) == 0:
        raise ParameterError("The 'digits' must hold at least one picture. Got none.")
    if not (np.min(names) >= 0 and np.max(names) <= 9):
        raise ParameterError(
            f"The 'digits' must show 0 to 9. Got labels from {np.min(names)} to {np.max(names)}."
        )
    for name, value, lowest in (("n", n, 0), ("count", count, 1), ("min_advance", min_advance, 1)):
        if value < lowest:
            raise ParameterError(f"The '{name}' must be at least {lowest}. Got {value}.")
    height, width = pictures.shape[1:]
    canvas_width = count * (width + 14)
    if min_advance > _WIDEST_ADVANCE or (count - 1) * min_advance > canvas_width - width:
        raise ParameterError(
            f"The 'min_advance' must be at most {_WIDEST_ADVANCE} and let {count} digits of "
            f"{width} pixels fit into {canvas_width}. Got {min_advance}."
        )
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(pictures), size=(n, count))
    left = _left_edges(rng, n, count, min_advance, canvas_width - width)
    top = rng.integers(_LOWEST_TOP + 1, size=(n, count))
    images = np.zeros((n, height + _LOWEST_TOP, canvas_width), np.uint8)
    for image, row, xs, ys in zip(images, chosen, left.tolist(), top.tolist(), strict=True):
        for picture, x, y in zip(pictures[row], xs, ys, strict=True):
            area = image[y : y + height, x : x + width]
            np.maximum(area, picture, out=area)
    boxes = _ink_boxes(pictures)[chosen] + np.stack([left, top, left, top], axis=-1)
    return DigitRows(images, np.asarray(names)[chosen].astype(np.uint8), boxes.astype(np.int32))


def _left_edges(
    rng: np.random.Generator, n: int, count: int, min_advance: int, furthest: int
) -> NDArray[np.int64]:
    edges = np.full((n, count), furthest + 1)
    for _ in range(_MOST_DRAWS):
        late = np.flatnonzero(edges[:, -1] > furthest)
        if late.size == 0:
            return edges
        first = rng.integers(_FIRST_EDGE + 1, size=(late.size, 1))
        advances = rng.integers(min_advance, _WIDEST_ADVANCE + 1, size=(late.size, count - 1))
        edges[late] = np.cumsum(np.hstack([first, advances]), axis=1)
    raise ParameterError(
        f"The digits must fit into the image in one of {_MOST_DRAWS:,} draws. "
        f"Got {count} digits with a 'min_advance' of {min_advance}, which hardly ever fit."
    )


def _ink_boxes(pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
    height, width = pictures.shape[1:]
    columns = np.any(pictures > 0, axis=1)
    rows = np.any(pictures > 0, axis=2)
    return np.stack(
        [
            columns.argmax(axis=1),
            rows.argmax(axis=1),
            width - columns[:, ::-1].argmax(axis=1),
            height - rows[:, ::-1].argmax(axis=1),
        ],
        axis=-1,
    )
