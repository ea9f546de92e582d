"""Set characters in a line: size, place, rotation, overlap, elastic warp."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.generate.draws import Draws, between
from segcap.generate.page import Page
from segcap.generate.typefaces import Mark, Typeface

__all__ = ["Style", "check_room", "elastic_field", "resample", "set_line", "warp_masks"]

_LEAST_SIZE = 5
_MOST_SHARED = 0.5
_MARGIN = 2
_WIDEST_GAP = 0.3
_MOST_RESERVED = 0.12
_MOST_SHAPES = 2**31 - 1
_GRID = 4, 12
_FINENESS = 32

Matrix = tuple[tuple[float, float], tuple[float, float]]


class Style(NamedTuple):
    """How a scheme sets its lines.

    Attributes
    ----------
    size : tuple of float
        Range of the capitals' height, in parts of the image's height.
    spacing : float
        Added to the gaps, in parts of the narrower neighbour's width.
    rotation, shear : float
        Most of either at full warp, degrees and pixels per pixel.
    jitter : float
        At full warp characters leave the baseline by up to this part of their size.
    elastic : float
        Largest elastic displacement at full warp, in parts of the capitals' height.
    start : tuple of float
        Where the line may begin, in parts of the room that it leaves.
    one_face : bool
        All characters in one face, or each in its own.
    reserve : tuple of float
        Room kept free on either side, and above and below, in parts of the image's height.
    """

    size: tuple[float, float] = (0.45, 0.6)
    spacing: float = 0.0
    rotation: float = 30.0
    shear: float = 0.3
    jitter: float = 0.25
    elastic: float = 0.14
    start: tuple[float, float] = (0.0, 1.0)
    one_face: bool = False
    reserve: tuple[float, float] = (0.0, 0.0)


def set_line(draws: Draws, page: Page, style: Style) -> NDArray[np.uint8]:
    """Draw every character of a page's line by itself.

    Parameters
    ----------
    draws : Draws
        Where the random choices come from.
    page : Page
        Of its difficulty, overlap and warp count here.
    style : Style

    Returns
    -------
    (len(text), height, width) uint8 array
        How much of each pixel each character covers, before any covers another.

    Raises
    ------
    ParameterError
        The text does not fit into the page, however small.
    """
    text, size, faces, difficulty = page
    width, height = size
    n = len(text)
    capitals = draws.uniform("capitals", *style.size) * height
    if style.one_face:
        chosen = [draws.choice("font", faces)] * n
    else:
        chosen = draws.choices("fonts", faces, n)
    picks = draws.integers("picks", 0, _MOST_SHAPES, n)
    angles, shears, leaps = (
        draws.uniforms(name, -most, most, n, scale=difficulty.warp)
        for name, most in (
            ("rotation", style.rotation),
            ("shear", style.shear),
            ("jitter", style.jitter),
        )
    )
    gap = style.spacing + between(0.225, -0.375, difficulty.overlap)
    gaps = draws.uniforms("gaps", gap - 0.075, gap + 0.075, n)
    start, drop = draws.uniform("start", *style.start), draws.uniform("drop", 0, 1)
    grid = draws.rng.integers(2**16, size=(2, *_GRID), dtype=np.uint16)

    cap = int(capitals)
    while True:
        reach = style.elastic * difficulty.warp * cap
        margin_x, margin_y = (_MARGIN + math.ceil(reach + part * height) for part in style.reserve)
        placed = [
            _transform(face.mark(char, cap, pick), angle, shear)
            for face, char, pick, angle, shear in zip(
                chosen, text, picks, angles.tolist(), shears.tolist(), strict=True
            )
        ]
        lefts = _left_edges(
            [p.coverage.shape[1] for p in placed], gaps.tolist(), difficulty.overlap
        )
        tops = [round(leap * cap) - p.above for leap, p in zip(leaps.tolist(), placed, strict=True)]
        right, bottom = _far_ends(placed, lefts, tops)
        across, down = width - 2 * margin_x, height - 2 * margin_y
        if right <= across and bottom - min(tops) <= down:
            break
        shrink = min(across / right, down / (bottom - min(tops)))
        cap = min(cap - 1, int(cap * shrink))
        if cap < 1:
            raise _no_room(text, size)
    draws.parameters["capitals"] = cap
    x_offset = margin_x + round(start * (across - right))
    y_offset = margin_y + round(drop * (down - bottom + min(tops))) - min(tops)
    corners = [(x + x_offset, y + y_offset) for x, y in zip(lefts, tops, strict=True)]
    masks = _masks(placed, corners, size)
    return warp_masks(masks, elastic_field(grid, size, reach)) if reach > 0 else masks


def _far_ends(placed: Sequence[Mark], lefts: Sequence[int], tops: Sequence[int]) -> tuple[int, int]:
    """Return the right and the lower end of all characters."""
    shapes = [glyph.coverage.shape for glyph in placed]
    right = max(x + w for x, (_, w) in zip(lefts, shapes, strict=True))
    bottom = max(y + h for y, (h, _) in zip(tops, shapes, strict=True))
    return right, bottom


def _masks(
    placed: Sequence[Mark], corners: Sequence[tuple[int, int]], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Paste each character into an empty page of its own."""
    masks = np.zeros((len(placed), size[1], size[0]), np.uint8)
    for mask, glyph, (x, y) in zip(masks, placed, corners, strict=True):
        h, w = glyph.coverage.shape
        mask[y : y + h, x : x + w] = glyph.coverage
    return masks


