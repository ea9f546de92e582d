"""From class scores to answers: probabilities, texts, digit sums."""

from collections.abc import Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError

__all__ = [
    "NEXT",
    "all_to_the_first",
    "log_softmax",
    "next_answers",
    "next_texts",
    "sum_distribution",
    "with_odds",
]

NEXT = 4
"""How many answers after the first are given: a benchmark counts truths among the first five."""


def log_softmax(
    logits: NDArray[np.floating],
    *,
    temperature: float = 1.0,
    allowed: NDArray[np.bool_] | None = None,
    folded: Mapping[int, int] | None = None,
) -> NDArray[np.float64]:
    """Turn logits into calibrated log-probabilities.

    Parameters
    ----------
    logits : (N, C) float array
    temperature : float
        Logits are divided by it; greater than 0.
    allowed : (C,) bool array, optional
        Classes that are possible; the others get probability 0.
    folded : mapping of int to int, optional
        Classes whose probability counts for another one; see `segcap.core.charset.Charset.folded`.

    Returns
    -------
    (N, C) float64 array
        Natural logarithms.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks. ICML 2017.
    """
    scaled = logits.astype(np.float64) / temperature
    for other, meant in (folded or {}).items():
        scaled[:, meant] = np.logaddexp(scaled[:, meant], scaled[:, other])
        scaled[:, other] = -np.inf
    if allowed is not None:
        scaled = np.where(allowed, scaled, -np.inf)
    scaled -= scaled.max(axis=1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))


def all_to_the_first(log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let the most probable of classes of one meaning have the probability of all.

    Parameters
    ----------
    log_probabilities : (N, C) float64 array

    Returns
    -------
    (N, C) float64 array
        Minus infinity for all but the first of each row.

    Examples
    --------
    >>> np.exp(all_to_the_first(np.log([[0.25, 0.5]])))
    array([[0.  , 0.75]])
    """
    together = np.full_like(log_probabilities, -np.inf)
    if log_probabilities.size:
        first = log_probabilities.argmax(axis=1)[:, np.newaxis]
        total = np.logaddexp.reduce(log_probabilities, axis=1, keepdims=True)
        np.put_along_axis(together, first, total, axis=1)
    return together


def sum_distribution(
    probabilities: NDArray[np.float64], values: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Distribution of the sum of independent digits: the convolution of theirs.

    Parameters
    ----------
    probabilities : (N, C) float array
        For each digit the probability of each class, rows summing to 1.
    values : (C,) int array, optional
        What each class counts, 0 to 9; 0, 1, ..., C - 1 unless given.

    Returns
    -------
    (9 N + 1,) float64 array
        Probability of each sum; [1.0] for N = 0.

    Raises
    ------
    ParameterError
        A value lies outside 0 to 9.

    Examples
    --------
    >>> int(sum_distribution(np.eye(10)[[3, 4]]).argmax())
    7
    """
    values = np.arange(probabilities.shape[1]) if values is None else values
    if values.size and not (values.min() >= 0 and values.max() <= 9):
        raise ParameterError(f"The 'values' of digits must lie in 0 to 9. Got {values.tolist()}.")
    digits = probabilities @ np.eye(10)[values]
    total = np.ones(1)
    for digit in digits:
        total = np.convolve(total, digit)
    return total


def next_answers(
    probabilities: NDArray[np.floating], answers: Sequence[Any]
) -> tuple[tuple[Any, float], ...]:
    """The four most probable answers after the first.

    Parameters
    ----------
    probabilities : (C,) float array
    answers : sequence
        C of them.

    Returns
    -------
    tuple of (answer, float)
        The most probable first, none of probability 0.

    Examples
    --------
    >>> next_answers(np.array([0.25, 0.75, 0]), "abc")
    (('a', 0.25),)
    """
    order = np.argsort(-probabilities, kind="stable")[1 : NEXT + 1].tolist()
    return tuple(
        (answers[index], float(probabilities[index])) for index in order if probabilities[index] > 0
    )


def next_texts(
    probabilities: NDArray[np.floating], characters: str
) -> tuple[tuple[str, float], ...]:
    """The four most probable texts after the first, whose places are independent of each other.

    Parameters
    ----------
    probabilities : (L, C) float array
        Of each character at each place.
    characters : str
        C of them.

    Returns
    -------
    tuple of (str, float)
        The most probable first, none of probability 0.

    Examples
    --------
    >>> next_texts(np.array([[0.5, 0.5], [0.75, 0.25]]), "ab")
    (('ba', 0.375), ('ab', 0.125), ('bb', 0.125))
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : NEXT + 1]
    highest = np.take_along_axis(probabilities, order, axis=1)
    ranked = [("", 1.0)]
    for places, own in zip(order.tolist(), highest.tolist(), strict=True):
        longer = [
            (text + characters[place], probability * factor)
            for rank, (text, probability) in enumerate(ranked, start=1)
            # after (NEXT + 1) / rank of these characters there are enough that are as probable
            for place, factor in islice(zip(places, own, strict=True), (NEXT + 1) // rank)
            if factor > 0
        ]
        ranked = sorted(longer, key=itemgetter(1), reverse=True)[: NEXT + 1]
    return tuple(ranked[1:])


def with_odds(probability: float, factor: float) -> float:
    """Multiply the odds of something probable by a factor greater than 0.

    Examples
    --------
    >>> round(with_odds(0.8, 0.25), 6)
    0.5
    """
    if factor == 1:
        return probability
    return factor * probability / (factor * probability + 1 - probability)
