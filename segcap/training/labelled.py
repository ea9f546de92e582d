"""Check images and their labels before anything is trained on them."""

import warnings
from collections.abc import Iterable, Sequence
from itertools import compress
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.errors import DataError, ImageError, ParameterError, SegcapWarning
from segcap.core.image import ImageSource, load_image, source_name
from segcap.datasets.splits import divide

__all__ = [
    "LabelledTexts",
    "check_counts",
    "encoded_labels",
    "held_out_first",
    "load_usable",
    "usable_images",
    "warn_of_left_out",
]

_VALIDATION_FRACTION = 0.1
_LOST_ZEROS = (
    " If leading zeros were lost where labels were read as numbers, read them as texts: "
    "pandas.read_csv(…, dtype=str)."
)


class LabelledTexts(NamedTuple):
    """Images whose texts are known.

    Attributes
    ----------
    images : list of (H, W, 3) uint8 arrays
    classes : list of (L,) int arrays
        Their texts.
    held_out : (N,) bool array
        Which are not trained on.
    """

    images: list[NDArray[np.uint8]]
    classes: list[NDArray[np.intp]]
    held_out: NDArray[np.bool_]

    def part(
        self, chosen: NDArray[np.bool_]
    ) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.intp]]]:
        """Return the images and texts of some."""
        return list(compress(self.images, chosen)), list(compress(self.classes, chosen))


def check_counts(images: Sequence[ImageSource], labels: Sequence[Any]) -> None:
    """Check that there is a label an image.

    Raises
    ------
    DataError
        There is not.
    """
    if len(images) != len(labels):
        raise DataError(
            "Training needs as many labels as images. "
            f"Got {len(images)} images and {len(labels)} labels."
        )


def held_out_first(
    count: int, groups: Sequence[int] | NDArray | None, seed: int
) -> tuple[NDArray[np.intp], int]:
    """Put images in random order, a tenth that is held out first.

    Parameters
    ----------
    count : int
        Number of images.
    groups : (N,) sequence of int, optional
        Images of equal numbers are held out together or not at all.
    seed : int

    Returns
    -------
    order : (N,) int array
        Indices of images.
    held_out : int
        How many of them are held out.

    Raises
    ------
    DataError
        There are not as many groups as images, or fewer than 2.
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        return rng.permutation(count), max(1, round(_VALIDATION_FRACTION * count))
    if len(groups) != count:
        raise DataError(
            "Training needs as many groups as images, if any. "
            f"Got {count} images and {len(groups)} groups."
        )
    train, held_out = divide(np.asarray(groups), None, test=_VALIDATION_FRACTION, seed=seed)
    return np.concatenate([rng.permutation(held_out), rng.permutation(train)]), len(held_out)


def load_usable(
    images: Sequence[ImageSource], *, stacklevel: int
) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """Load images, and leave out those that cannot be loaded, with a warning.

    Parameters
    ----------
    images : sequence of path, bytes, array or PIL.Image.Image
    stacklevel : int
        As of `warnings.warn`, seen from what calls this.

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
    warn_of_left_out(left_out, len(images), stacklevel=stacklevel + 1)
    return pixels, kept


def warn_of_left_out(errors: Sequence[str], count: int, *, stacklevel: int) -> None:
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
        A label is no text, holds a character outside the charset, none at all, or has another
        length than `length`.
    DataError
        There are not as many labels as images.
    """
    check_counts(images, labels)
    encoded = []
    for image, label in zip(images, labels, strict=True):
        if not isinstance(label, str | Integral):  # nan and None are missing ones
            raise ParameterError(
                f"Every label must be a text. Got {label!r} of {source_name(image)}."
            )
        unknown = charset.unknown(str(label))
        if unknown:
            raise ParameterError(
                f"Every label must hold characters of {charset.characters!r} only. "
                f"Got {str(label)!r} with {unknown[0]!r} of {source_name(image)}."
            )
        classes = charset.encode(str(label))
        if len(classes) == 0:
            raise ParameterError(
                f"Every label must have at least one character. Got none for {source_name(image)}."
            )
        if length is not None and len(classes) != length:
            is_number = len(classes) < length and str(label).isdecimal()
            raise ParameterError(
                f"Every label must have the 'length' {length}. "
                f"Got {str(label)!r} of {source_name(image)}." + _LOST_ZEROS * is_number
            )
        encoded.append(classes)
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
    pixels, kept = load_usable(images, stacklevel=5)
    classes = [encoded[index] for index in kept]
    least = len(charset) if least is None else least
    if len(pixels) < least:
        raise DataError(
            f"Training on {len(charset)} characters needs at least {least} usable images. "
            f"Got {len(pixels)}."
        )
    return pixels, classes
