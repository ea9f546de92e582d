"""Open readers: those that segcap ships, by name, and saved ones, by path."""

import os
from typing import Any, Literal, TypeAlias, overload

from segcap.core.bundle import available, bundle_path, read_bundle
from segcap.readers.glyph import GlyphReader
from segcap.readers.images import ImageClassifier
from segcap.readers.sequence import SequenceReader
from segcap.readers.sums import SumClassifier

__all__ = [
    "GlyphName",
    "ImageName",
    "SequenceName",
    "SumName",
    "available",
    "bundle_path",
    "load",
]

GlyphName: TypeAlias = Literal["any", "captcha-v2", "digits", "mixed", "wordpress"]
ImageName: TypeAlias = Literal["cats-dogs", "recaptcha-tiles"]
SequenceName: TypeAlias = Literal["captcha-v2-crnn", "six-char"]
SumName: TypeAlias = Literal["digit-sum"]

_READERS: dict[str, Any] = {
    "glyph-reader": GlyphReader,
    ImageClassifier.kind: ImageClassifier,
    SequenceReader.kind: SequenceReader,
    SumClassifier.kind: SumClassifier,
}


@overload
def load(model: GlyphName, **settings: Any) -> GlyphReader: ...
@overload
def load(model: ImageName, **settings: Any) -> ImageClassifier: ...
@overload
def load(model: SequenceName, **settings: Any) -> SequenceReader: ...
@overload
def load(model: SumName, **settings: Any) -> SumClassifier: ...
@overload
def load(
    model: str | os.PathLike[str], **settings: Any
) -> GlyphReader | SequenceReader | SumClassifier | ImageClassifier: ...
def load(model: str | os.PathLike[str], **settings: Any) -> Any:
    """Open a trained reader.

    Parameters
    ----------
    model : str or path
        A name of `available()`, or the path of a bundle.
    **settings
        Override the bundle's settings, such as `length`, `allowlist`, `reject_below`, `frame`, or
        set what no bundle holds: `engine`, `device`, `channels`.

    Returns
    -------
    GlyphReader, SequenceReader, SumClassifier or ImageClassifier
        Whichever the bundle holds; a type checker knows which of a shipped name.

    Raises
    ------
    ParameterError
        The model or a setting is unknown, or a setting is outside its range.
    BundleError
        The file is no bundle, damaged, of a newer format, or holds what a bundle must not. What
        its networks do is checked when they are opened, by the first image that is read.
    """
    bundle = read_bundle(bundle_path(model))
    return _READERS[bundle.kind].from_bundle(bundle, **settings)
