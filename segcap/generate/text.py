"""Seeded images of text, with the truth about every character."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.charset import Charset
from segcap.errors import ParameterError
from segcap.generate.dials import Dials, Difficulty
from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.schemes import SCHEMES, random_dials, random_size
from segcap.generate.typefaces import Handwriting, Typeface, able_to_draw, find_fonts, shipped_fonts

__all__ = ["Sample", "TextArrays", "TextGenerator", "schemes"]

T = TypeVar("T")

_QUARTER = 64
_MOST_CHARACTERS = 100
_SIDES = (10, 4096)
_PER_TASK = 128


@dataclass(frozen=True)
class Sample:
    """A drawn image and its truth.

    Attributes
    ----------
    image : (H, W) or (H, W, 3) uint8 array
        Grey or RGB.
    label : str
    boxes : (L, 4) int32 array
        x0, y0, x1, y1 of each character's mask, half-open, pixels, from left to right.
    masks : (L, H, W) bool array
        The pixels that each character covers by a quarter or more, before any covers another.
    parameters : dict
        What was drawn at random, as JSON takes it.
    """

    image: NDArray[np.uint8]
    label: str
    boxes: NDArray[np.int32]
    masks: NDArray[np.bool_]
    parameters: dict[str, Any]


class TextArrays(NamedTuple):
    """Images of one size as arrays.

    Attributes
    ----------
    images : (n, H, W) or (n, H, W, 3) uint8 array
    labels : (n,) array of str
    boxes : list of n (L, 4) int32 arrays
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.str_]
    boxes: list[NDArray[np.int32]]


def schemes() -> tuple[str, ...]:
    """Name the schemes of text."""
    return tuple(SCHEMES)


class TextGenerator:
    """Draws texts by a scheme; image i of a seed is the same whatever else is drawn.

    Parameters
    ----------
    scheme : str
        One of `schemes()`.
    charset : str, optional
        The characters to draw from, all equally often. Unless given, the scheme's own; of
        them the digits for handwriting.
    length : int or tuple of int, optional
        Characters in every image, or their fewest and most, in 1 ... 100.
    size : tuple of int, optional
        Width and height in 10 ... 4096 pixels; the scheme's own if not given.
    fonts : str or Path, optional
        A folder of fonts to draw with, instead of those that are shipped.
    handwriting : tuple of (M, h, w) uint8 array and (M,) int array, optional
        Pictures of single digits, bright on black, and what they show, to draw with instead.
    difficulty : float or mapping of str to float, optional
        Where to turn all dials, or some: overlap, warp, lines, noise, contrast, each in [0, 1].
        Unless turned, they stand where the scheme has its usual look.

    Attributes
    ----------
    charset : str
    size : tuple of int or None
        None where every image has its own.
    dials : Dials or None
        Likewise.

    Raises
    ------
    ParameterError
        An argument is not as said, or a character is in no font.
    DataError
        `fonts` is no folder of fonts.

    Notes
    -----
    The same seed gives the same pixels with the same versions of NumPy, OpenCV and Pillow, on
    any machine and for any number of workers.

    Examples
    --------
    >>> generator = TextGenerator("clean", length=4)
    >>> generator.samples(2, seed=7)[1].label == generator.sample(1, seed=7).label
    True
    """

    def __init__(
        self,
        scheme: str,
        *,
        charset: str | None = None,
        length: int | tuple[int, int] | None = None,
        size: tuple[int, int] | None = None,
        fonts: str | Path | None = None,
        handwriting: tuple[NDArray[np.uint8], NDArray[np.integer]] | None = None,
        difficulty: Difficulty = None,
    ) -> None:
        if scheme not in SCHEMES:
            raise ParameterError(f"A scheme must be one of: {', '.join(SCHEMES)}. Got {scheme!r}.")
        if fonts is not None and handwriting is not None:
            raise ParameterError("Give either 'fonts' or 'handwriting'. Got both.")
        own = SCHEMES[scheme]
        self.scheme = scheme
        if charset is None:
            charset = own.charset if handwriting is None else re.sub(r"\D", "", own.charset)
        self.charset = Charset(charset).characters
        if own.in_capitals and self.charset != self.charset.lower():
            raise ParameterError(
                f"The charset of '{scheme}' must be in lower case, as its labels are. "
                f"Got {self.charset!r}."
            )
        self.length = own.length if length is None else _as_range(length)
        self.size = own.size if size is None else _as_size(size)
        turned = None if own.dials is None and difficulty is None else own.dials or Dials()
        self.dials = turned and turned.turned(difficulty)
        self._in_capitals = own.in_capitals
        self._draw = own.draw
        self.faces = able_to_draw(
            _typefaces(own.fonts, fonts, handwriting), self._as_drawn(self.charset)
        )

    def sample(self, index: int = 0, *, seed: int = 0) -> Sample:
        """Draw one image.

        Parameters
        ----------
        index : int
            Which of the seed's images, at least 0.
        seed : int
            At least 0.

        Raises
        ------
        ParameterError
            A number is negative, or the text does not fit into the image.
        """
        _check_at_least_0(index=index, seed=seed)
        draws = Draws(seed, index)
        length = draws.integer("length", *self.length)
        label = "".join(draws.choices("text", self.charset, length))
        size = self.size or random_size(draws, length)
        dials = self.dials or random_dials(draws)
        pixels, covers = self._draw(draws, Page(self._as_drawn(label), size, self.faces, dials))
        masks = np.stack([cover >= min(_QUARTER, max(1, int(cover.max()))) for cover in covers])
        parameters = {"scheme": self.scheme, "size": list(size), **vars(dials), **draws.parameters}
        return Sample(pixels, label, _boxes_of(masks), masks, parameters)

    def settings(self) -> dict[str, Any]:
        """Give what the generator was made with, as JSON takes it."""
        return {
            "scheme": self.scheme,
            "charset": self.charset,
            "length": list(self.length),
            "size": self.size and list(self.size),
            "dials": self.dials and asdict(self.dials),
            "faces": [face.name for face in self.faces],
        }

    def samples(self, n: int, *, seed: int = 0, n_jobs: int = 1) -> list[Sample]:
        """Draw the seed's first `n` images.

        Parameters
        ----------
        n : int
            At least 0.
        seed : int
        n_jobs : int
            Worker processes; -1 for one per core.
        """
        _check_at_least_0(n=n, seed=seed)
        return list(in_order(partial(self.sample, seed=seed), range(n), n_jobs=n_jobs))

    def stream(self, *, seed: int = 0, start: int = 0) -> Iterator[Sample]:
        """Draw the seed's images one after the other, without end, from `start` on."""
        _check_at_least_0(seed=seed, start=start)
        return (self.sample(index, seed=seed) for index in count(start))

    def arrays(self, n: int, *, seed: int = 0, n_jobs: int = 1) -> TextArrays:
        """Draw the seed's first `n` images as one array.

        Raises
        ------
        ParameterError
            Every image of the scheme has a size of its own, and none was given.
        """
        if self.size is None:
            raise ParameterError(
                f"Images in one array must have one size. Got '{self.scheme}' without 'size'."
            )
        _check_at_least_0(n=n, seed=seed)
        task = partial(self._without_masks, seed=seed)
        drawn = list(in_order(task, range(n), n_jobs=n_jobs))
        images = np.stack([image for image, _, _ in drawn]) if drawn else self._no_images()
        labels = np.array([label for _, label, _ in drawn], np.str_)
        return TextArrays(images, labels, [boxes for _, _, boxes in drawn])

    def _without_masks(
        self, index: int, seed: int
    ) -> tuple[NDArray[np.uint8], str, NDArray[np.int32]]:
        sample = self.sample(index, seed=seed)
        return sample.image, sample.label, sample.boxes

    def _no_images(self) -> NDArray[np.uint8]:
        return np.zeros((0, *self.sample().image.shape), np.uint8)

    def _as_drawn(self, text: str) -> str:
        return text.upper() if self._in_capitals else text


