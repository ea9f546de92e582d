"""Paint on a page: background, ink, curves, specks, blur.

A canvas holds tones of 0 to 255, float32, (H, W) for grey and (3, H, W) for red, green and blue.
"""

from math import prod
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.difficulty import Difficulty
from segcap.generate.draws import Draws, between

__all__ = [
    "as_cover",
    "as_levels",
    "as_pixels",
    "blend",
    "blur",
    "covered",
    "curves",
    "disturb",
    "fade",
    "gradient",
    "jpeg",
    "polyline",
    "scatter",
    "shade",
    "specks",
]

Canvas = NDArray[np.float32]
Cover = NDArray[np.float32]
Tone = float | NDArray[Any]

_SHIFT = 4
_CURVE_POINTS = 24
_LEAST_KEPT = 0.15
_TWO_BYTES_DEVIATION = 104.5


def blend(canvas: Canvas, cover: Cover, tone: Tone) -> Canvas:
    """Lay a tone over a canvas.

    Parameters
    ----------
    canvas : (H, W) or (3, H, W) float32 array
    cover : (H, W) float32 array
        0 leaves the canvas as it is, 1 hides it.
    tone : float or (3, 1, 1) array or array of the canvas' shape

    Returns
    -------
    float32 array of the canvas' shape
    """
    return canvas + (np.asarray(tone, np.float32) - canvas) * cover


def as_cover(mask: NDArray[np.uint8]) -> Cover:
    """Turn 0 ... 255 into 0 ... 1."""
    return mask.astype(np.float32) / np.float32(255)


def covered(masks: NDArray[np.uint8]) -> Cover:
    """Return how much of each pixel any of (n, H, W) masks covers: (H, W) in [0, 1]."""
    return as_cover(masks.max(axis=0))


def fade(tone: Tone, background: Tone, contrast: float) -> NDArray[np.float32]:
    """Bring a tone nearer to the background's; at a contrast of 1, 0.15 of the difference stays."""
    background = np.asarray(background, np.float32)
    return background + (np.asarray(tone, np.float32) - background) * np.float32(
        between(1, _LEAST_KEPT, contrast)
    )


def gradient(draws: Draws, size: tuple[int, int], change: float, *, name: str = "light") -> Canvas:
    """Draw an even change of light across the page: (H, W), its mean 0, `change` end to end."""
    angle = draws.uniform(name, 0, 2 * np.pi)
    width, height = size
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(change * np.cos(angle))
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(change * np.sin(angle))
    return across + down[:, np.newaxis]


def curves(
    draws: Draws,
    size: tuple[int, int],
    difficulty: float,
    *,
    most: int = 4,
    thickness: tuple[float, float] = (1.0, 3.0),
    reach: tuple[float, float] = (0.0, 1.0),
    name: str = "curves",
) -> Cover:
    """Draw curves from left to right; the difficulty sets how many, how long and how thick.

    Parameters
    ----------
    draws : Draws
    size : tuple of int
        Width and height.
    difficulty : float
        0 for none, 1 for all, of the greatest thickness; from 0.5 on they are of full length.
    most : int
        How many there may be.
    thickness : tuple of float
        The thinnest and the thickest, pixels.
    reach : tuple of float
        Where those of full length begin and end, in parts of the width.
    name : str
        What the parameters call them.

    Returns
    -------
    (H, W) float32 array
        In [0, 1].
    """
    width, height = size
    nodes = draws.rng.random((most, 6))
    count = int(np.ceil(difficulty * most))
    draws.parameters[name] = np.round(nodes[:count], 4).tolist()
    cover = np.zeros((height, width), np.uint8)
    thickest = between(*thickness, difficulty)
    at = np.linspace(0, 1, _CURVE_POINTS)
    bow = 3 * at * (1 - at)
    fraction = min(1.0, 2 * difficulty)
    for begin, bend, end, phase, weight, place in nodes[:count]:
        ys = between(begin, end, at) * (1 - bow) + between(0.25, 0.75, bend) * bow
        ys = (0.15 + 0.7 * ys + 0.06 * np.sin(2 * np.pi * (at * 1.5 + phase))) * (height - 1)
        here = place * (1 - fraction) + fraction * at
        xs = between(*reach, here) * (width - 1)
        polyline(cover, xs, np.interp(here, at, ys), round(between(thickness[0], thickest, weight)))
    return as_cover(cover)


