"""The convolutional recurrent network that reads a line without labels of where characters are."""

import keras
from keras import layers

from segcap.models.blocks import convolution

__all__ = ["crnn"]

_FILTERS = (32, 64, 96, 128)


def crnn(
    classes: int,
    *,
    height: int,
    width: int,
    features: int = 96,
    dropout: float = 0.3,
) -> keras.Model:
    """Build convolutions over the image and a two-way LSTM over its columns.

    Parameters
    ----------
    classes : int
        Number of characters and one: class 0 is blank.
    height, width : int
        Pixels, at least 16 of either.
    features : int
        Features of a column, and of the LSTM either way.
    dropout : float
        Fraction of features dropped before and after the LSTM, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, width, 1) float32 in [0, 1] to (N, width // 4, classes) logits; uncompiled.

    References
    ----------
    Shi, Bai, Yao: An end-to-end trainable neural network for image-based sequence recognition.
    IEEE Transactions on Pattern Analysis and Machine Intelligence 39 (2017), 2298-2304.
    """
    images = keras.Input((height, width, 1), name="images")
    x = images
    for filters, pool in zip(_FILTERS, ((2, 2), (2, 2), (2, 1), (2, 1)), strict=True):
        x = layers.MaxPooling2D(pool)(convolution(x, filters))
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Dropout(dropout)(layers.Dense(features, activation="relu")(x))
    x = layers.Bidirectional(layers.LSTM(features, return_sequences=True))(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(images, layers.Dense(classes, name="logits")(x), name="crnn")
