"""Where characters stand: faces, sizes, angles, gaps, baselines, and warps of the whole line."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.typefaces import Typeface
from segcap.generate.typesetting import elastic_field
from segcap.generate.wild.masks import paste, remapped

__all__ = ["choose_face", "place", "typeset", "warp"]

_RASTERS = (24, 48, 96)
_MOST_SHARED = 0.45
_TRIES = 6
_MOST_SHAPES = 2**31 - 1
_SIGNS_TURN = 15.0  # degrees: turned further, "+" looks like a times sign


def typeset(draws: Draws, page: Page) -> NDArray[np.uint8]:
    """Place every character of a page's text.

    Returns
    -------
    (n, H, W) uint8 array
        How much of each pixel each character covers.
    """
    rng, (text, (width, height), _, difficulty) = draws.rng, page[:4]
    n = len(text)
    one_face = rng.random() < 0.55
    face = choose_face(draws, page, text)
    one_face = one_face and all(map(face.can_draw, text))
    faces = [face if one_face else choose_face(draws, page, char) for char in text]
    draws.parameters["fonts"] = [one.name for one in faces]
    cap = height * rng.uniform(0.35, 0.92)
    scales = np.exp(
        rng.normal(0, rng.choice([0, 0.06, 0.2], p=[0.45, 0.3, 0.25]) * _at(difficulty.warp), n)
    )
    stretch = np.exp(rng.normal(0, 0.18))
    slant = rng.normal(0, 0.12) if rng.random() < 0.5 else 0.0
    most = rng.choice([0, 8, 22, 45, 75], p=[0.34, 0.24, 0.26, 0.1, 0.06]) * _at(difficulty.warp)
    angles = rng.uniform(-most, most, n)
    signs = np.array([not char.isalnum() or (char in "xX" and not text.isalnum()) for char in text])
    angles[signs] = np.clip(angles[signs], -_SIGNS_TURN, _SIGNS_TURN)
    shears = slant + rng.normal(0, 0.1, n) * (rng.random() < 0.3)
    gap = _gap(rng, difficulty.overlap)
    gaps = gap + rng.normal(0, 0.06, n) * (rng.random() < 0.6)
    picks = rng.integers(0, _MOST_SHAPES, n)
    baseline = _baseline(rng, n, _at(difficulty.warp))
    cut_off = rng.random() < 0.08
    beyond = rng.uniform(-0.35, 0.35, 2) if rng.random() < 0.06 * _at(difficulty.warp) else (0, 0)

    for _ in range(3):
        marks = [
            place(face, char, cap * scale, stretch, angle, shear, int(pick))
            for face, char, scale, angle, shear, pick in zip(
                faces, text, scales, angles, shears, picks, strict=True
            )
        ]
        widths = [mark.shape[1] for mark, _ in marks]
        lefts = _lefts(widths, gaps * cap, difficulty.overlap > 0)
        across = lefts[-1] + widths[-1]
        tops = [round(drop * cap) - above for drop, (_, above) in zip(baseline, marks, strict=True)]
        first = min(tops)
        down = max(top + mark.shape[0] for top, (mark, _) in zip(tops, marks, strict=True)) - first
        shrink = min((width - 2) / across, (height - 1) / down)
        half_stays = across - width <= min(widths[0], widths[-1])
        if shrink >= 1 or (cut_off and half_stays and shrink > 0.75):
            break
        cap = max(4.0, cap * shrink * 0.98)
    draws.parameters["capitals"] = round(cap, 2)
    left = round(rng.random() * (width - across)) if width > across else (width - across) // 2
    top = round(rng.random() * (height - down)) if height > down else (height - down) // 2
    left, top = left + round(beyond[0] * cap), top + round(beyond[1] * cap)
    masks = np.zeros((n, height, width), np.uint8)
    for mask, (mark, _), x, y in zip(masks, marks, lefts, tops, strict=True):
        paste(mask, mark, left + x, top + y - first)
    return masks


def place(
    face: Typeface,
    char: str,
    size: float,
    stretch: float = 1.0,
    angle: float = 0.0,
    shear: float = 0.0,
    pick: int = 0,
) -> tuple[NDArray[np.uint8], int]:
    """Draw a character, stretched, sheared and rotated; return it and its rows above its foot."""
    raster = next((raster for raster in _RASTERS if raster >= size), _RASTERS[-1])
    ink, above = face.mark(char, raster, pick)
    scale = size / raster
    if scale < 0.6:  # bilinear sampling would lose thin strokes
        shape = max(1, round(ink.shape[1] * 2 * scale)), max(1, round(ink.shape[0] * 2 * scale))
        ink = cv2.resize(ink, shape, interpolation=cv2.INTER_AREA)
        above, scale = round(above * 2 * scale), 0.5
    cos, sin = math.cos(math.radians(angle)) * scale, math.sin(math.radians(angle)) * scale
    matrix = np.array([[cos * stretch, sin - cos * shear], [-sin * stretch, cos + sin * shear]])
    h, w = ink.shape
    corners = matrix @ (np.array([[0, w, 0, w], [0, 0, h, h]]) - [[w / 2], [above]])
    low, high = np.floor(corners.min(axis=1)) - 1, np.ceil(corners.max(axis=1)) + 1
    shift = -low - matrix @ [w / 2, above]
    size_out = int(high[0] - low[0]), int(high[1] - low[1])
    drawn = cv2.warpAffine(ink, np.column_stack([matrix, shift]), size_out, flags=cv2.INTER_LINEAR)
    x, y, w, h = cv2.boundingRect(drawn)
    if w == 0:
        return np.full((1, 1), 255, np.uint8), 1
    return drawn[y : y + h, x : x + w], int(-low[1]) - y


def warp(draws: Draws, page: Page, masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bend all characters together: waves, an arc, perspective, an elastic field."""
    rng, (width, height), strength = draws.rng, page.size, _at(page.difficulty.warp)
    kinds = rng.random(4) < np.array([0.22, 0.1, 0.12, 0.2])
    if not kinds.any() or strength == 0:
        return masks
    field = np.zeros((2, height, width), np.float32)
    columns = np.arange(width, dtype=np.float32)[np.newaxis]
    rows = np.arange(height, dtype=np.float32)[:, np.newaxis]
    if kinds[0]:
        for axis, along in ((1, columns), (0, rows)):
            reach = rng.uniform(0, 0.12) * height * strength
            period = rng.uniform(0.6, 4) * height
            field[axis] += reach * np.sin(along * (2 * np.pi / period) + rng.uniform(0, 6.3))
    if kinds[1]:
        bow = rng.uniform(-0.25, 0.25) * height * strength
        field[1] += bow * ((columns / width * 2 - 1) ** 2 - 0.4)
    if kinds[2]:
        tilt, narrow = rng.uniform(-0.3, 0.3, 2) * strength
        middle = rows - height / 2
        field[1] += middle * tilt * (columns / width - 0.5)
        field[0] += middle / height * narrow * (columns - width / 2)
    if kinds[3]:
        grid = rng.integers(2**16, size=(2, 4, 12), dtype=np.uint16)
        field += elastic_field(grid, page.size, rng.uniform(0, 0.07) * height * strength)
    return remapped(masks, columns + field[0], rows + field[1])


