"""Seeded images of text, with the truth about every character."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
import PIL
from numpy.typing import ArrayLike, NDArray

from segcap.core.charset import Charset
from segcap.core.display import short_repr
from segcap.core.errors import ParameterError
from segcap.core.notebook import as_html
from segcap.core.parallel import run_each
from segcap.core.pixels import to_rgb
from segcap.core.validation import whole_number
from segcap.generate.difficulty import DIFFICULTIES, Difficulty, DifficultyLike
from segcap.generate.draws import Draws
from segcap.generate.page import Page
from segcap.generate.text_schemes import SCHEMES, random_difficulty, random_size
from segcap.generate.typefaces import Handwriting, Typeface, able_to_draw, find_fonts, shipped_fonts
from segcap.generate.typesetting import check_room

__all__ = ["Sample", "TextArrays", "TextGenerator", "schemes"]

T = TypeVar("T")

_QUARTER = 64
_MOST_CHARACTERS = 100
_SIDES = (10, 4096)


@dataclass(frozen=True, eq=False, repr=False)
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
        What was drawn at random, as JSON takes it; not the grain, specks, scattered pixels and
        elastic fields, and of "wild", "seven-segment" and "counter" little else: seed and index
        alone give them again.
    """

    image: NDArray[np.uint8]
    label: str
    boxes: NDArray[np.int32]
    masks: NDArray[np.bool_]
    parameters: dict[str, Any] = field(repr=False)

    __repr__ = short_repr

    def _repr_html_(self) -> str:
        """Show notebooks the image and where its characters are."""
        boxes = map(tuple, self.boxes.tolist())
        marks = [(char, 1.0, box) for char, box in zip(self.label, boxes, strict=True)]
        return as_html(repr(self), to_rgb(self.image), marks)


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

    def __repr__(self) -> str:
        return short_repr(self)


def schemes() -> tuple[str, ...]:
    """Return the names of the schemes of text."""
    return tuple(SCHEMES)


class TextGenerator:
    """Draws texts by a scheme; image i of a seed is the same whatever else is drawn.

    Parameters
    ----------
    scheme : str
        One of `schemes()`.
    charset : str, optional
        The characters to draw from, all equally often; "wild" draws digits alone, letters alone,
        tasks and so on, "seven-segment" and "counter" draw numbers. Unless given, the scheme's own,
        of "wild" those that a font has; of them the digits for handwriting.
    length : int or tuple of int, optional
        Characters in every image, or their fewest and most, in 1 ... 100.
    size : tuple of int, optional
        Width and height in 10 ... 4096 pixels; the scheme's own if not given.
    fonts : str or Path, optional
        A folder of fonts to draw with, instead of those that are shipped; those that lack one of
        the characters are left out.
    handwriting : tuple of (M, h, w) uint8 array and (M,) int array, optional
        Pictures of single digits, bright on black, and what they show, to draw with instead.
    difficulty : float or mapping of str to float or Difficulty, optional
        One value for all, or some: overlap, warp, lines, noise, contrast, each in [0, 1].
        Unless given, they are those of the scheme's usual look, for "mixed" random.

    Raises
    ------
    ParameterError
        An argument is not as said, or a character is in no font.
    DataError
        `fonts` is no folder of fonts.

    Notes
    -----
    The same seed gives the same pixels with the same versions of NumPy, OpenCV and Pillow, on
    any machine and for any number of workers. Images of "wild", "seven-segment" and "counter" are
    drawn in floating point and may be rounded otherwise on another processor; what they show and
    where is the same.

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
        handwriting: tuple[ArrayLike, ArrayLike] | None = None,
        difficulty: DifficultyLike = None,
    ) -> None:
        if not isinstance(scheme, str) or scheme not in SCHEMES:
            raise ParameterError(f"A scheme must be one of: {', '.join(SCHEMES)}. Got {scheme!r}.")
        if fonts is not None and handwriting is not None:
            raise ParameterError("Texts are drawn with fonts or with handwriting. Got both.")
        own = SCHEMES[scheme]
        if not own.has_faces and (fonts is not None or handwriting is not None):
            raise ParameterError(
                f"Texts of '{scheme}' have a form of their own. Got "
                f"'{'fonts' if handwriting is None else 'handwriting'}'."
            )
        if charset is None:
            charset = own.charset if handwriting is None else re.sub(r"\D", "", own.charset)
        self.scheme = scheme
        self.charset = Charset(charset).characters
        self.length = own.length if length is None else _as_range(length)
        self.size = own.size if size is None else _as_size(size)
        (own.difficulty or Difficulty()).turned(difficulty)  # what cannot be set is refused here
        self.difficulty = _as_numbers(difficulty)
        if own.in_capitals:
            _check_small_letters(scheme, self.charset)
        needed = re.sub(r"\D", "", self.charset) if own.numbers_alone else self.charset
        if own.numbers_alone and not (needed and set(self.charset) <= set(own.charset)):
            raise ParameterError(
                f"The charset of '{scheme}' must be digits, and points and commas beside them. "
                f"Got {self.charset!r}."
            )
        faces = _typefaces(own.fonts, fonts, handwriting)
        if own.free_faces and handwriting is None:  # each image has faces that have its characters
            self._faces = faces
            known = [char for char in needed if any(face.can_draw(char) for face in faces)]
            if known and own.charset == needed:
                self.charset = "".join(known)
            elif len(known) < len(needed):
                able_to_draw(faces, needed)
            drawn = self._as_drawn(self.charset)
        else:
            drawn = self._as_drawn(self.charset)
            self._faces = able_to_draw(faces, drawn)
        if self.size is not None:
            check_room(drawn, self.length[1], self.size, self._faces)

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
        draws = Draws(whole_number("seed", seed), whole_number("index", index))
        own = SCHEMES[self.scheme]
        length = draws.integer("length", *self.length)
        if own.write is not None:
            label = own.write(draws, self.charset, length)
        else:
            label = "".join(draws.choices("text", self.charset, length))
        size = self.size or (own.measure or random_size)(draws, length)
        difficulty = (own.difficulty or random_difficulty(draws)).turned(self.difficulty)
        page = Page(self._as_drawn(label), size, self._faces, difficulty)
        pixels, covers = own.draw(draws, page)
        masks = np.stack([cover >= min(_QUARTER, max(1, int(cover.max()))) for cover in covers])
        given = {"scheme": self.scheme, "size": list(size), **asdict(difficulty)}
        return Sample(pixels, label, _boxes_of(masks), masks, given | draws.parameters)

    def settings(self) -> dict[str, Any]:
        """Return what the generator was made with, as JSON takes it."""
        return {
            "scheme": self.scheme,
            "charset": self.charset,
            "length": list(self.length),
            "size": self.size and list(self.size),
            "difficulty": _positions(self.scheme, self.difficulty),
            "faces": [[face.name, face.digest()] for face in self._faces],
            "versions": {module.__name__: module.__version__ for module in (np, cv2, PIL)},
        }

    def samples(self, n: int, *, seed: int = 0, n_jobs: int | None = None) -> list[Sample]:
        """Draw the seed's first `n` images.

        Parameters
        ----------
        n : int
            At least 0.
        seed : int
        n_jobs : int, optional
            Workers, as of `segcap.GlyphReader.read_many`. They change nothing but the time.
        """
        return list(self._each(self.sample, n, seed, n_jobs))

    def stream(self, *, seed: int = 0, start: int = 0) -> Iterator[Sample]:
        """Draw the seed's images one after the other, without end, from `start` on."""
        seed, start = whole_number("seed", seed), whole_number("start", start)
        return (self.sample(index, seed=seed) for index in count(start))

    def arrays(self, n: int, *, seed: int = 0, n_jobs: int | None = None) -> TextArrays:
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
        drawn = list(self._each(self._without_masks, n, seed, n_jobs))
        images = np.stack([image for image, _, _ in drawn]) if drawn else self._no_images()
        labels = np.array([label for _, label, _ in drawn], np.str_)
        return TextArrays(images, labels, [boxes for _, _, boxes in drawn])

    def _each(self, draw: Callable[..., T], n: int, seed: int, n_jobs: int | None) -> Iterator[T]:
        n, seed = whole_number("n", n), whole_number("seed", seed)
        return run_each(partial(draw, seed=seed), range(n), n_jobs=n_jobs)

    def _without_masks(
        self, index: int, *, seed: int
    ) -> tuple[NDArray[np.uint8], str, NDArray[np.int32]]:
        sample = self.sample(index, seed=seed)
        return sample.image, sample.label, sample.boxes

    def _no_images(self) -> NDArray[np.uint8]:
        return np.zeros((0, *self.sample().image.shape), np.uint8)

    def _as_drawn(self, text: str) -> str:
        return text.upper() if SCHEMES[self.scheme].in_capitals else text


