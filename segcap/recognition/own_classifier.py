"""A classifier of glyphs that somebody brings along."""

import os
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.errors import ParameterError
from segcap.decoding.compose import log_softmax
from segcap.recognition.engines.graph import check_graph
from segcap.recognition.engines.networks import MODEL_ONNX
from segcap.recognition.engines.onnx_export import export_model
from segcap.recognition.engines.session import new_session, open_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = [
    "OWN",
    "GlyphClassifier",
    "KerasModel",
    "OnnxFile",
    "OwnClassifier",
    "is_own_classifier",
]

OWN = "own"
"""What a bundle calls a network that somebody brought along."""
_LEAST_PROBABILITY = 1e-6
_SUM_TO_ONE = 1e-3


class GlyphClassifier(Protocol):
    """What can be the `classifier` of a `segcap.GlyphReader`."""

    def predict_proba(self, glyphs: Any, /) -> Any:
        """Probabilities, (N, C), of (N, 28, 28, 1) float32 glyphs in [0, 1], ink 1."""
        ...


class KerasModel(Protocol):
    """What a Keras model has: the `classifier` of a reader may be one."""

    def predict(self, glyphs: Any, /, **options: Any) -> Any:
        """Probabilities or logits, (N, C), of (N, 28, 28, 1) float32 glyphs in [0, 1], ink 1."""
        ...

    def export(self, path: Any, /, **options: Any) -> Any:
        """Write it for another library."""
        ...


def is_own_classifier(given: Any) -> bool:
    """Whether it has `predict_proba`, or is a Keras model or an ONNX file."""
    return hasattr(given, "predict_proba") or _is_onnx(given) or _is_keras(given)


class OnnxFile:
    """A network in an ONNX file as a `GlyphClassifier`.

    Parameters
    ----------
    network : path or bytes
        Of a network from (N, 28, 28, 1) or (N, 1, 28, 28) float32 glyphs to (N, C) probabilities or
        logits. A file is opened as it is: open none that you do not trust. Bytes, as of a bundle,
        must be weights and arithmetic alone; see `segcap.recognition.engines.graph`.
    """

    def __init__(self, network: str | os.PathLike[str] | bytes) -> None:
        self._network: str | bytes = network if isinstance(network, bytes) else str(network)

    def __reduce__(self) -> tuple:
        return type(self), (self._network,)

    def __repr__(self) -> str:
        if isinstance(self._network, str):
            return f"OnnxFile({self._network!r})"
        return f"OnnxFile(<SHA-256 {sha256(self._network).hexdigest()[:12]}>)"

    def predict_proba(self, glyphs: NDArray[np.float32], /) -> NDArray:
        """Return the (N, C) probabilities of (N, 28, 28, 1) glyphs.

        Raises
        ------
        ParameterError
            ONNX Runtime cannot open the file, or the network takes no glyphs.
        BundleError
            The network in a bundle is more than weights and arithmetic, or cannot be run.
        """
        session = self._session
        try:
            (taken,) = session.get_inputs()
            if taken.shape[1:2] == [1]:
                glyphs = np.moveaxis(glyphs, 3, 1)
            (answers, *_) = session.run(None, {taken.name: glyphs})
        except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
            raise ParameterError(
                "An own 'classifier' in ONNX must take (N, 28, 28, 1) or (N, 1, 28, 28) float32 "
                f"glyphs. Got: {' '.join(str(error).split())}"
            ) from None
        return _as_probabilities(answers)

    def onnx(self) -> bytes:
        """Return the network as a bundle may hold it.

        Raises
        ------
        ParameterError
            The file cannot be read.
        BundleError
            It is more than weights and arithmetic.
        """
        network = self._network
        try:
            kept = network if isinstance(network, bytes) else Path(network).read_bytes()
        except OSError as error:
            raise ParameterError(
                "To be saved, an own 'classifier' must be a file that can be read. "
                f"Got {network!r}: {error.strerror}."
            ) from None
        check_graph(kept, MODEL_ONNX)
        return kept

    @cached_property
    def _session(self) -> "InferenceSession":
        if isinstance(self._network, bytes):
            return open_session(self._network, MODEL_ONNX)
        try:
            return new_session(self._network)
        except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
            raise ParameterError(
                "An own 'classifier' in a file must be a network that ONNX Runtime can open. "
                f"Got '{self._network}': {' '.join(str(error).split())}"
            ) from None


