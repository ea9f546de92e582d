"""One image's way through the steps, on either side of the classifier."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.binarize import Method, binarize
from segcap.clean import clean
from segcap.compose import sum_distribution
from segcap.cuts import joinable, oversegment, parts_for_length, parts_for_width
from segcap.cutters import DEFAULT_CUTTERS
from segcap.glyphs import frame_glyphs
from segcap.image import to_grey
from segcap.lattice import best_path, candidate_spans, span_boxes
from segcap.reading import Glyph, Reading, Status, SumReading
from segcap.segment import Segmenter, Segments, keep_segments, segment

__all__ = ["Cutout", "Outcome", "choose", "cut_out", "find_segments"]

_MOST_ATOMS = 6
_ALTERNATIVES = 3


class Cutout(NamedTuple):
    """One image's candidate spans, its glyphs framed.

    Attributes
    ----------
    spans : (S, 2) int32 array
        First atom and the one after the last.
    boxes : (S, 4) int32 array
        x0, y0, x1, y1, half-open, pixels.
    glyphs : (S, 28, 28, 1) float32 array
    atoms : int
        Number of atoms.
    """

    spans: NDArray[np.int32]
    boxes: NDArray[np.int32]
    glyphs: NDArray[np.float32]
    atoms: int


class Outcome(NamedTuple):
    """A reading and the (N, C) probabilities that it was composed from."""

    reading: Reading
    probabilities: NDArray[np.float64]

    def digit_sum(self, values: NDArray[np.intp], reject_below: float) -> SumReading:
        """Add up the digits; `values` is what each class counts."""
        if not self.reading.glyphs:
            return SumReading(None, 0.0, self.reading.status, np.ones(1), self.reading)
        distribution = sum_distribution(self.probabilities, values)
        value = int(distribution.argmax())
        confidence = float(distribution[value]) if self.reading.confidence > 0 else 0.0
        accepted = confidence > 0 and confidence >= reject_below
        return SumReading(
            value, confidence, "ok" if accepted else "rejected", distribution, self.reading
        )


def find_segments(
    image: NDArray[np.uint8],
    *,
    binarization: Method = "auto",
    segmentation: Segmenter = "components",
) -> Segments:
    """Find the characters, or blobs of touching ones, of an image.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    binarization, segmentation : str
        See `segcap.binarize.binarize` and `segcap.segment.segment`.

    Returns
    -------
    Segments
    """
    return segment(clean(binarize(image, binarization)), segmentation)


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
        What proposes cuts; see `segcap.cuts.oversegment`.

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
    return Cutout(spans, boxes, glyphs, len(atoms.boxes))


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


def choose(
    cutout: Cutout,
    log_probabilities: NDArray[np.float64],
    characters: str,
    *,
    length: int | None,
    reject_below: float,
) -> Outcome:
    """Choose the most probable chain of spans.

    Parameters
    ----------
    cutout : Cutout
    log_probabilities : (S, C) float64 array
        Of each span's glyph.
    characters : str
        In class order.
    length : int, optional
        Number of characters, if known.
    reject_below : float
        Least confidence of status "ok".

    Returns
    -------
    Outcome
    """
    if cutout.atoms == 0:
        return Outcome(Reading(status="empty"), np.empty((0, len(characters))))
    scores = log_probabilities.max(axis=1)
    path = best_path(cutout.spans, scores, atoms=cutout.atoms, length=length)
    length_met = path is not None
    if path is None:
        path = best_path(cutout.spans, scores, atoms=cutout.atoms)
    probabilities = np.exp(log_probabilities[path])
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : _ALTERNATIVES + 1]
    ranked = np.take_along_axis(probabilities, order, axis=1)
    glyphs = tuple(
        Glyph(
            characters[classes[0]],
            values[0],
            tuple(box),
            tuple(
                (characters[index], value)
                for index, value in zip(classes[1:], values[1:], strict=True)
                if value > 0
            ),
        )
        for classes, values, box in zip(
            order.tolist(), ranked.tolist(), cutout.boxes[path].tolist(), strict=True
        )
    )
    confidence = float(np.exp(scores[path].sum())) if length_met else 0.0
    status: Status = "ok" if length_met and confidence >= reject_below else "rejected"
    text = "".join(glyph.char for glyph in glyphs)
    return Outcome(Reading(text, confidence, status, glyphs), probabilities)
