"""Figures, where Matplotlib is installed: empty ones, and evaluations."""

from typing import TYPE_CHECKING

import numpy as np

from segcap.core.extras import require
from segcap.evaluate.classes import ConfusionMatrix
from segcap.evaluate.labels import shown_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_figure", "plot_confusion"]

_CELL = 0.36
_LEAST_WIDTH = 3.0
_MARGIN = 1.6
_DARK = 0.5
_UPRIGHT = 3


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure, inches wide and high.

    Raises
    ------
    ParameterError
        Matplotlib is not installed.
    """
    require("matplotlib.figure", "plot", "Drawing")
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def plot_confusion(matrix: ConfusionMatrix, *, title: str = "") -> "Figure":
    """Draw a confusion matrix, the darker the larger a cell's fraction of its row.

    Parameters
    ----------
    matrix : ConfusionMatrix
    title : str
        Stands before the accuracy.

    Returns
    -------
    matplotlib.figure.Figure
        With the counts other than 0 in their cells, rows true and columns answered; it grows
        with the number of classes.
        ``plot_confusion(matrix).savefig("confusion.png")`` writes it.

    Raises
    ------
    ParameterError
        Matplotlib is not installed.
    """
    names = [shown_label(label) for label in matrix.classes]
    true = [name for name, label in zip(names, matrix.classes, strict=True) if label is not None]
    counts = matrix.counts[: len(true)]
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    digits = len(str(counts.max()))
    side = max(_LEAST_WIDTH, len(names) * max(_CELL, 0.085 * digits)) + _MARGIN
    figure = new_figure(side, side)
    axes = figure.subplots()
    axes.imshow(rates, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=8,
            color="white" if rates[row, column] > _DARK else "black",
        )
    are_long = max(map(len, names)) > _UPRIGHT
    turn = 90 if are_long else 0
    axes.set_xticks(range(len(names)), names, rotation=turn, fontsize=9, parse_math=False)
    axes.set_yticks(range(len(true)), true, fontsize=9, parse_math=False)
    axes.set_xlabel("answered")
    axes.set_ylabel("true")
    head = f"{title}\n" if title else ""
    axes.set_title(f"{head}{matrix.accuracy}", fontsize=9, parse_math=False)
    return figure
