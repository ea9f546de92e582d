"""A classifier of glyphs that somebody brings along."""

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.errors import ParameterError
from segcap.decoding.compose import log_softmax
from segcap.recognition.engines.session import new_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["GlyphClassifier", "KerasModel", "OnnxFile", "OwnClassifier", "is_own_classifier"]

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
    path : path
        Of a network from (N, 28, 28, 1) or (N, 1, 28, 28) float32 glyphs to (N, C) probabilities or
        logits. It is opened as it is: open none that you do not trust.

    Raises
    ------
    ParameterError
        ONNX Runtime cannot open it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    def __reduce__(self) -> tuple:
        return type(self), (self._path,)

    def predict_proba(self, glyphs: NDArray[np.float32], /) -> NDArray:
        """Return the (N, C) probabilities of (N, 28, 28, 1) glyphs."""
        (taken, *_) = self._session.get_inputs()
        if taken.shape[1:2] == [1]:
            glyphs = np.moveaxis(glyphs, 3, 1)
        return _as_probabilities(self._session.run(None, {taken.name: glyphs})[0])

    @cached_property
    def _session(self) -> "InferenceSession":
        try:
            return new_session(self._path)
        except Exception as error:  # noqa: BLE001 onnxruntime's errors share no base
            raise ParameterError(
                "An own 'classifier' in a file must be a network that ONNX Runtime can open. "
                f"Got '{self._path}': {' '.join(str(error).split())}"
            ) from None


class _Predicting:
    """A Keras model as a `GlyphClassifier`."""

    def __init__(self, model: KerasModel) -> None:
        self._model = model

    def predict_proba(self, glyphs: NDArray[np.float32], /) -> NDArray:
        return _as_probabilities(self._model.predict(glyphs, verbose=0))


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

    temperature = 1.0

    def __init__(
        self, classifier: str | os.PathLike[str] | GlyphClassifier | KerasModel, charset: Charset
    ) -> None:
        if isinstance(classifier, str | os.PathLike):
            classifier = OnnxFile(classifier)
        elif not hasattr(classifier, "predict_proba") and _is_keras(classifier):
            classifier = _Predicting(classifier)
        self._classifier = cast(GlyphClassifier, classifier)
        self._charset = charset

    def open(self, engine: str) -> "OwnClassifier":  # noqa: ARG002 it brings its own
        """Itself, whatever the engine."""
        return self

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
            found = np.asarray(self._classifier.predict_proba(glyphs))
            if found.shape != (len(glyphs), len(columns)):
                raise ParameterError(
                    "The 'predict_proba' of an own classifier must return one row a glyph and one "
                    f"column a class, {(len(glyphs), len(columns))}. Got {found.shape}."
                )
            logits[:, columns] = np.log(np.maximum(found, _LEAST_PROBABILITY))
        return logits

    def _columns(self) -> list[int]:
        """Each column's index in the charset."""
        characters = self._charset.characters
        classes = getattr(self._classifier, "classes_", range(len(characters)))
        columns = [
            characters.find(own) if isinstance(own, str) and len(own) == 1 else own
            for own in np.asarray(classes).tolist()
        ]
        if not set(columns) <= set(range(len(characters))):
            raise ParameterError(
                f"The 'classes_' of an own classifier must be characters of {characters!r} or "
                f"their indices. Got {', '.join(map(str, classes))}."
            )
        return columns
