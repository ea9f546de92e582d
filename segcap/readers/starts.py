"""What the training of a span network starts from: the networks of another reader."""

import os

from segcap.core.bundle import bundle_path, read_bundle
from segcap.core.errors import ParameterError
from segcap.models.registry import network, networks_for
from segcap.readers.serialization import trained_context, trained_ink, trained_line
from segcap.recognition.trained import Trained

__all__ = ["check_start", "networks_of", "shipped_start"]


def shipped_start(name: str) -> str:
    """Return the shipped reader that the training of a network starts from.

    Raises
    ------
    ParameterError
        There is none.
    """
    start = network(name).start
    if start is None:
        raise ParameterError(
            f"'{name}' has no shipped reader to start from: train it with fit_lines, then with "
            "partial_fit."
        )
    return start


def check_start(start: Trained, name: str) -> None:
    """Check that a span network can become what is trained.

    Raises
    ------
    ParameterError
        It is of another kind.
    """
    if name in networks_for("spans") and start.classifier != name:
        raise ParameterError(
            f"'{name}' must start from a network of its kind: train it with fit_lines, then with "
            f"partial_fit. Got '{start.classifier}' to start from."
        )


def networks_of(
    model: str | os.PathLike[str],
) -> tuple[Trained, str, Trained | None, Trained | None]:
    """Read a reader's span network, its characters, what finds its ink and what reads lines.

    Parameters
    ----------
    model : str or path
        Name of a shipped reader, or the path of a bundle.

    Returns
    -------
    context : Trained
    characters : str
    ink, line : Trained or None
        None if the reader has no such network.

    Raises
    ------
    ParameterError
        There is no such reader, or it does not classify spans.
    BundleError
        Its bundle is damaged.
    """
    bundle = read_bundle(bundle_path(model))
    context = trained_context(bundle)
    if context is None:
        raise ParameterError(
            f"To start from a reader, it must classify spans of a line. Got '{model}', which does "
            "not."
        )
    return context, bundle.charset, trained_ink(bundle), trained_line(bundle)
