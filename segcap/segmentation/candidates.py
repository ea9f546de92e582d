"""Candidates: runs of slices of a line, or whole segments, that may be characters."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.decoding.chains import Lattice
from segcap.decoding.viterbi import span_boxes
from segcap.segmentation.cleanup import looked_up
from segcap.segmentation.components import Segments, keep_segments, text_lines
from segcap.segmentation.cut_candidates import (
    DEFAULT_CUTTERS,
    cut_distance,
    insert_apart,
    propose_cuts,
)
from segcap.segmentation.text_lines import (
    MOST_HEIGHTS,
    STRIP_HEIGHT,
    Strip,
    line_strip,
    strip_rows,
)

__all__ = [
    "Layout",
    "isolated_candidates",
    "joinable",
    "largest_lines",
    "lay_out",
    "one_character_wide",
]

_MOST_SLICES = 16
_MOST_JOINED = 6
_WIDEST = 1.5
_WIDEST_SINGLE = 1.2
_HALVES_APART = 0.15
_UNCUT = 0.45
_LONGEST_UNCUT = 0.4
_CUTS_A_HEIGHT = 12
_MOST_LINES = 50
_MOST_HEIGHTS_OF_ALL = 400
_ROWS_AROUND = 2
_LARGE = 2**20
_MOST_OVERLAP = 2
_MOST_SPANS = 25_000  # a page of 50 lines of 20 characters has fewer


class Layout(NamedTuple):
    """One image's lines of text and candidate spans.

    Attributes
    ----------
    lattice : Lattice
    strips : list of Strip
        One a line.
    line : (S,) int array
        The line of each span, ascending.
    columns : (S, 2) float32 array
        First and last edge of each span, pixels of its strip.
    members : list of list of int
        Which segments are in each line.
    """

    lattice: Lattice
    strips: list[Strip]
    line: NDArray[np.intp]
    columns: NDArray[np.float32]
    members: list[list[int]]


class _LineSpans(NamedTuple):
    """A line's segments, its ink from its first row on, its slices' boxes, and runs of them."""

    members: list[int]
    first_row: int
    ink: NDArray[np.bool_]
    boxes: NDArray[np.int32]
    runs: NDArray[np.int32]


def lay_out(
    channels: NDArray[np.uint8],
    segments: Segments,
    *,
    cutters: Sequence[str] = DEFAULT_CUTTERS,
    height: int = STRIP_HEIGHT,
) -> Layout:
    """Scale the lines of an image to strips and list the spans that may be characters.

    A line is sliced at the edges of its segments, and those wider than 0.45 of its height at
    their cuts; where there is none for 0.4 of the height, into equal parts. A span is a run of
    neighbouring slices at most 1.5 times as wide as the line is high. Of more than 50 lines, or
    lines that together are more than 400 times as long as high or have more than 25,000 spans, the
    largest are read.

    Parameters
    ----------
    channels : (H, W, C) uint8 array
        What strips show; see `segcap.segmentation.text_lines.line_strip`.
    segments : Segments
    cutters : sequence of str
        What proposes cuts; names of `segcap.segmentation.cut_candidates.CUTTERS`.
    height : int
        Of strips, pixels.

    Returns
    -------
    Layout
    """
    strips, slices, spans, columns, kept = [], [], [], [], []
    atoms = 0
    for members, first_row, ink, boxes, runs in _few_enough(
        [_line_spans(segments, own, cutters) for own in largest_lines(segments.boxes)]
    ):
        strip = line_strip(channels, ink, first_row=first_row, height=height)
        strips.append(strip)
        kept.append(members)
        slices.append(boxes)
        spans.append(runs + atoms)
        columns.append(strip.columns(span_boxes(boxes, runs)[:, [0, 2]]))
        atoms += len(boxes)
    line = np.repeat(np.arange(len(spans)), [len(runs) for runs in spans])
    all_slices = np.concatenate([np.empty((0, 4), np.int32), *slices])
    all_spans = np.concatenate([np.empty((0, 2), np.int32), *spans])
    lattice = Lattice(all_spans, span_boxes(all_slices, all_spans), atoms)
    edges = np.concatenate([np.empty((0, 2), np.float32), *columns])
    return Layout(lattice, strips, line, edges, kept)


def one_character_wide(boxes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which segments hold no more than one character, as far as widths show.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open.

    Returns
    -------
    (N,) bool array
        True up to 1.2 times the height of the tallest segment.
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    return sizes[:, 0] <= _WIDEST_SINGLE * sizes[:, 1].max(initial=0)


def isolated_candidates(segments: Segments, length: int | None = None) -> tuple[Segments, Lattice]:
    """List what may be characters where each segment holds no more than one.

    Parameters
    ----------
    segments : Segments
    length : int, optional
        Number of characters, if known. Where there are more segments, near ones may be halves of
        one character, and the smallest are dropped.

    Returns
    -------
    segments : Segments
        Those that are kept.
    lattice : Lattice
        Each of them, and runs of up to six that may be joined; see `joinable`.
    """
    joins = np.zeros(len(segments.boxes), bool)
    if length is not None and len(segments.boxes) > length:
        segments = _drop_smallest(segments, length)
        joins = joinable(segments.boxes)
    if not joins.any():
        alone = np.arange(len(segments.boxes), dtype=np.int32)
        spans = np.stack([alone, alone + 1], axis=1)
        return segments, Lattice(spans, segments.boxes, len(alone))
    first, stop = _neighbours(len(joins), _MOST_JOINED)
    joined = np.cumsum(joins)
    whole = joined[stop - 1] - joined[first] == stop - 1 - first
    spans = np.stack([first, stop], axis=1)[whole].astype(np.int32)
    return segments, Lattice(spans, span_boxes(segments.boxes, spans), len(joins))


def joinable(boxes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which segments may be halves of one character with the segment before.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open, in reading order.

    Returns
    -------
    (N,) bool array
        True where the segment stands in the same line as the one before, the gap between them is
        at most 0.15 of the line's height and both together are at most 1.5 times as wide as this
        height; the first is False. The line's height is as in
        `segcap.segmentation.components.merge_components`.
    """
    joins = np.zeros(len(boxes), bool)
    if len(boxes) > 1:
        before, after = boxes[:-1], boxes[1:]
        start, stop = np.minimum(before, after), np.maximum(before, after)
        tallest = np.maximum(stop[:, 3] - start[:, 1], (boxes[:, 3] - boxes[:, 1]).max())
        joins[1:] = (
            (start[:, 3] > stop[:, 1])
            & (after[:, 0] - before[:, 2] <= _HALVES_APART * tallest)
            & (stop[:, 2] - start[:, 0] <= _WIDEST * tallest)
        )
    return joins


