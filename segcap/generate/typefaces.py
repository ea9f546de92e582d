"""Where the shapes of characters come from: fonts, or pictures of digits."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from segcap.core.bundle import digest
from segcap.core.display import short
from segcap.core.errors import DataError, ParameterError

__all__ = [
    "Digits",
    "Font",
    "Handwriting",
    "Mark",
    "Typeface",
    "able_to_draw",
    "check_digits",
    "find_fonts",
    "shipped_fonts",
]

_ENDINGS = (".ttf", ".otf", ".ttc")
_NO_CHARACTER = "\U0010ffff"
_MEASURED_AT = 200
_COMPARED_AT = 40
_KEPT_UP_TO = 96
_USUAL_EM_TO_CAPITAL = 1.4

Digits = tuple[NDArray[np.uint8], NDArray[np.integer]]
_FAINTEST = 16


class Mark(NamedTuple):
    """One character as drawn.

    Attributes
    ----------
    coverage : (h, w) uint8 array
        How much of each pixel is ink, 0 to 255; no empty rows or columns at the rim.
    above : int
        Rows of it above the baseline.
    """

    coverage: NDArray[np.uint8]
    above: int


class Typeface(Protocol):
    """Something that draws characters."""

    @property
    def name(self) -> str:
        """What the parameters of an image call it."""
        ...

    def can_draw(self, char: str) -> bool:
        """Whether it has a shape for a character."""
        ...

    def mark(self, char: str, size: int, pick: int) -> Mark:
        """Draw a character; capitals are `size` pixels high, `pick` says which of its shapes."""
        ...

    def digest(self) -> str:
        """Return a hash of the shapes."""
        ...


@dataclass(frozen=True)
class Font:
    """A font file.

    Parameters
    ----------
    path : Path
        A TrueType or OpenType file; of a collection its first face.
    """

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    def can_draw(self, char: str) -> bool:
        """Whether the font has a shape of its own for a character, and some ink in it."""
        return _has_shape(self.path, char)

    def mark(self, char: str, size: int, _pick: int = 0) -> Mark:
        """Draw a character, which has one shape."""
        if size > _KEPT_UP_TO:
            return _draw(self.path, char, size)
        return _draw_once(self.path, char, size)

    def digest(self) -> str:
        """Hash the file."""
        return sha256(self.path.read_bytes()).hexdigest()


class Handwriting:
    """Pictures of single digits.

    Parameters
    ----------
    pictures : (M, h, w) uint8 array
        Bright on black, 20 of 28 pixels high as in MNIST, or as high in proportion.
    labels : (M,) int array
        What they show, 0 to 9.

    Raises
    ------
    ParameterError
        The arrays are not as said.
    """

    name = "handwriting"

    def __init__(self, pictures: ArrayLike, labels: ArrayLike) -> None:
        pictures, labels = check_digits((pictures, labels))
        blank = np.flatnonzero(pictures.max(axis=(1, 2)) < _FAINTEST)
        if len(blank):
            raise ParameterError(
                f"Every picture of a handwriting must have a pixel of {_FAINTEST} or more. "
                f"Got picture {blank[0]}, which has none."
            )
        self._pictures, self._labels = pictures, labels
        self._of = {str(digit): np.flatnonzero(labels == digit) for digit in range(10)}

    def can_draw(self, char: str) -> bool:
        """Whether one of the pictures shows the digit."""
        return len(self._of.get(char, ())) > 0

    def mark(self, char: str, size: int, pick: int) -> Mark:
        """Draw a digit, standing on the baseline."""
        shown = self._of[char]
        picture = self._pictures[shown[pick % len(shown)]]
        x, y, width, height = cv2.boundingRect((picture >= _FAINTEST).view(np.uint8))
        scale = size / (picture.shape[0] * 20 / 28)
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        ink = Image.fromarray(picture[y : y + height, x : x + width])
        return Mark(np.array(ink.resize(shape, Image.Resampling.BILINEAR)), shape[1])

    def digest(self) -> str:
        """Hash pictures and labels."""
        return digest(self._pictures, self._labels)


def check_digits(digits: Any) -> Digits:
    """Return labelled pictures of digits as arrays.

    Parameters
    ----------
    digits : tuple of (M, h, w) uint8 array and (M,) int array

    Raises
    ------
    ParameterError
        Their shapes or types do not fit, they are empty, or a label is no digit.
    """
    try:
        pictures, labels = map(np.asarray, digits)
    except (TypeError, ValueError):
        raise ParameterError(
            f"The 'digits' must be pictures of one size and their labels. Got {short(digits)}."
        ) from None
    if (
        pictures.ndim != 3
        or pictures.dtype != np.uint8
        or labels.shape != pictures.shape[:1]
        or labels.dtype.kind not in "iu"
    ):
        raise ParameterError(
            "The 'digits' must be (M, h, w) uint8 images and M whole numbers. "
            f"Got {pictures.shape} {pictures.dtype} and {labels.shape} {labels.dtype}."
        )
    if pictures.size == 0:
        raise ParameterError(
            "The 'digits' must hold at least one picture of at least one pixel. "
            f"Got {pictures.shape}."
        )
    if (blank := ~pictures.any(axis=(1, 2))).any():
        raise ParameterError(
            f"The 'digits' must show something. Got {blank.sum()} blank pictures, the first at "
            f"{int(blank.argmax())}."
        )
    if not (labels.min() >= 0 and labels.max() <= 9):
        raise ParameterError(
            f"The 'digits' must show 0 to 9. Got labels from {labels.min()} to {labels.max()}."
        )
    return pictures, labels.astype(np.int64)


@cache
def shipped_fonts() -> tuple[Font, ...]:
    """List the fonts that come with segcap, ten families with open licences."""
    return find_fonts(Path(__file__).parent / "fonts")


def find_fonts(folder: str | Path) -> tuple[Font, ...]:
    """List the fonts in a folder and the folders below it, by path.

    Raises
    ------
    DataError
        The folder is not there, holds no font, or one that cannot be opened.
    """
    if not isinstance(folder, str | os.PathLike):
        raise DataError(f"A font folder must be a path. Got {folder!r}.")
    folder = Path(folder)
    if not os.path.isdir(folder):
        raise DataError(f"A font folder must be there. Got '{folder}'.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    if not paths:
        raise DataError(
            f"A font folder must hold a file ending in {', '.join(_ENDINGS)}. Got '{folder}'."
        )
    for path in paths:
        try:
            _open_font(path, _MEASURED_AT)
        except OSError as error:
            raise DataError(
                f"A font must be TrueType or OpenType. Got '{path}': {error}."
            ) from None
    return tuple(map(Font, paths))


def able_to_draw(typefaces: Sequence[Typeface], characters: str) -> tuple[Typeface, ...]:
    """Keep the typefaces that can draw all the characters.

    Raises
    ------
    ParameterError
        None can; the message names a character that is missing.
    """
    able = tuple(face for face in typefaces if all(map(face.can_draw, characters)))
    if able:
        return able
    for char in characters:
        if not any(face.can_draw(char) for face in typefaces):
            raise ParameterError(
                f"Every character must be in one of the fonts, or in the handwriting. Got {char!r}."
            )
    raise ParameterError(
        f"One of the given fonts must have all of the characters. Got {characters!r}, "
        f"which are in none of the {len(typefaces)} fonts together."
    )


@cache
def _has_shape(path: Path, char: str) -> bool:
    pixels, _ = _pixels(path, char, _COMPARED_AT)
    missing, _ = _pixels(path, _NO_CHARACTER, _COMPARED_AT)
    return pixels.size > 0 and not np.array_equal(pixels, missing)


@lru_cache(maxsize=2048)
def _open_font(path: Path, em: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), em, layout_engine=ImageFont.Layout.BASIC)


def _pixels(path: Path, char: str, em: int) -> tuple[NDArray[np.uint8], int]:
    """Draw a character, tight, and say how many of its rows are above the baseline."""
    font = _open_font(path, em)
    left, top, right, bottom = map(int, font.getbbox(char, anchor="ls"))
    page = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(page).text((-left, -top), char, 255, font=font, anchor="ls")
    pixels = np.array(page)
    x, y, width, height = cv2.boundingRect(pixels)
    return pixels[y : y + height, x : x + width], -(top + y)


@cache
def _em_to_capital(path: Path) -> float:
    pixels, above = _pixels(path, "H", _MEASURED_AT)
    return _MEASURED_AT / above if pixels.size else _USUAL_EM_TO_CAPITAL


def _draw(path: Path, char: str, size: int) -> Mark:
    pixels, above = _pixels(path, char, max(1, round(size * _em_to_capital(path))))
    pixels.setflags(write=False)
    return Mark(pixels, above)


_draw_once = lru_cache(maxsize=32768)(_draw)
