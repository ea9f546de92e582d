"""Open readers: those that segcap ships, by name, and saved ones, by path."""

import os
from importlib import resources
from pathlib import Path
from typing import Any

from segcap.bundle import read_bundle
from segcap.errors import ParameterError
from segcap.readers.glyph import GlyphReader

__all__ = ["available", "bundle_path", "load"]

_SUFFIX = ".segcap"


def available() -> list[str]:
    """Names of the readers that segcap ships, in alphabetical order.

    Returns
    -------
    list of str

    Examples
    --------
    >>> available()
    ['digits']
    """
    files = (resources.files("segcap") / "weights").iterdir()
    return sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX))


def bundle_path(model: str | os.PathLike[str]) -> Path:
    """Find a bundle by a shipped reader's name or by its path.

    Raises
    ------
    ParameterError
        It is neither.
    """
    if model in (names := available()):
        return Path(str(resources.files("segcap") / "weights" / f"{model}{_SUFFIX}"))
    if os.path.isfile(model):
        return Path(model)
    raise ParameterError(
        f"A model must be one of the shipped readers ({', '.join(names)}) or the path of a bundle. "
        f"Got '{model}', which is neither."
    )


def load(model: str | os.PathLike[str], **settings: Any) -> GlyphReader:
    """Open a trained reader.

    Parameters
    ----------
    model : str or path
        A name of `available()`, or the path of a bundle.
    **settings
        Override the bundle's settings, such as `length`, `allowlist`, `reject_below`, `engine`.

    Returns
    -------
    GlyphReader

    Raises
    ------
    ParameterError
        The model or a setting is unknown, or a setting is outside its range.
    BundleError
        The bundle is damaged or of a newer format.
    """
    return GlyphReader.from_bundle(read_bundle(bundle_path(model)), **settings)
