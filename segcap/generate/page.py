"""What a scheme is given, and what it gives."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.generate.dials import Dials
from segcap.generate.draws import Draws
from segcap.generate.paint import Cover, as_cover
from segcap.generate.setting import Style, set_line
from segcap.generate.typefaces import Typeface

__all__ = ["Drawn", "Page", "covered"]


class Page(NamedTuple):
    """A text to be drawn.

    Attributes
    ----------
    text : str
    size : tuple of int
        Width and height, pixels.
    faces : sequence of Typeface
    dials : Dials
    """

    text: str
    size: tuple[int, int]
    faces: Sequence[Typeface]
    dials: Dials

    def set_line(self, draws: Draws, style: Style) -> NDArray[np.uint8]:
        """Draw the characters one by one: (len(text), height, width) uint8."""
        return set_line(
            draws, self.text, self.size, faces=self.faces, dials=self.dials, style=style
        )


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


def covered(masks: NDArray[np.uint8]) -> Cover:
    """How much of each pixel is covered by any character: (H, W) in [0, 1]."""
    return as_cover(masks.max(axis=0))
