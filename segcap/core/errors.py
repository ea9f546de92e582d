"""The errors that segcap raises; every message names the rule and the value that broke it."""

from typing import TYPE_CHECKING, Any

__all__ = [
    "BundleError",
    "DataError",
    "FileError",
    "ImageError",
    "NotFittedError",
    "ParameterError",
    "SegcapError",
    "SegcapWarning",
    "one_line",
]


class SegcapError(Exception):
    """Base of all errors raised on purpose by segcap; its message is one line."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ParameterError(SegcapError, ValueError):
    """An argument has a value that its function cannot take."""


class ImageError(SegcapError, ValueError):
    """An image cannot be read: missing, damaged, too large or of an unknown shape."""


class DataError(SegcapError, ValueError):
    """A data set is missing, has another layout than expected, or contradicts itself."""


class BundleError(SegcapError, ValueError):
    """A bundle is missing, damaged, or was written for something else."""


class FileError(SegcapError, OSError):
    """A file cannot be written."""


class SegcapWarning(UserWarning):
    """Something was left out, or has not become what was asked for."""

    def __str__(self) -> str:
        return one_line(super().__str__())


def one_line(message: str) -> str:
    """Put what a message quotes, such as a file's name or an array, on one line."""
    return " ".join(line.strip() if at else line for at, line in enumerate(message.splitlines()))


def _not_fitted_error() -> type:
    from sklearn.exceptions import NotFittedError

    class BothError(SegcapError, NotFittedError):
        """A reader is asked to read before it has been fitted or loaded."""

        __module__ = __name__

    BothError.__name__ = BothError.__qualname__ = "NotFittedError"
    return BothError


if TYPE_CHECKING:
    from sklearn.exceptions import NotFittedError as _NotFittedError

    class NotFittedError(SegcapError, _NotFittedError):
        """A reader is asked to read before it has been fitted or loaded."""

else:

    def __getattr__(name: str) -> Any:
        """Make the error that scikit-learn knows, too, once it is needed: its import is slow."""
        if name != "NotFittedError":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = _not_fitted_error()
        return globals()[name]
