"""Styles of grey characters, as a captcha component of many looks draws them.

At a difficulty of 0 every style is plain bold text. What makes a style grows with "noise", or with
"lines" where it is made of lines, and is complete at 0.2; on top of it, every style takes curves
from "lines" and specks, blur and grain from "noise".
"""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws, between
from segcap.generate.page import Drawn, Page
from segcap.generate.paint import (
    Canvas,
    Cover,
    as_cover,
    as_pixels,
    blend,
    covered,
    curves,
    disturb,
    fade,
    gradient,
    jpeg,
    specks,
)
from segcap.generate.typesetting import Style, resample, set_line, warp_masks

__all__ = ["STYLES", "six_char"]

_BOLD = Style(
    size=(0.6, 0.75), spacing=0.05, rotation=14, shear=0.2, jitter=0.1, elastic=0.06, one_face=True
)
_COMPLETE_AT = 0.2
_SQUARE = np.ones((3, 3), np.uint8)

Masks = NDArray[np.uint8]
Tones = tuple[float, NDArray[np.float32]]
Styled = tuple[Masks, Canvas, NDArray[np.float32]]


def six_char(draws: Draws, page: Page) -> Drawn:
    """Draw a text in one of the styles, as JPEG."""
    style = draws.choice("style", tuple(STYLES))
    masks, canvas, ink = STYLES[style](draws, page)
    canvas = blend(canvas, curves(draws, page.size, page.difficulty.lines, most=3), ink)
    return Drawn(
        jpeg(draws, as_pixels(disturb(draws, canvas, page.difficulty, ink)), (72, 92)), masks
    )


def _thick_thin_lines(draws: Draws, page: Page) -> Styled:
    """Draw straight lines, dark on the background and light on the letters that they cross."""
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page, backgrounds=(200, 235), inks=(0, 30))
    return (
        masks,
        _inked(page, background, ink, _exchanged(covered(masks), _strokes(draws, page))),
        ink,
    )


def _cross_shadow(draws: Draws, page: Page) -> Styled:
    """Draw a light, turned shadow behind every letter; white where the two overlap."""
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page, backgrounds=(240, 255), inks=(20, 70))
    shadow_tone = fade(draws.uniform("shadow", 135, 170), background, page.difficulty.contrast)
    angle, aside = draws.uniform("turn", 6, 14), draws.uniform("aside", 0.1, 0.25)
    letters = covered(masks)
    shadow = covered(_turned(masks, angle, aside)) * _strength(page.difficulty.noise)
    canvas = _inked(page, background, shadow_tone, shadow * (1 - letters))
    return masks, blend(canvas, letters * (1 - shadow), ink), ink


def _chess(draws: Draws, page: Page) -> Styled:
    """Let letters and background change places on the black squares of a chessboard."""
    width, height = page.size
    side = draws.integer("side", 8, 16)
    columns, rows = np.arange(width) // side, np.arange(height) // side
    return _partly_inverted(draws, page, (columns + rows[:, np.newaxis]) % 2)


def _circles(draws: Draws, page: Page) -> Styled:
    """Let letters and background change places inside discs."""
    width, height = page.size
    discs = draws.uniforms("discs", 0, 1, 15).reshape(5, 3).tolist()
    inside = np.zeros((height, width), np.uint8)
    for x, y, radius in discs:
        disc = np.zeros_like(inside)
        centre = round(x * width), round(y * height)
        cv2.circle(disc, centre, round(between(0.15, 0.4, radius) * height), 1, cv2.FILLED)
        inside ^= disc
    return _partly_inverted(draws, page, inside)


def _jail(draws: Draws, page: Page) -> Styled:
    """Draw upright bars in front of the letters."""
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page, backgrounds=(210, 255), inks=(0, 50))
    step, phase = draws.integer("step", 7, 13), draws.integer("phase", 0, 12)
    bar_tone = fade(draws.uniform("bars", 70, 130), background, page.difficulty.contrast)
    bars = ((np.arange(page.size[0]) + phase) % step < 2) * _strength(page.difficulty.lines)
    canvas = _inked(page, background, ink, covered(masks))
    return masks, blend(canvas, np.broadcast_to(bars, canvas.shape), bar_tone), ink


def _outline(draws: Draws, page: Page) -> Styled:
    """Draw hollow letters."""
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page)
    inner = np.stack([cv2.erode(mask, _SQUARE) for mask in masks])
    hollow = covered(inner) * _strength(page.difficulty.noise)
    return masks, _inked(page, background, ink, covered(masks) - hollow), ink


def _split(draws: Draws, page: Page) -> Styled:
    """Shift the upper part of the text against the lower one."""
    width, height = page.size
    furthest = 0.06
    masks = set_line(draws, page, _BOLD._replace(reserve=(furthest, 0)))
    cut, side = draws.uniform("cut", 0.4, 0.6), draws.choice("side", (-1, 1))
    shift = np.zeros((2, height, width), np.float32)
    step = round(_strength(page.difficulty.noise) * furthest * height)
    shift[0, : round(cut * height)] = side * step
    masks = warp_masks(masks, shift)
    background, ink = _tones(draws, page)
    return masks, _inked(page, background, ink, covered(masks)), ink


