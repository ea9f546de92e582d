"""The reader "digits": handwritten digits, alone and in rows."""

import os
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.datasets.mnist import Mnist, load_mnist
from segcap.decoding.compose import log_softmax
from segcap.evaluate.metrics import expected_calibration_error, wilson
from segcap.readers.glyph import GlyphReader
from segcap.training.spans import LabelledStrips
from segcap.training.synthetic import digit_lines, stacked, warped_copies

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch

__all__ = ["add_lines", "measure_glyphs", "split_digits", "train_digits"]

Digits: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.integer]]

_TIERS = ((10, 4, 0.4), (15, 4, 0.2), (22, 4, 0.2), (22, 2, 0.1), (22, 1, 0.1))
_ROWS = 50_000
_VALIDATED_ON = 2000
_TRAINING_DIGITS = 48_000
_SEED, _OTHER_SEED = 0, 5


def train_digits(
    data: str | os.PathLike[str] | None = None,
    *,
    epochs: int = 30,
    line_epochs: int = 6,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> GlyphReader:
    """Train to read digits on MNIST's x_train, and measure on its x_test, once, at the end.

    What classifies single digits is trained on them as they are; what classifies spans of a line,
    from rows of them that stand apart, touch and overlap.

    Parameters
    ----------
    data : path, optional
        See `segcap.datasets.load_mnist`.
    epochs : int
        Most epochs over the digits.
    line_epochs : int
        Most epochs over the rows.
    seed : int
    state : path, optional
        File from which a killed training goes on; that of the rows bears ".lines" besides.
    on_epoch : callable
        Called after each epoch with the number of epochs done and the history.

    Returns
    -------
    GlyphReader
        Its `provenance_` holds the figures.

    Raises
    ------
    DataError
        MNIST is missing, or `state` is of another training.
    """
    mnist = load_mnist(data)
    reader = GlyphReader(
        "0123456789", classifier="glyph_cnn", epochs=epochs, random_state=seed
    ).fit_glyphs(
        as_glyphs(mnist.x_train),
        mnist.y_train,
        data="MNIST x_train",
        state=state,
        on_epoch=on_epoch,
    )
    add_lines(
        reader,
        mnist,
        epochs=line_epochs,
        state=None if state is None else f"{os.fspath(state)}.lines",
        on_epoch=on_epoch,
    )
    reader.provenance_["figures"] |= measure_glyphs(reader, mnist.x_test, mnist.y_test)
    return reader


def add_lines(
    reader: GlyphReader,
    mnist: Mnist,
    *,
    epochs: int,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> GlyphReader:
    """Teach a reader of single digits to read touching and overlapping ones.

    What classifies spans of a line starts from the shipped reader "mixed".

    Parameters
    ----------
    reader : GlyphReader
    mnist : Mnist
    epochs : int
        Most epochs over 50,000 rows of four, two or one of x_train's first 48,000 digits and of
        warped copies; 2,000 rows of the other digits calibrate.
    state, on_epoch
        As of `train_digits`.

    Returns
    -------
    GlyphReader
        The same reader.
    """
    train, held_out = split_digits(mnist)
    glyph_epochs = reader.epochs
    reader.set_params(epochs=epochs)
    reader.fit_lines(
        _rows(_ROWS, warped_copies(train, seed=0), _SEED),
        _rows(_VALIDATED_ON, held_out, _OTHER_SEED),
        start="mixed",
        data="MNIST x_train",
        state=state,
        on_epoch=on_epoch,
    )
    return reader.set_params(epochs=glyph_epochs)


def split_digits(mnist: Mnist) -> tuple[Digits, Digits]:
    """Return x_train's first 48,000 digits, to draw rows of, and all others, to validate on."""
    pictures, names = mnist.x_train, mnist.y_train
    train = pictures[:_TRAINING_DIGITS], names[:_TRAINING_DIGITS]
    return train, (pictures[_TRAINING_DIGITS:], names[_TRAINING_DIGITS:])


def _rows(
    n: int, digits: tuple[NDArray[np.uint8], NDArray[np.integer]], seed: int
) -> LabelledStrips:
    lines = []
    for min_advance, count, fraction in _TIERS:
        lines += digit_lines(
            round(n * fraction),
            digits,
            min_advance=min_advance,
            seed=seed,
            count=count,
            n_jobs=-1,
        )
    return stacked(lines)


def measure_glyphs(
    reader: GlyphReader, digits: NDArray[np.uint8], labels: NDArray[np.integer]
) -> dict[str, float | int]:
    """Measure a reader's classifier on framed digits.

    Parameters
    ----------
    reader : GlyphReader
    digits : (N, 28, 28) uint8 array
        Framed like MNIST's.
    labels : (N,) int array
        Index into the charset of each.

    Returns
    -------
    dict
        "test_accuracy" with its Wilson interval and n, and the expected calibration error.
    """
    logits = reader.logits(as_glyphs(digits))
    temperature = reader.glyphs_.temperature if reader.glyphs_ else 1.0
    log_probabilities = log_softmax(logits, temperature=temperature)
    right = log_probabilities.argmax(axis=1) == labels
    accuracy = wilson(int(right.sum()), len(right))
    calibration = expected_calibration_error(np.exp(log_probabilities.max(axis=1)), right)
    return {
        "test_accuracy": round(accuracy.value, 6),
        "test_accuracy_low": round(accuracy.low, 6),
        "test_accuracy_high": round(accuracy.high, 6),
        "test_n": accuracy.n,
        "test_calibration_error": round(calibration, 6),
    }


def as_glyphs(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn framed digits, (N, 28, 28) uint8, into glyphs, (N, 28, 28, 1) float32 in [0, 1]."""
    return digits[..., None].astype(np.float32) / np.float32(255)
