"""The errors that segcap raises; every message names the rule and the value that broke it."""

__all__ = [
    "BundleError",
    "DataError",
    "ImageError",
    "NotFittedError",
    "ParameterError",
    "SegcapError",
    "SegcapWarning",
]


class SegcapError(Exception):
    """Base of all errors raised on purpose by segcap."""


class ParameterError(SegcapError, ValueError):
    """An argument has a value that its function cannot take."""


class ImageError(SegcapError, ValueError):
    """An image cannot be read: missing, damaged, too large or of an unknown shape."""


class DataError(SegcapError, ValueError):
    """A data set is missing, has another layout than expected, or contradicts itself."""


class BundleError(SegcapError, ValueError):
    """A bundle is missing, damaged, or was written for something else."""


class NotFittedError(SegcapError, ValueError, AttributeError):
    """A reader is asked to read before it has been fitted or loaded."""


class SegcapWarning(UserWarning):
    """Something was left out, or has not become what was asked for."""
