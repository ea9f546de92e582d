"""Number fields of devices: displays of seven segments, counters with wheels."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Drawn, Page
from segcap.generate.typefaces import Typeface
from segcap.generate.wild.backgrounds import background
from segcap.generate.wild.camera import finish
from segcap.generate.wild.clutter import scatter_clutter
from segcap.generate.wild.colours import contrasting
from segcap.generate.wild.masks import lay, leave_a_pixel, paste
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


class _Wheels(NamedTuple):
    """What the wheels of a counter look like: pixels and colours."""

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
    turned: int
    teeth: float
    shaft: float
    neighbours: bool


def segment_display(draws: Draws, page: Page) -> Drawn:
    """Draw a number in seven segments: ghost segments, glare, slant, a unit beside it."""
    rng = draws.rng
    draws.parameters |= {"family": "seven segments", "fonts": []}
    cells = sum(char not in ".," for char in page.text)
    digits = _place_digits(rng, page.size, cells)
    draws.parameters["capitals"] = round(digits.tall, 2)
    masks, ghosts = _light(page, digits, "abc" if rng.random() < 0.75 else "fabc")
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
        canvas = _glare(rng, canvas)
    if rng.random() < 0.2:
        canvas = scatter_clutter(draws, page, canvas, ink, before=True)
    leave_a_pixel(masks)
    return Drawn(finish(draws, page, canvas), masks)


def counter(draws: Draws, page: Page) -> Drawn:
    """Draw a counter: a wheel a digit, frames between them, the last ones red, one half turned."""
    rng, (width, height), text = draws.rng, page.size, page.text
    draws.parameters["family"] = "counter"
    wheels = _turn_wheels(draws, page, sum(char not in ".," for char in text))
    canvas = background(draws, page)
    if rng.random() < 0.5:  # the dark inside of the device
        canvas *= np.float32(rng.uniform(0.05, 0.5))
    masks = np.zeros((len(text), height, width), np.uint8)
    cell = 0
    for mask, char in zip(masks, text, strict=True):
        if char in ".,":
            at = round(cell * wheels.pitch), round(height * 0.8)
            cv2.circle(mask, at, max(1, round(wheels.size * 0.07)), 255, -1)
            lay(canvas, mask, wheels.tone, 1.0)
        else:
            _draw_wheel(rng, canvas, mask, char, cell, wheels)
            cell += 1
    if rng.random() < 0.4:  # wheels are round: darker above and below
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
        canvas *= 1 - np.float32(rng.uniform(0.2, 0.8)) * down**4
    if rng.random() < 0.3:
        canvas = _glare(rng, canvas)
    if rng.random() < 0.5:  # light from one side
        first, last = rng.uniform(0.45, 1.0, 2).tolist()
        slope = np.linspace(first, last, width, dtype=np.float32)
        canvas = canvas * slope[:, np.newaxis]
    leave_a_pixel(masks)
    return Drawn(finish(draws, page, canvas), masks)


def _turn_wheels(draws: Draws, page: Page, cells: int) -> _Wheels:
    rng, (width, height) = draws.rng, page.size
    pitch = (width - 2) / cells
    size = float(min(height * rng.uniform(0.45, 0.97), pitch * rng.uniform(0.9, 1.6)))
    draws.parameters["capitals"] = round(size, 2)
    face = choose_face(draws, page, "0123456789")
    draws.parameters["fonts"] = [face.name]
    dark = rng.random() < 0.3
    colour = np.full(3, rng.uniform(5, 60) if dark else rng.uniform(130, 250)) + rng.normal(0, 8, 3)
    tone = contrasting(rng, colour.astype(np.float32), 0.2)
    if rng.random() < 0.5:  # most are black and white
        tone = np.full(3, rng.uniform(180, 255) if dark else rng.uniform(0, 60), np.float32)
    return _Wheels(
        pitch=pitch,
        size=size,
        gap=pitch * (rng.uniform(0.02, 0.15) if rng.random() < 0.5 else rng.uniform(0.1, 0.26)),
        tops=(height - size) * rng.uniform(0.2, 0.8) + rng.normal(0, 0.03, cells) * height,
        face=face,
        colour=colour,
        tone=tone,
        boxed=rng.random() < 0.75,
        framed=rng.random() < 0.5,
        first_red=cells - (int(rng.integers(1, 4)) if rng.random() < 0.5 else 0),
        red=rng.uniform((140, 10, 10), (230, 110, 110)).astype(np.float32),
        turned=cells - 1 if rng.random() < 0.4 else -1,
        teeth=height * rng.uniform(0.15, 0.7) if rng.random() < 0.55 else 0.0,
        shaft=rng.uniform(5, 80) if rng.random() < 0.7 else rng.uniform(60, 180),
        neighbours=rng.random() < 0.5,
    )


def _place_digits(rng: np.random.Generator, size: tuple[int, int], cells: int) -> _Digits:
    width, height = size
    tall = height * rng.uniform(0.45, 0.95)
    aspect = rng.uniform(0.4, 0.72)
    pitch = min(tall * (aspect + rng.uniform(0.12, 0.5)), (width - 4) / (cells + 0.3))
    wide = min(tall * aspect, pitch * 0.78)
    tall = min(tall, 3.2 * wide)
    thick = max(1.0, tall * rng.uniform(0.06, 0.15))
    slant = rng.uniform(0, 0.16) if rng.random() < 0.7 else 0.0
    left = rng.uniform(0.05, 0.95) * max(0.0, width - cells * pitch - slant * tall) + thick / 2
    top = rng.uniform(0.1, 0.9) * (height - tall)
    gap = thick * rng.uniform(0.0, 0.25) + 0.5 * thick * (rng.random() < 0.5)
    decimals = rng.uniform(0.5, 0.85) if rng.random() < 0.25 else 1.0
    return _Digits(left, top, pitch, wide, tall, slant, thick, gap, decimals)


def _light(page: Page, digits: _Digits, seven: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw the segments that are lit, a mask a character, and all there are."""
    width, height = page.size
    masks = np.zeros((len(page.text), height, width), np.uint8)
    ghosts = np.zeros((height, width), np.uint8)
    whole = next((number for number, char in enumerate(page.text) if char in ".,"), len(page.text))
    cell = 0
    for number, (mask, char) in enumerate(zip(masks, page.text, strict=True)):
        if char in ".,":
            x = digits.left + cell * digits.pitch - (digits.pitch - digits.wide) * 0.4
            y = digits.top + digits.tall - digits.thick / 2
            cv2.circle(mask, (round(x), round(y)), max(1, round(digits.thick * 0.55)), 255, -1)
            continue
        own = digits._replace(left=digits.left + cell * digits.pitch)
        if number > whole:  # smaller, on the same foot
            own = _smaller(own)
        _draw_segments(mask, seven if char == "7" else SEGMENTS[char], own)
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


