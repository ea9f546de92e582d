"""Axes: from values to places in a drawing, and where their ticks are."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "around"]

_STEPS = (1, 2, 5)
_FEW = 6
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear or logarithmic axis.

    Attributes
    ----------
    low, high : float
        Values at its ends, low < high; above 0 where it is logarithmic.
    start, end : float
        Where the ends are drawn.
    is_log : bool

    Examples
    --------
    >>> Scale(0, 10, 100, 200)(2.5)
    125.0
    >>> Scale(1, 100, 0, 10, is_log=True)(10)
    5.0
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return a value's place; one beyond an end is drawn at the end."""
        low, high, value = map(self._as_drawn, (self.low, self.high, value))
        portion = min(1.0, max(0.0, (value - low) / (high - low)))
        return round(self.start + portion * (self.end - self.start), 2)

    def ticks(self) -> list[float]:
        """Return at most six round values inside the axis.

        Examples
        --------
        >>> Scale(0, 1, 0, 1).ticks()
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        >>> Scale(40, 1100, 0, 1, is_log=True).ticks()
        [50.0, 100.0, 200.0, 500.0, 1000.0]
        """
        return self._round_powers() if self.is_log else self._multiples(self._step())

    def _as_drawn(self, value: float) -> float:
        return math.log10(max(value, self.low)) if self.is_log else value

    def _step(self) -> float:
        """Return the least of 1, 2, 5, 10, … times a power of ten that needs few ticks."""
        power = 10.0 ** math.floor(math.log10((self.high - self.low) / _FEW))
        steps = [factor * power for factor in (*_STEPS, 10, 20)]
        return next(step for step in steps if len(self._multiples(step)) <= _FEW)

    def _multiples(self, step: float) -> list[float]:
        first = math.ceil(self.low / step - _SLACK)
        last = math.floor(self.high / step + _SLACK)
        return [float(f"{number * step:.10g}") for number in range(first, last + 1)]

    def _round_powers(self) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for factors in (_STEPS, (1,)):
            ticks = [float(f"{factor}e{exponent}") for exponent in exponents for factor in factors]
            inside = [tick for tick in ticks if self.low <= tick <= self.high]
            if 2 <= len(inside) <= _FEW:
                return inside
        if len(inside) < 2:
            return self._multiples(self._step())
        return inside[:: -(-len(inside) // _FEW)]


def around(
    values: Iterable[float],
    *,
    least: float = -math.inf,
    most: float = math.inf,
    is_log: bool = False,
) -> tuple[float, float]:
    """Return the ends of an axis on which values have some room, even if all are the same.

    Parameters
    ----------
    values : iterable of float
        At least one; above 0 for a logarithmic axis.
    least, most : float
        Ends that the axis does not go beyond.
    is_log : bool

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> around([0.5, 0.99], most=1)
    (0.4755, 1)
    >>> around([10, 10], is_log=True)
    (5.0, 20)
    """
    low, high = min(given := list(values)), max(given)
    if is_log:
        return (low / 1.25, high * 1.25) if high > 1.5 * low else (low / 2, high * 2)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return max(least, low - room), min(most, high + room)
