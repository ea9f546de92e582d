"""The odds of a pass as a figure."""

from typing import TYPE_CHECKING

import numpy as np

from segcap.core.validation import fractions, inner_fraction
from segcap.evaluate.metrics import Rate
from segcap.evaluate.odds.challenge import partial_credit, pass_probability, rule_name
from segcap.evaluate.plots import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_odds"]

_WIDTH, _HEIGHT = 6.0, 4.0
_STEPS = 501


def plot_odds(
    n: int,
    *,
    wrong_allowed: int = 0,
    accuracy: Rate | float | None = None,
    target: float | None = None,
) -> "Figure":
    """Draw the odds of a pass against accuracy; with partial credit, too, if no item may be wrong.

    Parameters
    ----------
    n, wrong_allowed : int
        See `pass_probability`.
    accuracy : Rate or float, optional
        What was measured, as an upright line, with its interval if it has one.
    target : float, optional
        Probability of a pass that is tolerated, in (0, 1), as a level line.

    Returns
    -------
    matplotlib.figure.Figure
        Accuracy from 0.5, or from what was measured where that is less; the odds' axis is
        logarithmic. ``plot_odds(12).savefig("odds.png")`` writes it.

    Raises
    ------
    ParameterError
        A number is outside its range, or Matplotlib is not installed.
    """
    known = accuracy[:3] if isinstance(accuracy, Rate) else [] if accuracy is None else [accuracy]
    measured = fractions("accuracy", known)
    accuracies = np.linspace(min(0.5, *measured, 1), 1, _STEPS)
    passed = pass_probability(accuracies, n, wrong_allowed=wrong_allowed)
    figure = new_figure(_WIDTH, _HEIGHT)
    axes = figure.subplots()
    axes.semilogy(accuracies, passed, label=rule_name(n, wrong_allowed))
    if n > 1 and not wrong_allowed:
        axes.semilogy(accuracies, partial_credit(accuracies, n), "--", label="partial credit")
    if measured.size:
        axes.axvspan(measured.min(), measured.max(), color="0.85")
        axes.axvline(measured[0], color="0.4", label=f"accuracy {measured[0]:.4g}")
    if target is not None:
        axes.axhline(
            inner_fraction("target", target), color="0.4", linestyle=":", label="tolerated"
        )
    axes.set_xlabel("accuracy on one item")
    axes.set_ylabel("passes per challenge")
    axes.legend()
    return figure
