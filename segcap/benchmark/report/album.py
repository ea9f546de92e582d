"""Pictures of a report: images with their ink, glyphs cut from them, within a bound of size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segcap.benchmark.outcomes import Box
from segcap.benchmark.results import ImageResult
from segcap.benchmark.split_task import Images
from segcap.core.errors import ImageError
from segcap.core.image import load_image
from segcap.evaluate.confusions import Confusion, aligned_characters
from segcap.evaluate.pictures import data_uri
from segcap.segmentation.binarize import binarize

__all__ = ["Picture", "album", "glyph_pictures"]

_MARGIN = 2
_NARROWEST = 2
"""A cut-out is at least as wide as its height divided by this: a network's columns are slivers."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as a page shows it.

    Attributes
    ----------
    image, ink : str
        Data URIs.
    width, height : int
        Of the image itself, pixels.
    """

    image: str
    ink: str
    width: int
    height: int


def album(images: Images, order: Iterable[int], room: int) -> tuple[dict[int, Picture], list[int]]:
    """Make pictures until there is no more room.

    Parameters
    ----------
    order : iterable of int
        Numbers of images, those that matter most first.
    room : int
        Characters that all data URIs may have together.

    Returns
    -------
    dict of int to Picture
    list of int
        Images that could not be loaded.
    """
    pictures: dict[int, Picture] = {}
    damaged: list[int] = []
    for number in order:
        try:
            picture = _picture(load_image(images[number]))
        except ImageError:
            damaged.append(number)
            continue
        room -= len(picture.image) + len(picture.ink)
        if room < 0:
            break
        pictures[number] = picture
    return pictures, damaged


def glyph_pictures(
    confusion: Confusion,
    method: str,
    answers: Sequence[ImageResult],
    images: Images,
    *,
    most: int,
) -> list[str]:
    """Cut out what was taken for something else.

    Parameters
    ----------
    method : str
        Who took it so.

    Returns
    -------
    list of str
        Data URIs, one for each of the first `most` images that can be loaded; of the whole image
        where it is not known where the character is.
    """
    uris: list[str] = []
    for number in confusion.images:
        if len(uris) == most:
            break
        try:
            pixels = load_image(images[number])
        except ImageError:
            continue
        box = _confused_box(confusion, answers[number], method)
        uris.append(data_uri(pixels if box is None else _cut(pixels, box)))
    return uris


def _picture(pixels: NDArray[np.uint8]) -> Picture:
    height, width = pixels.shape[:2]
    return Picture(data_uri(pixels), data_uri(~binarize(pixels)), width, height)


def _confused_box(confusion: Confusion, answer: ImageResult, method: str) -> Box | None:
    """Find the reader's own box of the character, or else its true one."""
    given = answer.by[method]
    value, own, true = given.value or "", given.boxes, answer.boxes
    read_place = true_place = -1
    for read_char, true_char in aligned_characters(value, answer.truth):
        read_place += read_char is not None
        true_place += true_char is not None
        if (true_char, read_char) == (confusion.true, confusion.read):
            if own is not None and len(own) == len(value):
                return own[read_place]
            if true is not None and len(true) == len(answer.truth):
                return true[true_place]
    return None


def _cut(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = box
    narrow = max(0, (y1 - y0) // _NARROWEST - (x1 - x0))
    x0, x1 = x0 - (narrow + 1) // 2, x1 + narrow // 2
    cut = pixels[
        max(0, y0 - _MARGIN) : min(height, y1 + _MARGIN),
        max(0, x0 - _MARGIN) : min(width, x1 + _MARGIN),
    ]
    return cut if cut.size else pixels
