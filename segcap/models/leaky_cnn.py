"""A plain convolutional network, of leaky rectifiers unless asked otherwise, for small photos."""

from typing import Literal, TypeAlias, get_args

import keras
from keras import layers

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.models.blocks import QUICK

__all__ = ["Activation", "leaky_cnn"]

Activation: TypeAlias = Literal["leaky_relu", "relu", "elu", "silu", "tanh"]

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
    activation: Activation = "leaky_relu",
) -> keras.Model:
    """Build convolutions with batch normalisation before the activation, then dense layers.

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
        Fraction of features dropped before each dense layer, in [0, 1).
    activation : {"leaky_relu", "relu", "elu", "silu", "tanh"}
        What follows each batch normalisation; the leaky rectifier's slope is 0.1 below 0.

    Returns
    -------
    keras.Model
        From (N, height, width, channels) float32 in [0, 1] to (N, classes) logits; uncompiled.

    Raises
    ------
    ParameterError
        There is no convolution, filter or neuron, or less than no dense layer, or `activation` is
        unknown.

    References
    ----------
    Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models. ICML 2013.
    Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential linear
    units (ELUs). ICLR 2016.
    Elfwing, Uchibe, Doya: Sigmoid-weighted linear units for neural network function approximation
    in reinforcement learning. Neural Networks 107 (2018), 3-11.
    """
    whole_number("conv_layers", conv_layers, least=1)
    whole_number("filters", filters, least=1)
    whole_number("dense_layers", dense_layers)
    whole_number("neurons", neurons, least=1)
    if activation not in (known := get_args(Activation)):
        raise ParameterError(
            f"The 'activation' of leaky_cnn must be one of {', '.join(known)}. Got {activation!r}."
        )
    images = keras.Input((height, width, channels), name="images")
    x = images
    for depth in range(conv_layers):
        count = filters * 2 ** min(depth, _MOST_DOUBLINGS)
        x = layers.Conv2D(count, 3, padding="same", use_bias=False)(x)
        x = _activated(x, activation)
        if min(x.shape[1:3]) >= 2 * _SMALLEST:
            x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    for _ in range(dense_layers):
        x = layers.Dense(neurons, use_bias=False)(layers.Dropout(dropout)(x))
        x = _activated(x, activation)
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model(images, logits, name="leaky_cnn")


def _activated(x: keras.KerasTensor, activation: Activation) -> keras.KerasTensor:
    normal = layers.BatchNormalization(momentum=QUICK)(x)
    if activation == "leaky_relu":
        return layers.LeakyReLU(_SLOPE)(normal)
    return layers.Activation(activation)(normal)
