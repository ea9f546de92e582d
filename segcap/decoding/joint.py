"""Choose the text of an image by two looks at its lines: as a whole, and at their candidate spans.

Either look proposes texts, and each text is judged by both. The weights of both, and how probable
it is that neither proposes the right one, were fitted to drawn images by maximum likelihood. Where
the first look is sure, spans say no more than where the characters are.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.reading import Reading
from segcap.decoding.chains import (
    Lattice,
    Outcome,
    best_chain,
    choose,
    glyphs_of,
    status_of,
)
from segcap.decoding.compose import NEXT
from segcap.decoding.ctc import aligned_columns, beam_search, text_scores
from segcap.decoding.language import Language
from segcap.decoding.viterbi import best_path, spelling_scores

__all__ = ["WEIGHTS", "Columns", "choose_by_both", "is_sure", "rank_by_both"]

WEIGHTS = 0.85, 0.26
"""Of log-probabilities by columns, and by spans."""
_NEITHER = -2.5
_SURE = 0.7
_NEAR, _SKIPPED = 20.0, 0.4
_BEAMS = 12
_LIKELY = 9.0
_UNSPELLED = 12.0

_Text: TypeAlias = tuple[int, ...]


class Columns(NamedTuple):
    """What a network that reads whole lines sees in the columns of an image's lines.

    Attributes
    ----------
    log_probabilities : (T, 1 + C) float64 array
        Of blank and of the characters; see `segcap.decoding.ctc`.
    boxes : (T, 4) int32 array
        Where each column is in the image: x0, y0, x1, y1, half-open, pixels.
    """

    log_probabilities: NDArray[np.float64]
    boxes: NDArray[np.int32]

    def within(self, alphabet: NDArray[np.bool_]) -> "Columns":
        """Rule out all characters that are not of an alphabet, (C,) bool."""
        own = np.where(np.append(True, alphabet), self.log_probabilities, -np.inf)
        own -= np.logaddexp.reduce(own, axis=1, keepdims=True)
        return self._replace(log_probabilities=own)


def is_sure(columns: Columns) -> bool:
    """Whether one text has most of the probability by the columns alone."""
    return float(columns.log_probabilities.max(axis=1).sum()) > np.log(_SURE)


def choose_by_both(
    columns: Columns,
    lattice: Lattice,
    log_probabilities: NDArray[np.float64] | None,
    characters: str,
    *,
    length: int | None,
    reject_below: float,
    skips: NDArray[np.float64] | None = None,
    language: Language | None = None,
    trust: float = 1.0,
) -> Outcome:
    """Choose the text that is most probable by both looks.

    Parameters
    ----------
    columns : Columns
    log_probabilities : (S, C) float64 array or None
        Of each span; None if the columns alone are to be asked.
    lattice, characters, length, reject_below, skips, language, trust
        As of `segcap.decoding.chains.choose`.

    Returns
    -------
    Outcome
        As of `segcap.decoding.chains.choose`. Boxes are those of the spans that spell the text, or
        of its columns where none do.
    """
    ranked = _ranked(columns, lattice, log_probabilities, length, skips, language)
    if not ranked:
        return choose(
            lattice,
            np.full((len(lattice.spans), len(characters)), -np.inf)
            if log_probabilities is None
            else log_probabilities,
            characters,
            length=length,
            reject_below=reject_below,
            skips=skips,
            language=language,
            trust=trust,
        )
    best, confidence = ranked[0][0], ranked[0][1] * trust
    shown = _column_boxes(columns, best)
    if log_probabilities is None:
        scores, skips = _nearness(lattice, shown)
    else:
        scores = log_probabilities[:, best]
    path = best_path(lattice.spans, scores, atoms=lattice.atoms, length=len(best), skips=skips)
    boxes = shown if path is None else lattice.boxes[path.spans]
    seen = None if path is None or log_probabilities is None else log_probabilities[path.spans]
    probabilities = trust * _of_places(best, ranked, len(characters), seen)
    glyphs = glyphs_of(probabilities, np.array(best, np.intp), boxes, characters)
    texts = [
        ("".join(characters[index] for index in text), probability * trust)
        for text, probability in ranked
    ]
    reading = Reading(
        texts[0][0],
        glyphs,
        confidence=confidence,
        status=status_of(confidence, reject_below),
        alternatives=tuple(texts[1 : NEXT + 1]),
    )
    return Outcome(reading, probabilities, texts if language is not None else None)


def rank_by_both(
    columns: Columns,
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    characters: str,
    *,
    length: int | None,
    most: int,
    skips: NDArray[np.float64] | None = None,
    language: Language | None = None,
) -> list[tuple[str, float]]:
    """Rank texts by both looks; parameters as of `segcap.decoding.chains.best_texts`."""
    ranked = _ranked(columns, lattice, log_probabilities, length, skips, language, beams=2 * most)
    together = sum(probability for _, probability in ranked)
    return [
        ("".join(characters[index] for index in text), probability / together)
        for text, probability in ranked[:most]
    ]


def _ranked(
    columns: Columns,
    lattice: Lattice,
    log_probabilities: NDArray[np.float64] | None,
    length: int | None,
    skips: NDArray[np.float64] | None,
    language: Language | None,
    beams: int = 0,
) -> list[tuple[_Text, float]]:
    """Rank what either look proposes by its probability."""
    if lattice.atoms == 0:
        return []
    width = max(beams, _BEAMS if language is None else 4 * _BEAMS)
    found = beam_search(columns.log_probabilities, width=width, length=length)
    proposed = {
        text: score
        for text, score in found
        if text and score > found[0][1] - _LIKELY and (language is None or language.accepts(text))
    }
    if log_probabilities is not None:
        chain = best_chain(lattice, log_probabilities, length, skips, language)
        if chain is not None and len(chain[1]):
            proposed.setdefault(tuple(chain[1].tolist()), 0.0)
    if not proposed:
        return []
    texts = list(proposed)
    by_columns = text_scores(columns.log_probabilities, texts)
    if log_probabilities is None:
        scores = by_columns
    else:
        by_spans = spelling_scores(
            lattice.spans, log_probabilities, texts, atoms=lattice.atoms, skips=skips
        )
        scores = WEIGHTS[0] * _within(by_columns) + WEIGHTS[1] * _within(by_spans)
    together = np.logaddexp.reduce([*scores, _NEITHER])
    ranked = sorted(zip(np.exp(scores - together).tolist(), texts, strict=True), reverse=True)
    return [(text, probability) for probability, text in ranked]


def _within(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let no text be impossible by one look alone."""
    best = scores.max()
    return np.maximum(scores, (best if np.isfinite(best) else 0.0) - _UNSPELLED)


