"""The schemes: each draws a text its own way, from shared parts."""

import string
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.difficulty import DIFFICULTIES, Difficulty
from segcap.generate.draws import Draws, between
from segcap.generate.page import Drawn, Page
from segcap.generate.paint import (
    Canvas,
    Cover,
    as_cover,
    as_pixels,
    blend,
    blur,
    covered,
    curves,
    disturb,
    fade,
    gradient,
    jpeg,
    polyline,
    scatter,
    shade,
)
from segcap.generate.six_char import six_char
from segcap.generate.typesetting import Style, set_line
from segcap.generate.wild import counter, segment_display, wild, wild_size, wild_text

__all__ = ["SCHEMES", "Scheme", "random_difficulty", "random_size"]

_CRISP = np.float32(1.5)
_LUMA = np.array([0.299, 0.587, 0.114])
_CAPITALS = string.digits + string.ascii_uppercase


class Scheme(NamedTuple):
    """A way of drawing texts, with its defaults.

    Attributes
    ----------
    draw : callable
        Draws a page.
    charset : str
    length : tuple of int
        Fewest and most characters.
    size : tuple of int or None
        Width and height, pixels; None where every image has its own.
    difficulty : Difficulty or None
        The look that it is known for; None where every image has its own.
    fonts : tuple of str
        Names of the shipped fonts that it uses; all for none.
    in_capitals : bool
        Labels are in lower case, what is drawn is not.
    write : callable, optional
        Draws a text of a charset and a length; unless given, all characters are equally likely.
    measure : callable, optional
        Draws a width and a height for a length, where every image has its own.
    free_faces : bool
        Faces that lack a character of the charset may draw texts without it.
    numbers_alone : bool
        Nothing but digits, points and commas can be drawn.
    has_faces : bool
        Characters are drawn in typefaces.
    """

    draw: Callable[[Draws, Page], Drawn]
    charset: str
    length: tuple[int, int]
    size: tuple[int, int] | None
    difficulty: Difficulty | None
    fonts: tuple[str, ...] = ()
    in_capitals: bool = False
    write: Callable[[Draws, str, int], str] | None = None
    measure: Callable[[Draws, int], tuple[int, int]] | None = None
    free_faces: bool = False
    numbers_alone: bool = False
    has_faces: bool = True


def clean(draws: Draws, page: Page) -> Drawn:
    """Draw dark text on bright background."""
    masks = set_line(draws, page, Style())
    background = draws.uniform("paper", 225, 255)
    ink = fade(draws.uniform("ink", 0, 50), background, page.difficulty.contrast)
    marks = np.maximum(covered(masks), curves(draws, page.size, page.difficulty.lines))
    canvas = blend(np.full(marks.shape, background, np.float32), marks, ink)
    return Drawn(as_pixels(disturb(draws, canvas, page.difficulty, ink)), masks)


def wordpress(draws: Draws, page: Page) -> Drawn:
    """Draw small black capitals on white, turned and jittered, far apart."""
    style = Style(size=(0.5, 0.58), spacing=0.2, rotation=24, shear=0.1, jitter=0.6, elastic=0.06)
    masks = set_line(draws, page, style)
    ink = fade(0, 255, page.difficulty.contrast)
    letters = np.minimum(1, _CRISP * covered(masks))
    marks = np.maximum(letters, curves(draws, page.size, page.difficulty.lines, thickness=(1, 2)))
    canvas = blend(np.full(marks.shape, 255, np.float32), marks, ink)
    return Drawn(as_pixels(disturb(draws, canvas, page.difficulty, ink)), masks)


