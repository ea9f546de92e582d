"""Checks of parameters that several readers have."""

import os
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.errors import ParameterError

__all__ = ["check_length", "check_many", "check_seed", "check_share", "check_whole_number"]

_SEEDS = 2**32


def check_many(images: Any) -> None:
    """Check that images are many, not one.

    Raises
    ------
    ParameterError
        They are no sequence, or an array of the shape of one image.
    """
    if isinstance(images, str | bytes | os.PathLike) or not isinstance(images, Iterable):
        raise ParameterError(
            f"Many images must be a sequence of images. Got {type(images).__name__} instead."
        )
    if isinstance(images, np.ndarray) and not _holds_images(images):
        raise ParameterError(
            "Many images in one array must have shape (N, H, W) or (N, H, W, 3). "
            f"Got {images.shape} instead."
        )


def check_whole_number(name: str, value: Any, *, least: int) -> None:
    """Check a parameter that must be a whole number.

    Raises
    ------
    ParameterError
        It is none, or below `least`.
    """
    if not isinstance(value, Integral) or value < least:
        raise ParameterError(f"The '{name}' must be an integer of at least {least}. Got {value!r}.")


def check_seed(value: Any) -> None:
    """Check a 'random_state'.

    Raises
    ------
    ParameterError
        It is no whole number in 0 ... 2**32 - 1.
    """
    check_whole_number("random_state", value, least=0)
    if value >= _SEEDS:
        raise ParameterError(f"The 'random_state' must be below 2**32. Got {value!r}.")


def check_length(value: Any) -> None:
    """Check a number of characters that may be unknown.

    Raises
    ------
    ParameterError
        It is neither None nor a whole number of at least 1.
    """
    if value is not None and (not isinstance(value, Integral) or value < 1):
        raise ParameterError(
            f"The 'length' must be an integer of at least 1, or None. Got {value!r}."
        )


def check_share(name: str, value: Any) -> None:
    """Check a parameter that must lie in [0, 1].

    Raises
    ------
    ParameterError
        It does not.
    """
    if not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise ParameterError(f"The '{name}' must be a number in [0, 1]. Got {value!r}.")


def _holds_images(array: NDArray) -> bool:
    holds_paths = array.dtype.kind in "OSU"
    is_one_image = array.ndim == 3 and array.shape[-1] in (3, 4)
    return holds_paths or (array.ndim in (3, 4) and not is_one_image)
