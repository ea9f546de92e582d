"""The training loop: any network, from any source of batches, resumable."""

import os
import warnings
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.errors import ParameterError, SegcapWarning
from segcap.models.registry import NETWORKS
from segcap.training.batching import Batch, BatchSource, batch_orders, made_ahead
from segcap.training.growing import first_grown, growing_sides, shrink
from segcap.training.history import History
from segcap.training.logs import Log
from segcap.training.mixing import cut_out, mix_up
from segcap.training.schedule import Schedule, plateau_rate
from segcap.training.state import State
from segcap.training.step import Trainer

if TYPE_CHECKING:
    import keras

__all__ = ["Batch", "BatchSource", "History", "Interrupted", "OnEpoch", "Schedule", "fit_network"]

LEAST_STEPS = 50


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a training; what was trained until then is kept.

    Attributes
    ----------
    history : History
        Of the epochs that were completed.
    """

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history


OnEpoch: TypeAlias = Callable[[int, History], None]


def fit_network(
    model: "keras.Model",
    batches: BatchSource,
    *,
    schedule: Schedule,
    seed: int,
    state: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> History:
    """Train a classifier; the weights of its best epoch, or its last, stay in `model`.

    A network with columns is trained with the mean of their losses, see `segcap.models.Network`,
    and so does one with auxiliary answers.

    All random choices depend on `seed`, the epoch and the batch alone, so a run that was killed
    and resumed ends like one that was not. On a GPU, and with more than one thread, sums may be
    taken in another order from run to run.

    However it ends, by Ctrl-C in mid-epoch, too, `model` has the best weights so far.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits; changed in place.
    batches : BatchSource
    schedule : Schedule
    seed : int
    state : path, optional
        File that holds the run's state after every epoch. If it exists, the run goes on from it.
    log : path, optional
        Folder for the figures of every epoch; see `segcap.training.logs.Log`.
    on_epoch : callable
        Called after each epoch with the number of epochs done and the history.

    Returns
    -------
    History

    Raises
    ------
    ParameterError
        `schedule` asks for what these samples or this network cannot be given.
    DataError
        `state` is of another run, or `log` is a file.

    Warns
    -----
    SegcapWarning
        The log or the state cannot be written, there is no GPU for mixed precision, or training has
        diverged.
    """
    import keras

    if not isinstance(schedule, Schedule):
        raise ParameterError(f"A 'schedule' must be a segcap.training.Schedule. Got {schedule!r}.")
    _check_applicable(schedule, model, batches)
    keras.utils.set_random_seed(seed)
    steps = max(LEAST_STEPS, len(batches) // schedule.batch_size)
    trainer = Trainer(model, schedule, steps, unaligned=batches.unaligned)
    run = State(Path(state) if state else None, _identity(model, batches, schedule, seed))
    written = Log(Path(log)) if log else None
    grown = first_grown(schedule)
    history, best = History(), [np.array(value) for value in model.get_weights()]
    kept = run.read()
    if kept is not None:
        history, arrays = kept
        trainer.restore(arrays)
        best = [arrays[f"best.{i}"] for i in range(len(best))]
    try:
        for epoch in range(len(history.loss), schedule.epochs):
            waited = epoch - max(history.best_epoch, grown)
            if schedule.patience is not None and waited > schedule.patience:
                break
            figures = _train_epoch(trainer, batches, schedule, history, steps, (seed, epoch))
            shown = trainer.show()
            is_lowest = _note(history, figures, batches.evaluate(model), trainer.rate)
            if schedule.patience is None or is_lowest:
                history.best_epoch, best = epoch, shown
            bests = {f"best.{i}": value for i, value in enumerate(best)}
            run.keep(history, trainer.arrays() | bests)
            if written is not None:
                written.write(history)
            if on_epoch is not None:
                on_epoch(epoch + 1, history)
    except KeyboardInterrupt:
        raise Interrupted(history) from None
    finally:
        model.set_weights(best)
    if not np.isfinite(history.validation_loss[history.best_epoch]):
        warnings.warn(
            "Training has diverged: the validation loss is no number. Try a lower learning rate.",
            SegcapWarning,
            stacklevel=2,
        )
    return history


def _identity(
    model: "keras.Model", batches: BatchSource, schedule: Schedule, seed: int
) -> dict[str, Any]:
    """Return what distinguishes a run from every other, for its state."""
    import keras

    return {
        "network": [model.name, digest(*model.get_weights())],
        "data": batches.digest,
        "schedule": asdict(schedule),
        "seed": seed,
        "versions": [version("segcap"), keras.__version__, keras.backend.backend()],
    }


def _note(
    history: History, figures: dict[str, float], evaluated: tuple[float, float], rate: float
) -> bool:
    """Add an epoch to the history; return whether its validation loss is the lowest."""
    lowest = min((loss for loss in history.validation_loss if loss == loss), default=np.inf)
    loss, accuracy = evaluated
    history.learning_rate.append(rate)
    history.loss.append(figures["loss"])
    if "accuracy" in figures:
        history.accuracy.append(figures["accuracy"])
    history.validation_loss.append(loss)
    history.validation_accuracy.append(accuracy)
    return loss <= lowest


def _check_applicable(schedule: Schedule, model: "keras.Model", batches: BatchSource) -> None:
    """Refuse tricks where their targets or their pictures are not what they are made for."""
    reads_texts = len(model.output_shape) > 2
    known = NETWORKS.get(model.name)
    rules: list[tuple[bool, str, dict[str, float | str]]] = [
        (
            len(model.inputs) > 1,
            "where a network sees more than images",
            {"mixup": 0, "cutout": 0},
        ),
        (
            batches.unaligned,
            "where the places of characters are unknown",
            {"mixup": 0, "cutout": 0, "label_smoothing": 0, "loss": "crossentropy"},
        ),
        (
            known is None or not known.any_size,
            f"for '{model.name}', which takes images of one size",
            {"first_scale": 1},
        ),
        (reads_texts, "where heads see one part of an image each", {"first_scale": 1}),
        (
            known is None or not known.auxiliary or not reads_texts,
            f"for '{model.name}', which has no auxiliary answers here",
            {"auxiliary": False},
        ),
    ]
    for applies, reason, allowed in rules:
        for name, only in allowed.items():
            value = getattr(schedule, name)
            if applies and value != only:
                raise ParameterError(
                    f"The '{name}' of a Schedule must be {only} {reason}. Got {value}."
                )


def _train_epoch(
    trainer: Trainer,
    batches: BatchSource,
    schedule: Schedule,
    history: History,
    steps: int,
    seeds: tuple[int, int],
) -> dict[str, float]:
    """Take the steps of one epoch; return their mean loss and, where it is known, accuracy."""
    epoch = len(history.loss)
    orders = batch_orders(batches, steps, schedule.batch_size, np.random.default_rng(seeds))

    def drawn(number: int) -> "_Shown":
        rng = np.random.default_rng([*seeds, number])
        return _shown(batches, schedule, trainer.targets, orders[number], epoch, rng)

    figures: list[dict[str, float]] = []
    with made_ahead(drawn, steps) as ready:
        for number, (inputs, targets, weights) in enumerate(ready):
            if schedule.decay == "plateau":
                done = epoch + (number + 1) / steps
                trainer.rate = plateau_rate(schedule, done, history.validation_loss)
            figures.append(trainer.step(inputs, targets, weights, epoch * steps + number))
    return {name: fmean(step[name] for step in figures) for name in figures[0]}


_Shown: TypeAlias = tuple[list[NDArray[np.float32]], NDArray, NDArray[np.float32] | None]


def _shown(
    batches: BatchSource,
    schedule: Schedule,
    targets: NDArray[np.float32],
    order: NDArray[np.intp],
    epoch: int,
    rng: np.random.Generator,
) -> _Shown:
    """Draw a batch: inputs, targets and weights."""
    inputs, classes, weights = batches.draw(order, rng)
    if batches.unaligned:
        return inputs, classes, weights
    wanted = targets[classes]
    if schedule.first_scale < 1:
        inputs = [shrink(inputs[0], growing_sides(schedule, epoch, inputs[0].shape[1:3]))]
    if schedule.cutout:
        inputs = [cut_out(inputs[0], schedule.cutout, rng)]
    if schedule.mixup:
        images, wanted, weights = mix_up(inputs[0], wanted, weights, schedule.mixup, rng)
        inputs = [images]
    return inputs, wanted, weights
