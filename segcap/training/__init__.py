"""Train classifiers: data, loop, calibration."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Schedule": "segcap.training.schedule",
    "balance": "segcap.training.balancing",
    "plot_history": "segcap.training.history",
    "search": "segcap.training.tuning",
}

__all__ = ["Schedule", "balance", "plot_history", "search"]

if TYPE_CHECKING:
    from segcap.training.balancing import balance
    from segcap.training.history import plot_history
    from segcap.training.schedule import Schedule
    from segcap.training.tuning import search


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'segcap.training' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
