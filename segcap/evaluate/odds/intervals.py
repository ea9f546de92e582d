"""A measured accuracy's interval, carried through to what follows from the accuracy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from segcap.evaluate.metrics import Rate

__all__ = ["Odds", "carried"]

_STEPS = 33


@dataclass(frozen=True, slots=True)
class Odds:
    """A number with its interval.

    Attributes
    ----------
    value, low, high : float
        low <= value <= high; of whatever unit.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g})"


def carried(function: Callable[[float], ArrayLike], accuracy: Rate) -> Odds:
    """Carry a measured rate and its interval through a function.

    Parameters
    ----------
    function : callable
        From a rate to a number, continuous.
    accuracy : Rate
        As `segcap.evaluate.wilson` or `segcap.evaluate.exact_match` give it.

    Returns
    -------
    Odds
        From the least to the greatest of the function's values at equal steps through the rate's
        interval. Where the function only rises or only falls, as all in `segcap.evaluate.odds`
        do but `near_miss` and `choose_tiles`, it covers as often as the rate's does.

    Examples
    --------
    >>> from segcap.evaluate import wilson
    >>> from segcap.evaluate.odds import pass_probability
    >>> print(carried(lambda accuracy: pass_probability(accuracy, 12), wilson(827, 1000)))
    0.1023 (0.07115 to 0.1406)
    """
    rates = (accuracy.value, *np.linspace(accuracy.low, accuracy.high, _STEPS).tolist())
    values = [float(function(rate)) for rate in rates]  # type: ignore[arg-type]
    return Odds(values[0], min(values), max(values))
