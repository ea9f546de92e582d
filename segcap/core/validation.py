"""Numbers as they must be: whole, finite, or in a range."""

import operator
from collections.abc import Sequence
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError

__all__ = [
    "inner_share",
    "is_number",
    "number",
    "one_of",
    "seed_number",
    "shares",
    "whole_number",
]

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
    number = _as_int(value)
    if number is None or number < least or (most is not None and number > most):
        extent = f"of at least {least}" if most is None else f"in {least} ... {most}"
        raise ParameterError(f"The '{name}' must be an integer {extent}. Got {value!r}.")
    return number


def seed_number(name: str, value: Any) -> int:
    """Give the seed of a random generator as int; `ParameterError` as of `whole_number`."""
    return whole_number(name, value, most=_SEEDS - 1)


def one_of(name: str, value: Any, known: Sequence[int], *, of: str) -> int:
    """Give a whole number that is one of a few.

    Parameters
    ----------
    name, of : str
        What the message calls it, and what has it.
    value : int or whatever counts as one
    known : sequence of int

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        It is something else.
    """
    number = _as_int(value)
    if number is None or number not in known:
        rule = f"one of {', '.join(map(str, known))}" if len(known) > 1 else f"{known[0]}"
        raise ParameterError(f"The '{name}' of {of} must be {rule}. Got {value!r}.")
    return number


def is_number(value: Any) -> bool:
    """Tell whether a value is a real number that a float can hold; True and False are none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return isfinite(value)
    except OverflowError:
        return False


def shares(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Give probabilities as an array.

    Raises
    ------
    ParameterError
        They are no numbers, or one lies outside [0, 1].
    """
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "fiu":
        raise ParameterError(f"The '{name}' must be a number in [0, 1], or many. Got {value!r}.")
    outside = array[~((array >= 0) & (array <= 1))]
    if outside.size:
        raise ParameterError(f"The '{name}' must lie in [0, 1]. Got {outside.flat[0]}.")
    return array.astype(np.float64)


def inner_share(name: str, value: Any) -> float:
    """Give one probability that is neither 0 nor 1.

    Raises
    ------
    ParameterError
        It is something else.
    """
    if not is_number(value) or not 0 < value < 1:
        raise ParameterError(f"The '{name}' must be a number in (0, 1). Got {value!r}.")
    return float(value)


def number(name: str, value: Any, *, above_zero: bool = False) -> float:
    """Give a finite number that is not below 0.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : float
    above_zero : bool
        It must not be 0, either.

    Raises
    ------
    ParameterError
        It is something else.
    """
    if not is_number(value) or value < 0 or (above_zero and value == 0):
        extent = "greater than 0" if above_zero else "of at least 0"
        raise ParameterError(f"The '{name}' must be a number {extent}. Got {value!r}.")
    return float(value)


def _as_int(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None
