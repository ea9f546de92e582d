"""What a pass costs an attacker."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.validation import fractions, number

__all__ = ["price_per_pass"]

_SECONDS = 3600


def price_per_pass(
    passes_per_attempt: ArrayLike,
    *,
    price_per_attempt: float = 0.0,
    seconds_per_attempt: float = 0.0,
    price_per_hour: float = 0.0,
) -> NDArray[np.float64]:
    """Price of a pass, as expected, in the unit of the prices given.

    Parameters
    ----------
    passes_per_attempt : float array
        In [0, 1]: the probability of a pass, or where attempts are refused or credit is given the
        long run's passes per hour divided by attempts per hour.
    price_per_attempt : float
        Of an address, of an answer bought; at least 0.
    seconds_per_attempt : float
        Time a machine is busy with an attempt; at least 0.
    price_per_hour : float
        Of that machine; at least 0.

    Returns
    -------
    float64 array
        Price of an attempt divided by passes per attempt; infinite where nothing passes.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Examples
    --------
    >>> float(price_per_pass(0.25, price_per_attempt=0.5))
    2.0
    """
    passes = fractions("passes_per_attempt", passes_per_attempt)
    of_time = number("seconds_per_attempt", seconds_per_attempt) / _SECONDS
    price = number("price_per_attempt", price_per_attempt)
    price += of_time * number("price_per_hour", price_per_hour)
    return np.divide(price, passes, out=np.full_like(passes, np.inf), where=passes > 0)[()]
