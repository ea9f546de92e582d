"""What readers have fitted, in and out of a bundle."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from segcap.core.bundle import Bundle
from segcap.core.charset import Charset
from segcap.core.errors import BundleError, ParameterError
from segcap.core.frames import Frame
from segcap.models.registry import networks_for
from segcap.recognition.engines.networks import MODEL_ONNX
from segcap.recognition.engines.shared_weights import without_shared_weights
from segcap.recognition.own_classifier import OWN, OnnxFile, OwnClassifier
from segcap.recognition.trained import NO_CHARACTER, Trained

__all__ = [
    "glyph_bundle",
    "kept_frame",
    "network_bundle",
    "reader_settings",
    "settings_of",
    "trained_context",
    "trained_glyphs",
    "trained_ink",
    "trained_line",
    "trained_network",
]

_PREFIX = "context."
_INK = "ink."
_INK_NETWORK = "ink_unet"
_LINE = "line."
_LINE_NETWORK = "line_ctc"
_BUILT_WITH = ("classes", "height", "width")
_KEYS = {"tta": "views"}  # what the format calls settings that readers call otherwise
_PARAMETERS = {key: name for name, key in _KEYS.items()}


def glyph_bundle(
    glyphs: Trained | OwnClassifier | None,
    context: Trained | None,
    ink: Trained | None,
    line: Trained | None,
    charset: str,
    settings: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Bundle:
    """Put what classifies glyphs, spans or both, finds ink and reads lines into one bundle."""
    both = [(prefix, one) for prefix, one in (("", glyphs), (_PREFIX, context)) if one is not None]
    beside = [(prefix, one) for prefix, one in ((_INK, ink), (_LINE, line)) if one is not None]
    kept = [*both, *beside]
    return Bundle(
        kind="glyph-reader",
        architecture="+".join(one.classifier for _, one in both),
        charset=charset,
        settings=settings,
        calibration={f"{prefix}temperature": one.temperature for prefix, one in kept},
        provenance=provenance,
        parts={
            f"{prefix}{name}": part
            for prefix, one in kept
            for name, part in without_shared_weights(one.complete()).items()
        },
        network={
            f"{prefix}{key}": value for prefix, one in kept for key, value in one.options.items()
        },
    )


def network_bundle(
    kind: str,
    network: Trained,
    charset: str,
    settings: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Bundle:
    """Put what looks at whole images into a bundle."""
    return Bundle(
        kind=kind,
        architecture=network.classifier,
        charset=charset,
        settings={_KEYS.get(name, name): value for name, value in settings.items()},
        calibration={"temperature": network.temperature},
        provenance=provenance,
        parts=without_shared_weights(network.complete()),
        network={"classes": network.classes, **network.options},
    )


def kept_frame(frame: Frame | None) -> dict[str, Any]:
    """Return what a bundle holds of the frame that a reader reads; nothing of the default."""
    if frame is None:
        return {}
    return {"frame": frame if isinstance(frame, str) else int(frame)}


def reader_settings(bundle: Bundle) -> dict[str, Any]:
    """Return the settings in a bundle as the parameters of a reader that sees whole images."""
    return {_PARAMETERS.get(key, key): value for key, value in bundle.settings.items()}


@contextmanager
def settings_of(bundle: Bundle) -> Iterator[None]:
    """Blame a bundle for parameters that a reader refuses while a context lasts.

    Raises
    ------
    BundleError
        A `ParameterError` was raised.
    """
    try:
        yield
    except ParameterError as error:
        raise BundleError(
            f"The bundle of a {bundle.kind} must hold settings that it can have. Got: {error}"
        ) from None


def trained_network(bundle: Bundle) -> Trained:
    """Take from a bundle what looks at whole images.

    Raises
    ------
    BundleError
        Its temperature is missing, or what its network was built with.
    """
    options = dict(bundle.network)
    if not set(_BUILT_WITH) <= options.keys():
        raise BundleError(
            f"The bundle of a {bundle.kind} must hold its network's {', '.join(_BUILT_WITH)}. "
            f"Got {', '.join(options) or 'none'}."
        )
    classes = options.pop("classes")
    return Trained(bundle.architecture, classes, dict(bundle.parts), _temperature(bundle), options)


def trained_glyphs(bundle: Bundle) -> Trained | OwnClassifier | None:
    """Take from a bundle what classifies single glyphs.

    Raises
    ------
    BundleError
        Its temperature is missing, or the network that somebody brought along.
    """
    classifier = bundle.architecture.split("+")[0]
    if classifier == OWN:
        if MODEL_ONNX not in bundle.parts:
            raise BundleError(f"A bundle of an own network must hold '{MODEL_ONNX}'. Got none.")
        return OwnClassifier(OnnxFile(bundle.parts[MODEL_ONNX]), Charset(bundle.charset))
    if classifier in networks_for("spans"):
        return None
    parts, options = (
        {
            name: value
            for name, value in given.items()
            if not name.startswith((_PREFIX, _INK, _LINE))
        }
        for given in (bundle.parts, bundle.network)
    )
    return Trained(classifier, len(bundle.charset), parts, _temperature(bundle), options)


def trained_context(bundle: Bundle) -> Trained | None:
    """Take from a bundle what classifies spans of a line.

    Raises
    ------
    BundleError
        Its temperature is missing.
    """
    classifier = bundle.architecture.split("+")[-1]
    if classifier not in networks_for("spans"):
        return None
    parts, options = _of_prefix(bundle, _PREFIX)
    classes = len(bundle.charset) + len(NO_CHARACTER)
    return Trained(classifier, classes, parts, _temperature(bundle, _PREFIX), options)


def trained_ink(bundle: Bundle) -> Trained | None:
    """Take from a bundle what finds ink; None if it holds no such network."""
    parts, options = _of_prefix(bundle, _INK)
    return Trained(_INK_NETWORK, 1, parts, 1.0, options) if parts else None


def trained_line(bundle: Bundle) -> Trained | None:
    """Take from a bundle what reads whole lines; None if it holds no such network.

    Raises
    ------
    BundleError
        Its temperature is missing.
    """
    parts, options = _of_prefix(bundle, _LINE)
    if not parts:
        return None
    temperature = _temperature(bundle, _LINE)
    return Trained(_LINE_NETWORK, 1 + len(bundle.charset), parts, temperature, options)


def _of_prefix(bundle: Bundle, prefix: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the parts of one network in a bundle, and what it was built with."""
    parts = {
        name.removeprefix(prefix): part
        for name, part in bundle.parts.items()
        if name.startswith(prefix)
    }
    options = {
        name.removeprefix(prefix): value
        for name, value in bundle.network.items()
        if name.startswith(prefix)
    }
    return parts, options


def _temperature(bundle: Bundle, prefix: str = "") -> float:
    name = f"{prefix}temperature"
    if name not in bundle.calibration:
        raise BundleError(f"A bundle's calibration must hold '{name}'. Got none.")
    return float(bundle.calibration[name])
