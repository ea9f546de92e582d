"""Short representations of what holds arrays."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

__all__ = ["short", "short_repr"]

_LONGEST = 80


def short(value: Any) -> str:
    """Return a value's representation, without numbers of an array, bytes, or what is long.

    Examples
    --------
    >>> short(np.zeros((2, 3))), short(b"abc"), short("abc")
    ('float64 array of shape (2, 3)', '3 bytes', "'abc'")
    """
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {short(own)}" for key, own in value.items()) + "}"
    if isinstance(value, list) and any(isinstance(own, np.ndarray) for own in value):
        return f"list of {len(value)} arrays"
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def short_repr(one: Any) -> str:
    """Return the representation of a dataclass or named tuple, each of its fields in short."""
    names = [own.name for own in fields(one) if own.repr] if is_dataclass(one) else one._fields
    shown = ", ".join(f"{name}={short(getattr(one, name))}" for name in names)
    return f"{type(one).__name__}({shown})"
