"""Networks by name; each a keras.Model from arrays to logits."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from segcap.core.errors import ParameterError

if TYPE_CHECKING:
    import keras

__all__ = [
    "ANY_SIZE_ARCHITECTURES",
    "ARCHITECTURES",
    "COLUMNS",
    "IMAGE_ARCHITECTURES",
    "LEAST_SIDES",
    "PIXELS_A_COLUMN",
    "SEQUENCE_ARCHITECTURES",
    "SUM_ARCHITECTURES",
    "build",
]

SUM_ARCHITECTURES = ("sum_cnn", "lenet5", "plain_cnn", "digit_heads")
SEQUENCE_ARCHITECTURES = ("crnn", "multihead", "resnet50")
ANY_SIZE_ARCHITECTURES = ("resnet_small", "resnet50")
"""Networks whose layers are the same for photos of any size."""
IMAGE_ARCHITECTURES = ("leaky_cnn", "resnet_small", "resnet50")
ARCHITECTURES = (
    "glyph_cnn",
    "span_cnn",
    *SUM_ARCHITECTURES,
    *dict.fromkeys((*SEQUENCE_ARCHITECTURES, *IMAGE_ARCHITECTURES)),
)
LEAST_SIDES = {
    "sum_cnn": 36,
    "lenet5": 32,
    "plain_cnn": 8,
    "digit_heads": 16,
    "crnn": 16,
    "multihead": 16,
    "resnet50": 32,
    "leaky_cnn": 8,
    "resnet_small": 16,
}
"""Least height and width of images, pixels, for networks that look at whole ones."""
PIXELS_A_COLUMN = 4
"""Of an image's width, in networks that read columns without knowing where characters are."""
COLUMNS = "columns"
"""Name of the layer, if a network has one, that gives (N, K, classes) logits to learn from."""


def build(architecture: str, classes: int, **options: Any) -> "keras.Model":
    """Build an untrained network.

    Parameters
    ----------
    architecture : str
        One of `ARCHITECTURES`.
    classes : int
        Number of classes.
    **options
        What the network's function takes besides.

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
    return getattr(import_module(f"segcap.models.{architecture}"), architecture)(classes, **options)
