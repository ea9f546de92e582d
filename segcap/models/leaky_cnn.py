"""A plain convolutional network with leaky rectifiers, for small photos."""

import keras
from keras import layers

from segcap.models.blocks import QUICK

__all__ = ["leaky_cnn"]

_SLOPE = 0.1
_SMALLEST = 4
_MOST_DOUBLINGS = 3


def leaky_cnn(
    classes: int,
    *,
    height: int,
    width: int,
    channels: int = 3,
    conv_layers: int = 4,
    filters: int = 32,
    dense_layers: int = 1,
    neurons: int = 128,
    dropout: float = 0.3,
) -> keras.Model:
    """Build convolutions with batch normalisation before leaky rectifiers, then dense layers.

    Each 3 x 3 convolution has twice as many filters as the one before, at most 8 times the first,
    and is followed by max-pooling as long as 4 pixels are left on either side.

    Parameters
    ----------
    classes : int
        Number of classes.
    height, width : int
        Pixels, at least 8 of either.
    channels : int
        1 for grey images, 3 for RGB.
    conv_layers, filters : int
        Convolutions, and filters of the first.
    dense_layers, neurons : int
        Dense layers before the last, and features of each.
    dropout : float
        Share of features dropped before each dense layer, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, width, channels) float32 in [0, 1] to (N, classes) logits; uncompiled.

    References
    ----------
    Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models. ICML 2013.
    """
    images = keras.Input((height, width, channels), name="images")
    x = images
    for depth in range(conv_layers):
        count = filters * 2 ** min(depth, _MOST_DOUBLINGS)
        x = layers.Conv2D(count, 3, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(_SLOPE)(layers.BatchNormalization(momentum=QUICK)(x))
        if min(x.shape[1:3]) >= 2 * _SMALLEST:
            x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    for _ in range(dense_layers):
        x = layers.Dense(neurons, use_bias=False)(layers.Dropout(dropout)(x))
        x = layers.LeakyReLU(_SLOPE)(layers.BatchNormalization(momentum=QUICK)(x))
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model(images, logits, name="leaky_cnn")
