"""Check images and their labels before anything is learned from them."""

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.charset import Charset
from segcap.errors import DataError, ImageError, ParameterError, SegcapWarning
from segcap.image import ImageSource, load_image, source_name

__all__ = ["encoded_labels", "usable_images"]


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
    if len(images) != len(labels):
        raise DataError(
            "Learning needs as many labels as images. "
            f"Got {len(images)} images and {len(labels)} labels."
        )
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
    pixels, classes, left_out = [], [], []
    for image, label in zip(images, encoded, strict=True):
        try:
            pixels.append(load_image(image))
        except ImageError as error:
            left_out.append(str(error))
        else:
            classes.append(label)
    if left_out:
        warnings.warn(
            f"{len(left_out)} of {len(images)} images were left out, the first because: "
            f"{left_out[0]}",
            SegcapWarning,
            stacklevel=4,
        )
    least = len(charset) if least is None else least
    if len(pixels) < least:
        raise DataError(
            f"Learning {len(charset)} characters needs at least {least} usable images. "
            f"Got {len(pixels)}."
        )
    return pixels, classes