def _draw_wheel(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    mask: NDArray[np.uint8],
    char: str,
    cell: int,
    wheels: _Wheels,
) -> None:
    height = len(mask)
    pitch, size = wheels.pitch, wheels.size
    is_red = cell >= wheels.first_red
    x0, x1 = round(cell * pitch + wheels.gap), round((cell + 1) * pitch - wheels.gap)
    y0, y1 = round(height * 0.04), round(height * 0.96)
    on_red = is_red and rng.random() < 0.5
    ground = np.array([rng.uniform(150, 220), 30, 30]) if on_red else wheels.colour
    if wheels.boxed:
        cv2.rectangle(canvas, (x0, y0), (x1, y1), tuple(map(float, ground)), -1)
    ink = wheels.red if is_red and not on_red else wheels.tone
    stretch = min(1.0, (pitch - 1.6 * wheels.gap) * 0.85 / (0.7 * size))
    mark, _ = place(wheels.face, char, size, stretch)
    shift = rng.uniform(0.1, 0.5) * size * 1.25 if cell == wheels.turned else 0.0
    x = round(cell * pitch + (pitch - mark.shape[1]) / 2)
    paste(mask, mark, x, round(wheels.tops[cell] - shift))
    if wheels.neighbours or cell == wheels.turned:
        others = np.zeros(mask.shape, np.uint8)
        for step in (-1, 1):
            other, _ = place(wheels.face, str((int(char) + step) % 10), size, stretch)
            paste(others, other, x, round(wheels.tops[cell] - shift + step * size * 1.35))
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
    left, right = round(x - half), max(round(x - half) + 1, round(x + half))
    if rng.random() < 0.8:
        cv2.rectangle(canvas, (left, 0), (right, len(canvas)), (wheels.shaft,) * 3, -1)
    tone = ground * rng.uniform(0.7, 1.1) if rng.random() < 0.7 else ground * rng.uniform(0.1, 0.5)
    tall = wheels.teeth * rng.uniform(0.3, 0.7)
    for y in np.arange(rng.uniform(-1, 0) * wheels.teeth, len(canvas), wheels.teeth):
        inner = round(rng.uniform(left, (left + right) / 2))
        ends = ((left, right), (inner, right), (left, left + right - inner))[int(rng.integers(3))]
        corners = (ends[0], round(y)), (ends[1], round(y + tall))
        cv2.rectangle(canvas, *corners, tuple(map(float, tone)), -1)


def _draw_slit(rng: np.random.Generator, canvas: NDArray[np.float32], x: int, thick: int) -> None:
    height = len(canvas)
    for shift, tone in ((0, rng.uniform(0, 255)), (thick, rng.uniform(0, 255))):
        wide = max(1, round(thick * rng.uniform(0.3, 1)))
        if rng.random() < 0.75:
            cv2.line(canvas, (x + shift, 0), (x + shift, height), (tone, tone, tone), wide)


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


def _glare(rng: np.random.Generator, canvas: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = canvas.shape[:2]
    spot = np.zeros((height, width), np.float32)
    centre = int(rng.integers(width)), int(rng.integers(height))
    axes = int(rng.uniform(0.2, 1.5) * height) + 1, int(rng.uniform(0.1, 0.6) * height) + 1
    cv2.ellipse(spot, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.blur(spot, (2 * (height // 6) + 1,) * 2) * np.float32(rng.uniform(0.15, 0.6))
    return canvas + (255 - canvas) * soft[..., np.newaxis]
