"""Counters of devices: a wheel a digit, as on meters of water and gas."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Drawn, Page
from segcap.generate.typefaces import Typeface
from segcap.generate.wild.backgrounds import background
from segcap.generate.wild.camera import finish, glare, tilted
from segcap.generate.wild.colours import contrasting
from segcap.generate.wild.masks import draw_point, lay, leave_a_pixel, paste
from segcap.generate.wild.typesetting import choose_face, place

__all__ = ["counter"]

_STEP = 1.35
"""From digit to digit of a wheel, in their height."""


class _Wheels(NamedTuple):
    """What the wheels of a counter look like: pixels and colours."""

    left: float
    pitch: float
    size: float
    gap: float
    tops: NDArray[np.float64]
    face: Typeface
    colour: NDArray[np.float64]
    tone: NDArray[np.float32]
    boxed: bool
    framed: bool
    first_red: int
    red: NDArray[np.float32]
    turned: float
    teeth: float
    worn: float
    shaft: float
    neighbours: bool


def counter(draws: Draws, page: Page) -> Drawn:
    """Draw a counter: a wheel a digit, frames between them, the last ones red, one half turned."""
    rng, (width, height), text = draws.rng, page.size, page.text
    draws.parameters["family"] = "counter"
    is_meter = rng.random() < 0.6
    cells = sum(char not in ".," for char in text)
    wheels = _turn_wheels(draws, page, cells, is_meter)
    draws.parameters["turned"] = round(wheels.turned, 4)
    canvas = background(draws, page)
    if rng.random() < 0.5:  # the dark inside of the device
        canvas *= np.float32(rng.uniform(0.05, 0.5))
    masks = np.zeros((len(text), height, width), np.uint8)
    cell = 0
    for mask, char in zip(masks, text, strict=True):
        if char in ".,":
            at = wheels.left + cell * wheels.pitch, height * 0.8
            draw_point(mask, char, at, wheels.size * 0.07, 255)
            lay(canvas, mask, wheels.tone, 1.0)
        else:
            _draw_wheel(rng, canvas, mask, char, cell, wheels, is_last=cell == cells - 1)
            cell += 1
    if rng.random() < 0.4:  # wheels are round: darker above and below
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
        canvas *= 1 - np.float32(rng.uniform(0.2, 0.8)) * down**4
    if is_meter and rng.random() < 0.35:  # steamed or scratched glass
        veil = rng.uniform(60, 230) + rng.normal(0, 8, 3)
        canvas += (veil.astype(np.float32) - canvas) * np.float32(rng.uniform(0.15, 0.65))
    if is_meter and rng.random() < 0.6:
        canvas, masks = tilted(rng, canvas, masks)
    if rng.random() < 0.3:
        canvas = glare(rng, canvas)
    if rng.random() < 0.5:  # light from one side
        first, last = rng.uniform(0.45, 1.0, 2).tolist()
        slope = np.linspace(first, last, width, dtype=np.float32)
        canvas = canvas * slope[:, np.newaxis]
    leave_a_pixel(masks)
    return Drawn(finish(draws, page, canvas), masks)


def _turn_wheels(draws: Draws, page: Page, cells: int, is_meter: bool) -> _Wheels:
    """Draw what the wheels look like; most meters have pale ones, with wide teeth between them."""
    rng, (width, height) = draws.rng, page.size
    left = rng.uniform(0.1, 0.8) if rng.random() < 0.3 else 0.0  # of a wheel, the housing shows
    cut_off = rng.uniform(0, 0.3) if rng.random() < 0.2 else 0.0
    pitch = (width - 2) / (cells + left - cut_off)
    size = float(min(height * rng.uniform(0.45, 0.97), pitch * rng.uniform(0.9, 1.6)))
    draws.parameters["capitals"] = round(size, 2)
    face = choose_face(draws, page, "0123456789")
    draws.parameters["fonts"] = [face.name]
    dark = rng.random() < (0.15 if is_meter else 0.3)
    colour = np.full(3, rng.uniform(5, 60) if dark else rng.uniform(130, 250)) + rng.normal(0, 8, 3)
    tone = contrasting(rng, colour.astype(np.float32), 0.2)
    if is_meter or rng.random() < 0.5:  # most are black and white
        tone = np.full(3, rng.uniform(180, 255) if dark else rng.uniform(0, 70), np.float32)
    has_wide_gaps = rng.random() < (0.85 if is_meter else 0.5)
    return _Wheels(
        left=left * pitch,
        pitch=pitch,
        size=size,
        gap=min(pitch, height)
        * (rng.uniform(0.1, 0.26) if has_wide_gaps else rng.uniform(0.02, 0.15)),
        tops=(height - size) * rng.uniform(0.2, 0.8) + rng.normal(0, 0.03, cells) * height,
        face=face,
        colour=colour,
        tone=tone,
        boxed=rng.random() < (0.95 if is_meter else 0.75),
        framed=rng.random() < (0.25 if is_meter else 0.5),
        first_red=cells - (int(rng.integers(1, 4)) if rng.random() < 0.5 else 0),
        red=rng.uniform((140, 10, 10), (230, 110, 110)).astype(np.float32),
        turned=rng.uniform(0.1, 0.46) if rng.random() < 0.4 else 0.0,
        teeth=height * rng.uniform(0.3, 0.9) if rng.random() < (0.9 if is_meter else 0.4) else 0.0,
        worn=rng.uniform(0.1, 0.4) if rng.random() < 0.7 else 0.0,
        shaft=rng.uniform(5, 90) if rng.random() < 0.8 else rng.uniform(60, 180),
        neighbours=rng.random() < 0.5,
    )


def _draw_wheel(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    mask: NDArray[np.uint8],
    char: str,
    cell: int,
    wheels: _Wheels,
    *,
    is_last: bool,
) -> None:
    height = len(mask)
    pitch, size = wheels.pitch, wheels.size
    is_red = cell >= wheels.first_red
    left = wheels.left + cell * pitch
    x0, x1 = round(left + wheels.gap), round(left + pitch - wheels.gap)
    y0, y1 = round(height * 0.04), round(height * 0.96)
    on_red = is_red and rng.random() < 0.5
    ground = np.array([rng.uniform(150, 220), 30, 30]) if on_red else wheels.colour
    if wheels.boxed:
        cv2.rectangle(canvas, (x0, y0), (x1, y1), tuple(map(float, ground)), -1)
    ink = wheels.red if is_red and not on_red else wheels.tone
    stretch = min(1.0, (pitch - 1.6 * wheels.gap) * 0.85 / (0.7 * size))
    mark, _ = place(wheels.face, char, size, stretch)
    turned = wheels.turned if is_last else 0.0
    shift = turned * _STEP * size
    x = round(left + (pitch - mark.shape[1]) / 2)
    paste(mask, mark, x, round(wheels.tops[cell] - shift))
    if wheels.neighbours or turned:
        others = np.zeros(mask.shape, np.uint8)
        for step in (-1, 1):
            beside = str((int(char) + step) % 10)
            if not wheels.face.can_draw(beside):
                continue
            other, _ = place(wheels.face, beside, size, stretch)
            paste(others, other, x, round(wheels.tops[cell] - shift + step * _STEP * size))
        lay(canvas, others, ink, 1.0)
    lay(canvas, mask, ink, 1.0)
    if wheels.framed:  # the slit between this wheel and the next: dark, with bright edges
        _draw_slit(rng, canvas, x1, max(1, round(wheels.gap * rng.uniform(0.6, 1.4))))
    if wheels.teeth > 0:
        for x in (x0 - wheels.gap, x1 + wheels.gap)[cell > 0 :]:
            _draw_teeth(rng, canvas, x, ground, wheels)


def _draw_teeth(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    x: float,
    ground: NDArray[np.float64],
    wheels: _Wheels,
) -> None:
    """Draw the shaft between two wheels, and the teeth by which one turns the next."""
    half = wheels.gap * rng.uniform(0.7, 1.5)
    left, right = max(0, round(x - half)), max(round(x - half) + 1, round(x + half))
    if rng.random() < 0.8:
        cv2.rectangle(canvas, (left, 0), (right, len(canvas)), (wheels.shaft,) * 3, -1)
    tone = ground * rng.uniform(0.7, 1.1) if rng.random() < 0.7 else ground * rng.uniform(0.1, 0.5)
    tall = wheels.teeth * rng.uniform(0.3, 0.7)
    for y in np.arange(rng.uniform(-1, 0) * wheels.teeth, len(canvas), wheels.teeth):
        inner = round(rng.uniform(left, (left + right) / 2))
        ends = ((left, right), (inner, right), (left, left + right - inner))[int(rng.integers(3))]
        corners = (ends[0], round(y)), (ends[1], round(y + tall))
        cv2.rectangle(canvas, *corners, tuple(map(float, tone)), -1)
    if wheels.worn and left < canvas.shape[1]:  # round corners
        strip = canvas[:, left : right + 1]
        canvas[:, left : right + 1] = cv2.GaussianBlur(strip, (0, 0), 0.5 + wheels.worn * half)


def _draw_slit(rng: np.random.Generator, canvas: NDArray[np.float32], x: int, thick: int) -> None:
    height = len(canvas)
    for shift, tone in ((0, rng.uniform(0, 255)), (thick, rng.uniform(0, 255))):
        wide = max(1, round(thick * rng.uniform(0.3, 1)))
        if rng.random() < 0.75:
            cv2.line(canvas, (x + shift, 0), (x + shift, height), (tone, tone, tone), wide)
