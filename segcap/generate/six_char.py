"""Styles of six grey characters, as a captcha component of many looks draws them.

At dials of 0 every style is plain bold text; what makes the style grows with the noise dial, or
the lines dial where it is made of lines, and is complete at 0.5.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws, between
from segcap.generate.page import Drawn, Page, covered
from segcap.generate.paint import (
    Canvas,
    Cover,
    as_cover,
    as_pixels,
    blend,
    curves,
    disturb,
    fade,
    gradient,
    jpeg,
    specks,
)
from segcap.generate.setting import Style, resample, warp_masks

__all__ = ["STYLES", "six_char"]

_BOLD = Style(
    size=(0.6, 0.75), spacing=0.05, rotation=14, shear=0.2, jitter=0.1, elastic=0.06, one_face=True
)


def six_char(draws: Draws, page: Page) -> Drawn:
    """Draw a text in one of the styles, as JPEG."""
    style = draws.choice("style", tuple(STYLES))
    canvas, masks = STYLES[style](draws, page)
    beyond = replace(page.dials, noise=max(0.0, 2 * page.dials.noise - 1))
    noisy = disturb(draws, canvas, beyond, ink=60)
    pixels = jpeg(draws, as_pixels(noisy), (72, 92))
    return Drawn(pixels, masks)


def _thick_thin_lines(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Draw straight lines, dark on the paper and light on the letters that they strike through."""
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 200, 235)
    ink = fade(0, paper, page.dials.contrast)
    letters, lines = covered(masks), _strokes(draws, page)
    return blend(_sheet(page, paper), letters + lines - 2 * letters * lines, ink), masks


