"""Figures, where Matplotlib is installed."""

from typing import TYPE_CHECKING

from segcap.core.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_figure"]


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure, inches wide and high.

    Raises
    ------
    ParameterError
        Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ParameterError(
            "Drawing needs Matplotlib: pip install 'segcap[train]'. Got none."
        ) from None
    return Figure(figsize=(width, height), layout="constrained")
