"""Rows of digits, whose sum is asked for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.display import short_repr
from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.generate.typefaces import check_digits

__all__ = ["DigitRows", "digit_sums"]

_BLOCK = 256
_MOST_DIGITS = 100
_FIRST_EDGE = 24
_WIDEST_ADVANCE = 40
_LOWEST_TOP = 12
_MOST_DRAWS = 10_000


class _Rows(NamedTuple):
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    boxes: NDArray[np.int32]

    def __repr__(self) -> str:
        return short_repr(self)


class DigitRows(_Rows):
    """Images of digits in a row; unpacks into images, labels and boxes.

    Attributes
    ----------
    images : (n, height, width) uint8 array
        Ink bright on black.
    labels : (n, count) uint8 array
        The digits from left to right; their sum is the answer.
    boxes : (n, count, 4) int32 array
        x0, y0, x1, y1 of each digit's ink (its pixels above 0), half-open.
    chosen : (n, count) int array
        Which of the given digits they are.
    corners : (n, count, 2) int array
        Left and top edge of each pasted picture, pixels.
    """

    chosen: NDArray[np.int64]
    corners: NDArray[np.int64]
    _pictures: NDArray[np.uint8]

    def masks(self, index: int) -> NDArray[np.bool_]:
        """Return the ink of each digit of an image before overlap: (count, height, width)."""
        height, width = self._pictures.shape[1:]
        masks = np.zeros((self.labels.shape[1], *self.images.shape[1:]), bool)
        for mask, which, (x, y) in zip(
            masks, self.chosen[index], self.corners[index].tolist(), strict=True
        ):
            mask[y : y + height, x : x + width] = self._pictures[which] > 0
        return masks


def digit_sums(
    n: int,
    min_advance: int = 15,
    *,
    seed: int = 0,
    digits: tuple[ArrayLike, ArrayLike],
    count: int = 4,
    start: int = 0,
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
        At least 0. The same seed gives the same bytes; more images begin with the same ones.
    digits : tuple of (M, h, w) uint8 array and (M,) int array
        Images of single digits, bright on black, and what they show.
    count : int
        Digits in a row, 1 ... 100.
    start : int
        The first of the seed's images to give, at least 0.

    Returns
    -------
    DigitRows
        Height h + 12, width count * (w + 14): 40 x 168 for four digits of 28 x 28.

    Raises
    ------
    ParameterError
        A number is outside its range or `digits` are not as said.
    """
    pictures, names = check_digits(digits)
    n, seed, start = (
        whole_number(name, value) for name, value in (("n", n), ("seed", seed), ("start", start))
    )
    count = whole_number("count", count, least=1, most=_MOST_DIGITS)
    min_advance = whole_number("min_advance", min_advance, least=1)
    height, width = pictures.shape[1:]
    canvas_width = count * (width + 14)
    if min_advance > _WIDEST_ADVANCE or (count - 1) * min_advance > canvas_width - width:
        raise ParameterError(
            f"The 'min_advance' must be at most {_WIDEST_ADVANCE} and let {count} digits of "
            f"{width} pixels fit into {canvas_width}. Got {min_advance}."
        )
    furthest = canvas_width - width
    blocks = [
        _draw_block(seed, block, len(pictures), count, min_advance, furthest)
        for block in range(start // _BLOCK, (start + n) // _BLOCK + 1)
    ]
    wanted = slice(start % _BLOCK, start % _BLOCK + n)
    chosen, left, top = (np.concatenate(parts)[wanted] for parts in zip(*blocks, strict=True))
    images = np.zeros((n, height + _LOWEST_TOP, canvas_width), np.uint8)
    for image, row, xs, ys in zip(images, chosen, left.tolist(), top.tolist(), strict=True):
        for picture, x, y in zip(pictures[row], xs, ys, strict=True):
            area = image[y : y + height, x : x + width]
            np.maximum(area, picture, out=area)
    boxes = _ink_boxes(pictures)[chosen] + np.stack([left, top, left, top], axis=-1)
    rows = DigitRows(images, names[chosen].astype(np.uint8), boxes.astype(np.int32))
    rows.chosen, rows.corners, rows._pictures = chosen, np.stack([left, top], axis=-1), pictures
    return rows


def _draw_block(
    seed: int, block: int, pictures: int, count: int, min_advance: int, furthest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Choose the digits of so many rows, their left edges and their top edges."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
    chosen = rng.integers(pictures, size=(_BLOCK, count))
    top = rng.integers(_LOWEST_TOP + 1, size=(_BLOCK, count))
    return chosen, _left_edges(rng, count, min_advance, furthest), top


def _left_edges(
    rng: np.random.Generator, count: int, min_advance: int, furthest: int
) -> NDArray[np.int64]:
    edges = np.full((_BLOCK, count), furthest + 1)
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
