"""Choose the text of an image among the candidate spans of its ink."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.reading import Glyph, Reading, Status, SumReading
from segcap.decoding.compose import next_answers, next_texts, sum_distribution
from segcap.decoding.viterbi import Path, best_path, best_paths

__all__ = ["Lattice", "Outcome", "best_texts", "choose"]

_ALTERNATIVES = 3
_RANKED_CHARACTERS = 3


class Lattice(NamedTuple):
    """One image's candidate spans.

    Attributes
    ----------
    spans : (S, 2) int32 array
        First atom and the one after the last.
    boxes : (S, 4) int32 array
        x0, y0, x1, y1, half-open, pixels.
    atoms : int
        Number of atoms.
    """

    spans: NDArray[np.int32]
    boxes: NDArray[np.int32]
    atoms: int


class Outcome(NamedTuple):
    """A reading and the (N, C) probabilities that it was composed from."""

    reading: Reading
    probabilities: NDArray[np.float64]

    def digit_sum(self, values: NDArray[np.intp], reject_below: float) -> SumReading:
        """Add up the digits; `values` is what each class counts."""
        if not self.reading.glyphs:
            return SumReading(
                None,
                np.ones(1),
                self.reading,
                status=self.reading.status,
                error=self.reading.error,
            )
        shares = self.probabilities / self.probabilities.sum(axis=1, keepdims=True)
        distribution = sum_distribution(shares, values)
        value = int(distribution.argmax())
        confidence = float(distribution[value]) if self.reading.confidence > 0 else 0.0
        accepted = confidence > 0 and confidence >= reject_below
        return SumReading(
            value,
            distribution,
            self.reading,
            confidence=confidence,
            status="ok" if accepted else "rejected",
            alternatives=next_answers(distribution, range(len(distribution))),
        )


def choose(
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    characters: str,
    *,
    length: int | None,
    reject_below: float,
    skips: NDArray[np.float64] | None = None,
) -> Outcome:
    """Choose the most probable chain of spans.

    Parameters
    ----------
    lattice : Lattice
    log_probabilities : (S, C) float64 array
        Of each span.
    characters : str
        In class order.
    length : int, optional
        Number of characters, if known.
    reject_below : float
        Least confidence of status "ok".
    skips : (S,) float64 array, optional
        Log-score of each span as no character; no ink may be left out unless given.

    Returns
    -------
    Outcome
    """
    nothing = np.empty((0, len(characters)))
    if lattice.atoms == 0:
        return Outcome(Reading(status="empty"), nothing)
    scores = log_probabilities.max(axis=1)
    path = _path(lattice, scores, length, skips)
    length_met = path is not None
    if path is None:
        path = _path(lattice, scores, None, skips)
    if path is None or len(path.spans) == 0:
        return Outcome(Reading(status="rejected"), nothing)
    probabilities = np.exp(log_probabilities[path.spans])
    glyphs = _glyphs(probabilities, lattice.boxes[path.spans], characters)
    confidence = float(np.exp(scores[path.spans].sum())) if length_met else 0.0
    status: Status = "ok" if length_met and confidence >= reject_below else "rejected"
    text = "".join(glyph.char for glyph in glyphs)
    others = next_texts(probabilities, characters) if length_met else ()
    reading = Reading(text, glyphs, confidence=confidence, status=status, alternatives=others)
    return Outcome(reading, probabilities)


def best_texts(
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    characters: str,
    *,
    length: int | None,
    most: int,
    skips: NDArray[np.float64] | None = None,
) -> list[tuple[str, float]]:
    """Rank texts by their probability, that of all their chains together.

    Parameters
    ----------
    lattice, log_probabilities, characters, length, skips
        As of `choose`.
    most : int
        Most texts.

    Returns
    -------
    list of (str, float)
        Most probable first; the probabilities are shares of what the best chains found have.
    """
    if lattice.atoms == 0:
        return []
    ranked = np.argsort(-log_probabilities, axis=1, kind="stable")[:, :_RANKED_CHARACTERS]
    each = ranked.shape[1]
    paths = best_paths(
        np.repeat(lattice.spans, each, axis=0),
        np.take_along_axis(log_probabilities, ranked, axis=1).ravel(),
        atoms=lattice.atoms,
        length=length,
        skips=None if skips is None else _once(skips, each),
        most=4 * each * most,
    )
    totals: dict[str, float] = {}
    for path in paths:
        text = "".join(characters[ranked.flat[span]] for span in path.spans)
        totals[text] = totals.get(text, 0.0) + float(np.exp(path.score - paths[0].score))
    together = sum(totals.values())
    best = sorted(totals.items(), key=lambda item: -item[1])[:most]
    return [(text, total / together) for text, total in best]


def _once(skips: NDArray[np.float64], each: int) -> NDArray[np.float64]:
    """Let only the first of a span's copies be skipped."""
    copies = np.full((len(skips), each), -np.inf)
    copies[:, 0] = skips
    return copies.ravel()


def _path(
    lattice: Lattice,
    scores: NDArray[np.float64],
    length: int | None,
    skips: NDArray[np.float64] | None,
) -> Path | None:
    return best_path(lattice.spans, scores, atoms=lattice.atoms, length=length, skips=skips)


def _glyphs(
    probabilities: NDArray[np.float64], boxes: NDArray[np.int32], characters: str
) -> tuple[Glyph, ...]:
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : _ALTERNATIVES + 1]
    ranked = np.take_along_axis(probabilities, order, axis=1)
    return tuple(
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
            order.tolist(), ranked.tolist(), boxes.tolist(), strict=True
        )
    )
