"""Lines of text with the place of every character, from what the generators draw."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.charset import Charset
from segcap.core.parallel import run
from segcap.core.pixels import to_rgb
from segcap.generate import Sample, TextGenerator, digit_sums
from segcap.segmentation.components import text_lines
from segcap.segmentation.ink import InkNetwork, find_ink
from segcap.segmentation.settings import SegmentationSettings
from segcap.segmentation.text_lines import (
    INK_STRIP_HEIGHT,
    Strip,
    line_strip,
    strip_channels,
    strip_rows,
)
from segcap.training.augment import Warp, warp_glyphs
from segcap.training.spans import LabelledStrips, join_strips, own_columns, stack_strips

__all__ = [
    "Line",
    "Source",
    "digit_lines",
    "drawn_texts",
    "inked_texts",
    "replay_lines",
    "source_number",
    "stacked",
    "warped_copies",
]

_CHUNK = 500
_WIDEST = 208
_OUTSIDE = 3
_SETTINGS = SegmentationSettings()
_SEEDS = 100
_LETTERS_AND_DIGITS = string.digits + string.ascii_letters
_WARP = Warp(rotation=10, scale=0.12, shear=0.1, shift=0, elastic=0.6)

Line: TypeAlias = tuple[Strip, NDArray[np.float32], NDArray[np.intp]]


class Source(NamedTuple):
    """A generator and how much of all that is drawn it draws.

    Attributes
    ----------
    generator : TextGenerator
    weight : float
        Fraction of all lines, in (0, 1].
    in_capitals : bool
        Whether labels are in lower case and what is drawn is not.
    """

    generator: TextGenerator
    weight: float
    in_capitals: bool = False


def drawn_texts(
    sources: Sequence[Source], n: int, *, seed: int, charset: Charset, n_jobs: int = 1
) -> list[Line]:
    """Draw texts, and find each image's line the way a reader does.

    Parameters
    ----------
    sources : sequence of Source
    n : int
        Lines in all.
    seed : int
    charset : Charset
        That all texts are of.
    n_jobs : int
        Worker processes; -1 for one per core.

    Returns
    -------
    list of Line
        At most 208 pixels wide; characters beyond are left out.
    """
    draw = partial(_drawn, sources, seed, charset)
    found = run(draw, source_parts(sources, n, _CHUNK), n_jobs=n_jobs)
    return [line for lines in found for line in lines]


def source_parts(sources: Sequence[Source], n: int, most: int) -> list[tuple[int, range]]:
    """Return which images of which source are drawn, at most so many together."""
    parts = []
    for number, source in enumerate(sources):
        count = round(n * source.weight)
        for start in range(0, count, most):
            parts.append((number, range(start, min(start + most, count))))
    return parts


def inked_texts(
    sources: Sequence[Source],
    n: int,
    ink: InkNetwork,
    *,
    seed: int,
    charset: Charset,
    widest: int,
    n_jobs: int = 1,
) -> "LabelledStrips":
    """Draw texts, and find each image's line by learned ink the way a reader does.

    Parameters
    ----------
    sources, n, seed, charset, n_jobs
        As of `drawn_texts`.
    ink : callable
        The network that finds ink; see `segcap.segmentation.ink.find_ink`.
    widest : int
        Most columns of a strip, pixels; characters beyond are left out.

    Returns
    -------
    LabelledStrips
        40 pixels high, ink and colours.
    """
    draw = partial(_inked, sources, seed, charset, ink, widest)
    found = run(draw, source_parts(sources, n, _CHUNK), n_jobs=n_jobs)
    return join_strips([stacked(lines) for lines in found if lines], widest)


def _inked(
    sources: Sequence[Source],
    seed: int,
    charset: Charset,
    ink: InkNetwork,
    widest: int,
    part: tuple[int, range],
) -> list[Line]:
    lines: list[Line] = []
    for sample in part_of_source(sources, seed, part):
        pixels = to_rgb(sample.image)
        view, segments = find_ink(pixels, ink)
        if len(segments.boxes) == 0:
            continue
        boxes = view.from_image(sample.boxes)
        members = max(
            text_lines(segments.boxes),
            key=lambda own: float(
                np.prod(segments.boxes[own][:, 2:] - segments.boxes[own][:, :2], axis=1).sum()
            ),
        )
        own = np.isin(segments.labels, np.array(members) + 1)
        strip = line_strip(view.channels, own, height=INK_STRIP_HEIGHT)
        top, bottom = strip_rows(own)
        columns = strip.columns(own_columns(boxes))
        middles = boxes[:, 1::2].mean(axis=1)
        kept = (columns[:, 0] >= -_OUTSIDE) & (columns[:, 1] <= widest)
        kept &= (middles > top - 2) & (middles < bottom + 2)
        if kept.any():
            narrowed = strip._replace(pixels=strip.pixels[:, :widest])
            lines.append((narrowed, columns[kept], charset.encode(sample.label)[kept]))
    return lines


def source_seed(seed: int, number: int) -> int:
    """Return the seed of one of the sources that `drawn_texts` draws."""
    return _SEEDS * seed + number


def source_number(seed: int) -> int:
    """Return which source has a seed that `source_seed` gives."""
    return seed % _SEEDS


def part_of_source(
    sources: Sequence[Source], seed: int, part: tuple[int, range]
) -> Iterator[Sample]:
    """Draw the images of one of `source_parts`, their labels as their characters look."""
    number, indices = part
    generator, _, in_capitals = sources[number]
    for index in indices:
        sample = generator.sample(index, seed=source_seed(seed, number))
        yield replace(sample, label=sample.label.upper()) if in_capitals else sample


def replay_lines(
    characters: str, n: int, *, seed: int, ink: InkNetwork | None = None
) -> LabelledStrips | None:
    """Draw lines of the letters and digits among some characters, in all schemes.

    Parameters
    ----------
    characters : str
        In class order, as they are drawn.
    n : int
    seed : int
    ink : callable, optional
        The network that finds ink; lines are found by thresholds unless given.

    Returns
    -------
    LabelledStrips or None
        None if fewer than two of the characters are letters or digits.
    """
    drawn = "".join(char for char in characters if char in _LETTERS_AND_DIGITS)
    if len(drawn) < 2:
        return None
    charset = Charset(characters)
    mixed = TextGenerator("mixed", charset=drawn, length=(3, 6))
    if ink is None:
        return stacked(drawn_texts([Source(mixed, 1.0)], n, seed=seed, charset=charset))
    wild = TextGenerator("wild", charset=drawn, length=(3, 7))
    sources = [Source(wild, 0.7), Source(mixed, 0.3)]
    return inked_texts(sources, n, ink, seed=seed, charset=charset, widest=_WIDEST)


def digit_lines(
    n: int,
    digits: tuple[ArrayLike, ArrayLike],
    *,
    min_advance: int,
    seed: int,
    count: int = 4,
    n_jobs: int = 1,
) -> list[Line]:
    """Draw rows of digits, and find each image's line the way a reader does.

    Parameters
    ----------
    n : int
        Rows in all.
    digits : tuple of (M, 28, 28) uint8 array and (M,) int array
    min_advance : int
        See `segcap.generate.digit_sums`.
    seed : int
    count : int
        Digits of each row.
    n_jobs : int

    Returns
    -------
    list of Line
        The classes are the digits.
    """
    rows = digit_sums(n, min_advance, seed=seed, digits=digits, count=count)
    chunks = [slice(start, start + _CHUNK) for start in range(0, n, _CHUNK)]
    parts = [(rows.images[chunk], rows.boxes[chunk], rows.labels[chunk]) for chunk in chunks]
    found = run(_rows, parts, n_jobs=n_jobs)
    return [line for lines in found for line in lines]


def stacked(lines: Sequence[Line]) -> LabelledStrips:
    """Pad lines to one width."""
    return stack_strips(*(list(column) for column in zip(*lines, strict=True)))


def warped_copies(
    digits: tuple[NDArray[np.uint8], NDArray[np.integer]], seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Return digits and a warped copy of each."""
    pictures, names = digits
    glyphs = pictures[..., np.newaxis] * np.float32(1 / 255)
    warped = warp_glyphs(glyphs, np.random.default_rng(seed), _WARP)[..., 0]
    copies = np.clip(255 * warped, 0, 255).astype(np.uint8)
    inked = copies.any(axis=(1, 2))
    return np.concatenate([pictures, copies[inked]]), np.concatenate([names, names[inked]])


def _drawn(
    sources: Sequence[Source], seed: int, charset: Charset, part: tuple[int, range]
) -> list[Line]:
    return [
        line
        for sample in part_of_source(sources, seed, part)
        for line in _line(sample.image, sample.boxes, charset.encode(sample.label))
    ]


def _rows(
    part: tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.uint8]],
) -> list[Line]:
    return [
        line
        for image, own, names in zip(*part, strict=True)
        for line in _line(image, own, names.astype(np.intp))
    ]


def _line(
    image: NDArray[np.uint8], boxes: NDArray[np.int32], classes: NDArray[np.intp]
) -> list[Line]:
    """Return the one line of an image, none without ink."""
    pixels = to_rgb(image)
    ink = _SETTINGS.find(pixels).segments.labels > 0
    if not ink.any():
        return []
    strip = line_strip(strip_channels(pixels, ink), ink)
    columns = strip.columns(own_columns(boxes))
    kept = (columns[:, 0] >= -_OUTSIDE) & (columns[:, 1] <= _WIDEST)
    narrowed = strip._replace(pixels=strip.pixels[:, :_WIDEST])
    return [(narrowed, columns[kept], classes[kept])] if kept.any() else []
