"""Many images as one array of one size, without ever holding them all as they come."""

import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from segcap.core.batching import batched
from segcap.core.errors import DataError, ImageError
from segcap.core.image import ImageSource, image_size, load_image
from segcap.recognition.whole_image import stack_images
from segcap.training.labelled import warn_of_left_out

__all__ = ["most_common", "stack_usable"]

TOGETHER = 256
MOST_IN_MEMORY = 2**30


def most_common(
    images: Sequence[ImageSource],
    size_of: Callable[[ImageSource], tuple[int, ...]] = image_size,
) -> tuple[int, int]:
    """Return the width and height that most images have, the first of equals.

    Parameters
    ----------
    images : sequence of path, bytes, array or PIL.Image.Image
    size_of : callable
        Gives an image's width and height; looks at its header unless given.

    Raises
    ------
    DataError
        No image has a size that can be read.
    """
    sizes, errors = [], []
    for image in images:
        try:
            sizes.append(size_of(image))
        except ImageError as error:
            errors.append(str(error))
    if not sizes:
        got = f"{len(images)} that cannot, the first because: {errors[0]}" if errors else "none."
        raise DataError(f"Training needs images that can be read. Got {got}")
    (((width, height), _),) = Counter(sizes).most_common(1)
    return width, height


def stack_usable(
    images: Sequence[ImageSource],
    size: tuple[int, int],
    *,
    colour: bool,
    load: Callable[[ImageSource], NDArray[np.uint8]] = load_image,
) -> tuple[NDArray[np.uint8], NDArray[np.intp], bool]:
    """Load images and scale them to one size; leave out those that cannot be loaded.

    Threads decode 256 at a time. What takes more than 1 GiB when scaled lies in a temporary file
    that is mapped into memory.

    Parameters
    ----------
    images : sequence of path, bytes, array or PIL.Image.Image
    size : tuple of int
        Width and height, pixels.
    colour : bool
        Whether colours are kept.
    load : callable
        From an image to (H, W, 3) uint8 RGB, or an `ImageError`.

    Returns
    -------
    pixels : (N, height, width, 3) or (N, height, width, 1) uint8 array
    kept : (N,) int array
        Index of each among those given.
    are_alike : bool
        Whether all came in one size.

    Raises
    ------
    DataError
        There is no room for the temporary file.

    Warns
    -----
    SegcapWarning
        Images were left out.
    """
    stack = _room((len(images), *size[::-1], 3 if colour else 1))
    kept: list[int] = []
    left_out: list[str] = []
    sizes: set[tuple[int, ...]] = set()
    with Parallel(n_jobs=-1, prefer="threads") as parallel:
        for chunk in batched(enumerate(images), TOGETHER):
            for index, scaled, own_size in parallel(
                delayed(_scaled)(index, image, size, colour, load) for index, image in chunk
            ):
                if isinstance(scaled, ImageError):
                    left_out.append(str(scaled))
                else:
                    stack[len(kept)] = scaled
                    kept.append(index)
                    sizes.add(own_size)
    warn_of_left_out(left_out, len(images), stacklevel=3)
    return stack[: len(kept)], np.array(kept, np.intp), len(sizes) < 2


def _room(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    needed = math.prod(shape)
    if needed <= MOST_IN_MEMORY:
        return np.empty(shape, np.uint8)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    with tempfile.TemporaryFile() as file:
        if free < needed or not _is_taken(file.fileno(), needed):
            raise DataError(
                f"Images to train on must find room in '{tempfile.gettempdir()}'. "
                f"Got {free / 2**30:.1f} GiB for {needed / 2**30:.1f} GiB."
            )
        return np.memmap(file, np.uint8, "w+", shape=shape)


def _is_taken(descriptor: int, needed: int) -> bool:
    """Take room for a file, where the system can, so that later writes cannot fail."""
    if not hasattr(os, "posix_fallocate"):
        return True
    try:
        os.posix_fallocate(descriptor, 0, needed)
    except OSError:
        return False
    return True


def _scaled(
    index: int,
    image: ImageSource,
    size: tuple[int, int],
    colour: bool,
    load: Callable[[ImageSource], NDArray[np.uint8]],
) -> tuple[int, NDArray[np.uint8] | ImageError, tuple[int, ...]]:
    try:
        loaded = load(image)
    except ImageError as error:
        return index, error, ()
    return index, stack_images([loaded], size, colour=colour)[0], loaded.shape[:2]