def polyline(
    cover: NDArray[np.uint8], xs: NDArray[np.float64], ys: NDArray[np.float64], stroke: int
) -> None:
    """Draw a soft-edged line through points onto a (H, W) cover of 0 to 255, in place."""
    points = np.rint(np.stack([xs, ys], axis=-1) * 2**_SHIFT).astype(np.int32)
    cv2.polylines(cover, [points], False, 255, max(1, stroke), cv2.LINE_AA, _SHIFT)


def specks(draws: Draws, size: tuple[int, int], fraction: float, radius: int = 0) -> Cover:
    """Strew specks of 1 + 2 * `radius` pixels: (H, W) in {0, 1}, `fraction` of the page at most."""
    width, height = size
    most = width * height // 4
    places = draws.rng.integers(width * height, size=most)
    count = min(most, round(fraction * width * height / (1 + 2 * radius) ** 2))
    cover = np.zeros((height, width), np.float32)
    cover.flat[places[:count]] = 1
    return cv2.dilate(cover, np.ones((2 * radius + 1,) * 2, np.uint8)) if radius else cover


def scatter(draws: Draws, canvas: Canvas, reach: float, where: Cover) -> Canvas:
    """Let every pixel take the tone of a random one near by, at most `reach` pixels away.

    Parameters
    ----------
    draws : Draws
    canvas : (H, W) float32 array
    reach : float
    where : (H, W) float32 array
        In [0, 1], scales the reach.
    """
    height, width = canvas.shape
    drawn = np.frombuffer(draws.rng.bytes(2 * height * width), np.uint8)
    offsets = (drawn.reshape(2, height, width) / np.float32(127.5) - 1) * np.float32(reach) * where
    steps = np.rint(offsets).astype(np.int32)
    rows = np.clip(np.arange(height)[:, np.newaxis] + steps[0], 0, height - 1)
    columns = np.clip(np.arange(width) + steps[1], 0, width - 1)
    return canvas[rows, columns]


def disturb(draws: Draws, canvas: Canvas, difficulty: Difficulty, ink: Tone) -> Canvas:
    """Add the noise and the loss of contrast of a difficulty to a page.

    Noise blurs, strews specks of ink, and adds grain; lost contrast comes with uneven light.
    """
    height, width = canvas.shape[-2:]
    size = width, height
    soft = blur(canvas, between(0, 0.9, difficulty.noise))
    strewn = blend(soft, specks(draws, size, between(0, 0.06, difficulty.noise)), ink)
    grain = _grain(draws, canvas.shape) * np.float32(between(0, 30, difficulty.noise))
    return shade(draws, strewn, difficulty.contrast) + grain


def shade(draws: Draws, canvas: Canvas, difficulty: float) -> Canvas:
    """Darken the page to one side; at a difficulty of 1 half the light is lost there."""
    height, width = canvas.shape[-2:]
    side = np.clip(gradient(draws, (width, height), 1, name="shade") + np.float32(0.5), 0, 1)
    return canvas * (1 - np.float32(between(0, 0.5, difficulty)) * side)


def _grain(draws: Draws, shape: tuple[int, ...]) -> Canvas:
    """Noise of deviation 1: the sum of two bytes, in a triangle about 0."""
    first, second = np.frombuffer(draws.rng.bytes(2 * prod(shape)), np.uint8).reshape(2, *shape)
    return (first.astype(np.float32) + second - 255) / np.float32(_TWO_BYTES_DEVIATION)


def blur(canvas: Canvas, sigma: float) -> Canvas:
    """Blur by a Gaussian of `sigma` pixels, rounding tones; below 0.2 the canvas comes back."""
    if sigma < 0.2:
        return canvas
    levels = as_levels(canvas).reshape(-1, *canvas.shape[-2:])
    soft = [
        cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for plane in levels
    ]
    return np.stack(soft).reshape(canvas.shape).astype(np.float32)


def jpeg(draws: Draws, pixels: NDArray[np.uint8], quality: tuple[int, int]) -> NDArray[np.uint8]:
    """Store a grey image as JPEG of a random quality, and load it again."""
    setting = [cv2.IMWRITE_JPEG_QUALITY, draws.integer("quality", *quality)]
    loaded = cv2.imdecode(cv2.imencode(".jpeg", pixels, setting)[1], cv2.IMREAD_GRAYSCALE)
    return np.asarray(loaded, np.uint8)


def as_levels(canvas: Canvas) -> NDArray[np.uint8]:
    """Round and clip tones to uint8."""
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def as_pixels(canvas: Canvas) -> NDArray[np.uint8]:
    """Round and clip tones: (H, W) uint8 for grey, (H, W, 3) for colour."""
    levels = as_levels(canvas)
    return levels if levels.ndim == 2 else cv2.merge(list(levels))
