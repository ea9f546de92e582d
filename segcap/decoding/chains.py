"""Choose the text of an image among the candidate spans of its ink."""

import math
from contextlib import suppress
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.core.reading import Glyph, Reading, Status, SumReading, ValueReading
from segcap.decoding.compose import NEXT, next_answers, next_texts, sum_distribution, with_odds
from segcap.decoding.language import Language, best_spelling, likely_texts
from segcap.decoding.numbers import number_fields, value_of
from segcap.decoding.viterbi import best_path, best_paths

__all__ = [
    "Lattice",
    "Outcome",
    "best_chain",
    "best_texts",
    "choose",
    "glyphs_of",
    "status_of",
]

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
    """A reading and what it was composed from.

    Attributes
    ----------
    reading : Reading
    probabilities : (N, C) float64 array
        Of each character at each place.
    texts : list of (str, float) or None
        The likely texts, by a language or by two looks; None where places are independent.
    trust : float
        What the odds of the reading were multiplied by, and those of what is composed are, in
        (0, 1].
    """

    reading: Reading
    probabilities: NDArray[np.float64]
    texts: list[tuple[str, float]] | None = None
    trust: float = 1.0

    def trusted(self, trust: float, reject_below: float) -> "Outcome":
        """Multiply the odds of a reading by a factor in (0, 1]; its characters share what falls."""
        before = self.reading
        if trust == 1 or not before.glyphs:
            return self
        likely = math.prod(glyph.confidence for glyph in before.glyphs)
        if likely == 0:
            return self
        confidence = with_odds(before.confidence, trust)
        each = (with_odds(likely, trust) / likely) ** (1 / len(before.glyphs))
        reading = replace(
            before,
            glyphs=tuple(
                replace(
                    glyph,
                    confidence=glyph.confidence * each,
                    alternatives=tuple((char, own * each) for char, own in glyph.alternatives),
                )
                for glyph in before.glyphs
            ),
            confidence=confidence,
            status=status_of(confidence, reject_below),
            alternatives=tuple((text, with_odds(own, trust)) for text, own in before.alternatives),
        )
        return self._replace(reading=reading, trust=trust)

    def digit_sum(self, characters: str, reject_below: float) -> SumReading:
        """Add up the digits; where texts are judged as a whole, their probabilities add up."""
        reading = self.reading
        if not reading.glyphs:
            return SumReading(None, np.ones(1), reading, status=reading.status)
        counts = {char: int(char) if char.isdecimal() else 0 for char in characters}
        texts = self._weighed(self.texts or [])
        if self.texts is None or not any(texts.values()):
            normalized = self.probabilities / self.probabilities.sum(axis=1, keepdims=True)
            distribution = sum_distribution(normalized, np.array([*counts.values()], np.intp))
        else:
            distribution = np.zeros(9 * max(map(len, texts)) + 1)
            for text, probability in texts.items():
                distribution[sum(counts[char] for char in text)] += probability
        value = int(distribution.argmax())
        distribution *= with_odds(distribution[value], self.trust) / distribution[value]
        confidence = float(distribution[value]) if reading.confidence > 0 else 0.0
        return SumReading(
            value,
            distribution,
            reading,
            confidence=confidence,
            status=status_of(confidence, reject_below),
            alternatives=next_answers(distribution, range(len(distribution))),
        )

    def _weighed(self, texts: list[tuple[str, float]]) -> dict[str, float]:
        """Return the probabilities of texts and of the reading, as if it were trusted."""
        return {self.reading.text: with_odds(self.reading.confidence, 1 / self.trust)} | dict(texts)

    def value(self, characters: str, decimals: int | None, reject_below: float) -> ValueReading:
        """Compute the value of a number or task; the probabilities of its texts add up."""
        reading = self.reading
        if not reading.glyphs:
            return ValueReading(None, reading, status=reading.status)
        texts = self.texts
        if texts is None:
            language = number_fields(characters, decimals)
            texts = likely_texts(self.probabilities, characters, language)
        totals: dict[int | float, float] = {}
        for text, probability in self._weighed(texts).items():
            with suppress(ParameterError):  # a division by zero
                value = value_of(text, decimals=decimals)
                totals[value] = totals.get(value, 0.0) + probability
        ranked = [
            (value, with_odds(min(1.0, total), self.trust))
            for value, total in sorted(totals.items(), key=itemgetter(1), reverse=True)
        ]
        try:
            value_of(reading.text, decimals=decimals)
        except ParameterError as error:
            others, why = tuple(ranked[:NEXT]), str(error)
            return ValueReading(None, reading, status="rejected", alternatives=others, error=why)
        confidence = ranked[0][1] if reading.confidence > 0 else 0.0
        return ValueReading(
            ranked[0][0],
            reading,
            confidence=confidence,
            status=status_of(confidence, reject_below),
            alternatives=tuple(ranked[1 : NEXT + 1]),
        )


