"""What strokes look like: hollow, doubled, shadowed, graded, torn, stencilled, thin or bold."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.wild.colours import contrasting, random_colour
from segcap.generate.wild.masks import lay, leave_a_pixel, paste

__all__ = ["paint_characters", "shape_strokes"]

_SQUARE = np.ones((3, 3), np.uint8)
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_LEAST_KEPT = 0.45


def shape_strokes(draws: Draws, page: Page, masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Change the strokes of all characters: (n, H, W) uint8 in and out."""
    rng, noise = draws.rng, min(1.0, 2 * page.difficulty.noise)
    size = draws.parameters["capitals"]
    kind = rng.random()
    if kind < 0.14 * noise and size >= 16 and not page.handwritten:
        draws.parameters["strokes"] = "hollow"
        masks = _hollow(masks, 1 + int(size > 30 and rng.random() < 0.6) + int(size > 50))
    elif kind < 0.3:
        masks = _thicker(masks, rng, size)
    elif kind < 0.3 + 0.07 * noise and size >= 16 and not page.handwritten:
        draws.parameters["strokes"] = "doubled"
        masks = _doubled(masks, rng, size)
    if rng.random() < 0.08 * noise and size >= 14:
        draws.parameters["torn"] = True
        masks = _torn(masks, rng, size)
    if rng.random() < 0.04 * noise and size >= 18:
        masks = masks.copy()
        period = int(rng.integers(4, 9))
        start = int(rng.integers(period))
        if rng.random() < 0.5:
            masks[:, start::period] = 0
        else:
            masks[:, :, start::period] = 0
    if rng.random() < 0.3:  # no soft edges
        masks = cv2.threshold(masks.reshape(-1, masks.shape[2]), 110, 255, cv2.THRESH_BINARY)[
            1
        ].reshape(masks.shape)
    leave_a_pixel(masks)
    return masks


