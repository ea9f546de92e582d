"""Displays of seven segments."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Drawn, Page
from segcap.generate.wild.backgrounds import background
from segcap.generate.wild.camera import finish, glare, tilted
from segcap.generate.wild.clutter import scatter_clutter
from segcap.generate.wild.colours import contrasting
from segcap.generate.wild.masks import draw_point, lay, leave_a_pixel
from segcap.generate.wild.typesetting import warp

__all__ = ["SEGMENTS", "segment_display"]

SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd",
    "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
"""Which of the seven segments, a at the top and on clockwise, g in the middle, a digit lights."""
_ENDS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1),
}  # fmt: skip
_UNITS = ("kWh", "kW", "kVA", "m3", "V", "C", "km", "kg", "CUM", "BP", "MD", "RYB", "TOT")
_SHIFT = 4


class _Digits(NamedTuple):
    """Where the digits of a display stand, pixels."""

    left: float
    top: float
    pitch: float
    wide: float
    tall: float
    slant: float
    thick: float
    gap: float
    decimals: float


def segment_display(draws: Draws, page: Page) -> Drawn:
    """Draw a number in seven segments: ghost segments, glare, slant, a unit beside it."""
    rng = draws.rng
    draws.parameters |= {"family": "seven segments", "fonts": []}
    cells = sum(char not in ".," for char in page.text)
    digits = _place_digits(rng, page.size, cells)
    draws.parameters["capitals"] = round(digits.tall, 2)
    masks, ghosts = _light(rng, page, digits)
    canvas = background(draws, page)
    if rng.random() < 0.5:  # as liquid crystals have it: a tinted, even ground
        tint = rng.uniform(40, 230, 3).astype(np.float32) * np.float32(0.85)
        canvas[:] = canvas * np.float32(0.15) + tint
    level = canvas.reshape(-1, 3).mean(axis=0)
    ink = contrasting(rng, level, page.difficulty.contrast)
    if rng.random() < 0.45:  # liquid crystals: the ground, darker
        ink = (level * rng.uniform(0.1, 0.75)).astype(np.float32)
    elif rng.random() < 0.3:  # pale, as in poor light
        ink = (level + (ink - level) * rng.uniform(0.35, 0.8)).astype(np.float32)
    if rng.random() < 0.35:
        _bezel(rng, canvas, digits.top)
    if rng.random() < 0.35:
        lay(canvas, ghosts, ink, rng.uniform(0.03, 0.16))
    if rng.random() < 0.25:
        lay(canvas, np.roll(masks.max(axis=0), (2, 2), (0, 1)), ink, rng.uniform(0.05, 0.25))
    masks = warp(draws, page, masks) if rng.random() < 0.5 else masks
    lay(canvas, masks.max(axis=0), ink, rng.uniform(0.7, 1))
    if rng.random() < 0.5:
        _unit(rng, canvas, ink, digits.left + cells * digits.pitch, digits.top, digits.tall)
    if rng.random() < 0.15:
        at = digits.left - digits.tall * rng.uniform(0.5, 1.5)
        _unit(rng, canvas, ink, at, digits.top, digits.tall)
    if rng.random() < 0.25:  # print above the digits
        at = rng.uniform(0, page.size[0])
        _unit(rng, canvas, ink, at, digits.top - 1.1 * digits.tall, digits.tall)
    if rng.random() < 0.25:
        canvas = glare(rng, canvas)
    if rng.random() < 0.35:
        canvas, masks = tilted(rng, canvas, masks)
    if rng.random() < 0.2:
        canvas = scatter_clutter(draws, page, canvas, ink, before=True)
    leave_a_pixel(masks)
    return Drawn(finish(draws, page, canvas), masks)


def _place_digits(rng: np.random.Generator, size: tuple[int, int], cells: int) -> _Digits:
    width, height = size
    tall = height * rng.uniform(0.45, 0.95)
    aspect = rng.uniform(0.72, 1.3) if rng.random() < 0.3 else rng.uniform(0.4, 0.72)
    pitch = min(tall * (aspect + rng.uniform(0.12, 0.5)), (width - 4) / (cells + 0.3))
    wide = min(tall * aspect, pitch * 0.78)
    tall = min(tall, 3.2 * wide)
    thick = max(1.0, tall * rng.uniform(0.06, 0.15))
    slant = rng.uniform(0, 0.16) if rng.random() < 0.7 else 0.0
    left = rng.uniform(0.05, 0.95) * max(0.0, width - cells * pitch - slant * tall) + thick / 2
    top = rng.uniform(0.1, 0.9) * (height - tall)
    gap = thick * rng.uniform(0.0, 0.25) + 0.5 * thick * (rng.random() < 0.5)
    decimals = rng.uniform(0.42, 0.85) if rng.random() < 0.55 else 1.0
    return _Digits(left, top, pitch, wide, tall, slant, thick, gap, decimals)


def _shapes(rng: np.random.Generator) -> dict[str, str]:
    """Draw which segments digits light: of seven, six and nine there are two forms each."""
    other = {"7": "fabc", "6": "fgedc", "9": "abcfg"}
    return SEGMENTS | {digit: names for digit, names in other.items() if rng.random() < 0.25}


def _light(
    rng: np.random.Generator, page: Page, digits: _Digits
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw the segments that are lit, a mask a character, and all there are."""
    width, height = page.size
    shapes = _shapes(rng)
    radius, before = digits.thick * rng.uniform(0.25, 0.6), rng.uniform(0.2, 1)
    level = rng.uniform(130, 255) if rng.random() < 0.5 else 255
    masks = np.zeros((len(page.text), height, width), np.uint8)
    ghosts = np.zeros((height, width), np.uint8)
    whole = next((number for number, char in enumerate(page.text) if char in ".,"), len(page.text))
    cell = 0
    for number, (mask, char) in enumerate(zip(masks, page.text, strict=True)):
        if char in ".,":
            x = digits.left + cell * digits.pitch - (digits.pitch - digits.wide) * before
            foot = digits.top + digits.tall + digits.thick / 2
            draw_point(mask, char, (x, foot - radius), radius, level)
            continue
        smaller = max(0, cell - whole)  # on the same foot
        place = cell - smaller * (1 - digits.decimals)
        own = digits._replace(left=digits.left + place * digits.pitch)
        if number > whole:
            own = _smaller(own)
        _draw_segments(mask, shapes[char], own)
        _draw_segments(ghosts, "abcdefg", own)
        cell += 1
    return masks, ghosts