def largest_lines(boxes: NDArray[np.int32]) -> list[list[int]]:
    """Group boxes into lines, and of very many keep those whose boxes have the largest areas.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open.

    Returns
    -------
    list of list of int
        Indices into `boxes`, lines from top to bottom, each from left to right.
    """
    lines = text_lines(boxes)
    extents = [np.ptp(boxes[members].reshape(-1, 2, 2), axis=(0, 1)) for members in lines]
    heights = np.array([min(width / height, MOST_HEIGHTS) for width, height in extents])
    if len(lines) <= _MOST_LINES and heights.sum() <= _MOST_HEIGHTS_OF_ALL:
        return lines
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1, dtype=np.int64)
    ranked = np.argsort([-areas[members].sum() for members in lines], kind="stable")[:_MOST_LINES]
    kept = ranked[np.cumsum(heights[ranked]) <= _MOST_HEIGHTS_OF_ALL]
    return [lines[index] for index in np.sort(kept)]


def _few_enough(lines: list[_LineSpans]) -> list[_LineSpans]:
    """Keep the lines with the most ink, in their order, until their spans are many; one always."""
    ranked = sorted(range(len(lines)), key=lambda index: -np.count_nonzero(lines[index].ink))
    total = np.cumsum([len(lines[index].runs) for index in ranked])
    kept = [index for index, spans in zip(ranked, total, strict=True) if spans <= _MOST_SPANS]
    return [lines[index] for index in sorted(kept or ranked[:1])]


