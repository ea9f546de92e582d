"""Trained parts of a glyph reader, in and out of a bundle."""

from collections.abc import Mapping
from typing import Any

from segcap.bundle import Bundle
from segcap.errors import BundleError
from segcap.trained import CONTEXT, NO_CHARACTER, Trained

__all__ = ["as_bundle", "temperature", "trained_context", "trained_glyphs"]

_PREFIX = "context."


def as_bundle(
    glyphs: Trained | None,
    context: Trained | None,
    charset: str,
    settings: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Bundle:
    """Put what names glyphs, spans or both into one bundle."""
    kept = [(prefix, one) for prefix, one in (("", glyphs), (_PREFIX, context)) if one is not None]
    return Bundle(
        kind="glyph-reader",
        architecture="+".join(one.architecture for _, one in kept),
        charset=charset,
        settings=settings,
        calibration={f"{prefix}temperature": one.temperature for prefix, one in kept},
        provenance=provenance,
        parts={f"{prefix}{name}": part for prefix, one in kept for name, part in one.parts.items()},
    )


def trained_glyphs(bundle: Bundle) -> Trained | None:
    """Take from a bundle what names single glyphs.

    Raises
    ------
    BundleError
        Its temperature is missing.
    """
    architecture = bundle.architecture.split("+")[0]
    if architecture == CONTEXT:
        return None
    parts = {name: part for name, part in bundle.parts.items() if not name.startswith(_PREFIX)}
    return Trained(architecture, len(bundle.charset), parts, temperature(bundle))


def trained_context(bundle: Bundle) -> Trained | None:
    """Take from a bundle what names spans of a line.

    Raises
    ------
    BundleError
        Its temperature is missing.
    """
    if CONTEXT not in bundle.architecture.split("+"):
        return None
    parts = {
        name.removeprefix(_PREFIX): part
        for name, part in bundle.parts.items()
        if name.startswith(_PREFIX)
    }
    classes = len(bundle.charset) + len(NO_CHARACTER)
    return Trained(CONTEXT, classes, parts, temperature(bundle, _PREFIX))


def temperature(bundle: Bundle, prefix: str = "") -> float:
    """Take from a bundle the temperature of its network, or of the one with a prefix.

    Raises
    ------
    BundleError
        It is missing.
    """
    name = f"{prefix}temperature"
    if name not in bundle.calibration:
        raise BundleError(f"A bundle's calibration must hold '{name}'. Got none.")
    return float(bundle.calibration[name])
