"""Lines of text cut out of an image, for a network that reads whole lines."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["COLUMN", "LOOKS", "PICTURE_HEIGHT", "LinePicture", "cut_line", "network_input"]

PICTURE_HEIGHT = 48
COLUMN = 8
"""Pixels of a picture's width for one column of what the network says."""
LOOKS = (0.25, 0.25, 1.0), (0.15, 0.12, 0.9), (0.45, 0.4, 1.15)
"""What is around a line, of its height, at its sides and above; how far it is stretched: first,
and where it is read unsurely."""
_NARROWEST, _WIDEST = 4, 240


class LinePicture(NamedTuple):
    """A line of text.

    Attributes
    ----------
    pixels : (48, W, 3) uint8 array
        RGB; W is a multiple of 8.
    box : tuple of int
        What it shows of the image: x0, y0, x1, y1, half-open, pixels.
    """

    pixels: NDArray[np.uint8]
    box: tuple[int, int, int, int]

    @property
    def columns(self) -> NDArray[np.int32]:
        """Where its columns are in the image, (W // 8, 4)."""
        x0, y0, x1, y1 = self.box
        count = self.pixels.shape[1] // COLUMN
        edges = x0 + np.arange(count + 1) * ((x1 - x0) / count)
        left = np.minimum(np.floor(edges[:-1]).astype(np.int32), x1 - 1)
        right = np.clip(np.ceil(edges[1:]).astype(np.int32), left + 1, x1)
        rows = np.broadcast_to(np.array([y0, y1], np.int32), (count, 2))
        return np.stack([left, rows[:, 0], right, rows[:, 1]], axis=1)


def cut_line(
    image: NDArray[np.uint8],
    box: NDArray[np.integer],
    look: tuple[float, float, float] = LOOKS[0],
) -> LinePicture:
    """Cut a line out of an image, with some of what is around it, and scale it.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    box : (4,) int array
        x0, y0, x1, y1 of its ink, half-open, pixels.
    look : tuple of float
        One of `LOOKS`.

    Returns
    -------
    LinePicture
    """
    x0, y0, x1, y1 = map(int, box)
    beside, above = (round(part * (y1 - y0)) for part in look[:2])
    x0, y0 = max(0, x0 - beside), max(0, y0 - above)
    x1, y1 = min(image.shape[1], x1 + beside), min(image.shape[0], y1 + above)
    columns = round(look[2] * (x1 - x0) * PICTURE_HEIGHT / ((y1 - y0) * COLUMN))
    width = COLUMN * min(max(columns, _NARROWEST), _WIDEST)
    way = cv2.INTER_AREA if y1 - y0 > PICTURE_HEIGHT else cv2.INTER_LINEAR
    pixels = cv2.resize(image[y0:y1, x0:x1], (width, PICTURE_HEIGHT), interpolation=way)
    return LinePicture(pixels, (x0, y0, x1, y1))


def network_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn (N, 48, W, 3) RGB pictures into what the network takes: BGR in [-1, 1], float32."""
    return pixels[..., ::-1] * np.float32(2 / 255) - np.float32(1)
