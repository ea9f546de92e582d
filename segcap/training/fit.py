"""The training loop: any network, resumable, the best epoch kept."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from segcap.bundle import digest, write_atomically
from segcap.compose import log_softmax
from segcap.errors import DataError, ParameterError
from segcap.models import COLUMNS

if TYPE_CHECKING:
    import keras

__all__ = ["History", "OnEpoch", "Schedule", "fit_network"]

Augment: TypeAlias = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]

_BATCH = 1024
_LEAST_STEPS = 50


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes
    ----------
    epochs : int
        Most passes over the data; of few data one pass draws each several times, augmented anew,
        to make 50 steps.
    batch_size : int
        Samples of one step.
    learning_rate : float
        Highest rate of AdamW, reached after the first epoch; it falls to 0 along a cosine.
    weight_decay : float
        Of AdamW.
    patience : int
        Stop after so many epochs without a lower validation loss.

    References
    ----------
    Loshchilov, Hutter: Decoupled weight decay regularization. ICLR 2019.
    Loshchilov, Hutter: SGDR: stochastic gradient descent with warm restarts. ICLR 2017.
    """

    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    patience: int = 10

    def __post_init__(self) -> None:
        for name, lowest in (("epochs", 1), ("batch_size", 1), ("patience", 1)):
            if getattr(self, name) < lowest:
                raise ParameterError(
                    f"The '{name}' must be at least {lowest}. Got {getattr(self, name)}."
                )
        if not self.learning_rate > 0:
            raise ParameterError(f"The 'learning_rate' must be above 0. Got {self.learning_rate}.")


