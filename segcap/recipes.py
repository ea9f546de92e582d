"""How the shipped readers are made."""

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segcap.compose import log_softmax
from segcap.datasets.mnist import load_mnist
from segcap.evaluate.metrics import expected_calibration_error, wilson
from segcap.readers.glyph import GlyphReader

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch

__all__ = ["measure_glyphs", "train_digits"]


def train_digits(
    data: str | os.PathLike[str] | None = None,
    *,
    classifier: str = "glyph_cnn",
    epochs: int = 30,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> GlyphReader:
    """Learn to read digits from MNIST's x_train, and measure on its x_test, once, at the end.

    Parameters
    ----------
    data : path, optional
        See `segcap.datasets.load_mnist`.
    classifier : {"glyph_cnn", "hog_svm", "knn"}
    epochs : int
        Most passes over the data, for the network.
    seed : int
    state : path, optional
        File from which a killed training goes on.
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
        "0123456789", classifier=classifier, epochs=epochs, random_state=seed
    ).fit_glyphs(
        as_glyphs(mnist.x_train),
        mnist.y_train,
        data="MNIST x_train",
        state=state,
        on_epoch=on_epoch,
    )
    reader.provenance_["figures"] |= measure_glyphs(reader, mnist.x_test, mnist.y_test)
    return reader


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
    log_probabilities = log_softmax(
        reader.logits(as_glyphs(digits)), temperature=reader.temperature_
    )
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
