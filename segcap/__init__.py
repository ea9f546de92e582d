"""Read text-CAPTCHA and multi-digit images by cutting them into glyphs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "available": "segcap.readers.registry",
    "load": "segcap.readers.registry",
    "GlyphReader": "segcap.readers.glyph",
    "ImageClassifier": "segcap.readers.images",
    "SequenceReader": "segcap.readers.sequence",
    "SumClassifier": "segcap.readers.sums",
    "ClassReading": "segcap.core.reading",
    "Glyph": "segcap.core.reading",
    "Reading": "segcap.core.reading",
    "SumReading": "segcap.core.reading",
    "ValueReading": "segcap.core.reading",
    "SegcapError": "segcap.core.errors",
    "to_frame": "segcap.core.frame",
}
_MODULES = ("benchmark", "datasets", "evaluate", "generate", "scale", "training")

__all__ = [
    "ClassReading",
    "Glyph",
    "GlyphReader",
    "ImageClassifier",
    "Reading",
    "SegcapError",
    "SequenceReader",
    "SumClassifier",
    "SumReading",
    "ValueReading",
    "__version__",
    "available",
    "benchmark",
    "datasets",
    "evaluate",
    "generate",
    "load",
    "scale",
    "to_frame",
    "training",
]

if TYPE_CHECKING:
    from segcap import benchmark, datasets, evaluate, generate, scale, training
    from segcap.core.errors import SegcapError
    from segcap.core.frame import to_frame
    from segcap.core.reading import ClassReading, Glyph, Reading, SumReading, ValueReading
    from segcap.readers.glyph import GlyphReader
    from segcap.readers.images import ImageClassifier
    from segcap.readers.registry import available, load
    from segcap.readers.sequence import SequenceReader
    from segcap.readers.sums import SumClassifier


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"segcap.{name}")
    raise AttributeError(f"module 'segcap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
