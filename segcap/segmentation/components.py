"""Part an ink mask into characters: connected components, merged where they belong together."""

from typing import Literal, NamedTuple, TypeAlias

import cv2
import imutils
import numpy as np
from imutils import contours as imutils_contours
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.core.notebook import as_html
from segcap.segmentation.cleanup import large_components, looked_up, remove_specks

__all__ = [
    "SEGMENTERS",
    "Segmenter",
    "Segments",
    "component_boxes",
    "contour_boxes",
    "keep_segments",
    "merge_components",
    "reading_order",
    "segment",
    "text_lines",
]

Segmenter: TypeAlias = Literal["components", "contours"]
SEGMENTERS: tuple[Segmenter, ...] = ("components", "contours")

_WIDEST_CHARACTER = 1.25
_TALL = 0.6
_SAME_COLUMN = 0.5
_SAME_ROW = 0.35
_ADJACENT = 0.1
_LINE_GAP = 0.25
_OWN_LINE = 0.5


class Segments(NamedTuple):
    """Characters, or components of touching characters, in reading order.

    Attributes
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open, pixels.
    labels : (H, W) int32 array
        1 + the index of the box that a pixel's ink belongs to; 0 where there is no ink.
    """

    boxes: NDArray[np.int32]
    labels: NDArray[np.int32]

    def _repr_html_(self) -> str:
        """Show notebooks the ink, its boxes and their numbers."""
        marks = [(str(number), 1.0, tuple(box)) for number, box in enumerate(self.boxes.tolist())]
        ink = cv2.cvtColor(np.where(self.labels > 0, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)
        return as_html(f"Segments of {len(marks)} boxes", ink, marks)


def segment(
    ink: NDArray[np.bool_], method: Segmenter = "components", *, min_area: int | None = 0
) -> Segments:
    """Part an ink mask into characters.

    Parameters
    ----------
    ink : (H, W) bool array
    method : {"components", "contours"}
        Both find 8-connected components. Contours fill what they enclose: a component inside a ring
        belongs to the ring.
    min_area : int, optional
        With another number than 0, smaller components are left out, and all but the 500 largest;
        None for 3 % of the largest one's area, at least 4. See
        `segcap.segmentation.cleanup.remove_specks`.

    Returns
    -------
    Segments
        Components of one character merged, in reading order; N = 0 for a mask without ink.

    Raises
    ------
    ParameterError
        `method` is unknown.
    """
    if method == "components":
        boxes, numbers, labels = _components(ink, min_area)
    elif method == "contours":
        ink = ink if min_area == 0 else remove_specks(ink, min_area)
        outlines = _contours(ink)
        boxes = _contour_boxes(outlines)
        labels = np.zeros(ink.shape, np.int32)
        for number, outline in enumerate(outlines, start=1):
            cv2.drawContours(labels, [outline], -1, number, thickness=cv2.FILLED)
        labels[~ink] = 0
        numbers = np.arange(len(outlines) + 1)
    else:
        raise ParameterError(
            f"The 'method' of segment must be one of {', '.join(SEGMENTERS)}. "
            f"Got {method!r} instead."
        )
    if len(boxes) == 0:
        return Segments(boxes, np.zeros_like(labels))
    merged, owner = merge_components(boxes)
    order = reading_order(merged)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(1, len(order) + 1)
    ranks = np.append(0, rank[owner]).astype(np.int32)[numbers]
    return Segments(merged[order], looked_up(ranks, labels))


def component_boxes(ink: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Box each 8-connected component.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (N, 4) int32 array
        x0, y0, x1, y1, half-open, from left to right.
    """
    boxes, *_ = _components(ink)
    return boxes[np.lexsort((boxes[:, 1], boxes[:, 0]))]


def contour_boxes(ink: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Box each outer contour.

    Parameters
    ----------
    ink : (H, W) bool array

    Returns
    -------
    (N, 4) int32 array
        x0, y0, x1, y1, half-open, from left to right.

    References
    ----------
    Suzuki, Abe: Topological structural analysis of digitized binary images by border following.
    Computer Vision, Graphics, and Image Processing 30 (1985), 32-46.
    """
    return _contour_boxes(_contours(ink))


def keep_segments(segments: Segments, kept: NDArray[np.bool_]) -> Segments:
    """Keep some of the segments.

    Parameters
    ----------
    segments : Segments
    kept : (N,) bool array

    Returns
    -------
    Segments
        In the same order.
    """
    if kept.all():
        return segments
    renumbered = np.zeros(len(kept) + 1, np.int32)
    renumbered[1:][kept] = np.arange(1, np.count_nonzero(kept) + 1)
    return Segments(segments.boxes[kept], looked_up(renumbered, segments.labels))


def merge_components(
    boxes: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Merge the components of one character: the dot of an i, a broken stroke, the bar of a 5.

    Characters of one line stand side by side, so two components belong together

    - when they share at least half of the narrower one's columns, unless both are tall (at
      least 0.6 of the line's height) and stand side by side: those are slanted neighbours;
    - when one is not tall, they are at most a tenth of the line's height apart and together no
      wider than a character, 1.25 of this height.

    The line's height is that of its tallest component, or of both together if that is more.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open.

    Returns
    -------
    merged : (M, 4) int32 array
        Boxes around what belongs together, in the order of their first components.
    owner : (N,) int array
        For each given box the index of its merged one.
    """
    owner = np.arange(len(boxes))
    if len(boxes) > 1:
        for line in _lines(boxes):
            for first, second in _pairs_of_one_character(boxes[line]):
                one, other = owner[line[first]], owner[line[second]]
                owner[(owner == one) | (owner == other)] = min(one, other)
    if (owner == np.arange(len(boxes))).all():
        return boxes.copy(), owner
    kept, owner = np.unique(owner, return_inverse=True)
    merged = np.empty((len(kept), 4), np.int32)
    for index in range(len(kept)):
        group = boxes[owner == index]
        merged[index] = *group[:, :2].min(axis=0), *group[:, 2:].max(axis=0)
    return merged, owner


def reading_order(boxes: NDArray[np.int32]) -> NDArray[np.intp]:
    """Order boxes line by line, each line from left to right.

    Parameters
    ----------
    boxes : (N, 4) int32 array

    Returns
    -------
    (N,) int array
        Indices into `boxes`.
    """
    return np.array([index for line in text_lines(boxes) for index in line], np.intp)


def text_lines(boxes: NDArray[np.int32]) -> list[list[int]]:
    """Group boxes into lines of text, from top to bottom, each from left to right.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open.

    Returns
    -------
    list of list of int
        Indices into `boxes`.
    """
    left = boxes[:, 0].tolist()
    return [sorted(line, key=left.__getitem__) for line in _lines(boxes)]


def _components(
    ink: NDArray[np.bool_], min_area: int | None = 0
) -> tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.int32]]:
    """Box the components that are kept; 1 + the box of each label, 0 for none; and the labels."""
    if ink.size == 0:
        return np.empty((0, 4), np.int32), np.zeros(1, np.intp), np.zeros(ink.shape, np.int32)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    kept = np.ones(len(stats), bool)
    kept[0] = False
    if min_area != 0:
        kept[1:] = large_components(stats[1:, cv2.CC_STAT_AREA], min_area)
    boxes = stats[kept, :4]
    boxes[:, 2:] += boxes[:, :2]
    return boxes, np.cumsum(kept) * kept, labels


def _contours(ink: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
    if ink.size == 0:
        return []
    outlines = imutils.grab_contours(
        cv2.findContours(ink.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    )
    return list(imutils_contours.sort_contours(outlines)[0]) if outlines else []


def _contour_boxes(outlines: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    boxes = np.array([cv2.boundingRect(outline) for outline in outlines], np.int32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _lines(boxes: NDArray[np.int32]) -> list[list[int]]:
    """Group boxes into lines, parted by clear gaps; low lines are joined to their next."""
    lines: list[list[int]] = []
    extents: list[tuple[int, int]] = []
    rows = boxes[:, 1::2].tolist()
    for index in sorted(range(len(rows)), key=rows.__getitem__):
        top, bottom = rows[index]
        if extents and top < extents[-1][1] + _LINE_GAP * (extents[-1][1] - extents[-1][0]):
            lines[-1].append(index)
            extents[-1] = extents[-1][0], max(extents[-1][1], bottom)
        else:
            lines.append([index])
            extents.append((top, bottom))
    while len(lines) > 1:
        heights = [bottom - top for top, bottom in extents]
        low = next((i for i, h in enumerate(heights) if h < _OWN_LINE * max(heights)), None)
        if low is None:
            break
        above = low > 0 and (
            low == len(lines) - 1
            or extents[low][0] - extents[low - 1][1] <= extents[low + 1][0] - extents[low][1]
        )
        first = low - 1 if above else low
        lines[first : first + 2] = [lines[first] + lines[first + 1]]
        extents[first : first + 2] = [(extents[first][0], extents[first + 1][1])]
    return lines


def _pairs_of_one_character(boxes: NDArray[np.int32]) -> list[tuple[int, int]]:
    if _clearly_apart(boxes):
        return []
    sizes = boxes[:, 2:] - boxes[:, :2]
    shared_x, shared_y = _pairwise(boxes, np.maximum, np.minimum)
    union_width, union_height = _pairwise(boxes, np.minimum, np.maximum)
    narrower, lower = (np.minimum(side[:, None], side) for side in sizes.T)
    height = np.maximum(union_height, sizes[:, 1].max())
    low = lower < _TALL * height
    stacked = (shared_x >= _SAME_COLUMN * narrower) & (low | (shared_y <= _SAME_ROW * lower))
    adjacent = (
        low
        & (np.minimum(shared_x, shared_y) >= -_ADJACENT * height)
        & (union_width <= _WIDEST_CHARACTER * height)
    )
    first, second = np.nonzero(np.triu(stacked | adjacent, k=1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _clearly_apart(boxes: NDArray[np.int32]) -> bool:
    """Whether all boxes of a line are farther from each other than any two of one character."""
    ordered = boxes[boxes[:, 0].argsort()]
    gaps = ordered[1:, 0] - np.maximum.accumulate(ordered[:-1, 2])
    height = boxes[:, 3].max() - boxes[:, 1].min()
    return bool(gaps.min(initial=height) > _ADJACENT * height)


def _pairwise(
    boxes: NDArray[np.int32], start: np.ufunc, stop: np.ufunc
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return each pair's width and height, from `start` of left, top to `stop` of right, bottom."""
    x0, y0, x1, y1 = boxes.T
    width = stop(x1[:, None], x1) - start(x0[:, None], x0)
    return width, stop(y1[:, None], y1) - start(y0[:, None], y0)