def check_room(
    characters: str, length: int, size: tuple[int, int], faces: Sequence[Typeface]
) -> None:
    """Refuse a size into which the widest text would not fit upright, with capitals of 5 pixels.

    Raises
    ------
    ParameterError
        `length` times the widest of the characters of a face needs more room.
    """
    width, height = (side - 2 * (_MARGIN + _MOST_RESERVED * size[1]) for side in size)
    for face in faces:
        marks = {char: face.mark(char, _LEAST_SIZE, 0).coverage.shape for char in characters}
        widest = max(marks, key=lambda char: marks[char][1])
        needed = length * (1 + _WIDEST_GAP) * marks[widest][1]
        highest = max(height for height, _ in marks.values())
        if needed > width or highest > height:
            raise _no_room(length * widest, size)


def elastic_field(
    grid: NDArray[np.uint16], size: tuple[int, int], reach: float
) -> NDArray[np.float32]:
    """Make a smooth random displacement.

    Parameters
    ----------
    grid : (2, rows, columns) uint16 array
        Displacements at a coarse grid's nodes, in x and in y: 0 is all to one side.
    size : tuple of int
        Width and height.
    reach : float
        Largest displacement, pixels.

    Returns
    -------
    (2, height, width) float32 array
        In multiples of 1/32 pixel.
    """
    smooth = [cv2.resize(axis, size, interpolation=cv2.INTER_LINEAR_EXACT) for axis in grid]
    field = (np.stack(smooth) / np.float32(2**15) - 1) * np.float32(reach)
    return np.rint(field * _FINENESS) / np.float32(_FINENESS)


def warp_masks(masks: NDArray[np.uint8], field: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Move the ink of every mask as a displacement field says.

    Parameters
    ----------
    masks : (n, height, width) uint8 array
    field : (2, height, width) float32 array
        Every pixel takes what is so many pixels to its right and below.

    Returns
    -------
    (n, height, width) uint8 array
    """
    _, height, width = masks.shape
    reach = int(np.ceil(np.abs(field).max()))
    columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    places, rates = _in_whole_numbers(field[0] + columns, field[1] + rows[:, np.newaxis])
    warped = np.zeros_like(masks)
    for mask, moved in zip(masks, warped, strict=True):
        x, y, w, h = cv2.boundingRect(mask)
        area = (
            slice(max(0, y - reach), min(height, y + h + reach)),
            slice(max(0, x - reach), min(width, x + w + reach)),
        )
        moved[area] = cv2.remap(mask, places[area], rates[area], cv2.INTER_LINEAR)
    return warped


def resample(
    mask: NDArray[np.uint8],
    matrix: Matrix,
    *,
    pivot: tuple[float, float],
    origin: tuple[float, float],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Transform a mask linearly.

    Parameters
    ----------
    mask : (h, w) uint8 array
    matrix : 2 x 2 numbers
        From offsets in the result to offsets in the mask, x and y.
    pivot : tuple of float
        x and y in the mask where the offset is 0.
    origin : tuple of float
        Offset of the result's first pixel, x and y.
    size : tuple of int
        Width and height of the result.

    Returns
    -------
    (height, width) uint8 array
    """
    columns = origin[0] + np.arange(size[0])
    rows = origin[1] + np.arange(size[1])[:, np.newaxis]
    map_x, map_y = (
        np.rint(_FINENESS * across * columns + _FINENESS * (down * rows + at))
        for (across, down), at in zip(matrix, pivot, strict=True)
    )
    scale = np.float32(1 / _FINENESS)
    maps = _in_whole_numbers(map_x.astype(np.float32) * scale, map_y.astype(np.float32) * scale)
    return cv2.remap(mask, *maps, cv2.INTER_LINEAR)


def _in_whole_numbers(
    map_x: NDArray[np.float32], map_y: NDArray[np.float32]
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Return maps by which pixels are sampled in whole numbers, the same on every processor."""
    return cv2.convertMaps(map_x, map_y, cv2.CV_16SC2)


def _no_room(text: str, size: tuple[int, int]) -> ParameterError:
    return ParameterError(
        f"A text must fit into its image with capitals of {_LEAST_SIZE} pixels. "
        f"Got {text!r} for {size[0]} x {size[1]} pixels."
    )


def _transform(mark: Mark, angle: float, shear: float) -> Mark:
    """Rotate and shear a character about the middle of its foot, and crop it."""
    if angle == 0 and shear == 0:
        return mark
    height, width = mark.coverage.shape
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    (xx, xy), (yx, yy) = (cos, sin - cos * shear), (-sin, cos + sin * shear)
    foot = width / 2, float(mark.above)
    corners = [(x - foot[0], y - foot[1]) for x in (-1, width) for y in (-1, height)]
    xs = [xx * x + xy * y for x, y in corners]
    ys = [yx * x + yy * y for x, y in corners]
    left, top = math.floor(min(xs)), math.floor(min(ys))
    size = math.ceil(max(xs)) - left + 1, math.ceil(max(ys)) - top + 1
    back = (yy, -xy), (-yx, xx)
    full = resample(mark.coverage, back, pivot=foot, origin=(left, top), size=size)
    x, y, w, h = cv2.boundingRect(full)
    return Mark(full[y : y + h, x : x + w], -top - y)


def _left_edges(widths: list[int], gaps: list[float], overlap: float) -> list[int]:
    """Where each character begins, the first at 0; at no overlap two pixels stay free."""
    edges = [0]
    for before, width, gap in zip(widths, widths[1:], gaps, strict=False):
        distance = round(max(gap, -_MOST_SHARED) * min(before, width))
        edges.append(edges[-1] + before + (distance if overlap else max(distance, 2)))
    return edges
