"""What is behind the text: flat, graded, textured, patterned, in several colours."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.wild.colours import random_colour

__all__ = ["background"]


def background(draws: Draws, page: Page) -> NDArray[np.float32]:
    """Draw an (H, W, 3) float32 background, 0 to 255."""
    rng, (width, height) = draws.rng, page.size
    noise = min(1.0, 2 * page.difficulty.noise)
    base = random_colour(rng)
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = base
    if rng.random() < 0.25:
        canvas += (
            _slope(rng, width, height)[..., np.newaxis]
            * rng.uniform(-70, 70, 3).astype(np.float32)
            * (rng.uniform(0.2, 1))
        )
    if rng.random() < 0.1 * noise:
        canvas += _clouds(rng, width, height) * rng.uniform(10, 60)
    if rng.random() < 0.12 * noise:
        _patches(rng, canvas, base)
    if rng.random() < 0.16 * noise:
        canvas += _pattern(rng, width, height)[..., np.newaxis] * _shift(rng)
    if rng.random() < 0.08 * noise:
        canvas += _security_print(rng, width, height)[..., np.newaxis] * _shift(rng)
    if rng.random() < 0.18 * noise:
        planes = 3 if rng.random() < 0.5 else 1
        grain = rng.normal(0, rng.uniform(5, 45), (height, width, planes)).astype(np.float32)
        canvas += cv2.blur(grain, (2, 2)).reshape(grain.shape) * 2 if rng.random() < 0.3 else grain
    return np.clip(canvas, 0, 255, out=canvas)


def _shift(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a change of colour, mostly a weak one."""
    strength = rng.choice([25, 60, 120], p=[0.5, 0.35, 0.15])
    grey = rng.random() < 0.5
    return (np.full(3, rng.uniform(-1, 1)) if grey else rng.uniform(-1, 1, 3)).astype(
        np.float32
    ) * np.float32(strength)


def _slope(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    angle = rng.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(np.cos(angle))
    down = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(np.sin(angle))
    return across + down[:, np.newaxis]


def _clouds(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    rows, columns = rng.integers(2, 8), rng.integers(3, 16)
    coarse = rng.normal(0, 1, (int(rows), int(columns), 3)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def _patches(
    rng: np.random.Generator, canvas: NDArray[np.float32], base: NDArray[np.float32]
) -> None:
    """Paint large areas of other, mostly similar colours."""
    height, width = canvas.shape[:2]
    for _ in range(int(rng.integers(1, 6))):
        near = rng.random() < 0.7
        colour = base + rng.normal(0, 35, 3) if near else random_colour(rng)
        x, y = (int(rng.integers(-side // 3, side)) for side in (width, height))
        w, h = (int(side * rng.uniform(0.1, 0.7)) for side in (width, height))
        shape = rng.random()
        tone = tuple(map(float, colour))
        if shape < 0.5:
            cv2.rectangle(canvas, (x, y), (x + w, y + h), tone, -1)
        elif shape < 0.75:
            cv2.ellipse(
                canvas,
                (x, y),
                (w // 2 + 1, h // 2 + 1),
                float(rng.uniform(0, 180)),
                0,
                360,
                tone,
                -1,
            )
        else:
            corners = np.stack([rng.integers(0, width, 4), rng.integers(0, height, 4)], axis=1)
            cv2.fillConvexPoly(canvas, cv2.convexHull(corners.astype(np.int32)), tone)


def _pattern(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Stripes, a grid, a chessboard or a grid of dots, in {0, 1}."""
    period = int(rng.integers(2, 13))
    wide = max(1, round(period * rng.uniform(0.1, 0.6)))
    columns = (np.arange(width) + rng.integers(period)) % period < wide
    rows = (np.arange(height) + rng.integers(period))[:, np.newaxis] % period < wide
    kind = int(rng.integers(5))
    if kind == 0:
        stripes = np.broadcast_to(columns, (height, width))
    elif kind == 1:
        stripes = np.broadcast_to(rows, (height, width))
    elif kind == 2:
        stripes = rows | columns
    elif kind == 3:
        stripes = rows ^ columns
    else:
        stripes = rows & columns
    if rng.random() < 0.25:
        slanted = np.arange(width) + np.arange(height)[:, np.newaxis] * int(rng.integers(1, 3))
        stripes = slanted % period < wide
    return stripes.astype(np.float32)


def _security_print(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Fine wavy lines, in [0, 1]."""
    columns = np.arange(width, dtype=np.float32)
    rows = np.arange(height, dtype=np.float32)[:, np.newaxis]
    wave = rng.uniform(2, 8) * np.sin(columns * rng.uniform(0.03, 0.3) + rng.uniform(0, 6))
    phase = (rows * rng.uniform(0.3, 1) + columns * rng.uniform(-0.5, 0.5) + wave) * rng.uniform(
        0.4, 1.2
    )
    return (np.sin(phase) > rng.uniform(0.2, 0.8)).astype(np.float32)
