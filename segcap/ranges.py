"""Numbers that must be whole, or in a range."""

import operator
from math import isfinite
from numbers import Real
from typing import Any

from segcap.errors import ParameterError

__all__ = ["is_number", "seed_number", "whole_number"]

_SEEDS = 2**32


def whole_number(name: str, value: Any, *, least: int = 0, most: int | None = None) -> int:
    """Give a whole number as int.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : int or whatever counts as one
    least, most : int
        Its range, without upper end for None.

    Raises
    ------
    ParameterError
        It is something else, or outside its range.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        extent = f"of at least {least}" if most is None else f"in {least} ... {most}"
        raise ParameterError(f"The '{name}' must be an integer {extent}. Got {value!r}.")
    return number


def seed_number(name: str, value: Any) -> int:
    """Give the seed of a random generator as int; `ParameterError` as of `whole_number`."""
    return whole_number(name, value, most=_SEEDS - 1)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite real number; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