def gradient_line(draws: Draws, page: Page) -> Drawn:
    """Draw black text on grey that brightens to the right, partly scattered, struck through."""
    style = Style(
        size=(0.5, 0.62), rotation=10, shear=0.15, jitter=0.1, start=(0.2, 0.5), one_face=True
    )
    masks = set_line(draws, page, style)
    width, height = page.size
    dark, bright = draws.uniform("dark", 180, 200), draws.uniform("bright", 240, 255)
    background = np.broadcast_to(
        np.linspace(dark, bright, width, dtype=np.float32), (height, width)
    )
    ink = fade(draws.uniform("ink", 0, 20), background, page.difficulty.contrast)
    letters = covered(masks)
    centre, spread = draws.uniform("blot", 0.3, 0.7), draws.uniform("blot_width", 0.08, 0.2)
    across = (np.arange(width, dtype=np.float32) / width - centre) / spread
    where = np.broadcast_to(np.maximum(0, 1 - across * across).astype(np.float32), letters.shape)
    letters = scatter(draws, letters, between(0, 6, page.difficulty.noise), where)
    lines = np.maximum(
        curves(draws, page.size, page.difficulty.lines, most=2, reach=(0.1, 0.9)),
        _hook(draws, page.size, page.difficulty.lines),
    )
    canvas = blend(background, np.maximum(letters, lines), ink)
    canvas = blur(canvas, between(0, 0.8, page.difficulty.noise))
    canvas = shade(draws, canvas, page.difficulty.contrast)
    return Drawn(jpeg(draws, as_pixels(canvas), (85, 95)), masks)


def colour_lines(draws: Draws, page: Page) -> Drawn:
    """Draw coloured characters, filled or outlined, on any colour, crossed by coloured curves."""
    masks = set_line(draws, page, Style(size=(0.5, 0.68)))
    background = np.array([draws.uniform(f"paper_{name}", 0, 255) for name in "rgb"], np.float32)
    inks = _inks(draws, background, len(masks) + 2)
    if draws.choice("colours", ("one", "many")) == "one":
        inks[:-1] = inks[0]
    tones = fade(inks, background, page.difficulty.contrast)[..., np.newaxis, np.newaxis]
    outlined = draws.choice("letters", ("filled", "filled", "outlined")) == "outlined"
    hollow = np.float32(min(1.0, 2 * page.difficulty.noise) if outlined else 0)
    lit = background[:, np.newaxis, np.newaxis] + gradient(
        draws, page.size, 80 * page.difficulty.noise
    )
    canvas = blend(lit, curves(draws, page.size, page.difficulty.lines), tones[-2])
    for mask, tone in zip(masks, tones, strict=False):
        x, y, w, h = cv2.boundingRect(mask)
        area = ..., slice(y, y + h), slice(x, x + w)
        cover = as_cover(mask[area])
        inner = cv2.erode(cover, np.ones((3, 3), np.uint8)) * hollow
        canvas[area] = blend(canvas[area], cover - inner, tone)
    above = curves(draws, page.size, page.difficulty.lines, most=2, name="curves_above")
    canvas = blend(canvas, above, tones[-1])
    return Drawn(as_pixels(disturb(draws, canvas, page.difficulty, tones[0])), masks)


def number_field(draws: Draws, page: Page) -> Drawn:
    """Draw digits in a form's field: dark or bright ink, unevenly lit background, ruled lines."""
    masks = set_line(draws, page, Style(size=(0.5, 0.72), rotation=16, one_face=True))
    bright_ink = draws.choice("ink_is", ("dark", "bright")) == "bright"
    background = draws.uniform("paper", 20, 60) if bright_ink else draws.uniform("paper", 195, 235)
    ink = draws.uniform("ink", 200, 250) if bright_ink else draws.uniform("ink", 10, 70)
    ink_tone = fade(ink, background, page.difficulty.contrast)
    lit = np.float32(background) + gradient(draws, page.size, between(0, 60, page.difficulty.noise))
    marks = np.maximum(covered(masks), _ruling(draws, page.size, page.difficulty.lines))
    canvas = blend(lit, marks, ink_tone)
    return Drawn(as_pixels(disturb(draws, canvas, page.difficulty, ink_tone)), masks)


def mixed(draws: Draws, page: Page) -> Drawn:
    """Draw as any of the other schemes, in RGB, sometimes with dark and bright changed."""
    name = draws.choice(
        "drawn_as", tuple(name for name, one in SCHEMES.items() if one.difficulty is not None)
    )
    inverted = draws.uniform("inverted", 0, 1) < 0.25
    drawn = SCHEMES[name].draw(draws, page)
    pixels = drawn.pixels if drawn.pixels.ndim == 3 else cv2.merge([drawn.pixels] * 3)
    return Drawn(255 - pixels if inverted else pixels, drawn.masks)


