"""What happened in a training, epoch by epoch."""

import csv
import io
import os
from dataclasses import dataclass, field
from typing import Any

from segcap.core.errors import ParameterError
from segcap.evaluate.plots import new_figure

__all__ = ["HISTORY_CSV", "SCALARS", "History", "history_csv", "plot_history"]

HISTORY_CSV = "history.csv"
SCALARS = ("learning_rate", "loss", "accuracy", "validation_loss", "validation_accuracy")
_TRAINING = "#1b9e77"
_VALIDATION = "#d95f02"


@dataclass
class History:
    """What happened, epoch by epoch.

    Attributes
    ----------
    loss, accuracy, validation_loss, validation_accuracy : list of float
        One entry an epoch; training figures are on augmented samples, and of all answers that a
        network is trained on. Without known places there is no accuracy in training.
    best_epoch : int
        Index of the epoch whose weights are kept.
    learning_rate : list of float
        At the end of each epoch.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0
    learning_rate: list[float] = field(default_factory=list)

    def at(self, epoch: int) -> dict[str, float]:
        """Return what is known of an epoch, by the names in `SCALARS`."""
        known = ((name, getattr(self, name)) for name in SCALARS)
        return {name: values[epoch] for name, values in known if values}


def history_csv(history: History) -> str:
    """Return a history as CSV, one row an epoch, counted from 1.

    Examples
    --------
    >>> print(history_csv(History([1.5], [0.5], [1.25], [0.75], learning_rate=[0.001])), end="")
    epoch,learning_rate,loss,accuracy,validation_loss,validation_accuracy
    1,0.001,1.5,0.5,1.25,0.75
    """
    table = io.StringIO()
    writer = csv.DictWriter(table, ["epoch", *SCALARS], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"epoch": e + 1, **history.at(e)} for e in range(len(history.loss)))
    return table.getvalue()


def plot_history(history: History, path: str | os.PathLike[str]) -> None:
    """Draw the curves of loss and accuracy, the epoch that is kept marked.

    Parameters
    ----------
    history : History
        Of at least one epoch.
    path : path
        A file whose ending gives its format: .png, .svg or .pdf.

    Raises
    ------
    ParameterError
        The history is empty, Matplotlib is not installed, or the file cannot be written.
    """
    if not history.loss:
        raise ParameterError(
            "The 'history' of plot_history must be of at least one epoch. Got none."
        )
    figure = new_figure(9, 3.6)
    losses, accuracies = figure.subplots(1, 2)
    _draw(losses, "loss", history.loss, history.validation_loss, history.best_epoch)
    _draw(accuracies, "accuracy", history.accuracy, history.validation_accuracy, history.best_epoch)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise ParameterError(
            "The 'path' of plot_history must be an image file that can be written. "
            f"Got '{path}': {error}."
        ) from None


def _draw(axes: Any, title: str, training: list[float], validation: list[float], best: int) -> None:
    from matplotlib.ticker import MaxNLocator

    for name, values, colour in (
        ("training", training, _TRAINING),
        ("validation", validation, _VALIDATION),
    ):
        if values:
            axes.plot(range(1, len(values) + 1), values, ".-", color=colour, label=name)
    axes.axvline(best + 1, color="grey", linewidth=1, linestyle=":")
    axes.plot(
        best + 1,
        validation[best],
        "o",
        color=_VALIDATION,
        markerfacecolor="white",
        markersize=9,
        label=f"kept: epoch {best + 1}, {validation[best]:.3g}",
    )
    axes.set_title(title, loc="left")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
