"""A plain convolutional network without normalisation."""

import keras
from keras import layers

__all__ = ["plain_cnn"]

_FILTERS = (32, 64, 128)


def plain_cnn(
    classes: int = 37, *, height: int = 40, width: int = 168, dropout: float = 0.0
) -> keras.Model:
    """Build three times a 3 x 3 convolution and a max-pooling, and a dense layer.

    Parameters
    ----------
    classes : int
        Number of classes.
    height, width : int
        Pixels, at least 8 of either.
    dropout : float
        Fraction of features dropped before each dense layer, in [0, 1). Of sums of overlapping
        digits hardly anything is trained with 0.3.

    Returns
    -------
    keras.Model
        From (N, height, width, 1) float32 in [0, 1] to (N, classes) logits, uncompiled.
    """
    images = keras.Input((height, width, 1), name="images")
    x = images
    for filters in _FILTERS:
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    x = layers.Dropout(dropout)(layers.Dense(128, activation="relu")(x))
    return keras.Model(images, layers.Dense(classes, name="logits")(x), name="plain_cnn")