def choose_face(draws: Draws, page: Page, text: str) -> Typeface:
    """Draw a face that has all characters of a text, if there is one."""
    face = page.faces[int(draws.rng.integers(len(page.faces)))]
    for _ in range(_TRIES):
        if all(map(face.can_draw, text)):
            return face
        face = page.faces[int(draws.rng.integers(len(page.faces)))]
    able = [own for own in page.faces if all(map(own.can_draw, text))]
    return able[int(draws.rng.integers(len(able)))] if able else face


def _gap(rng: np.random.Generator, difficulty: float) -> float:
    """Draw the usual gap between characters, in parts of the capitals' height."""
    if difficulty == 0 or rng.random() < 0.45:
        return float(rng.uniform(0.05, 0.4))
    return float(rng.uniform(-0.3 * _at(difficulty), 0.1))


def _lefts(widths: list[int], gaps: NDArray[np.float64], may_touch: bool) -> list[int]:
    lefts = [0]
    for before, after, gap in zip(widths, widths[1:], gaps.tolist(), strict=False):
        step = round(max(gap, -_MOST_SHARED * min(before, after)))
        lefts.append(lefts[-1] + before + (step if may_touch else max(step, 2)))
    return lefts


def _baseline(rng: np.random.Generator, n: int, strength: float) -> NDArray[np.float64]:
    """Draw how far each character is below the line, in parts of the capitals' height."""
    drops = rng.uniform(-1, 1, n) * rng.choice([0, 0.1, 0.35], p=[0.4, 0.35, 0.25])
    at = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
    if rng.random() < 0.2:
        drops = drops + rng.uniform(-0.5, 0.5) * at
    if rng.random() < 0.12:
        drops = drops + rng.uniform(-0.3, 0.3) * np.sin(at * rng.uniform(2, 8))
    return drops * strength


def _at(difficulty: float) -> float:
    """Make the upper half of a difficulty the full strength."""
    return min(1.0, 2 * difficulty)
