"""Attempts on a token bucket, played out one by one."""

from math import ceil

import numpy as np

from segcap.core.validation import fractions, number, seed_number, whole_number
from segcap.evaluate.odds.bucket import TokenBucket
from segcap.evaluate.odds.intervals import Odds

__all__ = ["simulate_passes_per_hour"]


def simulate_passes_per_hour(
    accuracy: float,
    n: int,
    attempts_per_hour: float,
    bucket: TokenBucket,
    *,
    with_credit: bool = False,
    hours: float = 10.0,
    addresses: int = 400,
    random_state: int = 0,
) -> Odds:
    """Play what `passes_per_hour` and `passes_per_hour_with_credit` compute.

    Parameters
    ----------
    accuracy : float
        Probability that one item is right, in [0, 1].
    n : int
        Items of a challenge, at least 2.
    attempts_per_hour : float
        Of each address; greater than 0.
    bucket : TokenBucket
        Full at the beginning, one for each address.
    with_credit : bool
        A near miss earns partial credit.
    hours : float
        Mean time that passes are counted for, after as long a time that lets the beginning be
        forgotten; greater than 0.
    addresses : int
        Independent attackers, at least 2.
    random_state : int
        Seed, 0 ... 2**32 - 1.

    Returns
    -------
    Odds
        Passes per hour of one address, with a 95 % interval of Student's t over the addresses;
        too narrow where hardly any address has passed.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Notes
    -----
    Attempts and tokens come in the order of two Poisson processes merged into one; the items that
    an attempt gets wrong are drawn. The rules are applied to each, no formula of theirs is used.

    Examples
    --------
    >>> from segcap.evaluate.odds import passes_per_hour
    >>> bucket = TokenBucket(capacity=5, refill_per_hour=10)
    >>> odds = simulate_passes_per_hour(0.8, 2, 60, bucket, addresses=50)
    >>> bool(odds.low < passes_per_hour(0.8**2, 60, bucket) < odds.high)
    True
    """
    from scipy.stats import t

    wrong_rate = 1 - float(fractions("accuracy", accuracy))
    n = whole_number("n", n, least=2)
    rate = number("attempts_per_hour", attempts_per_hour, above_zero=True) + bucket.refill_per_hour
    events = ceil(rate * number("hours", hours, above_zero=True))
    addresses = whole_number("addresses", addresses, least=2)
    rng = np.random.default_rng(seed_number("random_state", random_state))
    tokens = np.full(addresses, bucket.capacity)
    credit = np.zeros(addresses, dtype=bool)
    passes = np.zeros(addresses)
    for event in range(2 * events):
        is_attempt = rng.random(addresses) * rate < attempts_per_hour
        wrong = rng.binomial(n, wrong_rate, addresses)
        is_in = is_attempt & (tokens > 0)
        has_passed = is_in & (wrong <= credit)
        passes += has_passed * (event >= events)
        credit = np.where(is_in, with_credit & (wrong == 1) & ~has_passed, credit)
        tokens = np.minimum(tokens - (is_in & ~has_passed) + ~is_attempt, bucket.capacity)
    per_hour = passes * rate / events
    mean, error = per_hour.mean(), per_hour.std(ddof=1) / np.sqrt(addresses)
    reach = float(t.ppf(0.975, addresses - 1) * error)
    return Odds(float(mean), float(mean) - reach, float(mean) + reach)
