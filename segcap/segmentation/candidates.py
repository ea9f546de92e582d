"""One image's way from segments to lines of text with the spans that may be characters."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.decoding.chains import Lattice
from segcap.decoding.viterbi import span_boxes
from segcap.segmentation.components import Segments, text_lines
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS, propose_cuts
from segcap.segmentation.text_lines import Strip, line_strip, soft_ink, strip_rows, tone

__all__ = ["Layout", "lay_out"]

_MOST_ATOMS = 16
_WIDEST = 1.5
_UNCUT = 0.45
_CLOSEST = 0.08
_LONGEST_UNCUT = 0.4
_CUTS_A_HEIGHT = 12
_MOST_HEIGHTS = 100


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
    """

    lattice: Lattice
    strips: list[Strip]
    line: NDArray[np.intp]
    columns: NDArray[np.float32]


def lay_out(
    image: NDArray[np.uint8],
    segments: Segments,
    *,
    cutters: Sequence[str] = DEFAULT_CUTTERS,
) -> Layout:
    """Scale the lines of an image to strips and list the spans that may be characters.

    A line is sliced at the edges of its segments, and those wider than 0.45 of its height at
    their cuts; where there is none for 0.4 of the height, into equal parts. A span is a run of
    neighbouring slices at most 1.5 times as wide as the line is high.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    segments : Segments
    cutters : sequence of str
        What proposes cuts; names of `segcap.segmentation.cut_candidates.CUTTERS`.

    Returns
    -------
    Layout
    """
    ink = segments.labels > 0
    soft, toned = soft_ink(image, ink), tone(image, ink)
    strips, slices, spans, columns = [], [], [], []
    atoms = 0
    for members in text_lines(segments.boxes):
        own = np.isin(segments.labels, np.array(members) + 1)
        top, bottom = strip_rows(own)
        width = int(np.ptp(segments.boxes[members][:, [0, 2]]))
        height = max(bottom - top, width // _MOST_HEIGHTS)
        boxes = _slices(own, _edges(segments, members, height, cutters))
        runs = _runs(boxes, height)
        strip = line_strip(soft, toned, own)
        strips.append(strip)
        slices.append(boxes)
        spans.append(runs + atoms)
        columns.append(strip.columns(span_boxes(boxes, runs)[:, [0, 2]]))
        atoms += len(boxes)
    line = np.repeat(np.arange(len(spans)), [len(runs) for runs in spans])
    all_slices = np.concatenate([np.empty((0, 4), np.int32), *slices])
    all_spans = np.concatenate([np.empty((0, 2), np.int32), *spans])
    lattice = Lattice(all_spans, span_boxes(all_slices, all_spans), atoms)
    return Layout(lattice, strips, line, np.concatenate([np.empty((0, 2), np.float32), *columns]))


def _edges(
    segments: Segments, members: list[int], height: int, cutters: Sequence[str]
) -> NDArray[np.intp]:
    """Columns at which a line is sliced: its segments' edges first, then cuts in wide ones."""
    edges: list[float] = []
    cuts: list[float] = []
    for index in members:
        x0, y0, x1, y1 = segments.boxes[index].tolist()
        edges += [x0, x1]
        if x1 - x0 > _UNCUT * height:
            ink = segments.labels[y0:y1, x0:x1] == index + 1
            limit = int(np.ceil(_CUTS_A_HEIGHT * (x1 - x0) / height))
            paths = propose_cuts(ink, cutters=cutters, limit=limit)
            cuts += (x0 + paths.mean(axis=1)).tolist()
    apart = max(2.0, _CLOSEST * height)
    taken = [min(edges), max(edges)]
    for column in edges + cuts:
        if all(abs(column - other) >= apart for other in taken):
            taken.append(column)
    return _filled(np.sort(taken), _LONGEST_UNCUT * height)


def _filled(edges: NDArray[np.float64], longest: float) -> NDArray[np.intp]:
    """Part what lies between edges into equal parts of at most so many columns."""
    parts = np.maximum(np.ceil(np.diff(edges) / longest), 1).astype(np.intp)
    filled = [
        np.linspace(left, right, count, endpoint=False)
        for left, right, count in zip(edges[:-1], edges[1:], parts.tolist(), strict=True)
    ]
    return np.rint(np.concatenate([*filled, edges[-1:]])).astype(np.intp)


def _slices(ink: NDArray[np.bool_], edges: NDArray[np.intp]) -> NDArray[np.int32]:
    """Box the ink between neighbouring edges, where there is any: (A, 4)."""
    boxes = []
    for left, right in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        piece = np.ascontiguousarray(ink[:, left:right]).view(np.uint8)
        x, y, width, height = cv2.boundingRect(piece)
        if width:
            boxes.append((left + x, y, left + x + width, y + height))
    return np.array(boxes, np.int32).reshape(-1, 4)


def _runs(boxes: NDArray[np.int32], height: int) -> NDArray[np.int32]:
    """List the runs of slices that are narrow enough, single ones in any case: (S, 2)."""
    count = len(boxes)
    first = np.repeat(np.arange(count), _MOST_ATOMS)
    stop = first + np.tile(np.arange(1, _MOST_ATOMS + 1), count)
    first, stop = first[stop <= count], stop[stop <= count]
    narrow = boxes[stop - 1, 2] - boxes[first, 0] <= _WIDEST * height
    return np.stack([first, stop], axis=1)[narrow | (stop - first == 1)].astype(np.int32)
