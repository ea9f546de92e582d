"""Learned ink: how probable it is that a pixel belongs to a character."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.segmentation.components import Segmenter, Segments, keep_segments, segment, text_lines

__all__ = ["InkNetwork", "InkView", "find_ink", "ink_segments", "text_height"]

InkNetwork = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From (N, H, W, 3) images in [0, 1], sides multiples of 16, to (N, H, W, 1) logits."""

_HEIGHT = 48
_STEP = 16
_TEXT = 28
_FITTING = (16, 46)
_WIDEST = 48 * 40
_MOST_PIXELS = 1_500_000
_FINER = 3.0
_MARGIN = 0.6
_LARGEST_SCALE = 6.0
_INK = 127
_LEAST_INK = 0.012
_LEAST_HEIGHT = 0.14
# so that of 500 photographs (cats-dogs, recaptcha-tiles) none is read with a confidence above 0.7,
# as 9 would be, and 506 of the 522 drawn texts still are that would be
_GUESSED, _SURE = 0.7, 0.9
_LEAST_TRUST = 0.1


class InkView(NamedTuple):
    """An image, or the part of it with text, at the scale at which its ink was found.

    Attributes
    ----------
    pixels : (h, w, 3) uint8 array
        RGB.
    ink : (h, w) uint8 array
        Probability of ink, 255 for 1.
    left, top : float
        Where the view begins, pixels of the image.
    scales : tuple of float
        Pixels of the view in one of the image, across and down.
    """

    pixels: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    left: float
    top: float
    scales: tuple[float, float]

    @property
    def trust(self) -> float:
        """Factor of a reading's odds: 1 where the network is sure of ink, less where it guesses.

        It guesses in photographs that show no text, as it knows nothing but texts.
        """
        found = self.ink[self.ink > _INK]
        sure = found.mean() / 255 if len(found) else 1.0
        return float(np.clip((sure - _GUESSED) / (_SURE - _GUESSED), _LEAST_TRUST, 1.0))

    @property
    def channels(self) -> NDArray[np.uint8]:
        """Ink and colours, (h, w, 4)."""
        return np.dstack([self.ink, self.pixels])

    def from_image(self, boxes: NDArray[np.number]) -> NDArray[np.float64]:
        """Move (N, 4) boxes of the image into the view."""
        return (np.asarray(boxes, float) - [self.left, self.top] * 2) * (self.scales * 2)

    def to_image(self, boxes: NDArray[np.number], shape: tuple[int, ...]) -> NDArray[np.int32]:
        """Move (N, 4) boxes of the view into an image of a shape, whole pixels."""
        moved = np.asarray(boxes, float) / (self.scales * 2) + [self.left, self.top] * 2
        low, high = np.floor(moved[:, :2] + 0.3), np.ceil(moved[:, 2:] - 0.3)
        low = np.clip(low, 0, [shape[1] - 1, shape[0] - 1])
        high = np.clip(np.maximum(high, low + 1), 1, [shape[1], shape[0]])
        return np.concatenate([low, high], axis=1).astype(np.int32)

    def mask(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Which pixels of an image of a shape are ink, (H, W) bool."""
        mask = np.zeros(shape[:2], bool)
        across, down = self.scales
        height, width = self.ink.shape
        width, height = max(1, round(width / across)), max(1, round(height / down))
        way = cv2.INTER_LINEAR if down < 1 else cv2.INTER_AREA
        ink = cv2.resize(self.ink, (width, height), interpolation=way) > _INK
        part = mask[int(self.top) :, int(self.left) :][:height, :width]
        part[:] = ink[: part.shape[0], : part.shape[1]]
        return mask


def find_ink(
    image: NDArray[np.uint8], network: InkNetwork, segmentation: Segmenter = "components"
) -> tuple[InkView, Segments]:
    """Find ink by a network that was trained on randomised images.

    The network looks at the image 48 pixels high, and larger where it finds nothing. Where the text
    that it finds is much smaller or larger than what it reads best, it looks again at the text
    alone, at a scale that fits.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    network : callable
        From (N, h, w, 3) float32 images in [0, 1], h and w multiples of 16, to (N, h, w, 1) logits.
    segmentation : {"components", "contours"}
        How ink is parted; see `segcap.segmentation.components.segment`.

    Returns
    -------
    view : InkView
    segments : Segments
        Of the view; see `ink_segments`.

    Notes
    -----
    Time and memory are bounded: no view has more than 1,500,000 pixels.
    """
    height, width = image.shape[:2]
    whole = 0, 0, width, height
    finest = _bounded(1.0, width, height)
    scale = min(_HEIGHT / height, _WIDEST / width, _LARGEST_SCALE)
    scale = _bounded(scale, width, height)
    view = _look(image, whole, scale, network)
    segments = ink_segments(view, segmentation)
    while len(segments.boxes) == 0 and scale < finest:
        scale = min(_FINER * scale, finest)
        view = _look(image, whole, scale, network)
        segments = ink_segments(view, segmentation)
    if len(segments.boxes) == 0:
        return view, segments
    tall, box = text_height(segments.boxes), _around(segments.boxes)
    if _FITTING[0] <= tall <= _FITTING[1]:
        return view, segments
    around = _MARGIN * tall
    grown = np.array([box]) + around * np.array([-1, -1, 1, 1])
    x0, y0, x1, y1 = view.to_image(grown, image.shape)[0].tolist()
    fitting = min(view.scales[1] * _TEXT / tall, _LARGEST_SCALE)
    fitting = _bounded(fitting, x1 - x0, y1 - y0)
    closer = _look(image, (x0, y0, x1, y1), fitting, network)
    found = ink_segments(closer, segmentation)
    return (closer, found) if len(found.boxes) else (view, segments)


def ink_segments(view: InkView, segmentation: Segmenter = "components") -> Segments:
    """Part the ink of a view into characters, or components of touching ones, without specks."""
    # what merges components compares all pairs of them
    segments = segment(view.ink > _INK, segmentation, min_area=1)
    if len(segments.boxes) == 0:
        return segments
    areas = np.bincount(segments.labels.ravel(), minlength=len(segments.boxes) + 1)[1:]
    heights = segments.boxes[:, 3] - segments.boxes[:, 1]
    tallest = heights[areas >= 0.3 * areas.max()].max()
    kept = (areas >= _LEAST_INK * tallest**2) | (heights >= 3 * _LEAST_HEIGHT * tallest)
    return keep_segments(segments, kept)


def _bounded(scale: float, width: int, height: int) -> float:
    """Return a scale at which a part is not too large for the network, as it is padded."""
    scale = min(scale, float(np.sqrt(_MOST_PIXELS / (height * width))))
    while np.prod([_padded(round(side * scale)) for side in (width, height)]) > _MOST_PIXELS:
        scale *= 0.98
    return scale


def _padded(side: int) -> int:
    return -(-max(1, side) // _STEP) * _STEP


def _look(
    image: NDArray[np.uint8], box: tuple[int, int, int, int], scale: float, network: InkNetwork
) -> InkView:
    x0, y0, x1, y1 = box
    part = image[y0:y1, x0:x1]
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels = cv2.resize(part, size, interpolation=way)
    width, height = size
    right, below = -width % _STEP, -height % _STEP
    padded = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
    logits = network(padded[np.newaxis] * np.float32(1 / 255))[0, :height, :width, 0]
    ink = np.rint(255 / (1 + np.exp(-logits.astype(np.float32)))).astype(np.uint8)
    return InkView(pixels, ink, float(x0), float(y0), (width / (x1 - x0), height / (y1 - y0)))


def text_height(boxes: NDArray[np.int32]) -> float:
    """Return the usual height of characters in the line with the largest ones, at least 1.

    Parameters
    ----------
    boxes : (N, 4) int32 array
        x0, y0, x1, y1, half-open, N at least 1.
    """
    lines = [boxes[members] for members in text_lines(boxes)]
    heights = [float(np.percentile(own[:, 3] - own[:, 1], 75)) for own in lines]
    weights = [float(np.prod(own[:, 2:] - own[:, :2], axis=1).sum()) for own in lines]
    return max(heights[int(np.argmax(weights))], 1.0)


def _around(boxes: NDArray[np.int32]) -> tuple[int, int, int, int]:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