def _line_spans(segments: Segments, members: list[int], cutters: Sequence[str]) -> _LineSpans:
    """Slice a line and list its runs of slices."""
    first_row, ink = _line_rows(segments, members)
    top, bottom = strip_rows(ink, len(segments.labels))
    width = int(np.ptp(segments.boxes[members][:, [0, 2]]))
    tall = max(bottom - top, width // MOST_HEIGHTS)
    boxes = _slices(ink, _edges(segments, members, tall, cutters))
    boxes[:, 1::2] += first_row
    return _LineSpans(members, first_row, ink, boxes, _runs(boxes, tall))


def _line_rows(segments: Segments, members: list[int]) -> tuple[int, NDArray[np.bool_]]:
    """The ink of a line in its rows and two around them, and where these begin."""
    boxes = segments.boxes[members]
    first_row = max(int(boxes[:, 1].min()) - _ROWS_AROUND, 0)
    rows = segments.labels[first_row : int(boxes[:, 3].max()) + _ROWS_AROUND]
    is_member = np.zeros(len(segments.boxes) + 1, bool)
    is_member[np.array(members) + 1] = True
    return first_row, looked_up(is_member, rows)


def _edges(
    segments: Segments, members: list[int], height: int, cutters: Sequence[str]
) -> NDArray[np.intp]:
    """Columns at which a line is sliced: its segments' edges first, then cuts in wide ones.

    Where the boxes of wide ones together are many times the image, the last are not cut.
    """
    edges: list[float] = []
    cuts: list[float] = []
    looked_at, most = 0, max(_LARGE, _MOST_OVERLAP * segments.labels.size)
    for index in members:
        x0, y0, x1, y1 = segments.boxes[index].tolist()
        edges += [x0, x1]
        if x1 - x0 > _UNCUT * height and looked_at < most:
            looked_at += (x1 - x0) * (y1 - y0)
            ink = segments.labels[y0:y1, x0:x1] == index + 1
            limit = int(np.ceil(_CUTS_A_HEIGHT * (x1 - x0) / height))
            cuts += (x0 + propose_cuts(ink, cutters=cutters, limit=limit)).tolist()
    apart = cut_distance(height)
    taken = [min(edges), max(edges)]
    for column in edges + cuts:
        insert_apart(taken, column, apart)
    return _filled(np.array(taken), _LONGEST_UNCUT * height)


def _filled(edges: NDArray[np.float64], longest: float) -> NDArray[np.intp]:
    """Part what lies between edges into equal parts of at most so many columns."""
    parts = np.maximum(np.ceil(np.diff(edges) / longest), 1).astype(np.intp)
    first = np.repeat(np.cumsum(parts) - parts, parts)
    places = np.arange(len(first)) - first
    filled = places * np.repeat(np.diff(edges) / parts, parts) + np.repeat(edges[:-1], parts)
    return np.rint(np.append(filled, edges[-1])).astype(np.intp)


def _slices(ink: NDArray[np.bool_], edges: NDArray[np.intp]) -> NDArray[np.int32]:
    """Box the ink between neighbouring edges, where there is any: (A, 4)."""
    boxes = []
    for left, right in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        columns = np.ascontiguousarray(ink[:, left:right]).view(np.uint8)
        x, y, width, height = cv2.boundingRect(columns)
        if width:
            boxes.append((left + x, y, left + x + width, y + height))
    return np.array(boxes, np.int32).reshape(-1, 4)


def _runs(boxes: NDArray[np.int32], height: int) -> NDArray[np.int32]:
    """List the runs of slices that are narrow enough, single ones in any case: (S, 2)."""
    first, stop = _neighbours(len(boxes), _MOST_SLICES)
    narrow = boxes[stop - 1, 2] - boxes[first, 0] <= _WIDEST * height
    return np.stack([first, stop], axis=1)[narrow | (stop - first == 1)].astype(np.int32)


def _neighbours(count: int, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and stop of all runs of up to `most` neighbours, in order of the first."""
    first = np.repeat(np.arange(count), most)
    stop = first + np.tile(np.arange(1, most + 1), count)
    return first[stop <= count], stop[stop <= count]


def _drop_smallest(segments: Segments, length: int) -> Segments:
    """Drop the segments with the least ink until the others can be joined to `length`."""
    areas = np.bincount(segments.labels.ravel(), minlength=len(segments.boxes) + 1)[1:]
    kept = np.ones(len(areas), bool)
    for smallest in np.argsort(areas, kind="stable"):
        joins = joinable(segments.boxes[kept])
        if len(joins) - np.count_nonzero(joins) <= length:
            break
        kept[smallest] = False
    return keep_segments(segments, kept)
