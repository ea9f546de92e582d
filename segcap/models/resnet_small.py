"""A small residual network for photos, trained from nothing."""

import keras
from keras import layers

from segcap.models.blocks import rectified

__all__ = ["resnet_small"]

_STEM = 24
_STAGES = ((24, 2), (48, 2), (80, 2), (128, 1))


def resnet_small(
    classes: int, *, height: int, width: int, channels: int = 3, dropout: float = 0.3
) -> keras.Model:
    """Build a stem of stride 2 and four stages of residual blocks, each after the first halved.

    Parameters
    ----------
    classes : int
        Number of classes.
    height, width : int
        Pixels, at least 16 of either.
    channels : int
        1 for grey images, 3 for RGB.
    dropout : float
        Fraction of features dropped before the last layer, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, width, channels) float32 in [0, 1] to (N, classes) logits; uncompiled.

    References
    ----------
    He, Zhang, Ren, Sun: Identity mappings in deep residual networks. ECCV 2016.
    """
    images = keras.Input((height, width, channels), name="images")
    x = layers.Conv2D(_STEM, 3, strides=2, padding="same", use_bias=False)(images)
    for stage, (filters, blocks) in enumerate(_STAGES):
        for block in range(blocks):
            x = _residual(x, filters, strides=2 if stage and not block else 1)
    x = layers.GlobalAveragePooling2D()(rectified(x))
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model(images, logits, name="resnet_small")


def _residual(x: keras.KerasTensor, filters: int, *, strides: int) -> keras.KerasTensor:
    ready = rectified(x)
    if strides > 1 or x.shape[-1] != filters:
        pooled = layers.AveragePooling2D(strides, padding="same")(ready) if strides > 1 else ready
        x = layers.Conv2D(filters, 1, use_bias=False)(pooled)
    y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(ready)
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(rectified(y))
    return layers.Add()([x, y])
