"""Candidate cuts through blobs of touching characters."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.segmentation.components import Segments
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS, propose_cuts

__all__ = [
    "Atoms",
    "equal_parts",
    "joinable",
    "oversegment",
    "parts_for_length",
    "parts_for_width",
    "side_of_cuts",
]

_MOST_PARTS = 64
_CUTS_A_PART = 4
_WIDEST_SINGLE = 1.2
_USUAL_WIDTH = 0.8
_HALVES_APART = 0.15
_WIDEST_JOINED = 1.5


class Atoms(NamedTuple):
    """Slices of segments between neighbouring cuts, in reading order.

    Attributes
    ----------
    boxes : (A, 4) int32 array
        x0, y0, x1, y1, half-open, pixels.
    labels : (H, W) int32 array
        1 + the index of the atom that a pixel's ink belongs to; 0 where there is no ink.
    segment : (A,) int array
        Index of the segment that each atom was cut from.
    """

    boxes: NDArray[np.int32]
    labels: NDArray[np.int32]
    segment: NDArray[np.intp]


def parts_for_length(boxes: NDArray[np.int32], length: int) -> NDArray[np.intp]:
    """Guess how many characters each segment holds when their total is known.

    The segment whose parts are widest is parted once more until there are enough.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open.
    length : int
        Number of characters of the whole image.

    Returns
    -------
    (N,) int array
        At least 1 each; no part narrower than 1 pixel.
    """
    widths = boxes[:, 2] - boxes[:, 0]
    parts = np.ones(len(boxes), np.intp)
    while len(boxes) > 0 and parts.sum() < length and (parts < widths).any():
        parts[np.argmax(np.where(parts < widths, widths / parts, 0))] += 1
    return parts


def parts_for_width(boxes: NDArray[np.int32]) -> NDArray[np.intp]:
    """Guess from its width how many characters each segment holds.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open.

    Returns
    -------
    (N,) int array
        1 for segments up to 1.2 times as wide as the tallest segment is high, then the nearest
        number of parts that are 0.8 of this height wide, at most 64.
    """
    if len(boxes) == 0:
        return np.empty(0, np.intp)
    height = (boxes[:, 3] - boxes[:, 1]).max()
    widths = boxes[:, 2] - boxes[:, 0]
    guess = np.clip(np.rint(widths / (_USUAL_WIDTH * height)), 2, _MOST_PARTS)
    return np.where(widths > _WIDEST_SINGLE * height, guess, 1).astype(np.intp)


def joinable(boxes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which segments may be halves of one character with the segment before.

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
        `segcap.segmentation.components.merge_pieces`.
    """
    joins = np.zeros(len(boxes), bool)
    if len(boxes) > 1:
        union_height = np.maximum(boxes[1:, 3], boxes[:-1, 3]) - np.minimum(
            boxes[1:, 1], boxes[:-1, 1]
        )
        tallest = np.maximum(union_height, (boxes[:, 3] - boxes[:, 1]).max())
        gap = boxes[1:, 0] - boxes[:-1, 2]
        together = np.maximum(boxes[1:, 2], boxes[:-1, 2]) - np.minimum(boxes[1:, 0], boxes[:-1, 0])
        same_line = np.minimum(boxes[1:, 3], boxes[:-1, 3]) > np.maximum(
            boxes[1:, 1], boxes[:-1, 1]
        )
        joins[1:] = (
            same_line & (gap <= _HALVES_APART * tallest) & (together <= _WIDEST_JOINED * tallest)
        )
    return joins


def oversegment(
    segments: Segments,
    parts: NDArray[np.intp],
    cutters: Sequence[str] = DEFAULT_CUTTERS,
) -> Atoms:
    """Slice segments at all their candidate cuts.

    Parameters
    ----------
    segments : Segments
    parts : (N,) int array
        How many characters each segment is thought to hold; those with 1 are not sliced.
    cutters : sequence of str
        Names of `segcap.segmentation.cut_candidates.CUTTERS`. At most four cuts a part are taken;
        where they find fewer than the parts need, cuts into equal parts come on top.

    Returns
    -------
    Atoms
    """
    if not (parts > 1).any():
        return Atoms(segments.boxes, segments.labels, np.arange(len(segments.boxes)))
    labels = np.zeros_like(segments.labels)
    boxes: list[tuple[int, int, int, int]] = []
    owner: list[int] = []
    for index, (x0, y0, x1, y1) in enumerate(segments.boxes.tolist()):
        ink = segments.labels[y0:y1, x0:x1] == index + 1
        side = np.zeros(ink.shape, np.intp)
        if parts[index] > 1:
            side = side_of_cuts(_cuts(ink, int(parts[index]), cutters), x1 - x0)
        for number in range(int(side.max()) + 1):
            piece = ink & (side == number)
            x, y, width, height = cv2.boundingRect(piece.view(np.uint8))
            if width == 0:
                continue
            boxes.append((x0 + x, y0 + y, x0 + x + width, y0 + y + height))
            owner.append(index)
            labels[y0:y1, x0:x1][piece] = len(boxes)
    return Atoms(np.array(boxes, np.int32), labels, np.array(owner, np.intp))


def equal_parts(width: int, parts: int) -> NDArray[np.intp]:
    """Propose the cuts that part `width` columns into equal parts, (parts - 1,) int."""
    return np.rint(np.arange(1, parts) * width / parts).astype(np.intp)


def side_of_cuts(paths: NDArray[np.intp], width: int) -> NDArray[np.intp]:
    """Count the paths to the left of each pixel: (H, `width`) int."""
    return (np.arange(width) >= paths[:, :, np.newaxis]).sum(axis=0)


def _cuts(ink: NDArray[np.bool_], parts: int, cutters: Sequence[str]) -> NDArray[np.intp]:
    paths = propose_cuts(ink, cutters=cutters, limit=_CUTS_A_PART * parts)
    if len(paths) < parts - 1:
        height, width = ink.shape
        straight = np.repeat(equal_parts(width, parts)[:, np.newaxis], height, axis=1)
        paths = np.concatenate([paths, straight])
        paths = np.maximum.accumulate(paths[np.argsort(paths.mean(axis=1), kind="stable")], axis=0)
    return paths
