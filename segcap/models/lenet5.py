"""LeNet-5, from 1998, for images of any size."""

import keras
from keras import layers

__all__ = ["lenet5"]


def lenet5(classes: int = 37, *, height: int = 40, width: int = 168) -> keras.Model:
    """Build LeNet-5.

    Parameters
    ----------
    classes : int
        Number of classes.
    height, width : int
        Pixels, at least 32 of either.

    Returns
    -------
    keras.Model
        From (N, height, width, 1) float32 in [0, 1] to (N, classes) logits, uncompiled.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition.
    Proceedings of the IEEE 86 (1998), 2278-2324. Its output layer of radial basis functions is a
    dense one here, its sparse third layer a full one.
    """
    images = keras.Input((height, width, 1), name="images")
    x = layers.AveragePooling2D(2)(layers.Conv2D(6, 5, activation="tanh")(images))
    x = layers.AveragePooling2D(2)(layers.Conv2D(16, 5, activation="tanh")(x))
    x = layers.Flatten()(layers.Conv2D(120, 5, activation="tanh")(x))
    x = layers.Dense(84, activation="tanh")(x)
    return keras.Model(images, layers.Dense(classes, name="logits")(x), name="lenet5")
