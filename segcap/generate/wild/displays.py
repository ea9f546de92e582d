"""Number fields of devices: displays of seven segments, counters with wheels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Drawn, Page
from segcap.generate.wild.backgrounds import background
from segcap.generate.wild.camera import finish
from segcap.generate.wild.clutter import scatter_clutter
from segcap.generate.wild.colours import contrasting
from segcap.generate.wild.typesetting import choose_face, place, warp

__all__ = ["SEGMENTS", "counter", "segment_display"]

SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd",
    "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
"""Which of the seven segments, a at the top and on clockwise, g in the middle, a digit lights."""
_ENDS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1),
}  # fmt: skip
_SHIFT = 4


def segment_display(draws: Draws, page: Page) -> Drawn:
    """Draw a number in seven segments: ghost segments, glare, slant, a unit beside it."""
    rng, (width, height) = draws.rng, page.size
    draws.parameters["family"] = "seven segments"
    text = page.text
    tall = height * rng.uniform(0.45, 0.85)
    points = sum(char in ".," for char in text)
    cells = len(text) - points
    aspect = rng.uniform(0.4, 0.62)
    pitch = min(tall * (aspect + rng.uniform(0.12, 0.4)), (width - 4) / (cells + 0.3))
    wide = min(tall * aspect, pitch * 0.78)
    tall = min(tall, 3.2 * wide)
    draws.parameters["capitals"] = round(tall, 2)
    thick = max(1.0, tall * rng.uniform(0.06, 0.15))
    slant = rng.uniform(0, 0.16) if rng.random() < 0.7 else 0.0
    left = rng.uniform(0.05, 0.95) * max(0.0, width - cells * pitch - slant * tall) + thick / 2
    top = rng.uniform(0.1, 0.9) * (height - tall)
    gap = thick * rng.uniform(0.0, 0.25) + 0.5 * thick * (rng.random() < 0.5)
    masks = np.zeros((len(text), height, width), np.uint8)
    ghosts = np.zeros((height, width), np.uint8)
    cell = 0
    seven = "abc" if rng.random() < 0.75 else "fabc"
    for mask, char in zip(masks, text, strict=True):
        if char in ".,":
            at = left + cell * pitch - (pitch - wide) * 0.4, top + tall
            cv2.circle(
                mask, (round(at[0]), round(at[1] - thick / 2)), max(1, round(thick * 0.55)), 255, -1
            )
            continue
        origin = left + cell * pitch, top, wide, tall, slant
        _draw_segments(mask, seven if char == "7" else SEGMENTS[char], origin, thick, gap)
        _draw_segments(ghosts, "abcdefg", origin, thick, gap)
        cell += 1
    canvas = background(draws, page)
    if rng.random() < 0.5:  # as liquid crystals have it: a tinted, even ground
        canvas[:] = canvas * np.float32(0.15) + rng.uniform(40, 230, 3).astype(
            np.float32
        ) * np.float32(0.85)
    level = canvas.reshape(-1, 3).mean(axis=0)
    ink = contrasting(rng, level, page.difficulty.contrast)
    if rng.random() < 0.35:
        _lay(canvas, ghosts, ink, rng.uniform(0.03, 0.16))
    if rng.random() < 0.25:
        _lay(canvas, np.roll(masks.max(axis=0), (2, 2), (0, 1)), ink, rng.uniform(0.05, 0.25))
    masks = warp(draws, page, masks) if rng.random() < 0.5 else masks
    _lay(canvas, masks.max(axis=0), ink, rng.uniform(0.7, 1))
    if rng.random() < 0.3:
        _unit(rng, canvas, ink, left + cells * pitch, top, tall)
    if rng.random() < 0.25:
        canvas = _glare(rng, canvas)
    canvas = (
        scatter_clutter(draws, page, canvas, ink, before=True) if rng.random() < 0.2 else canvas
    )
    _leave_a_pixel(masks)
    return Drawn(finish(draws, page, canvas), masks)


def counter(draws: Draws, page: Page) -> Drawn:
    """Draw a counter: a wheel a digit, frames between them, the last ones red, one half turned."""
    rng, (width, height) = draws.rng, page.size
    draws.parameters["family"] = "counter"
    text = page.text
    digits = [char for char in text if char not in ".,"]
    pitch = (width - 2) / len(digits)
    size = min(height * rng.uniform(0.45, 0.8), pitch * rng.uniform(0.9, 1.5))
    draws.parameters["capitals"] = round(float(size), 2)
    face = choose_face(draws, page, "0123456789")
    canvas = background(draws, page)
    dark = rng.random() < 0.65
    wheel = np.full(3, rng.uniform(5, 60) if dark else rng.uniform(170, 250)) + rng.normal(0, 8, 3)
    tone = contrasting(rng, wheel.astype(np.float32), 0.2)
    red = int(rng.integers(1, 4)) if rng.random() < 0.4 else 0
    boxed = rng.random() < 0.75
    gap = pitch * rng.uniform(0.02, 0.2)
    turned = len(digits) - 1 if rng.random() < 0.4 else -1
    masks = np.zeros((len(text), height, width), np.uint8)
    tops = (height - size) * rng.uniform(0.2, 0.8) + rng.normal(0, 0.03, len(digits)) * height
    cell = 0
    for mask, char in zip(masks, text, strict=True):
        if char in ".,":
            cv2.circle(
                mask,
                (round(cell * pitch), round(height * 0.8)),
                max(1, round(size * 0.07)),
                255,
                -1,
            )
            _lay(canvas, mask, tone, 1.0)
            continue
        is_red = cell >= len(digits) - red
        x0, x1 = round(cell * pitch + gap), round((cell + 1) * pitch - gap)
        y0, y1 = round(height * 0.04), round(height * 0.96)
        own = np.array([rng.uniform(150, 220), 30, 30]) if is_red and rng.random() < 0.5 else wheel
        if boxed:
            cv2.rectangle(canvas, (x0, y0), (x1, y1), tuple(map(float, own)), -1)
        ink = np.array([200.0, 30, 40], np.float32) if is_red and own is wheel else tone
        mark, _ = place(face, char, float(size), min(1.0, pitch * 0.75 / (0.7 * size)))
        shift = rng.uniform(0.1, 0.5) * size * 1.25 if cell == turned else 0.0
        x = round(cell * pitch + (pitch - mark.shape[1]) / 2)
        _stamp(mask, mark, x, round(tops[cell] - shift))
        if cell == turned:
            following = np.zeros((height, width), np.uint8)
            other, _ = place(
                face, str((int(char) + 1) % 10), float(size), min(1.0, pitch * 0.75 / (0.7 * size))
            )
            _stamp(following, other, x, round(tops[cell] - shift + size * 1.35))
            _lay(canvas, following, ink, 1.0)
        _lay(canvas, mask, ink, 1.0)
        if rng.random() < 0.5:  # the frame between this wheel and the next
            edge = rng.uniform(0, 255)
            cv2.line(canvas, (x1, 0), (x1, height), (edge, edge, edge), max(1, round(gap)))
        cell += 1
    if rng.random() < 0.3:
        canvas = _glare(rng, canvas)
    _leave_a_pixel(masks)
    return Drawn(finish(draws, page, canvas), masks)


def _draw_segments(
    mask: NDArray[np.uint8],
    names: str,
    origin: tuple[float, float, float, float, float],
    thick: float,
    gap: float,
) -> None:
    left, top, wide, tall, slant = origin
    half = thick / 2
    for name in names:
        x0, y0, x1, y1 = _ENDS[name]
        start = np.array([x0 * wide, y0 * tall / 2])
        end = np.array([x1 * wide, y1 * tall / 2])
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]]) * half
        start, end = start + along * gap, end - along * gap
        inner, outer = start + along * half, end - along * half
        corners = [start, inner + across, outer + across, end, outer - across, inner - across]
        shape = np.array(corners)
        shape[:, 0] += (tall - shape[:, 1]) * slant + left
        shape[:, 1] += top
        cv2.fillPoly(mask, [np.rint(shape * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)


def _lay(
    canvas: NDArray[np.float32], cover: NDArray[np.uint8], tone: NDArray, opacity: float
) -> None:
    share = cover.astype(np.float32) * np.float32(opacity / 255)
    canvas += (tone - canvas) * share[..., np.newaxis]


def _unit(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    ink: NDArray,
    x: float,
    y: float,
    tall: float,
) -> None:
    """Write a unit, smaller than the digits."""
    unit = ("kWh", "m3", "kW", "V", "C", "km", "kg")[int(rng.integers(7))]
    place = round(x), round(y + tall * rng.uniform(0.5, 1))
    levels = np.zeros(canvas.shape[:2], np.uint8)
    cv2.putText(levels, unit, place, cv2.FONT_HERSHEY_SIMPLEX, tall / 70, 255, 1, cv2.LINE_AA)
    _lay(canvas, levels, ink, 1.0)


def _glare(rng: np.random.Generator, canvas: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = canvas.shape[:2]
    spot = np.zeros((height, width), np.float32)
    centre = int(rng.integers(width)), int(rng.integers(height))
    axes = int(rng.uniform(0.2, 1.5) * height) + 1, int(rng.uniform(0.1, 0.6) * height) + 1
    cv2.ellipse(spot, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.blur(spot, (2 * (height // 6) + 1,) * 2) * np.float32(rng.uniform(0.15, 0.6))
    return canvas + (255 - canvas) * soft[..., np.newaxis]


def _stamp(mask: NDArray[np.uint8], mark: NDArray[np.uint8], x: int, y: int) -> None:
    height, width = mask.shape
    top, left = max(0, y), max(0, x)
    bottom, right = min(height, y + mark.shape[0]), min(width, x + mark.shape[1])
    if top < bottom and left < right:
        mask[top:bottom, left:right] = mark[top - y : bottom - y, left - x : right - x]


def _leave_a_pixel(masks: NDArray[np.uint8]) -> None:
    for mask in masks:
        if not mask.any():
            mask[mask.shape[0] // 2, mask.shape[1] // 2] = 255
