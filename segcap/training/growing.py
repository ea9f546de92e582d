"""Images that are small at first and grow while a network is trained."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.training.schedule import Schedule

__all__ = ["first_grown", "growing_sides", "shrink"]

_GROWN = 0.75
_STEP = 16
_LEAST = 32


def first_grown(schedule: Schedule) -> int:
    """Return the first epoch, from 0, in which images have their own size.

    It is the last one at the latest.

    Examples
    --------
    >>> [first_grown(Schedule(epochs=epochs, first_scale=0.5)) for epochs in (1, 2, 8, 100)]
    [0, 1, 6, 75]
    >>> first_grown(Schedule(epochs=100))
    0
    """
    if schedule.first_scale == 1:
        return 0
    return min(schedule.epochs - 1, math.ceil(_GROWN * schedule.epochs))


def growing_sides(schedule: Schedule, epoch: int, sides: tuple[int, int]) -> tuple[int, int]:
    """Return at which height and width images are shown in an epoch.

    They grow from `first_scale` of theirs, evenly, until three quarters of the epochs are done.
    Meanwhile their sides are rounded to multiples of 16 pixels, so that a network sees few
    different shapes, and the shorter one has at least 32 pixels, or its own length.

    Parameters
    ----------
    schedule : Schedule
    epoch : int
        From 0.
    sides : tuple of int
        Height and width of the images, pixels.

    Returns
    -------
    tuple of int

    References
    ----------
    Tan, Le: EfficientNetV2: Smaller models and faster training. ICML 2021 (progressive learning).

    Examples
    --------
    >>> schedule = Schedule(epochs=8, first_scale=0.5)
    >>> [growing_sides(schedule, epoch, (112, 96)) for epoch in (0, 2, 4, 5, 6)]
    [(64, 48), (80, 64), (96, 80), (96, 96), (112, 96)]
    """
    if epoch >= first_grown(schedule):
        return sides
    done = epoch / (_GROWN * schedule.epochs)
    scale = schedule.first_scale + (1 - schedule.first_scale) * done
    scale = max(scale, _LEAST / min(sides))
    if scale >= 1:
        return sides
    height, width = (min(side, _STEP * int(scale * side / _STEP + 0.5)) for side in sides)
    return height, width


def shrink(images: NDArray[np.float32], sides: tuple[int, int]) -> NDArray[np.float32]:
    """Scale images down.

    Parameters
    ----------
    images : (N, H, W, C) float32 array
    sides : tuple of int
        Height and width, pixels, at most H and W.

    Returns
    -------
    (N, height, width, C) float32 array
    """
    if images.shape[1:3] == sides:
        return images
    small = [cv2.resize(image, sides[::-1], interpolation=cv2.INTER_AREA) for image in images]
    return np.stack(small).reshape(len(images), *sides, images.shape[3])
