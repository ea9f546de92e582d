"""Checks of arguments: numbers, ranges, sequences of images, and what several readers take."""

import operator
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from numbers import Real
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError, SegcapWarning

__all__ = [
    "Errors",
    "check_errors",
    "check_fraction",
    "check_length",
    "check_many",
    "check_size",
    "fractions",
    "inner_fraction",
    "is_number",
    "number",
    "one_of",
    "sample_weights",
    "seed_number",
    "warn_impossible",
    "whole_number",
]

Errors: TypeAlias = Literal["record", "raise"]

_SEEDS = 2**32


def whole_number(name: str, value: Any, *, least: int = 0, most: int | None = None) -> int:
    """Return a whole number as int.

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
    """Return the seed of a random generator as int; `ParameterError` as of `whole_number`."""
    return whole_number(name, value, most=_SEEDS - 1)


def one_of(name: str, value: Any, known: Sequence[int], *, of: str) -> int:
    """Return a whole number that is one of a few.

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
    """Return whether a value is a real number that a float can hold; True and False are none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return isfinite(value)
    except OverflowError:
        return False


def fractions(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities as an array.

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


def inner_fraction(name: str, value: Any) -> float:
    """Return one probability that is neither 0 nor 1.

    Raises
    ------
    ParameterError
        It is something else.
    """
    if not is_number(value) or not 0 < value < 1:
        raise ParameterError(f"The '{name}' must be a number in (0, 1). Got {value!r}.")
    return float(value)


def number(name: str, value: Any, *, above_zero: bool = False) -> float:
    """Return a finite number that is not below 0.

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


def check_many(images: Any) -> None:
    """Check that images are many, not one.

    Raises
    ------
    ParameterError
        They are no sequence, or an array of the shape of one image.
    """
    is_one = isinstance(images, str | bytes | bytearray | memoryview | os.PathLike)
    if is_one or not isinstance(images, Iterable):
        raise ParameterError(
            f"Many images must be a sequence of images. Got {type(images).__name__} instead."
        )
    if isinstance(images, np.ndarray) and not _holds_images(images):
        raise ParameterError(
            "Many images in one array must have shape (N, H, W) or (N, H, W, 1, 3 or 4). "
            f"Got {images.shape} instead."
        )


def check_errors(value: Any) -> None:
    """Check what is to become of images that cannot be loaded.

    Raises
    ------
    ParameterError
        It is neither "record" nor "raise".
    """
    if value not in ("record", "raise"):
        raise ParameterError(f"The 'errors' must be 'record' or 'raise'. Got {value!r}.")


def check_length(value: Any) -> None:
    """Check a number of characters that may be unknown.

    Raises
    ------
    ParameterError
        It is neither None nor a whole number of at least 1.
    """
    if value is not None:
        whole_number("length", value, least=1)


def check_fraction(name: str, value: Any) -> None:
    """Check a parameter that must lie in [0, 1].

    Raises
    ------
    ParameterError
        It does not.
    """
    if not is_number(value) or not 0 <= value <= 1:
        raise ParameterError(f"The '{name}' must be a number in [0, 1]. Got {value!r}.")


def sample_weights(value: ArrayLike | None, count: int) -> NDArray[np.float64] | None:
    """How much each of so many images counts; None for all alike.

    Raises
    ------
    ParameterError
        There are not as many weights as images, one is no number of at least 0, or all are 0.
    """
    if value is None:
        return None
    rule = f"The 'sample_weight' must be one number an image, {count} in all."
    try:
        weights = np.asarray(value)
    except ValueError:
        raise ParameterError(f"{rule} Got rows of several lengths.") from None
    if weights.dtype.kind not in "biuf" or weights.shape != (count,):
        raise ParameterError(f"{rule} Got {weights.dtype} of shape {weights.shape}.")
    if count and not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ParameterError(
            "The 'sample_weight' must be numbers of at least 0, one of them above 0. "
            f"Got numbers from {weights.min()} to {weights.max()}."
        )
    return weights.astype(np.float64)


def check_size(value: Any) -> None:
    """Check a width and height that may be unknown.

    Raises
    ------
    ParameterError
        It is neither None nor two whole numbers of at least 1.
    """
    if value is None:
        return
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise ParameterError(f"The 'size' of images must be a width and a height. Got {value!r}.")
    for side in value:
        whole_number("size", side, least=1)


def warn_impossible(
    labels: Sequence[Any] | NDArray, can_answer: Callable[[Any], bool], *, stacklevel: int
) -> None:
    """Warn of labels that are no answers a reader accepts, if there are any.

    Warns
    -----
    SegcapWarning
        There are.
    """
    impossible = [label for label in labels if not can_answer(label)]
    if impossible:
        plain = impossible[0].item() if isinstance(impossible[0], np.generic) else impossible[0]
        warnings.warn(
            f"{len(impossible)} of {len(labels)} labels are no answers that the reader accepts, "
            f"such as {plain!r}.",
            SegcapWarning,
            stacklevel=stacklevel + 1,
        )


def _as_int(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def _holds_images(array: NDArray) -> bool:
    holds_paths = array.dtype.kind in "OSU" and array.ndim > 0
    is_one_image = array.ndim == 3 and array.shape[-1] in (1, 3, 4)
    return holds_paths or (array.ndim in (3, 4) and not is_one_image)