def _typefaces(
    own: tuple[str, ...],
    fonts: str | Path | None,
    handwriting: tuple[ArrayLike, ArrayLike] | None,
) -> tuple[Typeface, ...]:
    if handwriting is not None:
        if not isinstance(handwriting, tuple | list) or len(handwriting) != 2:
            raise ParameterError(
                "A 'handwriting' must be pictures of digits and what they show. "
                f"Got {type(handwriting).__name__}."
            )
        return (Handwriting(*handwriting),)
    if fonts is not None:
        return find_fonts(fonts)
    return tuple(font for font in shipped_fonts() if not own or font.name in own)


def _boxes_of(masks: NDArray[np.bool_]) -> NDArray[np.int32]:
    boxes = np.array([cv2.boundingRect(mask.view(np.uint8)) for mask in masks], np.int32)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _as_range(length: int | tuple[int, int]) -> tuple[int, int]:
    ends = length if isinstance(length, tuple | list) else (length, length)
    if len(ends) == 2:
        low, high = (whole_number("length", end, least=1, most=_MOST_CHARACTERS) for end in ends)
        if low <= high:
            return low, high
    raise ParameterError(f"A 'length' must be a number, or the least and the most. Got {length!r}.")


def _as_numbers(difficulty: DifficultyLike) -> DifficultyLike:
    if isinstance(difficulty, Mapping):
        return {name: float(value) for name, value in difficulty.items()}
    return difficulty


def _as_size(size: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ParameterError(f"A 'size' must be a width and a height, pixels. Got {size!r}.")
    low, high = _SIDES
    width, height = (
        whole_number(name, side, least=low, most=high)
        for name, side in zip(("width", "height"), size, strict=True)
    )
    return width, height


def _positions(scheme: str, difficulty: DifficultyLike) -> dict[str, float | None]:
    """Value of each difficulty; None where it is random."""
    own = SCHEMES[scheme].difficulty
    if own is not None or not isinstance(difficulty, Mapping | None):
        return asdict((own or Difficulty()).turned(difficulty))
    return {name: (difficulty or {}).get(name) for name in DIFFICULTIES}


def _check_small_letters(scheme: str, charset: str) -> None:
    capitals = [char.upper() for char in charset]
    for char, capital in zip(charset, capitals, strict=True):
        if char != char.lower() or len(capital) > 1 or capitals.count(capital) > 1:
            raise ParameterError(
                f"The charset of '{scheme}', which is drawn in capitals, must have small letters "
                f"with capitals of their own. Got {char!r}."
            )
