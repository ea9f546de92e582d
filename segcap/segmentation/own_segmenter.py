"""A function that somebody brings along to find the characters of an image."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.segmentation.binarize import binarize
from segcap.segmentation.components import Segmenter, Segments, reading_order, segment

__all__ = ["OwnSegmenter", "own_segments"]

OwnSegmenter: TypeAlias = Callable[[NDArray[np.uint8]], Any]
"""From an (H, W, 3) uint8 RGB image to an (H, W) mask of ink, or to (N, 4) boxes."""


def own_segments(
    image: NDArray[np.uint8], segmenter: OwnSegmenter, segmentation: Segmenter = "components"
) -> Segments:
    """Find the characters of an image by a function of somebody's own.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    segmenter : callable
        From a copy of the image to an (H, W) mask, bool or with ink above 0.5, or to (N, 4) boxes
        x0, y0, x1, y1, half-open, pixels, a box a segment.
    segmentation : {"components", "contours"}
        How a mask is parted; see `segcap.segmentation.components.segment`.

    Returns
    -------
    Segments
        In reading order. A pixel in several boxes belongs to the last of them.

    Raises
    ------
    ParameterError
        The function returns something else.
    """
    returned = segmenter(image.copy())
    try:
        found = np.asarray(returned)
    except ValueError:  # rows of different lengths
        found = np.array(returned, object)
    if found.shape == image.shape[:2] and found.dtype.kind in "bfiu":
        mask = found.astype(bool) if found.dtype.kind == "b" else found > 0.5
        return segment(mask, segmentation, min_area=1)  # of very many the largest
    if (found.ndim == 2 and found.shape[1] == 4 and found.dtype.kind in "fiu") or not found.size:
        return _boxed(image, found.reshape(-1, 4))
    raise ParameterError(
        f"A 'segmenter' must return a mask of the image's shape {image.shape[:2]} or (N, 4) boxes. "
        f"Got {found.dtype} of shape {found.shape}."
    )


def _boxed(image: NDArray[np.uint8], found: NDArray[Any]) -> Segments:
    height, width = image.shape[:2]
    edges = np.rint(found.astype(np.float64))
    inside = (edges[:, :2] >= 0) & (edges[:, 2:] <= [width, height])  # NaN is not
    if not (inside & (edges[:, :2] < edges[:, 2:])).all():
        raise ParameterError(
            "The boxes of a 'segmenter' must be x0 < x1 and y0 < y1 inside the image, "
            f"{width} x {height}. Got {found.tolist()}."
        )
    boxes = edges.astype(np.int32)
    labels = np.zeros((height, width), np.int32)
    if not len(boxes):
        return Segments(boxes, labels)
    boxes = boxes[reading_order(boxes)]
    ink = binarize(image)
    for number, (x0, y0, x1, y1) in enumerate(boxes.tolist(), start=1):
        own = ink[y0:y1, x0:x1]
        labels[y0:y1, x0:x1][own if own.any() else ...] = number
    return Segments(boxes, labels)
