"""Packages that only some of segcap needs, and that come with its extras."""

from importlib import import_module

from segcap.core.errors import ParameterError

__all__ = ["require"]


def require(package: str, extra: str, purpose: str) -> None:
    """Check that a package of an extra can be imported; it is then imported.

    Parameters
    ----------
    package : str
        As it is imported.
    extra : str
        Of segcap, which installs it.
    purpose : str
        What needs it; begins the message.

    Raises
    ------
    ParameterError
        It cannot be imported.
    """
    try:
        import_module(package)
    except ImportError as error:
        raise ParameterError(
            f"{purpose} needs the extra '{extra}': pip install 'segcap[{extra}]'. Got: {error.msg}."
        ) from None
