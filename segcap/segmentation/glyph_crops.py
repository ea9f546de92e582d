"""One image's way from pixels to glyphs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.image import to_grey
from segcap.decoding.chains import Lattice
from segcap.decoding.viterbi import candidate_spans, span_boxes
from segcap.segmentation.binarize import Method, binarize
from segcap.segmentation.cleanup import clean
from segcap.segmentation.components import Segmenter, Segments, keep_segments, segment
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS
from segcap.segmentation.framing import frame_glyphs
from segcap.segmentation.line_removal import LineRemoval, without_lines
from segcap.segmentation.oversegmentation import (
    joinable,
    oversegment,
    parts_for_length,
    parts_for_width,
)

__all__ = ["Cutout", "cut_out", "find_segments"]

_MOST_ATOMS = 6


class Cutout(NamedTuple):
    """One image's candidate spans, each framed as a glyph.

    Attributes
    ----------
    lattice : Lattice
    glyphs : (S, 28, 28, 1) float32 array
    """

    lattice: Lattice
    glyphs: NDArray[np.float32]


def find_segments(
    image: NDArray[np.uint8],
    *,
    binarization: Method = "auto",
    line_removal: LineRemoval = "none",
    segmentation: Segmenter = "components",
) -> Segments:
    """Find the characters, or blobs of touching ones, of an image.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    binarization, line_removal, segmentation : str
        See `segcap.segmentation`: `binarize.binarize`, `line_removal.without_lines`,
        `components.segment`.

    Returns
    -------
    Segments
    """
    ink = binarize(image, binarization)
    if line_removal != "none":
        ink = without_lines(ink, line_removal)
    return segment(clean(ink), segmentation)


def cut_out(
    image: NDArray[np.uint8],
    segments: Segments,
    *,
    length: int | None = None,
    cutters: Sequence[str] = DEFAULT_CUTTERS,
) -> Cutout:
    """Frame every span of ink that may be a character.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    segments : Segments
    length : int, optional
        Number of characters, if known: then segments are sliced until there are enough of them,
        and where there are too many, near ones may be halves of one character and the smallest
        are dropped.
    cutters : sequence of str
        What proposes cuts; see `segcap.segmentation.oversegmentation.oversegment`.

    Returns
    -------
    Cutout
    """
    joins = np.zeros(len(segments.boxes), bool)
    if length is None:
        parts = parts_for_width(segments.boxes)
    else:
        if len(segments.boxes) > length:
            segments = _drop_smallest(segments, length)
            joins = joinable(segments.boxes)
        parts = parts_for_length(segments.boxes, length)
    atoms = oversegment(segments, parts, cutters)
    spans = candidate_spans(atoms.segment, joins, most_atoms=_MOST_ATOMS)
    boxes = span_boxes(atoms.boxes, spans)
    glyphs = frame_glyphs(to_grey(image), atoms.labels, boxes=boxes, spans=spans + 1)
    return Cutout(Lattice(spans, boxes, len(atoms.boxes)), glyphs)


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
