"""Look for a fixed number of things in a row, from left to right."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from segcap.models.blocks import rectified

__all__ = ["PlaceAttention", "places_in_a_row"]

_SPREAD = 0.12


class PlaceAttention(layers.Layer):
    """Gather columns for each place, at first from its part of the row, from left to right.

    Parameters
    ----------
    places : int
    """

    def __init__(self, places: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._places = places

    def build(self, input_shape: Any) -> None:
        """Make the attention's starting point."""
        total = input_shape[0][1]
        self._prior = self.add_weight(
            name="prior",
            shape=(total, self._places),
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(
                _prior(*shape), dtype or "float32"
            ),
        )

    def call(self, inputs: Any) -> Any:
        """Turn (N, T, D) columns and (N, T, P) scores into (N, P, D) features."""
        columns, scores = inputs
        attention = ops.softmax(scores + self._prior, axis=1)
        return ops.matmul(ops.transpose(attention, (0, 2, 1)), columns)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Return the shape of what `call` returns."""
        columns, _ = input_shape
        return (columns[0], self._places, columns[-1])


def places_in_a_row(
    x: keras.KerasTensor, places: int, *, features: int, dropout: float
) -> keras.KerasTensor:
    """Gather what an image shows at each of a number of places, from left to right.

    Where a place is, its attention is trained on columns with a wide view.

    Parameters
    ----------
    x : (N, H, W, C) tensor
        Of convolutions.
    places : int
    features : int
        Of a column, and of a place.
    dropout : float
        Fraction of features dropped before and after the dense layer, in [0, 1).

    Returns
    -------
    (N, places, features) tensor
    """
    x = layers.Permute((2, 1, 3))(x)
    columns = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    columns = _context(columns, features, 3)
    wide = _context(_context(columns, features, 9), features, 9, dilation=3)
    gathered = PlaceAttention(places, name="places")([columns, layers.Conv1D(places, 1)(wide)])
    x = rectified(layers.Dense(features, use_bias=False)(layers.Dropout(dropout)(gathered)))
    return layers.Dropout(dropout)(x)


def _context(
    x: keras.KerasTensor, features: int, kernel: int, dilation: int = 1
) -> keras.KerasTensor:
    x = layers.Conv1D(features, kernel, dilation_rate=dilation, padding="same", use_bias=False)(x)
    return rectified(x)


def _prior(total: int, places: int) -> NDArray[np.float32]:
    """(T, P) log-weights that are greatest in the middle of each place's part of the row."""
    at = (np.arange(total) + 0.5) / total
    middles = (np.arange(places) + 0.5) / places
    return (-0.5 * ((at[:, None] - middles) / _SPREAD) ** 2).astype(np.float32)
