"""The network that finds ink: which pixels belong to characters."""

from typing import Any

import keras
from keras import layers, ops

from segcap.models.blocks import convolution

__all__ = ["ink_unet"]


def ink_unet(
    classes: int = 1, *, widths: tuple[int, int, int, int] = (20, 40, 80, 112)
) -> keras.Model:
    """Build a U-Net from colours to the log-odds that a pixel belongs to a character.

    Pixels go in and come out in blocks of 2 x 2, so that no layer works at full resolution; that
    keeps strokes of one pixel and saves three quarters of the time.

    Parameters
    ----------
    classes : int
        Logits of a pixel: one, of ink.
    widths : tuple of 4 int
        Filters at 1/2, 1/4, 1/8 and 1/16 of the image's height.

    Returns
    -------
    keras.Model
        From (N, H, W, 3) float32 in [0, 1] to (N, H, W, classes) logits, H and W multiples of 16;
        uncompiled.

    References
    ----------
    Ronneberger, Fischer, Brox: U-Net. MICCAI 2015.
    Shi et al.: Real-time single image super-resolution using an efficient sub-pixel
    convolutional neural network. CVPR 2016.
    """
    image = keras.Input((None, None, 3), name="image")
    x = _ToBlocks(name="blocks")(image)
    levels = []
    for place, width in enumerate(widths):
        if place:
            x = layers.MaxPooling2D(2)(x)
        x = convolution(convolution(x, width), width)
        levels.append(x)
    for level, width in zip(levels[-2::-1], widths[-2::-1], strict=True):
        x = layers.UpSampling2D(2)(layers.Conv2D(width, 1, use_bias=False)(x))
        x = convolution(layers.Add()([x, level]), width)
    x = layers.Conv2D(4 * classes, 1, name="logits")(x)
    return keras.Model(image, _FromBlocks(name="pixels")(x), name="ink_unet")


class _ToBlocks(layers.Layer):
    """Put every block of 2 x 2 pixels into the channels of one."""

    def call(self, image: Any) -> Any:
        shape = ops.shape(image)
        channels = image.shape[-1]
        x = ops.reshape(image, (-1, shape[1] // 2, 2, shape[2] // 2, 2 * channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4))
        return ops.reshape(x, (-1, shape[1] // 2, shape[2] // 2, 4 * channels))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        batch, height, width, channels = input_shape
        return batch, height and height // 2, width and width // 2, 4 * channels


class _FromBlocks(layers.Layer):
    """Spread the channels over 2 x 2 pixels."""

    def call(self, blocks: Any) -> Any:
        shape = ops.shape(blocks)
        x = ops.reshape(blocks, (-1, shape[1], shape[2], 2, 2, blocks.shape[-1] // 4))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, 2 * shape[1], 2 * shape[2], blocks.shape[-1] // 4))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        batch, height, width, channels = input_shape
        return batch, height and 2 * height, width and 2 * width, channels // 4