def _of_places(
    best: _Text,
    ranked: list[tuple[_Text, float]],
    characters: int,
    seen: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Probability of each character at each place, (L, C).

    Other texts of the same length say which else may be there; what is left is shared as the spans
    have it.
    """
    places = np.arange(len(best))
    probabilities = np.zeros((len(best), characters))
    for text, probability in ranked:
        if len(text) == len(best):
            probabilities[places, text] += probability
    if seen is not None:
        left = np.clip(1 - probabilities.sum(axis=1, keepdims=True), 0, 1)
        others = np.where(probabilities > 0, 0.0, np.exp(seen))
        probabilities += left * others
    return probabilities


def _nearness(
    lattice: Lattice, shown: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score spans by how near their middles are to those of boxes, and as left out by widths."""
    middles, wanted = lattice.boxes[:, 0::2].mean(axis=1), shown[:, 0::2].mean(axis=1)
    tall = max(float((shown[:, 3] - shown[:, 1]).mean()), 1.0)
    widths = (lattice.boxes[:, 2] - lattice.boxes[:, 0]) / tall
    far = (middles[:, np.newaxis] - wanted) / tall
    return -_NEAR * far**2, -_SKIPPED * widths


def _column_boxes(columns: Columns, text: _Text) -> NDArray[np.int32]:
    """Box the characters of a text by the columns that show them, half-way to their neighbours."""
    found = aligned_columns(columns.log_probabilities, np.array(text, np.intp))
    if found is None:
        found = np.array([(0, len(columns.boxes))] * len(text), np.intp)
    first, last = columns.boxes[found[:, 0]], columns.boxes[found[:, 1] - 1]
    return np.concatenate(
        [np.minimum(first[:, :2], last[:, :2]), np.maximum(first[:, 2:], last[:, 2:])], axis=1
    )
