"""Training of any network from any source of batches, by Keras' own fit; resumable."""

import os
import warnings
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segcap.core.bundle import digest
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.models.registry import NETWORKS
from segcap.training.batching import Batch, BatchSource
from segcap.training.compiling import Loss
from segcap.training.history import History
from segcap.training.run import OnEpoch, Run
from segcap.training.schedule import Schedule
from segcap.training.shown_batches import ShownBatches

if TYPE_CHECKING:
    import keras

__all__ = [
    "Batch",
    "BatchSource",
    "History",
    "Interrupted",
    "OnEpoch",
    "Schedule",
    "check_log",
    "fit_network",
]

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


def fit_network(
    model: "keras.Model",
    batches: BatchSource,
    *,
    schedule: Schedule,
    seed: int,
    loss: Loss | None = None,
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
    loss : callable, optional
        From targets and logits to numbers, where what batches call classes are targets of another
        kind; the schedule's unless given.
    state : path, optional
        File that holds the run's state after every epoch. If it exists, the run goes on from it.
    log : path, optional
        Folder for history.csv, with one row an epoch, and for TensorBoard's files where it is
        installed with TensorFlow.
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
    check_log(log)
    keras.utils.set_random_seed(seed)
    steps = schedule.steps or max(LEAST_STEPS, len(batches) // schedule.batch_size)
    run = Run(model, batches, schedule, steps, loss, on_epoch)
    if state is not None:
        run.keep_state(Path(state), _identity(model, batches, schedule, seed))
    if log is not None:
        run.write_log(Path(log))
    targets = None
    if loss is None and not batches.unaligned:
        # what the network is to answer for each class, the same in each of its answers
        targets = np.eye(model.output_shape[-1], dtype=np.float32)
        if len(run.learner.output_shape) > len(model.output_shape):
            targets = np.repeat(targets[:, None], run.learner.output_shape[-2], axis=1)
    shown = ShownBatches(run.learner, batches, schedule, seed, steps, targets)
    callbacks = [run.callback(shown)]
    has_tensorboard = find_spec("tensorboard") and find_spec("tensorflow")
    if log is not None and has_tensorboard and os.access(log, os.W_OK):
        callbacks.append(keras.callbacks.TensorBoard(os.fspath(log), write_graph=False))
    try:
        if not run.is_done:
            run.learner.fit(
                shown.for_keras(),
                epochs=schedule.epochs,
                initial_epoch=len(run.history.loss),
                callbacks=callbacks,
                shuffle=False,  # a resumed run would shuffle otherwise than one that was not killed
                verbose=0,
            )
    except KeyboardInterrupt:
        raise Interrupted(run.history) from None
    finally:
        model.set_weights(run.best)
    if not np.isfinite(run.history.validation_loss[-1]):
        warnings.warn(
            "Training has diverged: the validation loss is no number. Try a lower learning rate.",
            SegcapWarning,
            stacklevel=2,
        )
    return run.history


def check_log(folder: str | os.PathLike[str] | None) -> None:
    """Refuse a file in place of a log's folder.

    Raises
    ------
    DataError
        It is one.
    """
    if folder is not None and os.path.lexists(folder) and not os.path.isdir(folder):
        raise DataError(f"A log must go to a folder. Got '{folder}', which is a file.")


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
