"""Open readers: those that segcap ships, by name, and saved ones, by path."""

import os
from typing import Any

from segcap.core.bundle import available, bundle_path, read_bundle
from segcap.readers.glyph import GlyphReader
from segcap.readers.images import ImageClassifier
from segcap.readers.sequence import SequenceReader
from segcap.readers.sums import SumClassifier

__all__ = ["available", "bundle_path", "load"]

_READERS: dict[str, Any] = {
    "glyph-reader": GlyphReader,
    ImageClassifier.kind: ImageClassifier,
    SequenceReader.kind: SequenceReader,
    SumClassifier.kind: SumClassifier,
}


def load(model: str | os.PathLike[str], **settings: Any) -> Any:
    """Open a trained reader.

    Parameters
    ----------
    model : str or path
        A name of `available()`, or the path of a bundle.
    **settings
        Override the bundle's settings, such as `length`, `allowlist`, `reject_below`, `engine`.

    Returns
    -------
    GlyphReader, SequenceReader, SumClassifier or ImageClassifier
        Whichever the bundle holds.

    Raises
    ------
    ParameterError
        The model or a setting is unknown, or a setting is outside its range.
    BundleError
        The bundle is damaged or of a newer format.
    """
    bundle = read_bundle(bundle_path(model))
    return _READERS[bundle.kind].from_bundle(bundle, **settings)
