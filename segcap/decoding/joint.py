"""Choose the text of an image by two looks at its lines: as a whole, and at their candidate spans.

Either look proposes texts, and each text is judged by both. The weights of both, and how probable
it is that neither proposes the right one, were fitted to drawn images by maximum likelihood. Where
the first look is sure, spans say no more than where characters are.
"""

from collections.abc import Sequence
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

__all__ = [
    "NEITHER",
    "NEITHER_OF_LENGTH",
    "SURE",
    "WEIGHTS",
    "Columns",
    "choose_by_both",
    "proposed",
    "rank_by_both",
    "weighed",
]

WEIGHTS = 0.89, 0.09
"""Of log-probabilities by columns, and by spans."""
NEITHER, NEITHER_OF_LENGTH = (-4.2, 0.6), (-5.7, 0.24)
"""How likely it is that the right text is not proposed, where no length is given and where one is:
its log-score where the best text is certain, and how much that grows with each unit of doubt.
Fitted to 2,400 images along with weights of 0.87 and 0.18, which read foreign schemes worse; what
data/fit_joint.py fits with these weights is worse on images that it is not fitted to."""
SURE = 0.7
"""A text that has this probability by the columns alone is not looked at again."""
_NEAR, _SKIPPED = 20.0, 0.4
_TINY = 1e-9
_BEAMS, _OF_LENGTH = 12, 4  # of its number of characters each, where no other text has it
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
    others : tuple of (T', 1 + C) float64 arrays
        The same of further looks, at the lines cut out and scaled otherwise.
    """

    log_probabilities: NDArray[np.float64]
    boxes: NDArray[np.int32]
    others: tuple[NDArray[np.float64], ...] = ()

    @property
    def looks(self) -> tuple[NDArray[np.float64], ...]:
        """What each look says."""
        return self.log_probabilities, *self.others

    @property
    def is_sure(self) -> bool:
        """Whether by the first look one text has most of the probability."""
        return float(self.log_probabilities.max(axis=1).sum()) > np.log(SURE)

    def likely_texts(
        self, width: int, length: int | None, language: Language | None
    ) -> list[_Text]:
        """Return the texts that are likely by any look."""
        found: dict[_Text, None] = {}
        for look in self.looks:
            ranked = [
                (text, score)
                for text, score in beam_search(look, width=width, language=language)
                if text and length in (None, len(text))
            ]
            if length is not None and not ranked:
                ranked = beam_search(look, width=_OF_LENGTH, length=length, language=language)
            found |= {text: None for text, score in ranked if score > ranked[0][1] - _LIKELY}
        return list(found)

    def scores(self, texts: Sequence[_Text]) -> NDArray[np.float64]:
        """Return the mean log-probability of texts over all looks."""
        return np.mean([_within(text_scores(look, texts)) for look in self.looks], axis=0)

    def within(self, alphabet: NDArray[np.bool_]) -> "Columns":
        """Rule out all characters that are not of an alphabet, (C,) bool."""
        own, *others = (_ruled(look, np.append(True, alphabet)) for look in self.looks)
        return self._replace(log_probabilities=own, others=tuple(others))


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
) -> Outcome:
    """Choose the text that is most probable by both looks.

    Parameters
    ----------
    columns : Columns
    log_probabilities : (S, C) float64 array or None
        Of each span; None if the columns alone are to be asked.
    lattice, characters, length, reject_below, skips, language
        As of `segcap.decoding.chains.choose`.

    Returns
    -------
    Outcome
        As of `segcap.decoding.chains.choose`. Boxes are those of the spans that spell the text, or
        of its columns where none do.
    """
    found = proposed(columns, lattice, log_probabilities, length, skips, language)
    ranked = _ranked(found, length)
    if not ranked:
        if log_probabilities is None:
            return Outcome(Reading(status="rejected"), np.empty((0, len(characters))))
        return choose(
            lattice,
            log_probabilities,
            characters,
            length=length,
            reject_below=reject_below,
            skips=skips,
            language=language,
        )
    best, confidence = ranked[0]
    shown = _column_boxes(columns, best)
    if log_probabilities is None:
        scores, skips = _nearness(lattice, shown)
    else:
        scores = log_probabilities[:, best]
    path = best_path(lattice.spans, scores, atoms=lattice.atoms, length=len(best), skips=skips)
    boxes = shown if path is None else lattice.boxes[path.spans]
    seen = None if path is None or log_probabilities is None else log_probabilities[path.spans]
    probabilities = _of_places(best, ranked, len(characters), seen)
    glyphs = glyphs_of(probabilities, np.array(best, np.intp), boxes, characters)
    texts = [
        ("".join(characters[index] for index in text), probability) for text, probability in ranked
    ]
    reading = Reading(
        texts[0][0],
        glyphs,
        confidence=confidence,
        status=status_of(confidence, reject_below),
        alternatives=tuple(texts[1 : NEXT + 1]),
    )
    return Outcome(reading, probabilities, texts)


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
    found = proposed(columns, lattice, log_probabilities, length, skips, language, beams=2 * most)
    return [
        ("".join(characters[index] for index in text), probability)
        for text, probability in _ranked(found, length, may_be_neither=False)[:most]
    ]


def _ranked(
    found: tuple[list[_Text], NDArray[np.float64], NDArray[np.float64] | None],
    length: int | None,
    *,
    may_be_neither: bool = True,
) -> list[tuple[_Text, float]]:
    """Rank what either look proposes by its probability, that of neither among them or not."""
    texts, by_columns, by_spans = found
    if not texts:
        return []
    scores = weighed(by_columns, by_spans)
    least, in_doubt = NEITHER if length is None else NEITHER_OF_LENGTH
    neither = [least - in_doubt * scores.max()] if may_be_neither else []
    scores = scores - np.logaddexp.reduce([*scores, *neither])
    order = np.argsort(-scores, kind="stable")
    return [(texts[i], float(np.exp(scores[i]))) for i in order]


def weighed(
    by_columns: NDArray[np.float64], by_spans: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Join the log-probabilities of texts by columns and, unless None, by spans, (N,) each."""
    if by_spans is None:
        return by_columns
    return WEIGHTS[0] * by_columns + WEIGHTS[1] * by_spans


def proposed(
    columns: Columns,
    lattice: Lattice,
    log_probabilities: NDArray[np.float64] | None,
    length: int | None,
    skips: NDArray[np.float64] | None,
    language: Language | None,
    beams: int = 0,
) -> tuple[list[_Text], NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the texts that either look proposes, and what both say of each.

    Parameters
    ----------
    columns, lattice, log_probabilities, length, skips, language
        As of `choose_by_both`.
    beams : int
        Least width of the search.

    Returns
    -------
    texts : list of tuple of int
        By their classes.
    by_columns : (N,) float array
        Log-probabilities.
    by_spans : (N,) float array or None
        The same; None if the columns alone were asked.
    """
    texts: list[_Text] = []
    if lattice.atoms:
        texts = columns.likely_texts(max(beams, _BEAMS), length, language)
        if log_probabilities is not None:
            chain = best_chain(lattice, log_probabilities, length, skips, language)
            spelled = () if chain is None else tuple(chain[1].tolist())
            texts += [spelled] if spelled and spelled not in texts else []
    if not texts:
        return [], np.empty(0), None
    if log_probabilities is None:
        return texts, columns.scores(texts), None
    by_spans = spelling_scores(
        lattice.spans, log_probabilities, texts, atoms=lattice.atoms, skips=skips
    )
    return texts, columns.scores(texts), _within(by_spans)


def _ruled(
    log_probabilities: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    own = np.where(allowed, log_probabilities, -np.inf)
    return own - np.logaddexp.reduce(own, axis=1, keepdims=True)


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
        probabilities += left * others / np.maximum(others.sum(axis=1, keepdims=True), _TINY)
    return probabilities


def _nearness(
    lattice: Lattice, shown: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score spans by how near their middles are to those of boxes, and as left out by widths."""
    tall = max(float((shown[:, 3] - shown[:, 1]).mean()), 1.0)
    middles, wanted = (own.reshape(-1, 2, 2).mean(axis=1) / tall for own in (lattice.boxes, shown))
    far = np.linalg.norm(middles[:, np.newaxis] - wanted, axis=2)
    widths = (lattice.boxes[:, 2] - lattice.boxes[:, 0]) / tall
    return -_NEAR * far**2, -_SKIPPED * widths


def _column_boxes(columns: Columns, text: _Text) -> NDArray[np.int32]:
    """Box the characters of a text by the columns that show them."""
    found = aligned_columns(columns.log_probabilities, np.array(text, np.intp))
    if found is None:
        found = np.array([(0, len(columns.boxes))] * len(text), np.intp)
    first, last = columns.boxes[found[:, 0]], columns.boxes[found[:, 1] - 1]
    return np.concatenate(
        [np.minimum(first[:, :2], last[:, :2]), np.maximum(first[:, 2:], last[:, 2:])], axis=1
    )
