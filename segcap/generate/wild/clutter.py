"""What is no text: lines, arcs, waves, scribbles, dashes, frames, bars, dots, rings, specks."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.wild.masks import lay

__all__ = ["scatter_clutter"]

Canvas = NDArray[np.float32]
Rng = np.random.Generator
_SHIFT = 3
_AS_INK, _NEAR_INK = 0.35, 0.15


def scatter_clutter(
    draws: Draws, page: Page, canvas: Canvas, ink: NDArray[np.float32], *, before: bool
) -> Canvas:
    """Draw what is no text onto an (H, W, 3) canvas, which is changed.

    Parameters
    ----------
    draws : Draws
    page : Page
    canvas : (H, W, 3) float32 array
    ink : (3,) float32 array
        The text's colour, which clutter has as often as not.
    before : bool
        Whether it is in front of the text.
    """
    rng = draws.rng
    lines, noise = (min(1.0, 2 * value) for value in (page.difficulty.lines, page.difficulty.noise))
    drawn = []
    for element, chance, in_front in _ELEMENTS:
        strength = lines if element in _LINES else noise
        placed = in_front if before else 1 - in_front
        if strength > 0 and rng.random() < chance * placed * strength:
            element(rng, canvas, _Tones(rng, ink), strength)
            drawn.append(element.__name__.strip("_"))
    draws.parameters["before" if before else "behind"] = drawn
    return canvas


class _Tones:
    """Colours of one kind of clutter: the text's, another one, or each its own."""

    def __init__(self, rng: np.random.Generator, ink: NDArray[np.float32]) -> None:
        self._rng = rng
        kind = rng.random()
        self._one: NDArray[np.float32] | None = None
        if kind < _AS_INK:
            self._one = ink
        elif kind < _AS_INK + _NEAR_INK:
            self._one = np.clip(ink + rng.normal(0, 40, 3), 0, 255).astype(np.float32)
        elif kind < 0.75:
            self._one = rng.uniform(0, 255, 3).astype(np.float32)

    def next(self) -> tuple[float, float, float]:
        tone = self._one if self._one is not None else self._rng.uniform(0, 255, 3)
        return tuple(map(float, tone))  # type: ignore[return-value]


def _thickness(rng: np.random.Generator, height: int, most: float = 0.09) -> int:
    return max(1, round(height * most * rng.random() ** 2))


def _mode(rng: np.random.Generator) -> int:
    return cv2.LINE_AA if rng.random() < 0.6 else cv2.LINE_8


def _curve(canvas: Canvas, xs: NDArray, ys: NDArray, tone: tuple, thick: int, mode: int) -> None:
    points = np.rint(np.stack([xs, ys], axis=-1) * 2**_SHIFT).astype(np.int32)
    levels = np.zeros(canvas.shape[:2], np.uint8)
    cv2.polylines(levels, [points], False, 255, thick, mode, _SHIFT)
    _lay(canvas, levels, tone)


def _lay(canvas: Canvas, levels: NDArray[np.uint8], tone: tuple, opacity: float = 1.0) -> None:
    x, y, w, h = cv2.boundingRect(levels)
    if w:
        area = slice(y, y + h), slice(x, x + w)
        lay(canvas[area], levels[area], np.array(tone, np.float32), opacity)