def paint_characters(
    draws: Draws,
    page: Page,
    canvas: NDArray[np.float32],
    masks: NDArray[np.uint8],
    ink: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Paint the characters one over the other onto an (H, W, 3) canvas, which is changed."""
    rng, noise = draws.rng, min(1.0, 2 * page.difficulty.noise)
    level = canvas.reshape(-1, 3).mean(axis=0)
    several = rng.random() < 0.35
    palette = [
        contrasting(rng, level, page.difficulty.contrast) for _ in range(int(rng.integers(2, 7)))
    ]
    tints = [palette[int(rng.integers(len(palette)))] if several else ink for _ in masks]
    if not several and rng.random() < 0.2:  # each a little different
        tints = [np.clip(ink + rng.normal(0, 22, 3), 0, 255).astype(np.float32) for _ in masks]
    graded = rng.random() < 0.12
    outline = random_colour(rng) if rng.random() < 0.07 * noise else None
    shadow = _shadow(rng, draws.parameters["capitals"]) if rng.random() < 0.14 * noise else None
    grain = rng.random() < 0.08 * noise
    opacity = 1.0 if rng.random() < 0.8 else rng.uniform(0.6, 1)
    fit = rng.random() < 0.5
    for mask, tint in zip(masks, tints, strict=True):
        x, y, w, h = cv2.boundingRect(mask)
        x0, y0 = max(0, x - 3), max(0, y - 3)
        area = slice(y0, y + h + 3), slice(x0, x + w + 3)
        part, ground = mask[area], canvas[area]
        if several and fit:  # seen before what is really behind it
            tint = contrasting(rng, ground.reshape(-1, 3).mean(axis=0), page.difficulty.contrast)
        if shadow is not None:
            _paint_shadow(canvas, mask, (x, y, w, h), *shadow)
        if outline is not None:
            lay(ground, cv2.dilate(part, _SQUARE), outline)
        cover = part
        if grain:
            cover = part * (rng.random(part.shape) > rng.uniform(0.05, 0.35)).astype(np.uint8)
        if graded:
            other = contrasting(rng, level, page.difficulty.contrast)
            axis = int(rng.integers(2))
            slope = np.linspace(0, 1, part.shape[axis], dtype=np.float32)
            slope = slope[:, None, None] if axis == 0 else slope[None, :, None]
            lay(ground, cover, tint + (other - tint) * slope, opacity)
        else:
            lay(ground, cover, tint, opacity)
    return canvas


def _shadow(rng: np.random.Generator, size: float) -> tuple[int, int, float, float]:
    reach = max(2, round(size * 0.12))
    dx, dy = (int(value) for value in rng.integers(-reach, reach + 1, 2))
    return (dx or 1), dy, float(rng.uniform(0, 255)), float(rng.uniform(0.2, 0.7))


def _paint_shadow(
    canvas: NDArray[np.float32],
    mask: NDArray[np.uint8],
    box: tuple[int, int, int, int],
    dx: int,
    dy: int,
    tone: float,
    opacity: float,
) -> None:
    x, y, w, h = box
    height, width = mask.shape
    left, top = max(0, x + dx), max(0, y + dy)
    right, bottom = min(width, x + w + dx), min(height, y + h + dy)
    if left < right and top < bottom:
        cast = mask[top - dy : bottom - dy, left - dx : right - dx]
        lay(canvas[top:bottom, left:right], cast, np.float32(tone), opacity)


def _hollow(masks: NDArray[np.uint8], thickness: int) -> NDArray[np.uint8]:
    """Keep the outlines, half outside and half inside."""
    hollow = np.empty_like(masks)
    for mask, out in zip(masks, hollow, strict=True):
        grown = cv2.dilate(mask, _CROSS) if thickness > 1 else mask
        out[:] = grown - cv2.erode(mask, _SQUARE, iterations=max(1, thickness - 1))
    return hollow


def _doubled(masks: NDArray[np.uint8], rng: np.random.Generator, size: float) -> NDArray[np.uint8]:
    """Draw outlines twice, the second a little aside, as relief and block letters have them."""
    reach = max(2, round(size * rng.uniform(0.05, 0.14)))
    dx, dy = (int(value) for value in rng.integers(-reach, reach + 1, 2))
    solid = rng.random() < 0.4  # block letters hide what is behind their face
    outlines = _hollow(masks, 1 + int(size > 34))
    doubled = outlines.copy()
    for mask, outline, out in zip(masks, outlines, doubled, strict=True):
        moved = np.zeros_like(out)
        paste(moved, outline, dx, dy)
        if solid:
            moved = cv2.subtract(moved, mask)
        np.maximum(out, moved, out=out)
    return doubled


def _thicker(masks: NDArray[np.uint8], rng: np.random.Generator, size: float) -> NDArray[np.uint8]:
    """Make strokes bolder or thinner; too thin ones stay as they are."""
    change = cv2.dilate if rng.random() < 0.6 or size < 18 else cv2.erode
    element = _SQUARE if size > 26 and rng.random() < 0.5 else _CROSS
    changed = np.stack([change(mask, element) for mask in masks])
    kept = changed.sum(dtype=np.int64) / max(1, masks.sum(dtype=np.int64))
    return changed if kept > _LEAST_KEPT else masks


def _torn(masks: NDArray[np.uint8], rng: np.random.Generator, size: float) -> NDArray[np.uint8]:
    """Move every row, or small blocks, a little to the side."""
    height, width = masks.shape[1:]
    reach = max(1, round(size * rng.uniform(0.03, 0.1)))
    if rng.random() < 0.5:
        steps = np.rint(reach * np.sin(np.arange(height) * rng.uniform(0.8, 2.5))).astype(int)
        moves = np.broadcast_to(steps[:, np.newaxis], (height, width))
    else:
        block = int(rng.integers(1, 4))
        coarse = rng.integers(-reach, reach + 1, (-(-height // block), -(-width // (4 * block))))
        moves = np.repeat(np.repeat(coarse, block, 0), 4 * block, 1)[:height, :width]
    columns = np.clip(np.arange(width) + moves, 0, width - 1)
    return masks[:, np.arange(height)[:, np.newaxis], columns]
