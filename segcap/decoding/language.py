"""Texts of a language: the best chain of spans that spells one, and the best texts of a chain."""

from collections.abc import Iterable
from heapq import nlargest
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Language", "best_spelling", "likely_texts"]

_KEPT = 16
_LEAST_FRACTION = 1e-3


class Language(NamedTuple):
    """A finite automaton over characters, which starts in its state 0.

    Attributes
    ----------
    symbols : (C,) int array
        What each character counts as; -1 for characters that are in no text.
    moves : (Q, K) int array
        The state after each symbol in each state, -1 for none.
    final : (Q,) bool array
        In which states a text may end.
    """

    symbols: NDArray[np.intp]
    moves: NDArray[np.intp]
    final: NDArray[np.bool_]

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which characters are in any text, (C,) bool."""
        return np.isin(self.symbols, np.flatnonzero((self.moves >= 0).any(axis=0)))

    def accepts(self, classes: Iterable[int]) -> bool:
        """Return whether characters, by their class, are a text of the language."""
        state = 0
        for index in classes:
            symbol = int(self.symbols[index])
            state = int(self.moves[state, symbol]) if symbol >= 0 else -1
            if state < 0:
                return False
        return bool(self.final[state])

    def of_length(self, length: int | None) -> "Language":
        """The texts of so many characters; all of them for None."""
        if length is None:
            return self
        states, symbols = self.moves.shape
        moves = np.full((length + 1, states, symbols), -1, np.intp)
        later = states * (1 + np.arange(length))[:, np.newaxis, np.newaxis]
        moves[:-1] = np.where(self.moves >= 0, self.moves + later, -1)
        final = np.zeros((length + 1, states), bool)
        final[-1] = self.final
        return self._replace(moves=moves.reshape(-1, symbols), final=final.ravel())


def best_spelling(
    spans: NDArray[np.int32],
    log_probabilities: NDArray[np.float64],
    language: Language,
    *,
    atoms: int,
    skips: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Find the most probable chain of spans and characters that spells a text of a language.

    The Viterbi algorithm over pairs of an atom and a state, and hence exact.

    Parameters
    ----------
    spans : (S, 2) int array
        First atom and the one after the last.
    log_probabilities : (S, C) float64 array
        Of each character.
    atoms : int
        Number of atoms; each is used once.
    skips : (S,) float64 array, optional
        Log-score of each span as no character; no span may be skipped unless given.

    Returns
    -------
    (L,) int array, (L,) int array, or None
        Indices of the spans that are characters, and their classes; None if there is no chain.
    """
    own, classes = _by_symbol(log_probabilities, language)
    states, symbols = np.nonzero(language.moves >= 0)
    targets = language.moves[states, symbols]
    skips = np.full(len(spans), -np.inf) if skips is None else skips
    best = np.full((atoms + 1, len(language.final)), -np.inf)
    best[0, 0] = 0
    came = np.full((*best.shape, 2), -1, np.intp)
    for atom in range(1, atoms + 1):
        into = np.flatnonzero(spans[:, 1] == atom)
        if not len(into):
            continue
        before = best[spans[into, 0]]
        skipped = before + skips[into, np.newaxis]
        best[atom], came[atom, :, 0] = skipped.max(axis=0), into[skipped.argmax(axis=0)]
        arriving = before[:, states] + own[into][:, symbols]
        score, span = arriving.max(axis=0), into[arriving.argmax(axis=0)]
        order = np.argsort(score, kind="stable")
        order = order[score[order] > best[atom, targets[order]]]
        best[atom, targets[order]] = score[order]  # of several for one state the last, the best
        came[atom, targets[order]] = np.stack([span[order], order], axis=1)
    state = int(np.where(language.final, best[atoms], -np.inf).argmax())
    if not language.final[state] or best[atoms, state] == -np.inf:
        return None
    chain = []
    atom = atoms
    while atom > 0:
        at, edge = came[atom, state].tolist()
        if edge >= 0:
            chain.append((at, classes[at, symbols[edge]]))
            state = int(states[edge])
        atom = int(spans[at, 0])
    found = np.array(chain[::-1], np.intp).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def likely_texts(
    probabilities: NDArray[np.float64], characters: str, language: Language
) -> list[tuple[str, float]]:
    """Rank the texts of a language that independent places may show.

    Parameters
    ----------
    probabilities : (L, C) float64 array
        Of each character at each place.
    characters : str
        C of them.

    Returns
    -------
    list of (str, float)
        Most probable first. A search for the 16 best beginnings in each state, of characters that
        have at least a thousandth of the probability of their place's first.
    """
    ranked: dict[int, list[tuple[str, float]]] = {0: [("", 1.0)]}
    usable = language.symbols >= 0
    for row in np.where(usable, probabilities, 0.0):
        likely = np.flatnonzero((row > 0) & (row >= _LEAST_FRACTION * row.max()))
        longer: dict[int, list[tuple[str, float]]] = {}
        for state, texts in ranked.items():
            for index in likely.tolist():
                after = int(language.moves[state, language.symbols[index]])
                if after >= 0:
                    char, own = characters[index], float(row[index])
                    longer.setdefault(after, []).extend(
                        (text + char, probability * own) for text, probability in texts
                    )
        ranked = {
            state: nlargest(_KEPT, texts, key=itemgetter(1)) for state, texts in longer.items()
        }
    ended = [pair for state, texts in ranked.items() if language.final[state] for pair in texts]
    return sorted(ended, key=itemgetter(1), reverse=True)


def _by_symbol(
    log_probabilities: NDArray[np.float64], language: Language
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the best log-probability of each symbol in each span, and of which character it is."""
    shape = len(log_probabilities), language.moves.shape[1]
    own, classes = np.full(shape, -np.inf), np.zeros(shape, np.intp)
    for symbol in np.unique(language.symbols[language.symbols >= 0]).tolist():
        members = np.flatnonzero(language.symbols == symbol)
        first = log_probabilities[:, members].argmax(axis=1)
        classes[:, symbol] = members[first]
        own[:, symbol] = log_probabilities[np.arange(len(first)), classes[:, symbol]]
    return own, classes