def in_order(task: Callable[[int], T], indices: Sequence[int], *, n_jobs: int) -> Iterator[T]:
    """Give the results of a task in the order of its indices, from worker processes if wanted.

    Raises
    ------
    ParameterError
        `n_jobs` is 0 or below -1.
    """
    if n_jobs < -1 or n_jobs == 0:
        raise ParameterError(f"The 'n_jobs' must be at least 1, or -1. Got {n_jobs}.")
    if n_jobs == 1:
        return map(task, indices)
    from joblib import Parallel, delayed

    chunks = [indices[i : i + _PER_TASK] for i in range(0, len(indices), _PER_TASK)]
    workers = Parallel(n_jobs=n_jobs, return_as="generator", pre_dispatch="3*n_jobs")
    results = workers(delayed(_run_all)(task, chunk) for chunk in chunks)
    return (result for chunk in results for result in chunk)


def _run_all(task: Callable[[int], T], indices: Sequence[int]) -> list[T]:
    cv2.setNumThreads(1)
    return [task(index) for index in indices]


def _typefaces(
    own: tuple[str, ...],
    fonts: str | Path | None,
    handwriting: tuple[NDArray[np.uint8], NDArray[np.integer]] | None,
) -> tuple[Typeface, ...]:
    if handwriting is not None:
        return (Handwriting(*handwriting),)
    if fonts is not None:
        return find_fonts(fonts)
    return tuple(font for font in shipped_fonts() if not own or font.name in own)


def _boxes_of(masks: NDArray[np.bool_]) -> NDArray[np.int32]:
    boxes = np.array([cv2.boundingRect(mask.view(np.uint8)) for mask in masks], np.int32)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _as_range(length: int | tuple[int, int]) -> tuple[int, int]:
    low, high = (length, length) if isinstance(length, int) else length
    if not 1 <= low <= high <= _MOST_CHARACTERS:
        raise ParameterError(
            f"A 'length' must be in 1 ... {_MOST_CHARACTERS}, a range of it not empty. "
            f"Got {length!r}."
        )
    return low, high


def _as_size(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    low, high = _SIDES
    if not (low <= width <= high and low <= height <= high):
        raise ParameterError(
            f"A 'size' must be a width and a height in {low} ... {high} pixels. Got {size!r}."
        )
    return width, height


def _check_at_least_0(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 0:
            raise ParameterError(f"The '{name}' must be at least 0. Got {value}.")
