"""The network that classifies the digits of a row and is trained on their sum alone."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.models.blocks import convolution, rectified
from segcap.models.places import PlaceAttention

__all__ = ["DigitSum", "digit_heads"]

_DIGITS = 10
_LEAST_PROBABILITY = 1e-7


def digit_heads(
    classes: int = 37,
    *,
    height: int = 40,
    width: int = 168,
    widths: tuple[int, int, int, int] = (24, 40, 72, 96),
    features: int = 112,
    dropout: float = 0.2,
) -> keras.Model:
    """Build the network whose digits are looked for at as many places as there are digits.

    Convolutions turn the image into a row of columns of features. For each place, from left to
    right, an attention over the columns gathers what one head, the same for all places, classifies
    as a digit. The distribution of the sum is the convolution of the digits' distributions, so that
    sums are all that is needed to train on.

    Parameters
    ----------
    classes : int
        Number of sums: 9 times the number of digits, and one.
    height, width : int
        Pixels, at least 16 of either.
    widths : tuple of 4 int
        Filters at a resolution of 1, 1/2, 1/4 and 1/8.
    features : int
        Features of a column.
    dropout : float
        Fraction of features dropped before the head, in [0, 1).

    Returns
    -------
    keras.Model
        From (N, height, width, 1) float32 in [0, 1] to (N, classes) log-probabilities of the sums,
        which serve as logits; uncompiled. The layer "digits" gives (N, P, 10) logits.

    References
    ----------
    Manhaeve, Dumančić, Kimmig, Demeester, De Raedt: DeepProbLog. NeurIPS 2018 (learning digits
    from sums).
    """
    places, left = divmod(classes - 1, _DIGITS - 1)
    if left or places < 1:
        raise ParameterError(
            f"The sums of digits must be as many as 9 times the digits, and one. Got {classes}."
        )
    images = keras.Input((height, width, 1), name="images")
    first, second, third, fourth = widths
    x = convolution(images, first)
    x = convolution(x, second, strides=2)
    x = convolution(x, second)
    x = convolution(x, third, strides=2)
    x = convolution(x, third)
    x = convolution(x, fourth, strides=(2, 1))
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Reshape((x.shape[1], -1))(x)
    columns = rectified(layers.Conv1D(features, 3, padding="same", use_bias=False)(x))
    wider = rectified(layers.Conv1D(features, 9, padding="same", use_bias=False)(columns))
    looked_at = layers.Conv1D(places, 9, padding="same")(wider)
    gathered = PlaceAttention(places, name="places")([columns, looked_at])
    x = rectified(layers.Dense(features, use_bias=False)(layers.Dropout(dropout)(gathered)))
    digits = layers.Dense(_DIGITS, name="digits")(x)
    return keras.Model(images, DigitSum(name="logits")(digits), name="digit_heads")


class DigitSum(layers.Layer):
    """Turn (N, P, 10) logits of digits into (N, 9 P + 1) log-probabilities of their sum."""

    def call(self, digits: Any) -> Any:
        """Convolve the digits' distributions."""
        probabilities = ops.softmax(digits, axis=-1)
        total = probabilities[:, 0]
        for place in range(1, digits.shape[1]):
            pairs = total[:, :, None] * probabilities[:, place, None, :]
            cells = total.shape[-1] * _DIGITS
            adder = ops.convert_to_tensor(_adder(total.shape[-1]))
            total = ops.matmul(ops.reshape(pairs, (-1, cells)), adder)
        return ops.log(ops.maximum(total, _LEAST_PROBABILITY))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Return the shape of what `call` returns."""
        return (input_shape[0], (_DIGITS - 1) * input_shape[1] + 1)


def _adder(sums: int) -> NDArray[np.float32]:
    """(10 sums, sums + 9): 1 where a sum and a digit, the digit running faster, make a new sum."""
    made = (np.arange(sums)[:, None] + np.arange(_DIGITS)).ravel()
    return np.eye(sums + _DIGITS - 1, dtype=np.float32)[made]