class _Predicting:
    """A Keras model as a `GlyphClassifier`."""

    def __init__(self, model: KerasModel) -> None:
        self._model = model

    def predict_proba(self, glyphs: NDArray[np.float32], /) -> NDArray:
        return _as_probabilities(self._model.predict(glyphs, verbose=0))

    def onnx(self) -> bytes:
        """Return the network as Keras exports it, if a bundle may hold that."""
        return OnnxFile(export_model(self._model)).onnx()


def _is_onnx(given: Any) -> bool:
    return isinstance(given, str | os.PathLike) and str(given).lower().endswith(".onnx")


def _is_keras(given: Any) -> bool:
    return hasattr(given, "predict") and hasattr(given, "export")


def _as_probabilities(answers: Any) -> NDArray:
    """Return (N, C) probabilities as they are, and logits as probabilities."""
    found = np.asarray(answers)
    if found.ndim != 2:  # what is wrong with it is said where its shape is checked
        return found
    if (found >= 0).all() and (np.abs(found.sum(axis=1) - 1) < _SUM_TO_ONE).all():
        return found
    return np.exp(log_softmax(found))


class OwnClassifier:
    """A fitted classifier as what classifies a reader's glyphs.

    Parameters
    ----------
    classifier : GlyphClassifier, keras.Model or path
        A path is that of an ONNX file. `classes_`, as scikit-learn's have, say which character a
        column is: by itself, or by its index in the charset. Else columns are in the charset's
        order.
    charset : Charset
    """

    classifier = OWN
    temperature = 1.0
    options: ClassVar[dict[str, Any]] = {}

    def __init__(
        self, classifier: str | os.PathLike[str] | GlyphClassifier | KerasModel, charset: Charset
    ) -> None:
        if isinstance(classifier, str | os.PathLike):
            classifier = OnnxFile(classifier)
        elif not hasattr(classifier, "predict_proba") and _is_keras(classifier):
            classifier = _Predicting(classifier)
        self.given = cast(GlyphClassifier, classifier)
        self._charset = charset

    def open(self, engine: str, device: str) -> "OwnClassifier":  # noqa: ARG002 it brings its own
        """Itself, whatever the engine and the device."""
        return self

    def complete(self) -> dict[str, bytes]:
        """Return what a bundle holds of it: the network in ONNX.

        Raises
        ------
        ParameterError
            It is no network, or cannot be exported.
        BundleError
            It is more than weights and arithmetic.
        """
        if not isinstance(self.given, OnnxFile | _Predicting):
            raise ParameterError(
                "To be saved, an own 'classifier' must be a Keras model or an ONNX file. "
                f"Got {type(self.given).__name__}, which is neither."
            )
        return {MODEL_ONNX: self.given.onnx()}

    def logits(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logarithms of the probabilities, (N, C) float32 in the charset's order.

        Raises
        ------
        ParameterError
            `predict_proba` returns another shape, or `classes_` are not of the charset.
        """
        logits = np.full((len(glyphs), len(self._charset)), np.log(_LEAST_PROBABILITY), np.float32)
        if len(glyphs):
            columns = self._columns()
            found = np.asarray(self.given.predict_proba(glyphs))
            if found.shape != (len(glyphs), len(columns)):
                raise ParameterError(
                    "The 'predict_proba' of an own classifier must return one row a glyph and one "
                    f"column a class, {(len(glyphs), len(columns))}. Got {found.shape}."
                )
            if not np.isfinite(found).all():
                raise ParameterError(
                    "The probabilities of an own 'classifier' must be finite. Got NaN or infinity."
                )
            logits[:, columns] = np.log(np.maximum(found, _LEAST_PROBABILITY))
        return logits

    def _columns(self) -> list[int]:
        """Each column's index in the charset."""
        characters = self._charset.characters
        classes = getattr(self.given, "classes_", range(len(characters)))
        columns = [
            characters.find(own) if isinstance(own, str) and len(own) == 1 else own
            for own in np.asarray(classes).tolist()
        ]
        if not set(columns) <= set(range(len(characters))):
            raise ParameterError(
                f"The 'classes_' of an own classifier must be characters of {characters!r} or "
                f"their indices. Got {', '.join(map(str, classes))}."
            )
        return list(map(int, columns))