def _smaller(digit: _Digits) -> _Digits:
    by = digit.decimals
    return digit._replace(
        top=digit.top + (1 - by) * digit.tall,
        wide=digit.wide * by,
        tall=digit.tall * by,
        thick=max(1.0, digit.thick * by),
        gap=digit.gap * by,
    )


def _draw_segments(mask: NDArray[np.uint8], names: str, digit: _Digits) -> None:
    wide, tall, thick = digit.wide, digit.tall, digit.thick
    half = thick / 2
    for name in names:
        x0, y0, x1, y1 = _ENDS[name]
        start = np.array([x0 * wide, y0 * tall / 2])
        end = np.array([x1 * wide, y1 * tall / 2])
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]]) * half
        start, end = start + along * digit.gap, end - along * digit.gap
        inner, outer = start + along * half, end - along * half
        corners = [start, inner + across, outer + across, end, outer - across, inner - across]
        shape = np.array(corners)
        shape[:, 0] += (tall - shape[:, 1]) * digit.slant + digit.left
        shape[:, 1] += digit.top
        cv2.fillPoly(mask, [np.rint(shape * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)


def _bezel(rng: np.random.Generator, canvas: NDArray[np.float32], free: float) -> None:
    """Draw the frame of the display: above its digits, below them or beside them."""
    height, width = canvas.shape[:2]
    tone = rng.uniform(0, 255) + rng.normal(0, 10, 3)
    thick, lean = rng.uniform(0.3, 1.0) * max(free, 2.0), rng.uniform(-0.06, 0.06) * height
    above = np.array([(0, 0), (width, 0), (width, thick - lean), (0, thick + lean)])
    below = np.array([(0, height), (width, height), (width, height - thick), (0, height - thick)])
    beside = np.array([(0, 0), (thick + lean, 0), (thick - lean, height), (0, height)])
    shape = (above, below, beside)[int(rng.integers(3))]
    cv2.fillPoly(canvas, [np.rint(shape).astype(np.int32)], tuple(map(float, tone)))


def _unit(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    ink: NDArray,
    x: float,
    y: float,
    tall: float,
) -> None:
    """Write a unit or another sign, smaller than the digits."""
    unit = _UNITS[int(rng.integers(len(_UNITS)))]
    place = round(x), round(y + tall * rng.uniform(0.5, 1))
    scale, thick = tall * rng.uniform(0.008, 0.022), int(rng.integers(1, 3))
    levels = np.zeros(canvas.shape[:2], np.uint8)
    cv2.putText(levels, unit, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thick, cv2.LINE_AA)
    lay(canvas, levels, ink, 1.0)
