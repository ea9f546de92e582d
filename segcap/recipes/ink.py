"""How the network that finds ink is made."""

import os
import string
from pathlib import Path

from segcap.datasets.mnist import load_mnist
from segcap.generate import TextGenerator
from segcap.recipes.digits import split_digits
from segcap.training.synthetic import Share

__all__ = ["wild_shares"]

_LETTERS = string.digits + string.ascii_letters


def wild_shares(
    fonts: str | Path | None, data: str | os.PathLike[str] | None, *, held_out: bool
) -> list[Share]:
    """Say what everything that reads any scheme is trained on.

    Parameters
    ----------
    fonts : path or None
        A folder of several hundred typefaces; the shipped ones draw a part in any case.
    data : path or None
        See `segcap.datasets.load_mnist`.
    held_out : bool
        Whether handwriting is of the digits that are kept apart.
    """
    learned, kept = split_digits(load_mnist(data))
    digits = kept if held_out else learned
    return [
        Share(TextGenerator("wild", fonts=fonts), 0.56),
        Share(TextGenerator("wild", fonts=fonts, charset=string.digits + ".,"), 0.14),
        Share(TextGenerator("wild"), 0.05),
        Share(TextGenerator("wild", handwriting=digits, length=(2, 7)), 0.11),
        Share(TextGenerator("mixed", charset=_LETTERS, length=(3, 7)), 0.08),
        Share(TextGenerator("six-char"), 0.06, in_capitals=True),
    ]
