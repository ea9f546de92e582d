"""Expected passes per hour, with and without a token bucket."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.validation import fractions, number, whole_number
from segcap.evaluate.odds.challenge import near_miss, partial_credit, pass_probability

__all__ = [
    "TokenBucket",
    "passes_per_hour",
    "passes_per_hour_with_credit",
    "passes_with_answer_bucket",
]

_LARGE = 1e100
_MOST_TOKENS = 10_000
"""Under partial credit each token is a step of the calculation."""


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """The right to fail, of one address: it is refused while its bucket is empty.

    The rule: an attempt is let in while there is at least one token. One that fails takes a token
    (under partial credit a near miss, too); one that passes takes none. Tokens come back one by
    one, at random times, at a mean rate; a full bucket takes no more. An attempt that is refused
    changes nothing.

    Parameters
    ----------
    capacity : int
        Tokens of a full bucket, at least 1.
    refill_per_hour : float
        Tokens that come back in an hour, at least 0.

    Raises
    ------
    ParameterError
        A number is outside its range.
    """

    capacity: int
    refill_per_hour: float

    def __post_init__(self) -> None:
        whole_number("capacity", self.capacity, least=1)
        number("refill_per_hour", self.refill_per_hour)


def passes_per_hour(
    passed: ArrayLike, attempts_per_hour: float, bucket: TokenBucket | None = None
) -> NDArray[np.float64]:
    """Count the passes per hour that one address gets in the long run.

    Parameters
    ----------
    passed : float array
        Probability that an attempt that is let in passes, in [0, 1].
    attempts_per_hour : float
        Mean rate of attempts at random times (a Poisson process), refused ones included; greater
        than 0.
    bucket : TokenBucket, optional
        None lets every attempt in.

    Returns
    -------
    float64 array
        In the shape of `passed`.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Notes
    -----
    The tokens are a queue of M/M/1/K: one more at the rate of refill, one less at the rate f of
    failures, attempts_per_hour (1 - passed). Their number is distributed geometrically, with ratio
    s = refill / f, and the fraction of attempts let in is s (1 - s ** K) / (1 - s ** (K + 1)).
    Whenever tokens and attempts come, failures cannot outnumber tokens, so that there are never
    more passes per hour than refill * passed / (1 - passed), however many attempts.

    References
    ----------
    Kleinrock: Queueing systems, volume 1. Wiley 1975, section 3.6.

    Examples
    --------
    >>> float(passes_per_hour(0.5, 60, TokenBucket(capacity=1, refill_per_hour=30)))
    15.0
    """
    passed = fractions("passed", passed)
    attempts = number("attempts_per_hour", attempts_per_hour, above_zero=True)
    if bucket is None:
        return attempts * passed
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratio = np.divide(bucket.refill_per_hour, attempts * (1 - passed))
        let_in = np.where(passed == 1, 1.0, _let_in(ratio, bucket.capacity))
    return attempts * passed * let_in


def passes_per_hour_with_credit(
    accuracy: ArrayLike, n: int, attempts_per_hour: float, bucket: TokenBucket | None = None
) -> NDArray[np.float64]:
    """Count the passes per hour that one address gets in the long run under partial credit.

    Parameters
    ----------
    accuracy, n
        See `partial_credit`.
    attempts_per_hour, bucket
        See `passes_per_hour`; a bucket of at most 10,000 tokens.

    Returns
    -------
    float64 array
        In the shape of `accuracy`.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Notes
    -----
    The states, tokens and whether there is credit, are a Markov chain in continuous time, whose
    stationary distribution is found level by level, exactly but for rounding.

    References
    ----------
    Gaver, Jacobs, Latouche: Finite birth-and-death models in randomly changing environments.
    Advances in Applied Probability 16 (1984), 715-731.
    """
    attempts = number("attempts_per_hour", attempts_per_hour, above_zero=True)
    if bucket is None:
        return attempts * partial_credit(accuracy, n)
    whole_number("capacity", bucket.capacity, most=_MOST_TOKENS)
    perfect = pass_probability(accuracy, whole_number("n", n, least=2))
    refill = bucket.refill_per_hour / attempts
    per_attempt = [
        _passes_with_credit(float(none), float(one), refill, bucket.capacity)
        for none, one in zip(perfect.flat, near_miss(accuracy, n).flat, strict=True)
    ]
    return attempts * np.reshape(per_attempt, perfect.shape)[()]


def passes_with_answer_bucket(passed: ArrayLike, refill: int) -> NDArray[np.float64]:
    """Return passes per challenge, in the long run, with a bucket that right answers refill.

    Asirra's own bucket knows no time. The rule taken here: a wrong answer takes a token; a right
    one passes while there is a token, and otherwise counts as wrong but puts `refill` tokens in.
    So after enough failures a second right answer has to come before `refill` more wrong ones.

    Parameters
    ----------
    passed : float array
        Probability that a challenge is answered right, in [0, 1].
    refill : int
        Tokens, at least 1.

    Returns
    -------
    float64 array
        refill * passed ** 2 / (refill * passed + 1 - passed), in the shape of `passed`.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Notes
    -----
    A cycle from refill to refill has `refill` wrong answers and, expected, refill * passed / (1 -
    passed) passes among them, then 1 / passed challenges until a right one refills. What a full
    bucket holds at the beginning counts for nothing in the long run.

    References
    ----------
    Elson, Howell, Douceur: Counteracting random guess attacks against human interactive proofs
    with token buckets. US patent application 2009/0076965.

    Examples
    --------
    >>> round(float(passes_with_answer_bucket(0.5, 1)), 4)
    0.25
    """
    passed = fractions("passed", passed)
    refill = whole_number("refill", refill, least=1)
    return refill * passed**2 / (refill * passed + 1 - passed)


def _let_in(ratio: NDArray[np.float64], capacity: int) -> NDArray[np.float64]:
    """Fraction of time with a token: ratio (1 - ratio ** K) / (1 - ratio ** (K + 1))."""
    fall = -np.abs(np.log(ratio))
    rate = np.minimum(ratio, 1) * np.expm1(capacity * fall) / np.expm1((capacity + 1) * fall)
    return np.where(fall == 0, capacity / (capacity + 1), rate)


def _passes_with_credit(perfect: float, near: float, refill: float, capacity: int) -> float:
    """Return passes per attempt; states are (no credit, credit) for each number of tokens."""
    if perfect == 1 or refill == 0:
        return float(perfect == 1)
    almost = min(perfect + near, 1.0)
    passes = np.array([perfect, almost])
    down = np.array([[max(1 - perfect - near, 0.0), near], [1 - almost, 0.0]])
    stay = np.array([[-(1 - perfect), 0.0], [almost, -1.0]])
    steps: list[NDArray[np.float64]] = []
    for tokens in range(capacity, 0, -1):
        above = steps[-1] @ down - refill * np.eye(2) if tokens < capacity else 0.0
        steps.append(refill * _inverse(-(stay + above)))
    back = steps[-1] @ down
    level = np.array([back[1, 0], back[0, 1]])
    total, passing = level.sum(), 0.0
    for step in reversed(steps):
        level = level @ step
        total += level.sum()
        passing += level @ passes
        if total > _LARGE:
            level, total, passing = level / total, 1.0, passing / total
    return min(float(passing / total), 1.0)


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert an M-matrix of 2 x 2; unlike by elimination, nothing rounds to below 0."""
    (a, b), (c, d) = matrix
    return np.array([[d, -b], [-c, a]]) / (a * d - b * c)
