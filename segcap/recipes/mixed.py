"""The reader "mixed": letters and digits of generated schemes and handwriting."""

import os
import string
from typing import TYPE_CHECKING

from segcap.core.charset import Charset
from segcap.datasets.mnist import load_mnist
from segcap.generate import TextGenerator
from segcap.readers.glyph import GlyphReader
from segcap.recipes.digits import Digits, split_digits
from segcap.training.spans import LabelledStrips
from segcap.training.synthetic import Source, digit_lines, drawn_texts, source_number, stacked

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch

__all__ = ["MIXED_CHARSET", "is_training_seed", "train_mixed"]

MIXED_CHARSET = string.digits + string.ascii_lowercase + string.ascii_uppercase
_LINES = 100_000
_VALIDATED_ON = 1500
_SEED, _OTHER_SEED = 0, 7


def train_mixed(
    data: str | os.PathLike[str] | None = None,
    *,
    epochs: int = 14,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> GlyphReader:
    """Train on letters and digits of 100,000 lines that all schemes draw, and MNIST's x_train.

    Parameters
    ----------
    data : path, optional
        See `segcap.datasets.load_mnist`.
    epochs : int
        Epochs over the lines.
    seed : int
    state : path, optional
        File from which a killed training goes on.
    on_epoch : callable
        Called after each epoch with the number of epochs done and the history.

    Returns
    -------
    GlyphReader

    Raises
    ------
    DataError
        MNIST is missing, or `state` is of another training.
    """
    train, held_out = split_digits(load_mnist(data))
    return GlyphReader(
        MIXED_CHARSET, classifier="span_cnn", epochs=epochs, random_state=seed
    ).fit_lines(
        _lines(_LINES, _SEED, train),
        _lines(_VALIDATED_ON, _OTHER_SEED, held_out),
        data="generated schemes and MNIST x_train",
        state=state,
        on_epoch=on_epoch,
    )


def is_training_seed(scheme: str, seed: int) -> bool:
    """Whether a seed may be that of images of a scheme which a shipped reader was trained on.

    "mixed" has a seed for each of its sources, see `segcap.training.synthetic.source_seed`, and so
    has "any", which draws the same "six-char" at the same place.
    """
    number, sources = source_number(seed), _sources()
    return number < len(sources) and sources[number].generator.scheme == scheme


def _sources() -> list[Source]:
    small = string.digits + string.ascii_lowercase
    return [
        Source(TextGenerator("mixed", charset=MIXED_CHARSET, length=(3, 6)), 0.2),
        Source(TextGenerator("colour-lines", charset=MIXED_CHARSET, length=(4, 5)), 0.08),
        Source(TextGenerator("colour-lines"), 0.07),
        Source(TextGenerator("gradient-line", charset=small), 0.14),
        Source(TextGenerator("wordpress", charset=small.upper()), 0.07),
        Source(TextGenerator("six-char"), 0.32, in_capitals=True),
        Source(TextGenerator("clean", charset=MIXED_CHARSET), 0.03),
        Source(TextGenerator("number-field", length=(3, 6)), 0.03),
    ]


def _lines(n: int, seed: int, digits: Digits) -> LabelledStrips:
    texts = drawn_texts(_sources(), n, seed=seed, charset=Charset(MIXED_CHARSET), n_jobs=-1)
    rows = digit_lines(round(0.06 * n), digits, min_advance=12, seed=seed, n_jobs=-1)
    return stacked(texts + rows)
