"""What happens to a finished image: tilt, glare, blur, JPEG, palettes, grain, inversion."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.wild.masks import remapped

__all__ = ["finish", "glare", "tilted"]


def finish(draws: Draws, page: Page, canvas: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn an (H, W, 3) float32 canvas into (H, W, 3) uint8 pixels as a file has them."""
    rng, noise = draws.rng, min(1.0, 2 * page.difficulty.noise)
    height, width = canvas.shape[:2]
    pixels = cv2.convertScaleAbs(np.clip(canvas, 0, 255))
    size = draws.parameters["capitals"]
    if rng.random() < 0.3 * noise:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 0.3 + 0.035 * size))
    if rng.random() < 0.05 * noise:
        long = int(rng.integers(2, max(3, round(0.15 * size) + 2)))
        kernel = np.zeros((long, long), np.float32)
        if rng.random() < 0.5:
            kernel[long // 2] = 1 / long
        else:
            np.fill_diagonal(kernel, 1 / long)
        pixels = cv2.filter2D(pixels, -1, kernel)
    if rng.random() < 0.15 * noise and size > 14:
        scale = rng.uniform(max(0.4, 9 / size), 1)
        small = max(4, round(width * scale)), max(4, round(height * scale))
        ways = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
        pixels = cv2.resize(
            pixels,
            small,
            interpolation=(cv2.INTER_AREA, cv2.INTER_NEAREST)[int(rng.random() < 0.25)],
        )
        pixels = cv2.resize(pixels, (width, height), interpolation=ways[int(rng.integers(3))])
    if rng.random() < 0.2 * noise:
        grain = rng.normal(
            0, rng.uniform(2, 22), pixels.shape if rng.random() < 0.5 else (height, width, 1)
        )
        pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.06:
        levels = int(rng.choice([2, 3, 4, 6]))
        pixels = (np.rint(pixels * np.float32((levels - 1) / 255)) * (255 / (levels - 1))).astype(
            np.uint8
        )
    if rng.random() < 0.25 * noise:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))]
        pixels = cv2.imdecode(cv2.imencode(".jpeg", pixels, quality)[1], cv2.IMREAD_COLOR)
    if rng.random() < 0.3:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        if rng.random() < 0.12:
            grey = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
        pixels = cv2.merge([grey] * 3)
    if rng.random() < 0.12:
        pixels = 255 - pixels
    if rng.random() < 0.1:
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(pixels)


def glare(rng: np.random.Generator, canvas: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay a soft bright spot over a canvas."""
    height, width = canvas.shape[:2]
    spot = np.zeros((height, width), np.float32)
    centre = int(rng.integers(width)), int(rng.integers(height))
    axes = int(rng.uniform(0.2, 1.5) * height) + 1, int(rng.uniform(0.1, 0.6) * height) + 1
    cv2.ellipse(spot, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.blur(spot, (2 * (height // 6) + 1,) * 2) * np.float32(rng.uniform(0.15, 0.6))
    return canvas + (255 - canvas) * soft[..., np.newaxis]


def tilted(
    rng: np.random.Generator, canvas: NDArray[np.float32], masks: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Turn and bend an image and its masks a little, as a photograph from the side has them."""
    height, width = canvas.shape[:2]
    lean, slant, bow = rng.uniform(-0.25, 0.25), rng.uniform(-0.15, 0.15), rng.uniform(-0.12, 0.12)
    along = np.linspace(-1, 1, width, dtype=np.float32)[np.newaxis]
    rows = np.arange(height, dtype=np.float32)[:, np.newaxis]
    ys = rows + height * (lean * along / 2 + bow * (along**2 - 0.4))
    xs = np.arange(width, dtype=np.float32) + slant * (rows - height / 2)
    xs, ys = xs.astype(np.float32), ys.astype(np.float32)
    to_x, to_y = cv2.convertMaps(xs, ys, cv2.CV_16SC2)
    moved = cv2.remap(canvas, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved, remapped(masks, xs, ys)
