"""What many networks are made of."""

import keras
from keras import layers

__all__ = ["QUICK", "convolution", "rectified"]

QUICK = 0.9
"""Momentum of batch normalisation in networks that are trained in few steps."""


def convolution(
    x: keras.KerasTensor,
    filters: int,
    *,
    kernel: int | tuple[int, int] = 3,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
    momentum: float = QUICK,
) -> keras.KerasTensor:
    """Convolve without bias, normalise and rectify."""
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    return rectified(x, momentum=momentum)


def rectified(x: keras.KerasTensor, *, momentum: float = QUICK) -> keras.KerasTensor:
    """Normalise over the batch and rectify.

    References
    ----------
    Ioffe, Szegedy: Batch normalization: accelerating deep network training by reducing internal
    covariate shift. ICML 2015.
    """
    return layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))
