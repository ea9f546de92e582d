"""Align labels with the spans of their images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.decoding.compose import log_softmax
from segcap.decoding.viterbi import best_path
from segcap.recognition.candidate_scores import span_logits
from segcap.recognition.trained import BLANK_CLASS
from segcap.segmentation.candidates import Layout
from segcap.training.spans import LabelledStrips, stack_strips

if TYPE_CHECKING:
    import keras

__all__ = ["Alignment", "align", "aligned_strips", "mean_score", "moved_fraction"]

_MOVED = 0.35
_CANNOT_BE = -12.0


class Alignment(NamedTuple):
    """Where the characters of one label are.

    Attributes
    ----------
    spans : (L,) int array
        Index of each character's span.
    score : float
        Mean log-probability of a character.
    """

    spans: NDArray[np.intp]
    score: float


class _Live:
    """A network in training as a `segcap.recognition.engines.Engine`."""

    def __init__(self, model: "keras.Model") -> None:
        self._model = model

    def logits(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        import keras

        return keras.ops.convert_to_numpy(self._model(list(inputs), training=False))


def align(
    model: "keras.Model", layouts: Sequence[Layout], classes: Sequence[NDArray[np.intp]]
) -> list[Alignment | None]:
    """Find the most probable place of each character of each label.

    Parameters
    ----------
    model : keras.Model
        A span network.
    layouts : sequence of Layout
    classes : sequence of (L,) int arrays
        The labels.

    Returns
    -------
    list of Alignment or None
        None where an image has fewer components than its label has characters.
    """
    logits = span_logits(_Live(model), layouts, model.output_shape[-1])
    return [
        _aligned(layout, log_softmax(own), label)
        for layout, own, label in zip(layouts, logits, classes, strict=True)
    ]


def aligned_strips(
    layouts: Sequence[Layout],
    classes: Sequence[NDArray[np.intp]],
    alignments: Sequence[Alignment | None],
) -> LabelledStrips:
    """Return the lines of aligned images with the places of their characters."""
    strips, spans, names = [], [], []
    for layout, label, alignment in zip(layouts, classes, alignments, strict=True):
        if alignment is None:
            continue
        line = layout.line[alignment.spans]
        for number, strip in enumerate(layout.strips):
            if (line == number).any():
                strips.append(strip)
                spans.append(layout.columns[alignment.spans[line == number]])
                names.append(label[line == number])
    return stack_strips(strips, spans, names)


def mean_score(alignments: Sequence[Alignment | None]) -> float:
    """Return how well labels fit their images: a character's mean log-probability, bounded."""
    scores = [_CANNOT_BE if one is None else max(one.score, _CANNOT_BE) for one in alignments]
    return float(np.mean(scores))


def moved_fraction(
    layouts: Sequence[Layout],
    before: Sequence[Alignment | None],
    after: Sequence[Alignment | None],
) -> float:
    """Fraction of characters whose middle moved by more than 0.35 of their width."""
    moved = [
        np.abs(layout.columns[old.spans].mean(axis=1) - layout.columns[new.spans].mean(axis=1))
        > _MOVED * np.ptp(layout.columns[new.spans], axis=1)
        for layout, old, new in zip(layouts, before, after, strict=True)
        if old is not None and new is not None
    ]
    return float(np.concatenate(moved).mean()) if moved else 0.0


def _aligned(
    layout: Layout, log_probabilities: NDArray[np.float64], label: NDArray[np.intp]
) -> Alignment | None:
    if layout.lattice.atoms == 0:
        return None
    scores = log_probabilities[:, label]
    path = best_path(
        layout.lattice.spans,
        scores,
        atoms=layout.lattice.atoms,
        length=len(label),
        skips=log_probabilities[:, BLANK_CLASS],
    )
    if path is None:
        return None
    own = scores[path.spans, np.arange(len(label))]
    return Alignment(path.spans, float(own.mean()))