@dataclass
class History:
    """What happened, epoch by epoch.

    Attributes
    ----------
    loss, accuracy, validation_loss, validation_accuracy : list of float
        One entry an epoch; training figures are on augmented samples.
    best_epoch : int
        Index of the epoch with the lowest validation loss, whose weights are kept.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0


OnEpoch: TypeAlias = Callable[[int, History], None]


def fit_network(
    model: "keras.Model",
    train: tuple[NDArray[np.float32], NDArray[np.integer]],
    validation: tuple[NDArray[np.float32], NDArray[np.integer]],
    *,
    augment: Augment,
    schedule: Schedule,
    seed: int,
    state: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> History:
    """Train a classifier; the weights of its best epoch stay in `model`.

    A network with columns learns from the mean of their losses, see `segcap.models.COLUMNS`.

    The samples of an epoch are augmented together before it begins: that takes memory for a
    second copy of them, and time of its own, but no core from the network while it learns. All
    random choices depend on `seed` and the epoch alone, so a run that was killed and resumed ends
    like one that was not. On a GPU, and with more than one thread, sums may be taken in another
    order from run to run.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits; changed in place.
    train, validation : tuple of (N, ...) float32 array and (N,) int array
        Inputs and classes.
    augment : callable
        From inputs and a generator to new inputs.
    schedule : Schedule
    seed : int
    state : path, optional
        File that holds the run's state after every epoch. If it exists, the run goes on from it.
    on_epoch : callable
        Called after each epoch with the number of epochs done and the history.

    Returns
    -------
    History

    Raises
    ------
    DataError
        `state` is of another run.
    """
    import keras

    keras.utils.set_random_seed(seed)
    steps = max(_LEAST_STEPS, len(train[0]) // schedule.batch_size)
    learner = _learner(model)
    learner.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                schedule.learning_rate / 100,
                steps * max(1, schedule.epochs - 1),
                warmup_target=schedule.learning_rate,
                warmup_steps=steps,
            ),
            weight_decay=schedule.weight_decay,
        ),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    learner.optimizer.build(learner.trainable_variables)
    identity = {
        "network": [model.name, [list(weight.shape) for weight in model.weights]],
        "data": digest(*train, *validation),
        "schedule": asdict(schedule),
        "seed": seed,
        "versions": [version("segcap"), keras.__version__, keras.backend.backend()],
    }
    run = _Run(learner, Path(state) if state else None, identity)
    history, best = run.resume()
    targets = _one_hot(train[1], learner)
    for epoch in range(len(history.loss), schedule.epochs):
        if epoch - history.best_epoch > schedule.patience:
            break
        rng = np.random.default_rng([seed, epoch])
        order = _drawn(len(targets), steps * schedule.batch_size, rng)
        figures = learner.fit(
            _augmented(train[0], order, augment, rng),
            targets[order],
            batch_size=schedule.batch_size,
            epochs=epoch + 1,
            initial_epoch=epoch,
            shuffle=False,
            verbose=0,
        ).history
        loss, accuracy = _evaluate(model, *validation)
        history.loss.append(float(figures["loss"][0]))
        history.accuracy.append(float(figures["accuracy"][0]))
        history.validation_loss.append(loss)
        history.validation_accuracy.append(accuracy)
        if loss <= min(history.validation_loss):
            history.best_epoch = epoch
            best = [np.array(weight.numpy()) for weight in learner.weights]
        run.keep(history, best)
        if on_epoch is not None:
            on_epoch(epoch + 1, history)
    for weight, value in zip(learner.weights, best, strict=True):
        weight.assign(value)
    return history


class _Run:
    """The state of a run on disk: network, optimiser, best weights, history."""

    def __init__(self, model: "keras.Model", path: Path | None, identity: dict[str, Any]) -> None:
        self._path = path
        self._identity = json.dumps(identity, sort_keys=True)
        self._model = model
        self._variables = [*model.variables, *model.optimizer.variables]

    def resume(self) -> tuple[History, list[NDArray]]:
        weights = [np.array(weight.numpy()) for weight in self._model.weights]
        if self._path is None or not self._path.exists():
            return History(), weights
        try:
            with safe_open(self._path, framework="numpy") as file:
                notes = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except Exception as error:  # noqa: BLE001 safetensors' own error has no public base
            raise DataError(
                f"A training state must be a file that a run wrote. Got '{self._path}': {error}."
            ) from None
        if notes.get("identity") != self._identity:
            raise DataError(
                "A training state must be of the same data, network, schedule, seed and versions. "
                f"Got '{self._path}' of another run."
            )
        for number, variable in enumerate(self._variables):
            variable.assign(arrays[f"variable.{number}"])
        best = [arrays[f"best.{number}"] for number in range(len(weights))]
        return History(**json.loads(notes["history"])), best

    def keep(self, history: History, best: list[NDArray]) -> None:
        if self._path is None:
            return
        arrays = {
            **{f"variable.{i}": np.array(v.numpy()) for i, v in enumerate(self._variables)},
            **{f"best.{i}": value for i, value in enumerate(best)},
        }
        notes = {"identity": self._identity, "history": json.dumps(asdict(history))}
        write_atomically(self._path, save(arrays, notes))


def _learner(model: "keras.Model") -> "keras.Model":
    """Give the network that is trained in place of `model`; it shares all weights with it."""
    import keras

    if COLUMNS not in [layer.name for layer in model.layers]:
        return model
    return keras.Model(model.inputs, model.get_layer(COLUMNS).output, name=model.name)


def _one_hot(labels: NDArray[np.integer], learner: "keras.Model") -> NDArray[np.float32]:
    """Targets in the shape of the learner's output: (N, classes) or (N, K, classes)."""
    *columns, classes = learner.output_shape[1:]
    targets = np.eye(classes, dtype=np.float32)[labels]
    return np.repeat(targets[:, None], columns[0], axis=1) if columns else targets


def _drawn(samples: int, draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Order samples at random, all once before any comes again."""
    rounds = [rng.permutation(samples) for _ in range(-(-draws // samples))]
    return np.concatenate(rounds)[:draws]


def _augmented(
    inputs: NDArray[np.float32],
    order: NDArray[np.intp],
    augment: Augment,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Augment samples in the given order, a chunk at a time to bound what maps take of memory."""
    augmented = np.empty((len(order), *inputs.shape[1:]), np.float32)
    for start in range(0, len(order), _BATCH):
        chunk = order[start : start + _BATCH]
        augmented[start : start + len(chunk)] = augment(inputs[chunk], rng)
    return augmented


def _evaluate(
    model: "keras.Model", inputs: NDArray[np.float32], labels: NDArray[np.integer]
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    log_probabilities = log_softmax(model.predict(inputs, batch_size=_BATCH, verbose=0))
    loss = -float(log_probabilities[np.arange(len(labels)), labels].mean())
    return loss, float((log_probabilities.argmax(axis=1) == labels).mean())
