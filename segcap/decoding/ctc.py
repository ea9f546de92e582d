"""From the columns of a network that reads whole lines to texts: connectionist temporal classes.

Class 0 of every column is blank; the characters follow in the order of their charset.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.decoding.language import Language

__all__ = ["BLANK", "aligned_columns", "beam_search", "greedy_classes", "text_scores"]

BLANK = 0


def greedy_classes(log_probabilities: NDArray[np.float64]) -> NDArray[np.intp]:
    """Take each column's most probable class, drop repetitions, then blanks.

    Parameters
    ----------
    log_probabilities : (T, 1 + C) float array

    Returns
    -------
    (L,) int array
        0 is the first character.

    References
    ----------
    Graves, Fernández, Gomez, Schmidhuber: Connectionist temporal classification. ICML 2006.
    """
    best = log_probabilities.argmax(axis=1)
    begins = np.flatnonzero(np.diff(best, prepend=-1))
    return best[begins][best[begins] != BLANK] - 1


def aligned_columns(
    log_probabilities: NDArray[np.float64], classes: NDArray[np.intp]
) -> NDArray[np.intp] | None:
    """Find the most probable columns of the characters of a known text.

    Parameters
    ----------
    log_probabilities : (T, 1 + C) float array
    classes : (L,) int array
        0 is the first character.

    Returns
    -------
    (L, 2) int array or None
        First column of each character and the one after its last; None if there are too few
        columns.
    """
    states = np.full(2 * len(classes) + 1, BLANK)
    states[1::2] = classes + 1
    may_jump = np.zeros(len(states), bool)
    may_jump[3::2] = states[3::2] != states[1:-2:2]
    scores = np.full(len(states), -np.inf)
    scores[0] = 0.0
    came_from = np.zeros((len(log_probabilities), len(states)), np.intp)
    for column, own in enumerate(log_probabilities):
        stay = scores
        step = np.concatenate([[-np.inf], scores[:-1]])
        jump = np.where(
            may_jump, np.concatenate([[-np.inf] * 2, scores[:-2]])[: len(states)], -np.inf
        )
        ways = np.stack([stay, step, jump])
        came_from[column] = ways.argmax(axis=0)
        scores = ways.max(axis=0) + own[states]
    state = len(states) - 1
    if state and scores[state - 1] > scores[state]:
        state -= 1
    if not np.isfinite(scores[state]):
        return None
    visited = np.empty(len(log_probabilities), np.intp)
    for column in range(len(log_probabilities) - 1, -1, -1):
        visited[column] = state
        state -= came_from[column, state]
    shown = [np.flatnonzero(visited == 2 * place + 1) for place in range(len(classes))]
    return np.array([(own[0], own[-1] + 1) for own in shown], np.intp).reshape(-1, 2)


def text_scores(
    log_probabilities: NDArray[np.float64], texts: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Compute the probability of known texts, that of all their paths together.

    Parameters
    ----------
    log_probabilities : (T, 1 + C) float array
    texts : sequence of sequence of int
        0 is the first character.

    Returns
    -------
    (K,) float64 array
        Natural logarithms; minus infinity for a text that needs more columns.

    References
    ----------
    Graves, Fernández, Gomez, Schmidhuber: Connectionist temporal classification. ICML 2006.
    """
    lengths = np.array([len(text) for text in texts], np.intp)
    states = np.full((len(texts), 2 * int(lengths.max(initial=0)) + 1), BLANK)
    for own, text in zip(states, texts, strict=True):
        own[1 : 2 * len(text) : 2] = np.array(text, np.intp) + 1
    may_jump = np.zeros(states.shape, bool)
    may_jump[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    scores = np.full(states.shape, -np.inf)
    scores[:, 0] = 0.0
    before = np.full((len(texts), states.shape[1] + 2), -np.inf)
    for own in log_probabilities:
        before[:, 2:] = scores
        moved = np.logaddexp(scores, before[:, 1:-1])
        scores = np.logaddexp(moved, np.where(may_jump, before[:, :-2], -np.inf)) + own[states]
    rows = np.arange(len(texts))
    last = np.where(lengths > 0, scores[rows, 2 * lengths - 1], -np.inf)
    return np.logaddexp(scores[rows, 2 * lengths], last)


def beam_search(
    log_probabilities: NDArray[np.float64],
    *,
    width: int = 8,
    length: int | None = None,
    language: Language | None = None,
    least: float = 1e-4,
) -> list[tuple[tuple[int, ...], float]]:
    """Rank texts by their probability, that of all their paths together.

    Parameters
    ----------
    log_probabilities : (T, 1 + C) float array
    width : int
        Most beginnings that are followed from column to column; of each length, if `length` is
        given, for confident short ones would push out those that can still meet it.
    length : int, optional
        Number of characters, if known.
    language : Language, optional
        What texts there may be; any unless given.
    least : float
        Characters less probable than this are not looked at in a column.

    Returns
    -------
    list of (tuple of int, float)
        Classes of the characters, 0 for the first, and the natural logarithm of the probability;
        most probable first, at most `width`; none if no text of that length and language is left.

    References
    ----------
    Graves, Jaitly: Towards end-to-end speech recognition with recurrent neural networks. ICML
    2014 (prefix search).
    """
    beams: dict[tuple[int, ...], list[float]] = {(): [0.0, -np.inf]}
    likely = [np.flatnonzero(np.exp(own[1:]) > least).tolist() for own in log_probabilities]
    columns = log_probabilities.tolist()
    states = None if language is None else _States(language)
    for number, (column, chars) in enumerate(zip(columns, likely, strict=True)):
        left = len(columns) - number - 1
        reachable = [
            (text, ends)
            for text, ends in _grown(beams, column, chars, length, states).items()
            if length is None or length - len(text) <= left
        ]
        beams = dict(_best(reachable, width, each_length=length is not None))
    ranked = ((text, _log_add(*ends)) for text, ends in beams.items())
    return [
        (text, score)
        for text, score in ranked
        if score > -np.inf
        and (length is None or len(text) == length)
        and (states is None or states.ends(text))
    ]


class _States:
    """The states of a language after beginnings of its texts."""

    def __init__(self, language: Language) -> None:
        self._symbols, self._moves = language.symbols.tolist(), language.moves.tolist()
        self._final = language.final
        self._after: dict[tuple[int, ...], int] = {(): 0}

    def ends(self, text: tuple[int, ...]) -> bool:
        """Whether a beginning is a text."""
        return bool(self._final[self._after[text]])

    def begins(self, text: tuple[int, ...]) -> bool:
        """Whether any text begins so; it is asked of all shorter beginnings first."""
        if (state := self._after.get(text)) is None:
            symbol = self._symbols[text[-1]]
            state = self._moves[self._after[text[:-1]]][symbol] if symbol >= 0 else -1
            self._after[text] = state
        return state >= 0


def _grown(
    beams: dict[tuple[int, ...], list[float]],
    column: list[float],
    chars: list[int],
    length: int | None,
    states: _States | None,
) -> dict[tuple[int, ...], list[float]]:
    """Go one column on: each beginning stays as it is, or gets one more character."""
    grown: dict[tuple[int, ...], list[float]] = {}
    for text, (blank_end, char_end) in beams.items():
        whole = _log_add(blank_end, char_end)
        _add(grown, text, 0, whole + column[BLANK])
        if text:
            _add(grown, text, 1, char_end + column[1 + text[-1]])
        if length is not None and len(text) == length:
            continue
        for char in chars:
            longer = (*text, char)
            if states is None or states.begins(longer):
                before = blank_end if text and char == text[-1] else whole
                _add(grown, longer, 1, before + column[1 + char])
    return grown


def _best(
    beams: list[tuple[tuple[int, ...], list[float]]], width: int, *, each_length: bool
) -> list[tuple[tuple[int, ...], list[float]]]:
    ranked = sorted(beams, key=lambda item: -_log_add(*item[1]))
    if not each_length:
        return ranked[:width]
    room: dict[int, int] = {}
    kept = []
    for text, ends in ranked:
        taken = room.get(len(text), 0)
        if taken < width:
            room[len(text)] = taken + 1
            kept.append((text, ends))
    return kept


def _add(
    beams: dict[tuple[int, ...], list[float]],
    text: tuple[int, ...],
    end: int,
    log_probability: float,
) -> None:
    ends = beams.setdefault(text, [-np.inf, -np.inf])
    ends[end] = _log_add(ends[end], log_probability)


def _log_add(one: float, other: float) -> float:
    high, low = (one, other) if one > other else (other, one)
    return high if low == -np.inf else high + math.log1p(math.exp(low - high))
