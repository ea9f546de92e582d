"""Figures, where Matplotlib is installed: empty ones, readings and evaluations."""

from typing import TYPE_CHECKING

import numpy as np

from segcap.core.errors import ParameterError
from segcap.core.extras import require
from segcap.core.reading import Reading
from segcap.evaluate.abstention import CoverageCurve
from segcap.evaluate.classes import ConfusionMatrix
from segcap.evaluate.labels import shown_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["new_figure", "plot_confusion", "plot_coverage", "plot_reading"]

_CELL = 0.36
_LEAST_WIDTH = 3.0
_MARGIN = 1.6
_DARK = 0.5
_UPRIGHT = 3
_CURVE_WIDTH, _CURVE_HEIGHT, _TITLE = 4.0, 3.0, 0.4
_SURE = 0.9
_ROUND = (0, 1, 1, 0, 0), (0, 0, 1, 1, 0)


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


def plot_confusion(matrix: ConfusionMatrix, *, title: str = "") -> "Axes":
    """Draw a confusion matrix, the darker the larger a cell's fraction of its row.

    Parameters
    ----------
    matrix : ConfusionMatrix
    title : str
        Stands before the accuracy.

    Returns
    -------
    matplotlib.axes.Axes
        With the counts other than 0 in their cells, rows true and columns answered; the figure
        grows with the number of classes.
        ``plot_confusion(matrix).figure.savefig("confusion.png")`` writes it.

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
    return axes


def plot_coverage(curve: CoverageCurve) -> "Axes":
    """Draw accuracy against coverage, over all thresholds.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        Matplotlib is not installed.
    """
    axes = new_figure(_CURVE_WIDTH, _CURVE_HEIGHT).subplots()
    coverages, accuracies, _ = np.array(curve.points).T
    axes.step(coverages, accuracies, where="pre")
    axes.set_xlabel("fraction answered")
    axes.set_ylabel("fraction of these right")
    axes.set_xlim(0, 1)
    return axes


def plot_reading(reading: Reading) -> "Axes":
    """Draw an image with a box, the character and its confidence for each that was read.

    Parameters
    ----------
    reading : Reading
        Of `read`, which keeps its image.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        Matplotlib is not installed, or the reading has no image.
    """
    if reading.image is None:
        raise ParameterError(
            "A reading to draw must have its image, as those of 'read' have. Got one without."
        )
    height, width = reading.image.shape[:2]
    axes = new_figure(_CURVE_WIDTH, _CURVE_WIDTH * height / width + _TITLE).subplots()
    axes.imshow(reading.image)
    axes.set_axis_off()
    axes.set_title(f"{reading.text}  {reading.confidence:.2f}", fontsize=9, parse_math=False)
    for glyph in reading.glyphs:
        x0, y0, x1, y1 = glyph.box
        colour = "tab:blue" if glyph.confidence >= _SURE else "tab:red"
        # a pixel's centre has whole coordinates
        sides = [x0 - 0.5, x1 - 0.5], [y0 - 0.5, y1 - 0.5]
        axes.plot(*([own[k] for k in way] for own, way in zip(sides, _ROUND, strict=True)), colour)
        axes.text(
            x0, y0 - 1, f"{glyph.char} {glyph.confidence:.2f}", fontsize=7, color=colour
        ).set_parse_math(False)
    return axes
