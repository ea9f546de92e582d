"""Images as networks see them that look at whole ones: of one size, and more than once."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.image import to_grey

__all__ = ["LINE_VIEWS", "PHOTO_VIEWS", "stack_images", "views_of_lines", "views_of_photos"]

PHOTO_VIEWS = (1, 2, 4)
"""How many views of a photo there may be."""
LINE_VIEWS = (1, 3)
"""How many views of a line of text there may be."""
_CLOSER = 0.1
_STRETCH = 1.05


def stack_images(
    images: Sequence[NDArray[np.uint8]], size: tuple[int, int], *, colour: bool
) -> NDArray[np.uint8]:
    """Scale images to one size.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 arrays
        RGB.
    size : tuple of int
        Height and width, pixels.
    colour : bool
        Whether colours are kept.

    Returns
    -------
    (N, height, width, 3) or (N, height, width, 1) uint8 array
    """
    height, width = size
    stacked = np.empty((len(images), height, width, 3 if colour else 1), np.uint8)
    for image, target in zip(images, stacked, strict=True):
        kept = image if colour else to_grey(image)
        if kept.shape[:2] != size:
            shrinks = kept.shape[0] * kept.shape[1] > height * width
            method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            kept = cv2.resize(kept, (width, height), interpolation=method)
        target[:] = kept.reshape(target.shape)
    return stacked


def views_of_photos(
    images: Sequence[NDArray[np.uint8]], count: int
) -> Iterator[Sequence[NDArray[np.uint8]]]:
    """Look at photos as they are, mirrored, and again closer, a tenth of each side left out.

    Parameters
    ----------
    images : sequence of (H, W, ...) arrays
    count : {1, 2, 4}
        How many of these views to give.

    Yields
    ------
    sequence of arrays
        All images in one view; they share memory with `images`.

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks.
    NIPS 2012, section 4.1 (ten crops).
    """
    yield images
    if count > 1:
        yield [image[:, ::-1] for image in images]
    if count > 2:
        yield from views_of_photos([_middle(image) for image in images], 2)


def views_of_lines(
    images: Sequence[NDArray[np.uint8]], count: int
) -> Iterator[Sequence[NDArray[np.uint8]]]:
    """Look at lines of text as they are, and wider and narrower by 5 %.

    Parameters
    ----------
    images : sequence of (H, W, ...) arrays
    count : {1, 3}
        How many of these views to give.

    Yields
    ------
    sequence of arrays
        All images in one view, each as large as it was; what a narrower one lacks at its ends
        repeats the border.
    """
    yield images
    if count > 1:
        yield [_stretched(image, _STRETCH) for image in images]
        yield [_stretched(image, 1 / _STRETCH) for image in images]


def _stretched(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Make an image's content wider about its middle."""
    height, width = image.shape[:2]
    matrix = np.array([[factor, 0, (1 - factor) * (width - 1) / 2], [0, 1, 0]])
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return moved.reshape(image.shape).astype(np.uint8, copy=False)


def _middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = (round(_CLOSER * side) for side in image.shape[:2])
    return image[top : image.shape[0] - top, left : image.shape[1] - left]
