"""What a scheme is given, and what it gives."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.generate.difficulty import Difficulty
from segcap.generate.typefaces import Handwriting, Typeface

__all__ = ["Drawn", "Page"]


class Page(NamedTuple):
    """A text to be drawn.

    Attributes
    ----------
    text : str
    size : tuple of int
        Width and height, pixels.
    faces : sequence of Typeface
        All can draw every character.
    difficulty : Difficulty
    """

    text: str
    size: tuple[int, int]
    faces: Sequence[Typeface]
    difficulty: Difficulty

    @property
    def handwritten(self) -> bool:
        """Whether it is drawn with pictures of digits."""
        return isinstance(self.faces[0], Handwriting)


class Drawn(NamedTuple):
    """A text as drawn.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) uint8 array
        Grey or RGB.
    masks : (L, H, W) uint8 array
        How much of each pixel each character covers, before any covers another.
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
