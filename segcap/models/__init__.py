"""Networks by name; each a keras.Model from arrays to logits."""

from importlib import import_module
from typing import TYPE_CHECKING

from segcap.errors import ParameterError

if TYPE_CHECKING:
    import keras

__all__ = ["ARCHITECTURES", "COLUMNS", "build"]

ARCHITECTURES = ("glyph_cnn", "span_cnn")
COLUMNS = "columns"
"""Name of the layer, if a network has one, that gives (N, K, classes) logits to learn from."""


def build(architecture: str, classes: int) -> "keras.Model":
    """Build an untrained network.

    Parameters
    ----------
    architecture : str
        One of `ARCHITECTURES`.
    classes : int
        Number of classes.

    Returns
    -------
    keras.Model
        Uncompiled.

    Raises
    ------
    ParameterError
        `architecture` is unknown.
    """
    if architecture not in ARCHITECTURES:
        raise ParameterError(
            f"The 'architecture' must be one of {', '.join(ARCHITECTURES)}. Got {architecture!r}."
        )
    return getattr(import_module(f"segcap.models.{architecture}"), architecture)(classes)
