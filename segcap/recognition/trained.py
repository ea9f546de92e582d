"""A trained network, ready to be opened."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.display import short_repr
from segcap.recognition.engines import Device, Engine, EngineName, open_engine
from segcap.recognition.engines.networks import MODEL_ONNX, WEIGHTS
from segcap.recognition.engines.onnx_export import export_onnx

__all__ = ["BLANK_CLASS", "NO_CHARACTER", "Trained", "TrainedInk"]

NO_CHARACTER = ("reject", "blank")
"""A span network's classes after the characters: a fragment or more than one character; neither."""
BLANK_CLASS = -1
"""Where among all its classes the blank class stands."""
_OPENING = threading.RLock()  # tf2onnx counts in globals what it has named


@dataclass(frozen=True, repr=False)
class Trained:
    """A network with the temperature of its probabilities.

    Attributes
    ----------
    classifier : str
        Name of the network.
    classes : int
        Number of classes.
    parts : dict of str to bytes
        See `segcap.recognition.engines.open_engine`. A network that was just trained has its
        weights alone; its ONNX is made by `complete`.
    temperature : float
        By which logits are divided; see `segcap.decoding.compose.log_softmax`.
    options : mapping
        What the network's function takes besides the number of classes; see `segcap.models`.
    """

    classifier: str
    classes: int
    parts: dict[str, bytes]
    temperature: float
    options: Mapping[str, Any] = field(default_factory=dict)
    _engines: dict[tuple[EngineName, Device], Engine] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    __repr__ = short_repr

    def open(self, engine: EngineName, device: Device = "auto") -> Engine:
        """Open it, once for each engine and device."""
        with _OPENING:
            if (engine, device) not in self._engines:
                self._engines[engine, device] = open_engine(
                    self.complete() if engine == "onnx" else self.parts,
                    self.classifier,
                    classes=self.classes,
                    options=self.options,
                    engine=engine,
                    device=device,
                )
            return self._engines[engine, device]

    def complete(self) -> dict[str, bytes]:
        """Return all its parts, its ONNX too, which is exported when first asked for."""
        with _OPENING:
            if MODEL_ONNX not in self.parts and WEIGHTS in self.parts:
                self.parts[MODEL_ONNX] = export_onnx(
                    self.parts[WEIGHTS],
                    self.classifier,
                    classes=self.classes,
                    options=self.options,
                )
            return self.parts

    def __reduce__(self) -> tuple:
        # where it is unpickled, nothing that exports need be installed
        parts = tuple(self.complete().items())
        options = (
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in self.options.items()
        )
        return _once, (self.classifier, self.classes, parts, self.temperature, tuple(options))

    def __deepcopy__(self, memo: dict[int, Any]) -> "Trained":
        return self


@lru_cache(maxsize=8)  # a reader has up to four
def _once(
    classifier: str,
    classes: int,
    parts: tuple[tuple[str, bytes], ...],
    temperature: float,
    options: tuple[tuple[str, Any], ...],
) -> Trained:
    """Return one network for equal fields: a worker that gets it with every task opens it once."""
    return Trained(classifier, classes, dict(parts), temperature, dict(options))


@dataclass(frozen=True)
class TrainedInk:
    """A trained network that finds ink, as `segcap.segmentation.ink.find_ink` takes it.

    Attributes
    ----------
    network : Trained
    engine, device
        As of `segcap.recognition.engines.open_engine`.
    """

    network: Trained
    engine: EngineName = "onnx"
    device: Device = "auto"

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the (N, H, W, 1) logits of (N, H, W, 3) images."""
        return self.network.open(self.engine, self.device).logits(images)
