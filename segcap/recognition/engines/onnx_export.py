"""From a network's weights to ONNX, which is what reads; the only module that needs tf2onnx.

From TensorFlow, Keras exports ONNX by tf2onnx alone, which few people look after. Should it stop
working, Keras on PyTorch exports by torch.onnx, without tf2onnx: `_export_elsewhere` with "torch"
first is then the whole change. Writing the graph by onnx.helper would be the last resort: the
networks here have some twenty kinds of layers.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from segcap.core.errors import ParameterError
from segcap.recognition.engines.networks import (
    MODEL_ONNX,
    WEIGHTS,
    as_model_inputs,
    keras_backend,
    rebuild_network,
)

__all__ = ["export_model", "export_onnx"]

_ANY_SIDE = 16


def export_onnx(
    weights: bytes,
    classifier: str,
    *,
    classes: int,
    options: Mapping[str, Any] | None = None,
) -> bytes:
    """Turn saved weights into the ONNX file of their network, in one thread at a time.

    What Keras exports from JAX, ONNX Runtime does not run: there a process of its own builds the
    network in TensorFlow or PyTorch and exports it. Equal weights give networks that answer alike;
    the bytes of their files may differ.

    Parameters
    ----------
    weights, classifier, classes, options
        As of `segcap.recognition.engines.networks.rebuild_network`.

    Returns
    -------
    bytes

    Raises
    ------
    ParameterError
        Nothing that can export is installed.
    BundleError
        The weights are of another network.
    """
    with tempfile.TemporaryDirectory() as folder:
        if keras_backend() == "jax":
            Path(folder, WEIGHTS).write_bytes(weights)
            _export_elsewhere(folder, classifier, classes, options or {})
        else:
            _export(rebuild_network(weights, classifier, classes=classes, options=options), folder)
        return Path(folder, MODEL_ONNX).read_bytes()


def export_model(model: Any) -> bytes:
    """Turn a Keras model into an ONNX file.

    Raises
    ------
    ParameterError
        Keras runs on JAX, has nothing that can export, or cannot export this model.
    """
    if keras_backend() == "jax":
        raise ParameterError(
            "To save a Keras model, Keras must run on TensorFlow or PyTorch. Got jax."
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            _export(model, folder)
        except ParameterError:
            raise
        except Exception as error:  # noqa: BLE001 what exports raises what it likes
            raise ParameterError(
                "To be saved, a Keras model must be one that Keras can export to ONNX. "
                f"Got: {' '.join(str(error).split())[:200]}"
            ) from None
        return Path(folder, MODEL_ONNX).read_bytes()


def _export(model: Any, folder: str) -> None:
    blanks = [
        np.zeros((1, *(side or _ANY_SIDE for side in given.shape[1:])), np.float32)
        for given in model.inputs
    ]
    model(as_model_inputs(blanks))  # keras exports called models only
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
            model.export(os.path.join(folder, MODEL_ONNX), format="onnx", verbose=False)
    except ImportError as error:
        raise ParameterError(
            f"To save a network, what Keras exports ONNX with must be installed. Got: {error}."
        ) from None


def _export_elsewhere(
    folder: str, classifier: str, classes: int, options: Mapping[str, Any]
) -> None:
    """Turn the weights in a folder into ONNX beside them, in a process with another backend."""
    backend = next((name for name in ("tensorflow", "torch") if find_spec(name)), None)
    if backend is None:
        raise ParameterError(
            "To save a network trained in JAX, TensorFlow or PyTorch must be installed as well. "
            "Got neither."
        )
    code = (
        "import json, pathlib, sys; from segcap.recognition.engines import onnx_export as here; "
        "folder, classifier, classes, options = sys.argv[1:]; "
        "weights = pathlib.Path(folder, here.WEIGHTS).read_bytes(); "
        "model = here.rebuild_network("
        "weights, classifier, classes=int(classes), options=json.loads(options)); "
        "here._export(model, folder)"
    )
    given = [folder, classifier, str(classes), json.dumps(dict(options))]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *given],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    if run.returncode != 0:
        raise ParameterError(
            f"To save a network trained in JAX, {backend} must be able to export it. "
            f"Got: {(run.stderr.strip().splitlines() or [f'exit status {run.returncode}'])[-1]}"
        )
