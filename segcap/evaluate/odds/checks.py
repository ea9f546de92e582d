"""Probabilities and rates as they must be."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.errors import ParameterError
from segcap.ranges import is_number

__all__ = ["inner_share", "number", "shares"]


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
