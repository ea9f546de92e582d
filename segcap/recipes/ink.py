"""How the network that finds ink is made."""

import os
import string
from pathlib import Path

from segcap.datasets.mnist import load_mnist
from segcap.generate import TextGenerator
from segcap.recipes.digits import split_digits
from segcap.training.synthetic import Source

__all__ = ["wild_sources"]

_LETTERS = string.digits + string.ascii_letters


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
    digits = kept if held_out else train
    return [
        Source(TextGenerator("wild", fonts=fonts), 0.56),
        Source(TextGenerator("wild", fonts=fonts, charset=string.digits + ".,"), 0.14),
        Source(TextGenerator("wild"), 0.05),
        Source(TextGenerator("wild", handwriting=digits, length=(2, 7)), 0.11),
        Source(TextGenerator("mixed", charset=_LETTERS, length=(3, 7)), 0.08),
        Source(TextGenerator("six-char"), 0.06, in_capitals=True),
    ]
