"""Round weights so that every engine computes with the same numbers and files stay small."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

__all__ = ["round_to_half"]


def round_to_half(model: "keras.Model") -> None:
    """Round a network's weights to half precision, in place."""
    for weight in model.weights:
        weight.assign(np.asarray(weight.numpy(), np.float16).astype(np.float32))
