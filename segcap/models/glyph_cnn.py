"""The glyph network: a small plain CNN on framed glyphs."""

import keras
from keras import layers

from segcap.glyphs import GLYPH_SIZE

__all__ = ["glyph_cnn"]


def glyph_cnn(
    classes: int,
    *,
    widths: tuple[int, int, int, int, int] = (16, 32, 48, 64, 128),
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network that names one glyph.

    Five 3 x 3 convolutions (the first 5 x 5), each followed by batch normalisation and ReLU, and
    one dense layer. Resolution falls 28, 14, 7, 5.

    Parameters
    ----------
    classes : int
        Number of classes, at least 2.
    widths : tuple of 5 int
        Filters of the five convolutions.
    dropout : float
        Share of features dropped before the dense layer, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, 28, 28, 1) float32 in [0, 1] to (N, classes) logits, uncompiled;
        152,938 parameters for 10 classes.
    """
    first, second, third, fourth, fifth = widths
    glyphs = keras.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyphs")
    x = _convolution(glyphs, first, kernel=5)
    x = layers.MaxPooling2D()(x)
    x = _convolution(x, second)
    x = _convolution(x, third, strides=2)
    x = _convolution(x, fourth)
    x = _convolution(x, fifth, padding="valid")
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(glyphs, layers.Dense(classes, name="logits")(x), name="glyph_cnn")


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    *,
    kernel: int = 3,
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
