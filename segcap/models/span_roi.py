"""The span network of the reader for any scheme: spans in their line, and at their own height."""

from functools import partial
from typing import Any

import keras
from keras import layers, ops

from segcap.models.blocks import convolution, rectified

__all__ = ["RegionSampling", "span_roi"]

_MOMENTUM = 0.99
_ACROSS = (-0.2, 0.04, 0.22, 0.41, 0.59, 0.78, 0.96, 1.2)
_DOWN = (0.04, 0.22, 0.41, 0.59, 0.78, 0.96)
_SIZES = 4
_block = partial(convolution, momentum=_MOMENTUM)


def span_roi(
    classes: int,
    *,
    height: int = 40,
    channels: int = 4,
    widths: tuple[int, int, int, int] = (32, 64, 96, 128),
    features: int = 160,
    dropout: float = 0.2,
) -> keras.Model:
    """Build the network that classifies spans of a line by two looks.

    One look is at the columns of features that the whole line's height was gathered in, as in
    `segcap.models.span_cnn`: it sees a character in its line, its neighbours included. The other
    is at a grid of 6 x 8 points over the span's own box: it sees a character at its own height and
    place, however unequal the sizes in a line are.

    Parameters
    ----------
    classes : int
        Number of classes, at least 2.
    height, channels : int
        Of a strip; the height is a multiple of 8.
    widths : tuple of 4 int
        Filters at 1/2, 1/4, 1/8 and 1/16 of the strip's height.
    features : int
        Of a column, and of a span.
    dropout : float
        Rate before each dense layer, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, W, channels) float32 strips in [0, 1] and (N, K, 4) float32 spans (x0, x1,
        y0, y1 in pixels of the strip) to (N, K, classes) logits; uncompiled.

    References
    ----------
    Girshick: Fast R-CNN. ICCV 2015 (one map of features for many regions).
    He, Gkioxari, Dollár, Girshick: Mask R-CNN. ICCV 2017 (regions sampled by interpolation).
    """
    strips = keras.Input((height, None, channels), name="strips")
    spans = keras.Input((None, 4), name="spans")
    first, second, third, fourth = widths
    x = _block(strips, first, kernel=4, strides=2)
    x = _block(x, first)
    x = _block(x, second, strides=2)
    plane = _block(x, second)
    x = _block(plane, third, strides=(2, 1))
    x = _block(x, fourth, strides=(2, 1))
    x = layers.ZeroPadding2D((0, 1))(x)
    x = _block(x, features, kernel=(x.shape[1], 3), padding="valid")
    x = layers.Reshape((-1, features))(x)
    wide = rectified(
        layers.Conv1D(features, 5, padding="same", use_bias=False)(x), momentum=_MOMENTUM
    )
    columns = layers.Add()([x, wide])
    in_line, in_box = RegionSampling(height // 4, name="sampled")([columns, plane, spans])
    box = layers.Dense(features, use_bias=False)(layers.Dropout(dropout)(in_box))
    line = layers.Dense(features, use_bias=False)(layers.Dropout(dropout)(in_line))
    x = rectified(layers.Add()([box, line]), momentum=_MOMENTUM)
    x = rectified(layers.Dense(features, use_bias=False)(x), momentum=_MOMENTUM)
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model([strips, spans], logits, name="span_roi")


class RegionSampling(layers.Layer):
    """Sample columns at 8 points of each span, and a plane at 6 x 8 points of its box.

    Parameters
    ----------
    rows : int
        Height of the plane.
    """

    def __init__(self, rows: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._rows = rows

    def call(self, inputs: Any) -> Any:
        """Turn (N, T, D) columns, an (N, rows, T, C) plane and (N, K, 4) spans into features.

        They are (N, K, 8 D + 4), the box's width, height and place at their end, and (N, K, 48 C).
        """
        columns, plane, spans = inputs
        batch, count = ops.shape(spans)[0], ops.shape(spans)[1]
        total = ops.shape(columns)[1]
        depth, filters = columns.shape[-1], plane.shape[-1]
        across = _weights(spans[..., 0:1], spans[..., 1:2], _ACROSS, total)
        across = ops.reshape(across, (batch, -1, total))
        in_line = ops.reshape(ops.matmul(across, columns), (batch, count, len(_ACROSS) * depth))
        flat = ops.reshape(ops.transpose(plane, (0, 2, 1, 3)), (batch, total, self._rows * filters))
        sampled = ops.reshape(
            ops.matmul(across, flat), (batch, count, len(_ACROSS), self._rows, filters)
        )
        down = _weights(spans[..., 2:3], spans[..., 3:4], _DOWN, self._rows)
        sampled = ops.reshape(
            ops.transpose(sampled, (0, 1, 3, 2, 4)),
            (batch, count, self._rows, len(_ACROSS) * filters),
        )
        in_box = ops.reshape(
            ops.matmul(down, sampled), (batch, count, len(_DOWN) * len(_ACROSS) * filters)
        )
        sizes = ops.concatenate(
            [spans[..., 1:2] - spans[..., 0:1], spans[..., 3:4] - spans[..., 2:3], spans[..., 2:4]],
            axis=-1,
        )
        return ops.concatenate([in_line, sizes / (4.0 * self._rows)], axis=-1), in_box

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Return the shapes of what `call` returns."""
        columns, plane, spans = input_shape
        points = len(_ACROSS)
        return (
            (*spans[:2], points * columns[-1] + _SIZES),
            (*spans[:2], points * len(_DOWN) * plane[-1]),
        )


def _weights(start: Any, stop: Any, points: tuple[float, ...], total: Any) -> Any:
    """(N, K, points, total) weights of linear interpolation; a pixel is 1/4 of a cell."""
    start, stop = start / 4.0 - 0.5, stop / 4.0 - 0.5
    places = start + (stop - start) * ops.convert_to_tensor(points, "float32")
    cells = ops.cast(ops.arange(total), "float32")
    return ops.relu(1.0 - ops.abs(places[..., None] - cells))
