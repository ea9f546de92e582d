"""Pictures of what a search has found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError
from segcap.evaluate.plots import new_figure
from segcap.training.tuning.result import SearchResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from optuna.distributions import BaseDistribution

__all__ = ["plot_importance", "plot_parallel"]

_BAR = "#1b9e77"
_MOST_LABELS = 12


def plot_importance(result: SearchResult) -> "Figure":
    """Draw how much each setting matters; see `SearchResult.importance`.

    Parameters
    ----------
    result : SearchResult

    Returns
    -------
    matplotlib.figure.Figure
        ``plot_importance(result).savefig("importance.png")`` writes it.

    Raises
    ------
    DataError
        No two complete trials have different values.
    ParameterError
        Matplotlib is not installed.
    """
    rates = result.importance()
    figure = new_figure(7, 0.8 + 0.4 * len(rates))
    axes = figure.subplots()
    bars = axes.barh(list(rates), list(rates.values()), color=_BAR)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1 * max(rates.values()))
    axes.set_title(f"{result.name}: fraction of the variance", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_parallel(result: SearchResult) -> "Figure":
    """Draw each trial as a line through its settings to its value, the best on top.

    Parameters
    ----------
    result : SearchResult
        Trials without value are left out.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    DataError
        No trial has a value.
    ParameterError
        Matplotlib is not installed.
    """
    shown = sorted((one for one in result.trials if one.value is not None), key=_value)
    if not shown:
        raise DataError("To be drawn, a trial of a search must have a value. Got none that has.")
    names = [*result.space, "value"]
    figure = new_figure(1.6 * len(names) + 1, 4.5)
    from matplotlib import colormaps

    axes = figure.subplots()
    values = np.array([_value(one) for one in shown])
    places = [
        _places([one.settings.get(name) for one in shown], by) for name, by in result.space.items()
    ]
    heights = np.stack([*(own for own, _ in places), _scaled(values)], axis=1)
    for height, rate in zip(heights, _scaled(values), strict=True):
        axes.plot(height, color=colormaps["viridis"](rate), alpha=0.8, linewidth=1 + 1.5 * rate)
    ticks = [*(labels for _, labels in places), _range_labels(values)]
    for column, labels in enumerate(ticks):
        axes.axvline(column, color="grey", linewidth=0.8)
        for place, label in labels:
            axes.text(column + 0.03, place, label, fontsize=8, va="center")
    axes.set_xticks(range(len(names)), names, rotation=20, ha="right")
    axes.set_yticks([])
    axes.set_xlim(-0.1, len(names) - 0.6)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{result.name}: {len(shown)} trials", loc="left")
    return figure


def _value(one: Any) -> float:
    return float(one.value)


def _places(
    values: Sequence[Any], by: "BaseDistribution"
) -> tuple[NDArray[np.float64], list[tuple[float, str]]]:
    """Scale values of a setting to heights in [0, 1], and labels at some."""
    from optuna.distributions import CategoricalDistribution

    if isinstance(by, CategoricalDistribution):
        step = max(1, -(-len(by.choices) // _MOST_LABELS))
        heights = _scaled(np.arange(len(by.choices), dtype=float))
        labels = [(float(heights[k]), str(choice)) for k, choice in enumerate(by.choices)]
        return heights[[by.choices.index(value) for value in values]], labels[::step]
    numbers = np.array(values, float)
    scaled = _scaled(np.log(numbers) if getattr(by, "log", False) else numbers)
    return scaled, _range_labels(numbers)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stretch values over [0, 1]; equal ones lie in the middle."""
    extent = values.max() - values.min()
    return (values - values.min()) / extent if extent else np.full(len(values), 0.5)


def _range_labels(values: NDArray[np.float64]) -> list[tuple[float, str]]:
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:
        return [(0.5, f"{lowest:.3g}")]
    return [(0.0, f"{lowest:.3g}"), (1.0, f"{highest:.3g}")]
