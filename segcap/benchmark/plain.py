"""Frozen results as plain values that JSON can hold, and back."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["from_plain", "to_plain"]

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn dataclasses, named tuples and what they hold into dict, list and scalars."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: to_plain(own) for name, own in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: to_plain(own) for name, own in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(own) for own in value]
    return value


def from_plain(kind: type[T], value: Any) -> T:
    """Make of plain values what `to_plain` was given.

    Parameters
    ----------
    kind : type
        A dataclass or a named tuple whose fields are annotated.
    value : dict
        With all of its fields that have no default.
    """
    return _made(kind, value)


def _made(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        known = [one for one in arguments if one is not NoneType]
        return value if value is None or len(known) > 1 else _made(known[0], value)
    if origin is tuple:
        own = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_made(one, item) for one, item in zip(own, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _made(arguments[1], item) for name, item in value.items()}
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        hints = _hints(kind)
        return kind(**{name: _made(hints[name], item) for name, item in value.items()})
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
