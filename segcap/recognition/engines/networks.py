"""Networks in Keras: rebuilt from saved weights, and exported for reading."""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import BundleError, ParameterError
from segcap.recognition.engines.canonical import in_canonical_order
from segcap.recognition.engines.logits import check_weights

if TYPE_CHECKING:
    import keras

__all__ = [
    "MODEL_ONNX",
    "WEIGHTS",
    "as_model_inputs",
    "convert_weights",
    "export_network",
    "keras_backend",
    "keras_devices",
    "rebuild_network",
    "require_keras",
]

MODEL_ONNX = "model.onnx"
WEIGHTS = "weights.safetensors"
_ANY_SIDE = 16


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
        safetensors, as made by `export_network`.
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
    from safetensors.numpy import load

    require_keras()
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


def as_model_inputs(arrays: Sequence[NDArray[np.float32]]) -> Any:
    """Return arrays as Keras wants them: one by itself, several as a list."""
    return list(arrays) if len(arrays) > 1 else arrays[0]


def export_network(
    model: "keras.Model", options: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """Turn a network into the parts of a bundle.

    What Keras exports from JAX, ONNX Runtime does not run: there a process of its own builds the
    network again in TensorFlow or PyTorch and exports it.

    Parameters
    ----------
    model : keras.Model
        Of one of `segcap.models.NETWORKS`, whose name it bears.
    options : mapping, optional
        What it was built with besides the number of classes.

    Returns
    -------
    dict of str to bytes
        "model.onnx" for reading and "weights.safetensors" for training on.

    Raises
    ------
    ParameterError
        Nothing that can export is installed.
    """
    from safetensors.numpy import save

    arrays = {name: _smallest(weight.numpy()) for name, weight in _named_weights(model).items()}
    weights = save(arrays)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, WEIGHTS).write_bytes(weights)
        if keras_backend() == "jax":
            _export_elsewhere(folder, model.name, model.output_shape[-1], options or {})
        else:
            _export_onnx(model, folder)
        return {MODEL_ONNX: Path(folder, MODEL_ONNX).read_bytes(), WEIGHTS: weights}


def _export_onnx(model: "keras.Model", folder: str) -> None:
    model(_blank_inputs(model))  # keras exports called models only
    path = os.path.join(folder, MODEL_ONNX)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
            model.export(path, format="onnx", verbose=False)
    except ImportError as error:
        raise ParameterError(
            f"To save a network, what Keras exports ONNX with must be installed. Got: {error}."
        ) from None

    import onnx

    Path(path).write_bytes(in_canonical_order(onnx.load(path)))


def _blank_inputs(model: "keras.Model") -> Any:
    """One sample of each input, sides of any length 16."""
    blanks = [
        np.zeros((1, *(side or _ANY_SIDE for side in given.shape[1:])), np.float32)
        for given in model.inputs
    ]
    return as_model_inputs(blanks)


def _export_elsewhere(
    folder: str, classifier: str, classes: int, options: Mapping[str, Any]
) -> None:
    backend = next((name for name in ("tensorflow", "torch") if find_spec(name)), None)
    if backend is None:
        raise ParameterError(
            "To save a network trained in JAX, TensorFlow or PyTorch must be installed as well. "
            "Got neither."
        )
    code = f"import sys; from {__name__} import convert_weights; convert_weights(*sys.argv[1:])"
    run = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            code,
            folder,
            classifier,
            str(classes),
            json.dumps(dict(options)),
        ],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    if run.returncode != 0:
        raise ParameterError(
            f"To save a network trained in JAX, {backend} must be able to export it. "
            f"Got: {run.stderr.strip().splitlines()[-1]}"
        )


def convert_weights(folder: str, classifier: str, classes: str, options: str) -> None:
    """Export the network whose weights lie in a folder to ONNX beside them."""
    weights = Path(folder, WEIGHTS).read_bytes()
    model = rebuild_network(weights, classifier, classes=int(classes), options=json.loads(options))
    _export_onnx(model, folder)


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
        import keras  # noqa: F401
    except (ImportError, ValueError) as error:
        raise ParameterError(
            "Training and the engine 'keras' need Keras 3 with a backend: "
            f"pip install 'segcap[train]'. Got: {error}."
        ) from None


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
