"""Run networks: in ONNX Runtime by default, in Keras on any backend and device."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import BundleError, ParameterError, SegcapError
from segcap.models.registry import NETWORKS
from segcap.recognition.engines.logits import check_logits
from segcap.recognition.engines.networks import (
    MODEL_ONNX,
    WEIGHTS,
    as_model_inputs,
    rebuild_network,
)
from segcap.recognition.engines.session import DEVICES, Device, finds_gpu, open_session
from segcap.recognition.engines.shared_weights import whole_onnx

__all__ = [
    "ENGINES",
    "Device",
    "Engine",
    "EngineName",
    "check_device",
    "open_engine",
]

EngineName: TypeAlias = Literal["onnx", "keras"]
ENGINES: tuple[EngineName, ...] = ("onnx", "keras")

_BATCH = 1024


class Engine(Protocol):
    """What runs a classifier."""

    def logits(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, ..., C) logits for (N, ...) inputs, one for each that it takes; N may be 0."""
        ...


def open_engine(
    parts: Mapping[str, bytes],
    classifier: str,
    *,
    classes: int,
    options: Mapping[str, Any] | None = None,
    engine: EngineName = "onnx",
    device: Device = "auto",
) -> Engine:
    """Open a classifier's parts for reading.

    Parameters
    ----------
    parts : mapping of str to bytes
        "model.onnx" for ONNX Runtime, "weights.safetensors" for Keras.
    classifier : str
        Name of the network.
    classes : int
        Number of classes.
    options : mapping, optional
        What the network was built with besides; see `segcap.models.build`.
    engine : {"onnx", "keras"}
        "onnx" runs networks in ONNX Runtime; "keras" in Keras, on the device that its backend
        takes (KERAS_BACKEND chooses the backend).
    device : {"auto", "cpu", "cuda"}
        Where "onnx" runs them: "cuda" on a GPU, which takes the package onnxruntime-gpu, "auto"
        there if it can. Sums on a GPU are taken in another order, so that last digits differ. It
        is for "onnx" alone: "keras" wants "auto".

    Returns
    -------
    Engine

    Raises
    ------
    ParameterError
        `engine` or `device` is unknown, the one cannot run on the other, or Keras is not
        installed.
    BundleError
        The parts do not belong to each other, or the network does more than arithmetic; see
        `segcap.recognition.engines.graph` and `session`.

    Warns
    -----
    SegcapWarning
        `device` is "auto", and ONNX Runtime is built for GPUs but cannot use one.
    """
    if engine not in ENGINES:
        raise ParameterError(f"The 'engine' must be one of {', '.join(ENGINES)}. Got {engine!r}.")
    check_device(device, engine)
    if classifier in NETWORKS and (MODEL_ONNX if engine == "onnx" else WEIGHTS) in parts:
        if engine == "onnx":
            return OnnxEngine(whole_onnx(parts), classifier, classes, options, device)
        return KerasEngine(parts[WEIGHTS], classifier, classes, options)
    raise BundleError(
        f"A classifier must be one of {', '.join(NETWORKS)} with its parts. "
        f"Got '{classifier}' with {', '.join(parts) or 'none'}."
    )


def check_device(device: Device, engine: EngineName) -> None:
    """Refuse a device that is unknown, not there, or not the engine's to choose.

    Raises
    ------
    ParameterError
    """
    if device not in DEVICES:
        raise ParameterError(f"The 'device' must be one of {', '.join(DEVICES)}. Got {device!r}.")
    if engine == "keras" and device != "auto":
        raise ParameterError(
            "The 'device' of the engine 'keras' must be 'auto', as its backend chooses it. "
            f"Got {device!r}."
        )
    if device == "cuda" and not finds_gpu():
        raise ParameterError(
            "For the 'device' 'cuda', ONNX Runtime must be built for GPUs and find one; "
            "docs/guides/gpu.md says how to install it. Got one that finds none."
        )


class OnnxEngine:
    """A network in ONNX Runtime."""

    def __init__(
        self,
        model: bytes,
        classifier: str,
        classes: int,
        options: Mapping[str, Any] | None = None,
        device: Device = "auto",
    ) -> None:
        self._session = open_session(model, MODEL_ONNX, device)
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._classifier, self._classes, self._options = classifier, classes, options or {}
        _check_classes(MODEL_ONNX, [given.shape for given in self._session.get_outputs()], classes)

    def logits(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, ..., C) logits for (N, ...) inputs."""
        batches = [
            self._run([given[start : start + _BATCH] for given in inputs])
            for start in range(0, len(inputs[0]), _BATCH)
        ]
        return np.concatenate(batches) if batches else np.empty((0, self._classes), np.float32)

    def _run(self, inputs: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        try:
            (logits,) = self._session.run(None, dict(zip(self._inputs, inputs, strict=True)))
        except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
            shapes = ", ".join(str(given.shape[1:]) for given in inputs)
            raise BundleError(
                f"The part '{MODEL_ONNX}' must take inputs of {shapes} each. "
                f"Got: {' '.join(str(error).split())}"
            ) from None
        check_logits(logits, inputs, self._classifier, classes=self._classes, options=self._options)
        return logits


class KerasEngine:
    """A network in Keras, on the backend and device at hand."""

    def __init__(
        self,
        weights: bytes,
        classifier: str,
        classes: int,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        try:
            self._model = rebuild_network(weights, classifier, classes=classes, options=options)
        except SegcapError:
            raise
        except (TypeError, ValueError) as error:
            raise BundleError(
                f"A bundle must hold what '{classifier}' can be built with. Got: {error}."
            ) from None
        self._classes = classes

    def logits(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, ..., C) logits for (N, ...) inputs."""
        if len(inputs[0]) == 0:
            return np.empty((0, self._classes), np.float32)
        return np.asarray(
            self._model.predict(as_model_inputs(inputs), batch_size=_BATCH, verbose=0)
        )


def _check_classes(part: str, shapes: list[list[Any]], classes: int) -> None:
    found = shapes[0][-1] if len(shapes) == 1 and shapes[0] else "no known number of"
    if found != classes:
        raise BundleError(
            f"The part '{part}' must distinguish {classes} classes. Got one of {found} classes."
        )
