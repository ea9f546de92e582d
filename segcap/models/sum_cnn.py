"""The network that classifies the sum of a row of digits from the whole image."""

import keras
from keras import layers

__all__ = ["sum_cnn"]

_FILTERS = (32, 64, 128)
_DENSE = (100, 74)


def sum_cnn(
    classes: int = 37, *, height: int = 40, width: int = 168, dropout: float = 0.0
) -> keras.Model:
    """Build the network of the digit-sum project: 516,173 parameters for 37 sums.

    Three times two 3 x 3 convolutions without padding, each followed by batch normalisation, and
    a max-pooling; then dense layers of 100 and 74, each with dropout.

    Parameters
    ----------
    classes : int
        Number of sums.
    height, width : int
        Pixels, at least 36 of either.
    dropout : float
        Fraction of features dropped after each dense layer, in [0, 1). On overlapping digits the
        loss does not fall in three epochs with a rate of 0.25; without it does.

    Returns
    -------
    keras.Model
        From (N, height, width, 1) float32 in [0, 1] to (N, classes) logits, uncompiled.
    """
    images = keras.Input((height, width, 1), name="images")
    x = images
    for filters in _FILTERS:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, activation="relu")(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for features in _DENSE:
        x = layers.Dropout(dropout)(layers.Dense(features, activation="relu")(x))
    return keras.Model(images, layers.Dense(classes, name="logits")(x), name="sum_cnn")
