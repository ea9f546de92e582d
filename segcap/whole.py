"""Images of any size as one array, for networks that look at whole images."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.image import to_grey

__all__ = ["stack_images"]


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
