"""A classifier of glyphs that somebody brings along."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.errors import ParameterError

__all__ = ["GlyphClassifier", "OwnClassifier"]

_LEAST_PROBABILITY = 1e-6


class GlyphClassifier(Protocol):
    """What can be the `classifier` of a `segcap.GlyphReader`."""

    def predict_proba(self, glyphs: Any, /) -> Any:
        """Probabilities, (N, C), of (N, 28, 28, 1) float32 glyphs in [0, 1], ink 1."""
        ...


class OwnClassifier:
    """A fitted classifier as what classifies a reader's glyphs.

    Parameters
    ----------
    classifier : GlyphClassifier
        If it has `classes_`, as scikit-learn's have, these say which character a column is: by
        itself, or by its index in the charset. Else columns are in the charset's order.
    charset : Charset
    """

    temperature = 1.0

    def __init__(self, classifier: GlyphClassifier, charset: Charset) -> None:
        self._classifier = classifier
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
