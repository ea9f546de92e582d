"""Networks in Keras: their weights packed, and rebuilt from them."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from math import prod
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import BundleError, ParameterError
from segcap.recognition.engines.logits import check_weights

if TYPE_CHECKING:
    import keras

__all__ = [
    "MODEL_ONNX",
    "WEIGHTS",
    "as_model_inputs",
    "count_weights",
    "described_arrays",
    "keras_backend",
    "keras_devices",
    "pack_weights",
    "rebuild_network",
    "require_keras",
]

MODEL_ONNX = "model.onnx"
WEIGHTS = "weights.safetensors"
_STANDARD_ERROR = 2
_REMARKS = (b"I0000 ", b"WARNING: All log messages before absl::InitializeLog()")


def rebuild_network(
    weights: bytes,
    classifier: str,
    *,
    classes: int,
    options: Mapping[str, Any] | None = None,
) -> "keras.Model":
    """Build a network and give it saved weights, for reading or for training on.

    Parameters
    ----------
    weights : bytes
        safetensors, as made by `pack_weights`.
    classifier : str
        Name of the network.
    classes : int
        Number of classes.
    options : mapping, optional
        What it was built with besides.

    Returns
    -------
    keras.Model

    Raises
    ------
    ParameterError
        Keras or its backend is not installed.
    BundleError
        The weights are of another network.
    """
    require_keras()
    from safetensors.numpy import load

    from segcap.models import build

    model = build(classifier, classes, **(options or {}))
    try:
        arrays = load(weights)
    except Exception as error:  # noqa: BLE001 safetensors' own error has no public base
        raise BundleError(
            f"The part '{WEIGHTS}' must be a safetensors file. Got: {error}."
        ) from None
    expected = {name: tuple(weight.shape) for name, weight in _named_weights(model).items()}
    if {name: array.shape for name, array in arrays.items()} != expected:
        raise BundleError(
            f"The part '{WEIGHTS}' must hold the weights of '{classifier}' for {classes} "
            f"classes. Got {len(arrays)} arrays of other names or shapes."
        )
    check_weights(arrays, WEIGHTS)
    for name, weight in _named_weights(model).items():
        weight.assign(arrays[name].astype(np.float32))
    return model


def count_weights(weights: bytes) -> int:
    """Return how many numbers a safetensors file holds; its header says so, without the weights."""
    described, _ = described_arrays(weights)
    return sum(prod(own["shape"]) for own in described.values())


def described_arrays(weights: bytes) -> tuple[dict[str, Any], int]:
    """Return what a safetensors file's header says of each array, and where the first begins."""
    begin = 8 + int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8:begin])
    if not isinstance(header, dict):
        raise ValueError(f"a header that describes no arrays: {str(header)[:80]}")
    header.pop("__metadata__", None)
    return header, begin


def as_model_inputs(arrays: Sequence[NDArray[np.float32]]) -> Any:
    """Return arrays as Keras wants them: one by itself, several as a list."""
    return list(arrays) if len(arrays) > 1 else arrays[0]


def pack_weights(model: "keras.Model") -> bytes:
    """Turn a network's weights into a safetensors file; equal weights give equal bytes."""
    from safetensors.numpy import save

    return save({name: _smallest(weight.numpy()) for name, weight in _named_weights(model).items()})


def keras_backend() -> str:
    """Return the name of Keras' backend."""
    require_keras()
    import keras

    return keras.backend.backend()


def _smallest(array: NDArray[np.float32]) -> NDArray[np.floating]:
    """Take half precision where that loses nothing."""
    half = np.asarray(array, np.float16)
    return half if np.array_equal(half.astype(np.float32), array) else np.asarray(array)


def require_keras() -> None:
    """Check that Keras and its backend can be imported.

    TensorFlow, if it has not begun yet, is let run one operation at a time: side by side they share
    cores by chance, and sums come out differently. Each still uses all cores, which takes as long.

    Raises
    ------
    ParameterError
        They cannot.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    try:
        with nullcontext() if "keras" in sys.modules else _without_remarks():
            import keras  # noqa: F401
        import safetensors  # noqa: F401
    except (ImportError, ValueError) as error:
        raise ParameterError(
            "Training and the engine 'keras' need Keras 3 with a backend: "
            f"pip install 'segcap[train]'. Got: {error}."
        ) from None


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Hold back standard error while TensorFlow is loaded, then show all but remarks.

    Its libraries each write, before a level can be set, that there is no GPU.
    """
    try:
        shown = os.dup(_STANDARD_ERROR)
    except OSError:  # it is closed
        yield
        return
    with TemporaryFile() as held:
        os.dup2(held.fileno(), _STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(shown, _STANDARD_ERROR)
            os.close(shown)
            held.seek(0)
            for line in held:
                if not line.startswith(_REMARKS):
                    os.write(_STANDARD_ERROR, line)


def keras_devices() -> tuple[str, list[str]]:
    """Return the name of Keras' backend and the devices that it sees.

    Raises
    ------
    ParameterError
        Keras or its backend is not installed.
    """
    backend = keras_backend()
    if backend != "torch":
        import keras

        return backend, keras.distribution.list_devices()
    import torch

    graphics = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return backend, ["cpu", *graphics]


def _named_weights(model: "keras.Model") -> "dict[str, keras.Variable]":
    """Weights under names that do not depend on how many models were built before."""
    return {f"{number:02d}.{weight.name}": weight for number, weight in enumerate(model.weights)}
