"""The span network: classifies spans of a line of text, seen with what stands around them."""

from functools import partial
from typing import Any

import keras
from keras import layers, ops

from segcap.models.blocks import convolution, rectified
from segcap.segmentation.text_lines import CHANNELS, STRIP_HEIGHT

__all__ = ["SpanSampling", "span_cnn"]

_STRIDE = 4
_MOMENTUM = 0.99
_POINTS = (-0.3, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3)
_block = partial(convolution, momentum=_MOMENTUM)


def span_cnn(
    classes: int,
    *,
    widths: tuple[int, int, int, int] = (16, 24, 48, 80),
    features: int = 128,
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network that classifies spans of a strip.

    Convolutions turn the strip into one column of features for every four pixels; each span is
    sampled at eight points, two of them outside it, and classified by two dense layers. Many spans
    of one strip hence cost hardly more than one.

    Parameters
    ----------
    classes : int
        Number of classes, at least 2.
    widths : tuple of 4 int
        Filters at a resolution of 1, 1/2, 1/4 and 1/8 of the strip's height.
    features : int
        Features of a column and of a span.
    dropout : float
        Fraction of features dropped before each dense layer, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, 32, W, 2) float32 strips in [0, 1] and (N, K, 2) float32 spans, first and last
        edge in pixels of the strip, to (N, K, classes) logits; uncompiled.

    References
    ----------
    Girshick: Fast R-CNN. ICCV 2015 (one map of features for many regions).
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition.
    Proceedings of the IEEE 86 (1998), 2278-2324, sections IV and V.
    """
    strips = keras.Input((STRIP_HEIGHT, None, CHANNELS), name="strips")
    spans = keras.Input((None, 2), name="spans")
    first, second, third, fourth = widths
    x = _block(strips, first)
    x = _block(x, second, strides=2)
    x = _block(x, second)
    x = _block(x, third, strides=2)
    x = _block(x, third)
    x = _block(x, fourth, strides=(2, 1))
    x = layers.ZeroPadding2D((0, 1))(x)
    x = _block(x, features, kernel=(4, 3), padding="valid")
    x = layers.Reshape((-1, features))(x)
    x = SpanSampling(name="sampled")([layers.Dropout(dropout)(x), spans])
    x = layers.Dense(features, use_bias=False)(x)
    x = rectified(x, momentum=_MOMENTUM)
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model([strips, spans], logits, name="span_cnn")


class SpanSampling(layers.Layer):
    """Sample columns of features at fixed points of each span, by linear interpolation.

    The span's width, in columns, is added as a feature of its own.
    """

    def call(self, inputs: Any) -> Any:
        """Turn (N, T, D) features and (N, K, 2) spans into (N, K, 8 D + 1) features."""
        columns, spans = inputs
        edges = spans / _STRIDE - 0.5
        start, width = edges[..., :1], edges[..., 1:] - edges[..., :1]
        points = start + width * ops.convert_to_tensor(_POINTS, "float32")
        total = ops.shape(columns)[1]
        places = ops.cast(ops.arange(total), "float32")
        near = ops.relu(1.0 - ops.abs(points[..., None] - places))
        batch, count = ops.shape(spans)[0], ops.shape(spans)[1]
        near = ops.reshape(near, (batch, -1, total))
        sampled = ops.matmul(near, columns)
        sampled = ops.reshape(sampled, (batch, count, len(_POINTS) * columns.shape[-1]))
        return ops.concatenate([sampled, width / 8.0], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Return the shape of what `call` returns."""
        columns, spans = input_shape
        return (*spans[:2], len(_POINTS) * columns[-1] + 1)
