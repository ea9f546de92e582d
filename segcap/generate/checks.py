"""Numbers as they must be."""

import operator
from typing import Any

from segcap.errors import ParameterError

__all__ = ["whole_number"]


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
        extent = f"at least {least}" if most is None else f"in {least} ... {most}"
        raise ParameterError(f"The '{name}' must be a whole number, {extent}. Got {value!r}.")
    return number
