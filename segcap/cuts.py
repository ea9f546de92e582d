"""Candidate cuts through blobs of touching characters."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.segment import Segments

__all__ = [
    "Atoms",
    "equal_parts",
    "joinable",
    "oversegment",
    "parts_for_length",
    "parts_for_width",
    "projection_minima",
]

_SMOOTHING = 0.05
_MOST_PARTS = 64
_THINNEST_SLICE = 0.12
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


def projection_minima(ink: NDArray[np.bool_], *, limit: int) -> NDArray[np.intp]:
    """Propose vertical cuts where few pixels of ink stand above each other.

    Strict local minima of the column sums, smoothed over a twentieth of the height, are taken,
    lowest first, level ones at their middle, none nearer to another or to the blob's ends than
    0.12 of the blob's height.

    Parameters
    ----------
    ink : (H, W) bool array
        One blob, tightly boxed.
    limit : int
        Most cuts that are proposed.

    Returns
    -------
    (K,) int array
        Columns before which to cut, ascending, in 1 ... W - 1.

    References
    ----------
    Casey, Lecolinet: A survey of methods and strategies in character segmentation. IEEE
    Transactions on Pattern Analysis and Machine Intelligence 18 (1996), 690-706.
    """
    height, width = ink.shape
    columns = ink.sum(axis=0).astype(np.float64)
    reach = max(1, round(_SMOOTHING * height))
    window = np.bartlett(2 * reach + 3)[1:-1]
    smooth = np.convolve(np.pad(columns, reach, mode="edge"), window / window.sum(), mode="valid")
    starts = np.flatnonzero(np.diff(smooth, prepend=np.nan) != 0)
    middles = (starts + np.append(starts[1:], width)) // 2
    levels = np.concatenate([[-np.inf], smooth[starts], [-np.inf]])
    valleys = np.flatnonzero((levels[1:-1] < levels[:-2]) & (levels[1:-1] < levels[2:]))
    apart = max(2, round(_THINNEST_SLICE * height))
    chosen: list[int] = []
    for valley in sorted(valleys.tolist(), key=smooth[starts].__getitem__):
        cut = int(middles[valley])
        if min([cut, width - cut, *(abs(cut - other) for other in chosen)]) >= apart:
            chosen.append(cut)
    return np.sort(np.array(chosen[:limit], np.intp))


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
        height; the first is False. The line's height is as in `segcap.segment.merge_pieces`.
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


def equal_parts(width: int, parts: int) -> NDArray[np.intp]:
    """Propose the cuts that part `width` columns into equal parts, (parts - 1,) int."""
    return np.rint(np.arange(1, parts) * width / parts).astype(np.intp)


def oversegment(segments: Segments, parts: NDArray[np.intp]) -> Atoms:
    """Slice segments at all their candidate cuts.

    Parameters
    ----------
    segments : Segments
    parts : (N,) int array
        How many characters each segment is thought to hold; those with 1 are not sliced.

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
        cuts = _cuts(ink, int(parts[index])) if parts[index] > 1 else np.empty(0, np.intp)
        for left, right in zip([0, *cuts.tolist()], [*cuts.tolist(), x1 - x0], strict=True):
            rows = np.flatnonzero(ink[:, left:right].any(axis=1))
            if len(rows) == 0:
                continue
            boxes.append((x0 + left, y0 + int(rows[0]), x0 + right, y0 + int(rows[-1]) + 1))
            owner.append(index)
            labels[y0:y1, x0 + left : x0 + right][ink[:, left:right]] = len(boxes)
    return Atoms(np.array(boxes, np.int32), labels, np.array(owner, np.intp))


def _cuts(ink: NDArray[np.bool_], parts: int) -> NDArray[np.intp]:
    cuts = projection_minima(ink, limit=2 * parts)
    return np.union1d(cuts, equal_parts(ink.shape[1], parts))
