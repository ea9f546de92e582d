"""How the network that finds ink is made."""

import os
import string
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.datasets.mnist import load_mnist
from segcap.generate import TextGenerator
from segcap.recipes.digits import split_digits
from segcap.training.synthetic import Source

__all__ = ["wild_sources"]

_LETTERS = string.digits + string.ascii_letters
_CROSSED, _HOOKED, _FOOTED = 0.4, 0.5, 0.1
_STROKE = 127


def wild_sources(
    fonts: str | Path | None, data: str | os.PathLike[str] | None, *, held_out: bool
) -> list[Source]:
    """Sources of the images that everything that reads any scheme is trained on.

    Parameters
    ----------
    fonts : path or None
        A folder of several hundred typefaces; the shipped ones draw a part in any case.
    data : path or None
        See `segcap.datasets.load_mnist`.
    held_out : bool
        Whether handwriting is of the digits that are kept apart.
    """
    train, kept = split_digits(load_mnist(data))
    digits = as_elsewhere(*(kept if held_out else train))
    return [
        Source(TextGenerator("wild", fonts=fonts), 0.47),
        Source(TextGenerator("wild", fonts=fonts, charset=string.digits + ".,"), 0.25),
        Source(TextGenerator("wild"), 0.04),
        Source(TextGenerator("wild", handwriting=digits, length=(2, 7)), 0.14),
        Source(TextGenerator("mixed", charset=_LETTERS, length=(3, 7)), 0.05),
        Source(TextGenerator("six-char"), 0.05, in_capitals=True),
    ]


def as_elsewhere(
    pictures: NDArray[np.uint8], labels: NDArray[np.integer], seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Cross some sevens and hook some ones, as most of the world writes them, unlike MNIST.

    Parameters
    ----------
    pictures : (M, 28, 28) uint8 array
        Bright on black.
    labels : (M,) int array
    seed : int

    Returns
    -------
    pictures, labels
    """
    rng = np.random.default_rng(seed)
    drawn = pictures.copy()
    for index in np.flatnonzero((labels == 7) & (rng.random(len(labels)) < _CROSSED)):
        _cross(drawn[index], rng)
    for index in np.flatnonzero((labels == 1) & (rng.random(len(labels)) < _HOOKED)):
        _hook(drawn[index], rng)
    return drawn, labels


def _cross(seven: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draw a bar across the stem."""
    _, y, _, tall = cv2.boundingRect((seven > _STROKE).view(np.uint8))
    row = round(y + tall * rng.uniform(0.45, 0.65))
    stem = np.flatnonzero(seven[row] > _STROKE)
    if len(stem) == 0:
        return
    reach, lean = rng.uniform(3.5, 6.5), rng.uniform(-1.5, 1)
    _stroke(seven, (stem.mean() - reach, row - lean), (stem.mean() + reach, row + lean), rng)


def _hook(one: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draw the stroke that leads up to a one, and a foot under a few."""
    rows, columns = np.nonzero(one > _STROKE)
    if len(rows) == 0:
        return
    top, foot = columns[rows == rows[0]].mean(), columns[rows == rows[-1]].mean()
    long, steep = rng.uniform(5, 13), np.radians(rng.uniform(25, 65))
    end = top - long * np.cos(steep), rows[0] + long * np.sin(steep)
    _stroke(one, (top, float(rows[0])), end, rng)
    if rng.random() < _FOOTED:
        reach = rng.uniform(3, 5)
        _stroke(one, (foot - reach, float(rows[-1])), (foot + reach, float(rows[-1])), rng)


def _stroke(
    picture: NDArray[np.uint8],
    start: tuple[float, float],
    end: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    thick = int(rng.integers(1, 4))
    first, last = ((round(16 * x), round(16 * y)) for x, y in (start, end))
    cv2.line(picture, first, last, 255, thick, cv2.LINE_AA, 4)