def choose(
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    characters: str,
    *,
    length: int | None,
    reject_below: float,
    skips: NDArray[np.float64] | None = None,
    language: Language | None = None,
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
    language : Language, optional
        What texts there may be; any unless given.

    Returns
    -------
    Outcome
        Where no chain has the length and is of the language, the best of all, with a confidence
        of 0 and the status "rejected".
    """
    empty = np.empty((0, len(characters)))
    if lattice.atoms == 0:
        return Outcome(Reading(status="empty"), empty)
    chain = best_chain(lattice, log_probabilities, length, skips, language)
    as_asked = chain is not None
    if chain is None:
        chain = best_chain(lattice, log_probabilities, None, skips, None)
    if chain is None or len(chain[0]) == 0:
        return Outcome(Reading(status="rejected"), empty)
    spans, classes = chain
    probabilities = np.exp(log_probabilities[spans])
    glyphs = glyphs_of(probabilities, classes, lattice.boxes[spans], characters)
    text = "".join(glyph.char for glyph in glyphs)
    if not as_asked:
        return Outcome(Reading(text, glyphs, status="rejected"), probabilities)
    confidence = float(np.exp(log_probabilities[spans, classes].sum()))
    texts: list[tuple[str, float]] | None = None
    if language is None:
        others = next_texts(probabilities, characters)
    else:
        texts = _among_themselves(probabilities, characters, language, (text, confidence))
        confidence = dict(texts)[text]
        others = tuple(pair for pair in texts if pair[0] != text)[:NEXT]
    status = status_of(confidence, reject_below)
    reading = Reading(text, glyphs, confidence=confidence, status=status, alternatives=others)
    return Outcome(reading, probabilities, texts)


def best_texts(
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    characters: str,
    *,
    length: int | None,
    most: int,
    skips: NDArray[np.float64] | None = None,
    language: Language | None = None,
) -> list[tuple[str, float]]:
    """Rank texts by their probability, that of all their chains together.

    Parameters
    ----------
    lattice, log_probabilities, characters, length, skips, language
        As of `choose`.
    most : int
        Most texts.

    Returns
    -------
    list of (str, float)
        Most probable first; the probabilities are fractions of what the best chains found have.
    """
    if lattice.atoms == 0:
        return []
    chain = None
    if language is not None:
        chain = best_chain(lattice, log_probabilities, length, skips, language)
        if chain is None:
            return []
        log_probabilities = np.where(language.used, log_probabilities, -np.inf)
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
        classes = ranked.flat[path.spans]
        if language is not None and not language.accepts(classes):
            continue
        text = "".join(characters[index] for index in classes)
        totals[text] = totals.get(text, 0.0) + float(np.exp(path.score - paths[0].score))
    if chain is not None:
        first = "".join(characters[index] for index in chain[1])
        # no other is likelier, though its characters may rank below others
        totals.setdefault(first, max(totals.values(), default=1.0))
    together = sum(totals.values())
    best = sorted(totals.items(), key=lambda item: -item[1])[:most]
    return [(text, total / together) for text, total in best]


def _once(skips: NDArray[np.float64], each: int) -> NDArray[np.float64]:
    """Let only the first of a span's copies be skipped."""
    copies = np.full((len(skips), each), -np.inf)
    copies[:, 0] = skips
    return copies.ravel()


def status_of(confidence: float, reject_below: float) -> Status:
    """Return the status of a reading of a confidence."""
    return "ok" if confidence > 0 and confidence >= reject_below else "rejected"


def _among_themselves(
    probabilities: NDArray[np.float64],
    characters: str,
    language: Language,
    chosen: tuple[str, float],
) -> list[tuple[str, float]]:
    """Rank the likely texts of a language by their probability, given that one of them is shown.

    That the chain's spans are characters at all is not given.
    """
    texts = dict([chosen, *likely_texts(probabilities, characters, language)])
    together = sum(texts.values())
    if together == 0:  # less than a number can say
        return [(chosen[0], 0.0)]
    scale = probabilities.sum(axis=1).prod() / together
    ranked = sorted(texts.items(), key=itemgetter(1), reverse=True)
    return [(text, min(1.0, float(probability * scale))) for text, probability in ranked]


def best_chain(
    lattice: Lattice,
    log_probabilities: NDArray[np.float64],
    length: int | None,
    skips: NDArray[np.float64] | None,
    language: Language | None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Find the spans and the classes of the best chain; parameters as of `choose`."""
    spans, atoms = lattice.spans, lattice.atoms
    if language is not None:
        if length is not None and length > atoms:
            return None
        accepted = language.of_length(length)
        return best_spelling(spans, log_probabilities, accepted, atoms=atoms, skips=skips)
    scores = log_probabilities.max(axis=1)
    path = best_path(spans, scores, atoms=atoms, length=length, skips=skips)
    return None if path is None else (path.spans, log_probabilities[path.spans].argmax(axis=1))


def glyphs_of(
    probabilities: NDArray[np.float64],
    chosen: NDArray[np.intp],
    boxes: NDArray[np.integer],
    characters: str,
) -> tuple[Glyph, ...]:
    """Make a glyph of each place: (L, C) probabilities, the class chosen, the box."""
    ranking = -probabilities
    places = np.arange(len(chosen))
    ranking[places, chosen] = -np.inf
    order = np.argsort(ranking, axis=1, kind="stable")[:, : _ALTERNATIVES + 1]
    ranked = probabilities[places[:, np.newaxis], order]
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