def _straight_lines(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    height, width = canvas.shape[:2]
    thick, mode = _thickness(rng, height), _mode(rng)
    level = rng.random() < 0.4
    for _ in range(int(rng.integers(1, 2 + round(8 * strength)))):
        xs = rng.uniform(-0.1, 1.1, 2) * width if rng.random() < 0.5 else np.array([0, width])
        ys = rng.uniform(0, 1, 2) * height
        if level:
            ys[1] = ys[0] + rng.normal(0, 0.15) * height
        _curve(canvas, xs, ys, tones.next(), thick, mode)


def _waves(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    height, width = canvas.shape[:2]
    thick, mode = _thickness(rng, height), _mode(rng)
    for _ in range(int(rng.integers(1, 2 + round(2 * strength)))):
        xs = np.linspace(rng.uniform(-0.1, 0.35), rng.uniform(0.65, 1.1), 40) * width
        ys = height * rng.uniform(0.25, 0.75) + height * rng.uniform(-0.3, 0.3) * (xs / width - 0.5)
        for _ in range(2):
            ys = ys + height * rng.uniform(0, 0.22) * np.sin(
                xs * (2 * np.pi / (height * rng.uniform(0.8, 7))) + rng.uniform(0, 6.3)
            )
        _curve(canvas, xs, ys, tones.next(), thick, mode)


def _arcs(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    height, width = canvas.shape[:2]
    thick, mode = _thickness(rng, height), _mode(rng)
    at = np.linspace(0, 1, 24)[:, np.newaxis]
    for _ in range(int(rng.integers(1, 2 + round(3 * strength)))):
        a, b, c, d = rng.uniform(-0.15, 1.15, (4, 2)) * [width, height]
        points = (
            (1 - at) ** 3 * a + 3 * at * (1 - at) ** 2 * b + 3 * at**2 * (1 - at) * c + at**3 * d
        )
        _curve(canvas, points[:, 0], points[:, 1], tones.next(), thick, mode)


def _scribbles(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    height, width = canvas.shape[:2]
    for _ in range(int(rng.integers(1, 3))):
        steps = rng.normal(0, height * 0.22, (int(rng.integers(4, 16)), 2)).cumsum(axis=0)
        points = steps + rng.uniform(0.1, 0.9, 2) * [width, height]
        _curve(
            canvas,
            points[:, 0],
            points[:, 1],
            tones.next(),
            _thickness(rng, height, 0.06),
            _mode(rng),
        )


def _dashes(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    height, width = canvas.shape[:2]
    n = int(rng.integers(5, 8 + round(80 * strength * rng.random())))
    angle, spread = rng.uniform(0, np.pi), rng.choice([0.15, 1.6])
    longest = height * rng.uniform(0.08, 0.45)
    starts = rng.uniform(0, 1, (n, 2)) * [width, height]
    turns = angle + rng.normal(0, spread, n)
    reach = longest * rng.uniform(0.3, 1, n)
    ends = starts + np.stack([np.cos(turns), np.sin(turns)], axis=1) * reach[:, np.newaxis]
    mode, thick = _mode(rng), 1 + int(rng.random() < 0.25)
    for start, end in zip(starts, ends, strict=True):
        cv2.line(canvas, _point(start), _point(end), tones.next(), thick, mode)


def _ruled_grid(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    height, width = canvas.shape[:2]
    tone, thick = tones.next(), 1 + int(rng.random() < 0.15)
    step = int(rng.integers(4, max(6, height // 2)))
    both = rng.random() < 0.6
    slope = 0 if rng.random() < 0.7 else int(rng.normal(0, 0.4) * height)
    if both or rng.random() < 0.5:
        for x in range(int(rng.integers(step)), width, step):
            cv2.line(canvas, (x, 0), (x + slope, height), tone, thick)
    if both:
        for y in range(int(rng.integers(step)), height, step):
            cv2.line(canvas, (0, y), (width, y + slope), tone, thick)


def _frame(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    height, width = canvas.shape[:2]
    inset = int(rng.integers(0, 3))
    thick = 1 + int(rng.random() < 0.4) + int(rng.random() < 0.1)
    cv2.rectangle(
        canvas, (inset, inset), (width - 1 - inset, height - 1 - inset), tones.next(), thick
    )


def _bars(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    """Dark areas at one or more edges."""
    height, width = canvas.shape[:2]
    for edge in np.flatnonzero(rng.random(4) < 0.5):
        deep = max(1, round(height * rng.uniform(0.02, 0.15)))
        jut = int(rng.integers(0, deep + 2))
        near, far = (0, deep) if edge % 2 == 0 else (-1, -1 - deep)
        if edge < 2:
            corners = [
                (near % width, 0),
                (far % width, 0),
                ((far + (jut if edge == 0 else -jut)) % width, height),
                (near % width, height),
            ]
        else:
            corners = [
                (0, near % height),
                (0, far % height),
                (width, far % height),
                (width, near % height),
            ]
        cv2.fillPoly(canvas, [np.array(corners, np.int32)], tones.next())


def _dots(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    height, width = canvas.shape[:2]
    radius = rng.uniform(0.6, 1.2 + 0.06 * height)
    covered = rng.uniform(0.005, 0.12) * strength
    n = int(min(250, max(3, covered * height * width / (4 * radius * radius))))
    mode = _mode(rng)
    for centre in rng.uniform(0, 1, (n, 2)) * [width, height]:
        size = max(1, round(radius * rng.uniform(0.6, 1.4)))
        cv2.circle(
            canvas, _point(centre), size - 1 if size < 3 else size // 2, tones.next(), -1, mode
        )


def _salt(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    """Single pixels, or blocks of a few, in one or many colours, up to a fifth of the image."""
    height, width = canvas.shape[:2]
    fraction = strength * rng.uniform(0.01, 0.45) ** 2
    block = int(rng.choice([1, 1, 1, 2, 3]))
    shape = -(-height // block), -(-width // block)
    struck = rng.random(shape) < fraction
    kind = rng.random()
    if kind < 0.3:
        tone = rng.uniform(0, 255, (*shape, 3)).astype(np.float32)
    elif kind < 0.5:
        tone = (rng.random((*shape, 1)) < 0.5).astype(np.float32) * 255
    else:
        tone = np.broadcast_to(np.array(tones.next(), np.float32), (*shape, 3))
    tone = np.broadcast_to(tone, (*shape, 3))
    if block > 1:
        struck = np.repeat(np.repeat(struck, block, 0), block, 1)[:height, :width]
        tone = np.repeat(np.repeat(tone, block, 0), block, 1)[:height, :width]
    np.copyto(canvas, tone, where=struck[..., np.newaxis])


def _dot_grid(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    """Dots, dashes or small marks at the nodes of a regular grid."""
    height, width = canvas.shape[:2]
    step_x, step_y = (int(step) for step in rng.integers(3, 9, 2))
    long = int(rng.integers(1, step_x))
    tone = np.array(tones.next(), np.float32)
    shifted = int(rng.integers(step_x)) if rng.random() < 0.5 else 0
    columns = np.arange(width)[np.newaxis] + shifted * (np.arange(height)[:, np.newaxis] // step_y)
    struck = (columns % step_x < long) & (np.arange(height)[:, np.newaxis] % step_y == 0)
    np.copyto(canvas, tone, where=struck[..., np.newaxis])


def _rings(rng: Rng, canvas: Canvas, tones: _Tones, strength: float) -> None:
    height, width = canvas.shape[:2]
    mode, thick = _mode(rng), _thickness(rng, height, 0.06)
    for centre in rng.uniform(0, 1, (int(rng.integers(1, 2 + round(7 * strength))), 2)):
        axes = tuple(int(side) for side in rng.uniform(0.04, 0.5, 2) * height + 1)
        if rng.random() < 0.5:
            axes = axes[0], axes[0]
        cv2.ellipse(
            canvas,
            _point(centre * [width, height]),
            axes,
            float(rng.uniform(0, 180)),
            0,
            360,
            tones.next(),
            thick,
            mode,
        )


def _blobs(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    """Half transparent areas, or opaque boxes."""
    height, width = canvas.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        levels = np.zeros((height, width), np.uint8)
        x, y = int(rng.integers(width)), int(rng.integers(height))
        w, h = int(rng.uniform(0.1, 1.2) * height), int(rng.uniform(0.05, 0.4) * height)
        cv2.rectangle(levels, (x, y), (x + w, y + h), 255, -1)
        _lay(canvas, levels, tones.next(), float(rng.uniform(0.15, 0.6)))


def _stray_letters(rng: Rng, canvas: Canvas, tones: _Tones, _: float) -> None:
    """Small letters that are not the text."""
    height, width = canvas.shape[:2]
    scale = height / 110 * rng.uniform(0.5, 1)
    levels = np.zeros((height, width), np.uint8)
    for centre in rng.uniform(0, 1, (int(rng.integers(2, 14)), 2)) * [width, height]:
        char = chr(int(rng.integers(97, 123)))
        cv2.putText(
            levels, char, _point(centre), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA
        )
    _lay(canvas, levels, tones.next())


def _point(place: NDArray) -> tuple[int, int]:
    return int(place[0]), int(place[1])


_LINES = (_straight_lines, _waves, _arcs, _scribbles, _dashes, _ruled_grid, _frame, _bars)
_ELEMENTS = (
    (_straight_lines, 0.38, 0.65),
    (_waves, 0.25, 0.7),
    (_arcs, 0.25, 0.65),
    (_scribbles, 0.06, 0.6),
    (_dashes, 0.22, 0.4),
    (_ruled_grid, 0.08, 0.4),
    (_frame, 0.12, 0.7),
    (_bars, 0.06, 0.7),
    (_dots, 0.3, 0.5),
    (_salt, 0.28, 0.6),
    (_dot_grid, 0.06, 0.5),
    (_rings, 0.12, 0.5),
    (_blobs, 0.08, 0.4),
    (_stray_letters, 0.03, 0.1),
)
