"""Hold what a network answers to what it is for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import BundleError
from segcap.models.registry import NETWORKS

__all__ = ["check_logits", "check_weights"]


def check_logits(
    logits: Any,
    inputs: Sequence[NDArray[np.float32]],
    classifier: str,
    *,
    classes: int,
    options: Mapping[str, Any],
) -> None:
    """Check the shape and the numbers of a network's logits.

    Parameters
    ----------
    logits : array
    inputs : sequence of arrays
        What the network was shown.
    classifier : str
        Name of the network, which says what its logits are of; see `segcap.models.registry`.
    classes : int
    options : mapping
        What the network was built with; a "length" is that of its texts.

    Raises
    ------
    BundleError
        They are no (N, ..., C) float32 array, or one is NaN or infinite.
    """
    tasks = NETWORKS[classifier].tasks
    middle: tuple[int, ...] = ()
    if "spans" in tasks and len(inputs) > 1:
        middle = inputs[1].shape[1:2]
    elif "ink" in tasks:
        middle = inputs[0].shape[1:3]
    elif "length" in options:
        middle = (options["length"],)
    elif "lines" in tasks:
        middle = (inputs[0].shape[2] // NETWORKS[classifier].column_width,)
    elif "ctc" in tasks.values():
        middle = np.shape(logits)[1:2]
    expected = (len(inputs[0]), *middle, classes)
    if not isinstance(logits, np.ndarray) or logits.dtype != np.float32:
        raise BundleError(
            f"The network '{classifier}' must answer with float32 numbers. "
            f"Got {getattr(logits, 'dtype', type(logits).__name__)}."
        )
    if logits.shape != expected:
        raise BundleError(
            f"The network '{classifier}' must answer with logits of shape {expected}. "
            f"Got {logits.shape}."
        )
    if not np.isfinite(logits).all():
        raise BundleError(
            f"The network '{classifier}' must answer with finite logits. Got NaN or infinity."
        )


def check_weights(arrays: Mapping[str, NDArray], part: str) -> None:
    """Check that weights are finite.

    Raises
    ------
    BundleError
        One is NaN or infinite.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise BundleError(
                f"The part '{part}' must hold finite weights. Got NaN or infinity in '{name}'."
            )