def _crowded(draws: Draws, page: Page) -> Styled:
    """Draw letters of different greys with light rims, each over the one before."""
    masks = set_line(draws, page, _BOLD._replace(spacing=-0.15 * page.difficulty.overlap))
    background, ink = _tones(draws, page)
    tones = fade(draws.uniforms("tones", 0, 110, len(masks)), background, page.difficulty.contrast)
    canvas = _sheet(page, background)
    for mask, tone in zip(masks, tones, strict=True):
        rim = as_cover(cv2.dilate(mask, _SQUARE)) * _strength(page.difficulty.noise)
        canvas = blend(blend(canvas, rim, background), as_cover(mask), tone)
    return masks, canvas, ink


def _negative(draws: Draws, page: Page) -> Styled:
    """Draw bright letters on dark background that is not evenly lit."""
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page, backgrounds=(20, 70), inks=(200, 255))
    light = gradient(draws, page.size, 60 * float(_strength(page.difficulty.noise)))
    return masks, blend(_sheet(page, background) + light, covered(masks), ink), ink


def _wave(draws: Draws, page: Page) -> Styled:
    """Let the line go up and down, as far as "noise" sets."""
    width, height = page.size
    furthest = 0.12
    masks = set_line(draws, page, _BOLD._replace(size=(0.45, 0.55), reserve=(0, furthest)))
    length, phase = draws.uniform("wavelength", 50, 110), draws.uniform("phase", 0, 2 * np.pi)
    rise = furthest * height * _strength(page.difficulty.noise)
    field = np.zeros((2, height, width), np.float32)
    field[1] = np.rint(32 * rise * np.sin(np.arange(width) * 2 * np.pi / length + phase)) / 32
    masks = warp_masks(masks, field)
    background, ink = _tones(draws, page)
    return masks, _inked(page, background, ink, covered(masks)), ink


def _snow(draws: Draws, page: Page) -> Styled:
    """Strew specks of background on the letters and of ink on the background."""
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page, backgrounds=(200, 255))
    strength = float(_strength(page.difficulty.noise))
    light = specks(draws, page.size, 0.12 * strength, radius=1)
    dark = specks(draws, page.size, 0.05 * strength)
    canvas = _inked(page, background, ink, np.maximum(covered(masks), dark))
    return masks, blend(canvas, light, background), ink


STYLES: dict[str, Callable[[Draws, Page], Styled]] = {
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


def _strength(difficulty: float) -> np.float32:
    return np.float32(min(1.0, difficulty / _COMPLETE_AT))


def _tones(
    draws: Draws,
    page: Page,
    *,
    backgrounds: tuple[float, float] = (215, 255),
    inks: tuple[float, float] = (0, 60),
) -> Tones:
    background = draws.uniform("paper", *backgrounds)
    return background, fade(draws.uniform("ink", *inks), background, page.difficulty.contrast)


def _sheet(page: Page, tone: float) -> Canvas:
    return np.full(page.size[::-1], tone, np.float32)


def _inked(page: Page, background: float, ink: NDArray[np.float32], cover: Cover) -> Canvas:
    return blend(_sheet(page, background), cover, ink)


def _exchanged(cover: Cover, where: Cover) -> Cover:
    """Let ink and background change places as far as `where` says."""
    return cover + where - 2 * cover * where


def _partly_inverted(draws: Draws, page: Page, where: NDArray[np.integer]) -> Styled:
    masks = set_line(draws, page, _BOLD)
    background, ink = _tones(draws, page, backgrounds=(220, 255), inks=(0, 50))
    there = where.astype(np.float32) * _strength(page.difficulty.noise)
    inverted = _exchanged(covered(masks), there)
    return masks, _inked(page, background, ink, inverted), ink


def _strokes(draws: Draws, page: Page) -> Cover:
    """Draw thin straight lines from the left to the right part, as many as "lines" sets."""
    width, height = page.size
    ends = draws.rng.random((7, 4))
    count = math.ceil(float(_strength(page.difficulty.lines)) * 4 + 3 * page.difficulty.lines)
    draws.parameters["straight_lines"] = np.round(ends[:count], 4).tolist()
    cover = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1 in ends[:count]:
        begin = round(between(0.1, 0.45, x0) * width), round(between(0.15, 0.85, y0) * height)
        end = (
            round(between(0.6, 0.95, x1) * width),
            round(between(0.15, 0.85, 0.6 * y0 + 0.4 * y1) * height),
        )
        cv2.line(cover, begin, end, 255, 2 if page.difficulty.lines > 0.5 else 1, cv2.LINE_AA)
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
