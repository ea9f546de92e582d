"""Where the shapes of characters come from: fonts, or pictures of digits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

from segcap.errors import DataError, ParameterError

__all__ = ["Font", "Handwriting", "Mark", "Typeface", "find_fonts", "shipped_fonts"]

_ENDINGS = (".ttf", ".otf", ".ttc")
_NO_CHARACTER = "\U0010ffff"
_MEASURED_AT = 200
_COMPARED_AT = 40
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

    def mark(self, char: str, size: int, pick: float) -> Mark:
        """Draw a character; capitals are `size` pixels high, `pick` in [0, 1) of its shapes."""
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

    def mark(self, char: str, size: int, pick: float = 0.0) -> Mark:  # noqa: ARG002
        """Draw a character; the same for every `pick`."""
        return _font_mark(self.path, char, size)


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

    def __init__(self, pictures: NDArray[np.uint8], labels: NDArray[np.integer]) -> None:
        check_digits(pictures, labels)
        self._pictures = pictures
        self._of = {str(digit): np.flatnonzero(labels == digit) for digit in range(10)}

    def can_draw(self, char: str) -> bool:
        """Whether one of the pictures shows the digit."""
        return len(self._of.get(char, ())) > 0

    def mark(self, char: str, size: int, pick: float) -> Mark:
        """Draw a digit, standing on the baseline."""
        shown = self._of[char]
        picture = self._pictures[shown[int(pick * len(shown))]]
        x, y, width, height = cv2.boundingRect((picture >= _FAINTEST).view(np.uint8))
        if width == 0:
            return Mark(np.zeros((1, 1), np.uint8), 1)
        scale = size / (picture.shape[0] * 20 / 28)
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        ink = Image.fromarray(picture[y : y + height, x : x + width])
        return Mark(np.array(ink.resize(shape, Image.Resampling.BILINEAR)), shape[1])


def check_digits(pictures: NDArray[np.uint8], labels: NDArray[np.integer]) -> None:
    """Refuse what is no set of labelled pictures of digits.

    Raises
    ------
    ParameterError
        The arrays' shapes or types do not fit, they are empty, or a label is no digit.
    """
    if pictures.ndim != 3 or pictures.dtype != np.uint8 or len(pictures) != len(labels):
        raise ParameterError(
            "The 'digits' must be (M, h, w) uint8 images and M labels. "
            f"Got {pictures.shape} {pictures.dtype} and {len(labels)} labels."
        )
    if len(pictures) == 0:
        raise ParameterError("The 'digits' must hold at least one picture. Got none.")
    if not (np.min(labels) >= 0 and np.max(labels) <= 9):
        raise ParameterError(
            f"The 'digits' must show 0 to 9. Got labels from {np.min(labels)} to {np.max(labels)}."
        )


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
    folder = Path(folder)
    if not folder.is_dir():
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
                f"Every character must be in a given font or handwriting. Got {char!r}."
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


@lru_cache(maxsize=64)
def _open_font(path: Path, em: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), em, layout_engine=ImageFont.Layout.BASIC)


def _pixels(path: Path, char: str, em: int) -> tuple[NDArray[np.uint8], int]:
    """Draw a character, tight, and say how many of its rows are above the baseline."""
    mask, (_, top) = _open_font(path, em).getmask2(char, mode="L", anchor="ls")
    pixels = np.array(mask, np.uint8).reshape(mask.size[::-1])
    x, y, width, height = cv2.boundingRect(pixels) if pixels.size else (0, 0, 0, 0)
    return pixels[y : y + height, x : x + width], -(top + y)


@cache
def _em_to_capital(path: Path) -> float:
    pixels, above = _pixels(path, "H", _MEASURED_AT)
    return _MEASURED_AT / above if pixels.size else 1.4


@lru_cache(maxsize=16_384)
def _font_mark(path: Path, char: str, size: int) -> Mark:
    pixels, above = _pixels(path, char, max(1, round(size * _em_to_capital(path))))
    pixels.setflags(write=False)
    return Mark(pixels, above)
