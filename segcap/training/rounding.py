"""Round weights so that every engine computes with the same numbers and files stay small."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

__all__ = ["round_to_half"]

_LARGEST = float(np.finfo(np.float16).max)


def round_to_half(model: "keras.Model") -> None:
    """Round a network's weights to half precision, in place, but for those that it cannot hold."""
    for weight in model.weights:
        values = np.asarray(weight.numpy(), np.float32)
        if np.abs(values).max(initial=0) <= _LARGEST:
            weight.assign(values.astype(np.float16).astype(np.float32))
