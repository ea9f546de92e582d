"""Checks of parameters that several readers have."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError, SegcapWarning
from segcap.core.validation import is_number, whole_number

__all__ = [
    "Errors",
    "check_errors",
    "check_length",
    "check_many",
    "check_share",
    "check_size",
    "tell_impossible",
]

Errors: TypeAlias = Literal["record", "raise"]


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


def check_share(name: str, value: Any) -> None:
    """Check a parameter that must lie in [0, 1].

    Raises
    ------
    ParameterError
        It does not.
    """
    if not is_number(value) or not 0 <= value <= 1:
        raise ParameterError(f"The '{name}' must be a number in [0, 1]. Got {value!r}.")


def check_size(value: Any) -> None:
    """Check a height and width that may be unknown.

    Raises
    ------
    ParameterError
        It is neither None nor two whole numbers of at least 1.
    """
    if value is None:
        return
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise ParameterError(f"The 'size' of images must be a height and a width. Got {value!r}.")
    for side in value:
        whole_number("size", side, least=1)


def tell_impossible(
    labels: Sequence[Any], can_answer: Callable[[Any], bool], *, stacklevel: int
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


def _holds_images(array: NDArray) -> bool:
    holds_paths = array.dtype.kind in "OSU"
    is_one_image = array.ndim == 3 and array.shape[-1] in (3, 4)
    return holds_paths or (array.ndim in (3, 4) and not is_one_image)
