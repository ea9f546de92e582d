"""Learn classifiers: data, loop, calibration."""

from typing import TYPE_CHECKING, Any

__all__ = ["Schedule", "balance"]

if TYPE_CHECKING:
    from segcap.training.balanced import balance
    from segcap.training.schedule import Schedule


def __getattr__(name: str) -> Any:
    if name == "balance":
        from segcap.training.balanced import balance

        return balance
    if name == "Schedule":
        from segcap.training.schedule import Schedule

        return Schedule
    raise AttributeError(f"module 'segcap.training' has no attribute {name!r}")
