"""Pictures of what a search has found, drawn by Optuna."""

import warnings
from typing import TYPE_CHECKING, Any

from segcap.core.errors import DataError
from segcap.core.extras import require
from segcap.training.tuning.result import SearchResult, quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_importance", "plot_parallel"]


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
    from optuna.importance import FanovaImportanceEvaluator

    result.importance()
    with quiet():
        evaluator = FanovaImportanceEvaluator(seed=0)
    return _drawn("plot_param_importances", result, evaluator=evaluator)


def plot_parallel(result: SearchResult) -> "Figure":
    """Draw each complete trial as a line through its value and its settings.

    Parameters
    ----------
    result : SearchResult

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    DataError
        No trial is complete.
    ParameterError
        Matplotlib is not installed.
    """
    if not any(one.state == "complete" for one in result.trials):
        raise DataError("To be drawn, a trial of a search must be complete. Got none that is.")
    figure = _drawn("plot_parallel_coordinate", result)
    figure.set_size_inches(2 + 1.6 * len(result.space), 4.8)
    return figure


def _drawn(name: str, result: SearchResult, **options: Any) -> "Figure":
    require("matplotlib", "train", "Drawing")
    from matplotlib import pyplot
    from optuna.visualization import matplotlib as drawing

    with quiet(), pyplot.rc_context():  # Optuna sets a style for all figures
        warnings.simplefilter("ignore", UserWarning)  # of settings with a single value
        axes = getattr(drawing, name)(result.as_study(), target_name="value", **options)
        axes.set_title("")
        axes.set_title(result.name, loc="left")
    pyplot.close(axes.figure)
    return axes.figure