SCHEMES = {
    "clean": Scheme(clean, _CAPITALS, (4, 6), (200, 50), Difficulty()),
    "wordpress": Scheme(
        wordpress,
        "ABCDEFGHJKLMNPQRSTUVWXYZ23456789",
        (4, 4),
        (72, 24),
        Difficulty(warp=0.5, overlap=0.2),
        ("tinos-400", "tinos-700"),
    ),
    "gradient-line": Scheme(
        gradient_line,
        "2345678bcdefgmnpwxy",
        (5, 5),
        (200, 50),
        Difficulty(overlap=0.35, warp=0.25, lines=0.5, noise=0.4),
        ("noto-sans-600", "noto-sans-700"),
    ),
    "six-char": Scheme(
        six_char,
        string.digits + string.ascii_lowercase,
        (6, 6),
        (250, 50),
        Difficulty(overlap=0.3, warp=0.4, lines=0.2, noise=0.2),
        in_capitals=True,
    ),
    "colour-lines": Scheme(
        colour_lines,
        string.digits,
        (4, 4),
        (160, 60),
        Difficulty(overlap=0.35, warp=0.5, lines=0.5, noise=0.3, contrast=0.2),
    ),
    "number-field": Scheme(number_field, string.digits, (5, 10), None, Difficulty(noise=0.1)),
    "mixed": Scheme(mixed, _CAPITALS, (4, 8), None, None),
    "seven-segment": Scheme(
        segment_display,
        string.digits + ".,",
        (3, 8),
        None,
        None,
        write=wild_text,
        measure=wild_size,
        numbers_alone=True,
        has_faces=False,
    ),
    "counter": Scheme(
        counter,
        string.digits + ".,",
        (4, 8),
        None,
        None,
        write=wild_text,
        measure=wild_size,
        free_faces=True,
        numbers_alone=True,
    ),
    "wild": Scheme(
        wild,
        string.digits + string.ascii_letters + "+-*/÷=?.,:",
        (1, 8),
        None,
        None,
        write=wild_text,
        measure=wild_size,
        free_faces=True,
    ),
}


def random_difficulty(draws: Draws) -> Difficulty:
    """Draw a value for every difficulty."""
    return Difficulty(**{name: draws.uniform(f"dial_{name}", 0, 0.7) for name in DIFFICULTIES})


def random_size(draws: Draws, length: int) -> tuple[int, int]:
    """Draw a size in which so many characters find room: width and height, pixels."""
    height = draws.integer("height", 30, 96)
    return round(height * (0.62 * length + draws.uniform("margins", 0.4, 1.4))), height


def _hook(draws: Draws, size: tuple[int, int], difficulty: float) -> Cover:
    """Draw a short thick stroke across the first character."""
    width, height = size
    nodes = draws.rng.random((4, 2))
    cover = np.zeros((height, width), np.uint8)
    if difficulty > 0:
        draws.parameters["hook"] = np.round(nodes, 4).tolist()
        xs = width * (0.1 + np.array([0, 0.03, 0.08, 0.17]) + 0.03 * nodes[:, 0])
        polyline(cover, xs, height * nodes[:, 1], round(3 * difficulty))
    return as_cover(cover)


def _ruling(draws: Draws, size: tuple[int, int], difficulty: float) -> Cover:
    """Draw level lines, the first under the text, the others anywhere: none at 0, three at 1."""
    width, height = size
    at = np.append(0.88, draws.rng.random(2))
    at = at[: int(np.ceil(3 * difficulty))]
    draws.parameters["ruling"] = np.round(at, 4).tolist()
    cover = np.zeros((height, width), np.float32)
    thickness = max(1, round(between(0, 0.06, difficulty) * height))
    for fraction in at:
        top = int(fraction * (height - thickness))
        cover[top : top + thickness] = 1
    return cover


def _inks(draws: Draws, background: Canvas, n: int) -> NDArray[np.float64]:
    """Draw `n` colours whose luma is at least 100 from the background's, all on one side of it."""
    luma = float((background * _LUMA).sum())
    darker = luma > 127
    hues = draws.uniforms("hues", 0, 255, 3 * n).reshape(n, 3)
    reach = draws.uniforms("tones", 0, 1, n)
    wanted = (luma - 100) * reach if darker else 255 - (155 - luma) * reach
    own = (hues * _LUMA).sum(axis=1)
    dimmed = hues * (wanted / np.maximum(own, 1))[:, np.newaxis]
    lifted = 255 - (255 - hues) * ((255 - wanted) / np.maximum(255 - own, 1))[:, np.newaxis]
    return np.where((own > wanted)[:, np.newaxis], dimmed, lifted)
