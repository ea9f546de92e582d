"""Images as networks see them that look at whole ones: of one size, and more than once."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.image import to_grey

__all__ = [
    "TEXT_TTA",
    "TTA",
    "augmented_for_test",
    "stack_images",
    "text_augmented_for_test",
]

TTA = (1, 2, 4)
"""How many versions of a photo test-time augmentation may classify."""
TEXT_TTA = (1, 2)
"""How many versions of a text test-time augmentation may classify."""
_CLOSER = 0.1
_A_LITTLE_CLOSER = 0.024


def stack_images(
    images: Sequence[NDArray[np.uint8]], size: tuple[int, int], *, colour: bool
) -> NDArray[np.uint8]:
    """Scale images to one size.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 arrays
        RGB.
    size : tuple of int
        Width and height, pixels.
    colour : bool
        Whether colours are kept.

    Returns
    -------
    (N, height, width, 3) or (N, height, width, 1) uint8 array
    """
    width, height = size
    stacked = np.empty((len(images), height, width, 3 if colour else 1), np.uint8)
    for image, target in zip(images, stacked, strict=True):
        kept = image if colour else to_grey(image)
        if kept.shape[:2] != (height, width):
            shrinks = kept.shape[0] * kept.shape[1] > height * width
            method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            kept = cv2.resize(kept, size, interpolation=method)
        target[:] = kept.reshape(target.shape)
    return stacked


def augmented_for_test(
    images: Sequence[NDArray[np.uint8]], count: int
) -> Iterator[Sequence[NDArray[np.uint8]]]:
    """Images as they are, mirrored, and both again closer, a tenth of each side left out.

    Parameters
    ----------
    images : sequence of (H, W, ...) arrays
    count : {1, 2, 4}
        How many of these versions.

    Yields
    ------
    sequence of arrays
        All images in one version; they share memory with `images`.

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks.
    NIPS 2012, section 4.1 (ten crops).
    """
    yield images
    if count > 1:
        yield [image[:, ::-1] for image in images]
    if count > 2:
        yield from augmented_for_test([_middle(image, _CLOSER) for image in images], 2)


def text_augmented_for_test(
    images: Sequence[NDArray[np.uint8]], count: int
) -> Iterator[Sequence[NDArray[np.uint8]]]:
    """Texts as they are, and a twentieth larger, what leaves the image left out.

    Parameters
    ----------
    images : sequence of (H, W, ...) arrays
    count : {1, 2}
        How many of these versions.

    Yields
    ------
    sequence of arrays
        All images in one version; they share memory with `images`.
    """
    yield images
    if count > 1:
        yield [_middle(image, _A_LITTLE_CLOSER) for image in images]


def _middle(image: NDArray[np.uint8], left_out: float) -> NDArray[np.uint8]:
    """Leave out a fraction of an image at each of its sides."""
    top, left = (round(left_out * side) for side in image.shape[:2])
    return image[top : image.shape[0] - top, left : image.shape[1] - left]