def _cross_shadow(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Draw a light, turned shadow behind every letter; white where the two overlap."""
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 240, 255)
    ink = fade(draws.uniform("ink", 20, 70), paper, page.dials.contrast)
    shadow_tone = fade(draws.uniform("shadow", 135, 170), paper, page.dials.contrast)
    angle, aside = draws.uniform("turn", 6, 14), draws.uniform("aside", 0.1, 0.25)
    letters, strength = covered(masks), _strength(page.dials.noise)
    shadow = covered(_turned(masks, angle, aside)) * np.float32(strength)
    canvas = blend(_sheet(page, paper), shadow, shadow_tone)
    return blend(canvas, letters * (1 - shadow), ink) + (paper - canvas) * letters * shadow, masks


def _chess(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Let letters and paper change places on the black squares of a chessboard."""
    width, height = page.size
    side = draws.integer("side", 8, 16)
    columns, rows = np.arange(width) // side, np.arange(height) // side
    squares = ((columns + rows[:, np.newaxis]) % 2).astype(np.float32)
    return _swapped(draws, page, squares)


def _circles(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Let letters and paper change places inside discs."""
    width, height = page.size
    centres = draws.rng.random((5, 3))
    draws.parameters["discs"] = np.round(centres, 4).tolist()
    discs = np.zeros((height, width), np.uint8)
    for x, y, radius in centres.tolist():
        disc = np.zeros_like(discs)
        centre = round(x * width), round(y * height)
        cv2.circle(disc, centre, round(between(0.15, 0.4, radius) * height), 1, cv2.FILLED)
        discs ^= disc
    return _swapped(draws, page, discs.astype(np.float32))


def _jail(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Draw upright bars in front of the letters."""
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 210, 255)
    step, phase = draws.integer("step", 7, 13), draws.integer("phase", 0, 12)
    bars = ((np.arange(page.size[0]) + phase) % step < 2).astype(np.float32)
    bars = np.broadcast_to(bars * np.float32(_strength(page.dials.lines)), page.size[::-1])
    ink = fade(draws.uniform("ink", 0, 50), paper, page.dials.contrast)
    bar_tone = fade(draws.uniform("bars", 70, 130), paper, page.dials.contrast)
    return blend(blend(_sheet(page, paper), covered(masks), ink), bars, bar_tone), masks


def _outline(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Draw hollow letters."""
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 215, 255)
    ink = fade(draws.uniform("ink", 0, 60), paper, page.dials.contrast)
    inner = np.stack([cv2.erode(mask, np.ones((3, 3), np.uint8)) for mask in masks])
    hollow = covered(inner) * np.float32(_strength(page.dials.noise))
    return _lined(draws, page, blend(_sheet(page, paper), covered(masks) - hollow, ink), ink), masks


def _split(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Shift the upper part of the text against the lower one."""
    width, height = page.size
    masks = page.set_line(draws, _BOLD)
    cut, side = draws.uniform("cut", 0.4, 0.6), draws.choice("side", (-1, 1))
    shift = np.zeros((2, height, width), np.float32)
    shift[0, : round(cut * height)] = side * round(_strength(page.dials.noise) * 0.06 * height)
    masks = warp_masks(masks, shift)
    paper = draws.uniform("paper", 215, 255)
    ink = fade(draws.uniform("ink", 0, 60), paper, page.dials.contrast)
    return _lined(draws, page, blend(_sheet(page, paper), covered(masks), ink), ink), masks


def _crowded(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Draw letters of different greys with light rims, each over the one before."""
    masks = page.set_line(draws, _BOLD._replace(spacing=-0.15 * page.dials.overlap))
    paper = draws.uniform("paper", 215, 255)
    tones = fade(draws.uniforms("tones", 0, 110, len(masks)), paper, page.dials.contrast)
    canvas = _sheet(page, paper)
    strength = np.float32(_strength(page.dials.noise))
    for mask, tone in zip(masks, tones, strict=True):
        rim = as_cover(cv2.dilate(mask, np.ones((3, 3), np.uint8)))
        canvas = blend(canvas, rim * strength, paper)
        canvas = blend(canvas, as_cover(mask), tone)
    return _lined(draws, page, canvas, float(tones.min())), masks


def _negative(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Draw bright letters on dark paper that is not evenly lit."""
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 20, 70)
    ink = fade(draws.uniform("ink", 200, 255), paper, page.dials.contrast)
    lit = _sheet(page, paper) + gradient(draws, page.size, between(0, 80, page.dials.noise))
    return _lined(draws, page, blend(lit, covered(masks), ink), ink), masks


def _wave(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Let the line go up and down."""
    width, height = page.size
    masks = page.set_line(draws, _BOLD._replace(size=(0.42, 0.52)))
    length, phase = draws.uniform("wavelength", 50, 110), draws.uniform("phase", 0, 2 * np.pi)
    highest = _least_margin(masks)
    rise = min(page.dials.warp * 0.25 * height, highest)
    field = np.zeros((2, height, width), np.float32)
    field[1] = np.rint(32 * rise * np.sin(np.arange(width) * 2 * np.pi / length + phase)) / 32
    masks = warp_masks(masks, field)
    paper = draws.uniform("paper", 215, 255)
    ink = fade(draws.uniform("ink", 0, 60), paper, page.dials.contrast)
    return _lined(draws, page, blend(_sheet(page, paper), covered(masks), ink), ink), masks


def _snow(draws: Draws, page: Page) -> tuple[Canvas, NDArray[np.uint8]]:
    """Strew specks of paper on the letters and of ink on the paper."""
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 200, 255)
    ink = fade(draws.uniform("ink", 0, 60), paper, page.dials.contrast)
    strength = _strength(page.dials.noise)
    light = specks(draws, page.size, 0.12 * strength, radius=1)
    dark = specks(draws, page.size, 0.05 * strength)
    canvas = blend(_sheet(page, paper), np.maximum(covered(masks), dark), ink)
    return _lined(draws, page, blend(canvas, light, paper), ink), masks


STYLES: dict[str, Callable[[Draws, Page], tuple[Canvas, NDArray[np.uint8]]]] = {
    "thick-thin-lines": _thick_thin_lines,
    "cross-shadow": _cross_shadow,
    "chess": _chess,
    "circles": _circles,
    "jail": _jail,
    "outline": _outline,
    "split": _split,
    "crowded": _crowded,
    "negative": _negative,
    "wave": _wave,
    "snow": _snow,
}


def _strength(dial: float) -> float:
    return min(1.0, 2 * dial)


def _sheet(page: Page, tone: float) -> Canvas:
    return np.full(page.size[::-1], tone, np.float32)


def _lined(draws: Draws, page: Page, canvas: Canvas, ink: float | NDArray[np.float32]) -> Canvas:
    """Draw lines for a style that is not made of them: none up to the dial's middle."""
    return blend(canvas, curves(draws, page.size, max(0.0, 2 * page.dials.lines - 1)), ink)


def _swapped(draws: Draws, page: Page, where: Cover) -> tuple[Canvas, NDArray[np.uint8]]:
    masks = page.set_line(draws, _BOLD)
    paper = draws.uniform("paper", 220, 255)
    ink = fade(draws.uniform("ink", 0, 50), paper, page.dials.contrast)
    letters = covered(masks)
    there = where * np.float32(_strength(page.dials.noise))
    canvas = blend(_sheet(page, paper), letters + there - 2 * letters * there, ink)
    return _lined(draws, page, canvas, ink), masks


def _strokes(draws: Draws, page: Page) -> Cover:
    """Draw thin straight lines from the left to the right part, as many as the lines dial says."""
    width, height = page.size
    ends = draws.rng.random((7, 4))
    count = int(np.ceil(page.dials.lines * len(ends)))
    draws.parameters["strokes"] = np.round(ends[:count], 4).tolist()
    cover = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1 in ends[:count]:
        begin = round(between(0.1, 0.45, x0) * width), round(between(0.15, 0.85, y0) * height)
        end = (
            round(between(0.6, 0.95, x1) * width),
            round(between(0.15, 0.85, 0.6 * y0 + 0.4 * y1) * height),
        )
        cv2.line(cover, begin, end, 255, 2 if page.dials.lines > 0.5 else 1, cv2.LINE_AA)
    return as_cover(cover)


def _turned(masks: NDArray[np.uint8], angle: float, aside: float) -> NDArray[np.uint8]:
    """Turn every letter about its own middle and push it to the left, in parts of its height."""
    _, height, width = masks.shape
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turned = np.empty_like(masks)
    for mask, shadow in zip(masks, turned, strict=True):
        x, y, w, h = cv2.boundingRect(mask)
        middle = x + w / 2, y + h / 2
        shadow[:] = resample(
            mask,
            ((cos, sin), (-sin, cos)),
            pivot=middle,
            origin=(aside * h - middle[0], -middle[1]),
            size=(width, height),
        )
    return turned


def _least_margin(masks: NDArray[np.uint8]) -> float:
    rows = np.flatnonzero(masks.any(axis=(0, 2)))
    return float(min(rows[0], masks.shape[1] - 1 - rows[-1])) if len(rows) else 0.0
