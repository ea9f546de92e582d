"""The training loop: any network, from any lessons, resumable."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from segcap.bundle import digest, write_atomically
from segcap.errors import DataError, ParameterError
from segcap.models import COLUMNS
from segcap.networks import as_model_inputs

if TYPE_CHECKING:
    import keras

__all__ = ["History", "Lessons", "OnEpoch", "Pass", "Schedule", "fit_network"]

_LEAST_STEPS = 50
_SORTED_TOGETHER = 16


class Pass(NamedTuple):
    """A batch that a network is shown.

    Attributes
    ----------
    inputs : list of (n, ...) float32 arrays
        One for each input of the network.
    classes : (n, ...) int array
    weights : (n, ...) float32 array or None
        How much each class counts; all the same unless given.
    """

    inputs: list[NDArray[np.float32]]
    classes: NDArray[np.integer]
    weights: NDArray[np.float32] | None = None


class Lessons(Protocol):
    """What a network learns from.

    Attributes
    ----------
    digest : str
        SHA-256 of the data.
    sizes : (N,) int array
        Of the samples; those of like size come in one batch.
    unaligned : bool
        Whether the classes are those of texts, 1 for the first character and 0 past the last,
        whose places in the network's columns are unknown: connectionist temporal classification.
    """

    digest: str
    sizes: NDArray[np.intp]
    unaligned: bool

    def __len__(self) -> int:
        """Give the number of samples."""
        ...

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Pass:
        """Give the samples of these indices, augmented."""
        ...

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Give the cross-entropy and the accuracy on samples that are not learned from."""
        ...


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
    patience : int, optional
        Stop after so many epochs without a lower validation loss, and keep the epoch with the
        lowest; without it, train to the end and keep the last, as is better where few samples
        validate.

    References
    ----------
    Loshchilov, Hutter: Decoupled weight decay regularization. ICLR 2019.
    Loshchilov, Hutter: SGDR: stochastic gradient descent with warm restarts. ICLR 2017.
    """

    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    patience: int | None = 10

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ParameterError(f"The '{name}' must be at least 1. Got {value}.")
        if not self.learning_rate > 0:
            raise ParameterError(f"The 'learning_rate' must be above 0. Got {self.learning_rate}.")


@dataclass
class History:
    """What happened, epoch by epoch.

    Attributes
    ----------
    loss, accuracy, validation_loss, validation_accuracy : list of float
        One entry an epoch; training figures are on augmented samples. Without known places there
        is no accuracy in training.
    best_epoch : int
        Index of the epoch whose weights are kept.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0


OnEpoch: TypeAlias = Callable[[int, History], None]


def fit_network(
    model: "keras.Model",
    lessons: Lessons,
    *,
    schedule: Schedule,
    seed: int,
    state: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> History:
    """Train a classifier; the weights of its best epoch, or its last, stay in `model`.

    A network with columns learns from the mean of their losses, see `segcap.models.COLUMNS`.

    All random choices depend on `seed`, the epoch and the batch alone, so a run that was killed
    and resumed ends like one that was not. On a GPU, and with more than one thread, sums may be
    taken in another order from run to run.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits; changed in place.
    lessons : Lessons
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
    steps = max(_LEAST_STEPS, len(lessons) // schedule.batch_size)
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
        keras.losses.CTC()
        if lessons.unaligned
        else keras.losses.CategoricalCrossentropy(from_logits=True),
        weighted_metrics=None if lessons.unaligned else ["accuracy"],
    )
    learner.optimizer.build(learner.trainable_variables)
    identity = {
        "network": [model.name, digest(*model.get_weights())],
        "data": lessons.digest,
        "schedule": asdict(schedule),
        "seed": seed,
        "versions": [version("segcap"), keras.__version__, keras.backend.backend()],
    }
    run = _Run(learner, Path(state) if state else None, identity)
    history, best = run.resume()
    targets = _targets(learner)
    for epoch in range(len(history.loss), schedule.epochs):
        if schedule.patience is not None and epoch - history.best_epoch > schedule.patience:
            break
        rng = np.random.default_rng([seed, epoch])
        learner.reset_metrics()
        for number, batch in enumerate(_batches(lessons.sizes, steps, schedule.batch_size, rng)):
            shown = lessons.draw(batch, np.random.default_rng([seed, epoch, number]))
            figures = learner.train_on_batch(
                as_model_inputs(shown.inputs),
                shown.classes if lessons.unaligned else targets[shown.classes],
                shown.weights,
                return_dict=True,
            )
        loss, accuracy = lessons.evaluate(model)
        history.loss.append(float(figures["loss"]))
        if "accuracy" in figures:
            history.accuracy.append(float(figures["accuracy"]))
        history.validation_loss.append(loss)
        history.validation_accuracy.append(accuracy)
        if schedule.patience is None or loss <= min(history.validation_loss):
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

    if not _has_columns(model):
        return model
    return keras.Model(model.inputs, model.get_layer(COLUMNS).output, name=model.name)


def _has_columns(model: "keras.Model") -> bool:
    return COLUMNS in [layer.name for layer in model.layers]


def _targets(learner: "keras.Model") -> NDArray[np.float32]:
    """Give what the learner is to answer for each class, the same in each of its columns."""
    targets = np.eye(learner.output_shape[-1], dtype=np.float32)
    if _has_columns(learner):
        targets = np.repeat(targets[:, None], learner.output_shape[1], axis=1)
    return targets


def _batches(
    sizes: NDArray[np.intp], steps: int, batch_size: int, rng: np.random.Generator
) -> list[NDArray[np.intp]]:
    """Draw samples at random, all once before any comes again, those of like size together."""
    draws = steps * batch_size
    rounds = [rng.permutation(len(sizes)) for _ in range(-(-draws // len(sizes)))]
    drawn = np.concatenate(rounds)[:draws]
    window = _SORTED_TOGETHER * batch_size
    sorted_ = [
        part[np.argsort(sizes[part], kind="stable")]
        for part in (drawn[start : start + window] for start in range(0, draws, window))
    ]
    batches = np.concatenate(sorted_).reshape(steps, batch_size)
    return list(rng.permutation(batches))
