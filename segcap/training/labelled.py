"""Check images and their labels before anything is learned from them."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.charset import Charset
from segcap.errors import DataError, ImageError, ParameterError, SegcapWarning
from segcap.image import ImageSource, load_image, source_name

__all__ = ["check_counts", "encoded_labels", "load_usable", "tell_left_out", "usable_images"]


def check_counts(images: Sequence[ImageSource], labels: Sequence[Any]) -> None:
    """Check that there is a label an image.

    Raises
    ------
    DataError
        There is not.
    """
    if len(images) != len(labels):
        raise DataError(
            "Learning needs as many labels as images. "
            f"Got {len(images)} images and {len(labels)} labels."
        )


def load_usable(images: Sequence[ImageSource]) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """Load images, and leave out those that cannot be loaded, with a warning.

    Parameters
    ----------
    images : sequence of path, bytes, array or PIL.Image.Image

    Returns
    -------
    images : list of (H, W, 3) uint8 arrays
    kept : list of int
        Index of each among those given.
    """
    pixels, kept, left_out = [], [], []
    for index, image in enumerate(images):
        try:
            pixels.append(load_image(image))
        except ImageError as error:
            left_out.append(str(error))
        else:
            kept.append(index)
    tell_left_out(left_out, len(images), stacklevel=5)
    return pixels, kept


def tell_left_out(errors: Sequence[str], count: int, *, stacklevel: int) -> None:
    """Warn of images that could not be loaded, if there are any."""
    if errors:
        warnings.warn(
            f"{len(errors)} of {count} images were left out, the first because: {errors[0]}",
            SegcapWarning,
            stacklevel=stacklevel + 1,
        )


def encoded_labels(
    images: Sequence[ImageSource],
    labels: Sequence[str],
    *,
    charset: Charset,
    length: int | None,
) -> list[NDArray[np.intp]]:
    """Turn labels into classes.

    Raises
    ------
    ParameterError
        A label holds a character outside the charset, none at all, or has another length than
        `length`.
    DataError
        There are not as many labels as images.
    """
    check_counts(images, labels)
    encoded = [charset.encode(str(label)) for label in labels]
    for image, label, classes in zip(images, labels, encoded, strict=True):
        if len(classes) == 0:
            raise ParameterError(
                f"Every label must have at least one character. Got none for {source_name(image)}."
            )
        if length is not None and len(classes) != length:
            raise ParameterError(
                f"Every label must have the 'length' {length}. "
                f"Got {str(label)!r} of {source_name(image)}."
            )
    return encoded


def usable_images(
    images: Iterable[ImageSource],
    labels: Sequence[str],
    *,
    charset: Charset,
    length: int | None,
    least: int | None = None,
) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.intp]]]:
    """Load images, and leave out those that cannot be loaded, with a warning.

    Parameters
    ----------
    images, labels, charset, length
        As of `encoded_labels`.
    least : int, optional
        Fewest usable images; one a character of the charset unless given.

    Returns
    -------
    images : list of (H, W, 3) uint8 arrays
    classes : list of (L,) int arrays

    Raises
    ------
    ParameterError, DataError
        As of `encoded_labels`; or there are fewer usable images than `least`.
    """
    images = list(images)
    encoded = encoded_labels(images, labels, charset=charset, length=length)
    pixels, kept = load_usable(images)
    classes = [encoded[index] for index in kept]
    least = len(charset) if least is None else least
    if len(pixels) < least:
        raise DataError(
            f"Learning {len(charset)} characters needs at least {least} usable images. "
            f"Got {len(pixels)}."
        )
    return pixels, classes
