"""Training of any network from any source of batches, by Keras' own fit; resumable."""

import json
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from segcap.core.bundle import digest
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.core.files import write_atomically
from segcap.models.registry import NETWORKS, resolve
from segcap.recognition.engines.networks import as_model_inputs, keras_devices
from segcap.training.batching import Batch, BatchSource, batch_orders
from segcap.training.growing import first_grown, growing_sides, shrink
from segcap.training.history import HISTORY_CSV, History, history_csv
from segcap.training.logs import Tolerance
from segcap.training.mixing import cut_out, mix_up
from segcap.training.schedule import WARMUP, WARMUP_STEPS, Schedule, plateau_rate

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
_OUTPUTS = ("logits", "heads", "digits")
_MOMENTUM = 0.9
_LONG = 500  # steps in which XLA makes good what it compiles

Loss: TypeAlias = Callable[[Any, Any], Any]


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
    steps = max(LEAST_STEPS, len(batches) // schedule.batch_size)
    run = _Run(model, batches, schedule, steps, loss, on_epoch)
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
    shown = _shown_batches(run.learner, batches, schedule, seed, steps, targets)
    callbacks = [run.callback(shown)]
    has_tensorboard = find_spec("tensorboard") and find_spec("tensorflow")
    if log is not None and has_tensorboard and os.access(log, os.W_OK):
        callbacks.append(keras.callbacks.TensorBoard(os.fspath(log), write_graph=False))
    try:
        if not run.is_done:
            run.learner.fit(
                shown,
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
    if not np.isfinite(run.history.validation_loss[run.history.best_epoch]):
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


class _Run:
    """What happens around Keras' steps: evaluation, the best weights, their averages, files.

    Keras' own averages leave out what batch normalisation counts, and its backups leave out the
    best weights and the history, hence these.
    """

    def __init__(
        self,
        model: "keras.Model",
        batches: BatchSource,
        schedule: Schedule,
        steps: int,
        loss: Loss | None,
        on_epoch: OnEpoch | None,
    ) -> None:
        self._model, self._batches, self._schedule = model, batches, schedule
        self._steps, self._on_epoch = steps, on_epoch
        self._trained = _copied(model, schedule)
        self.learner = _with_all_answers(self._trained, auxiliary=schedule.auxiliary)
        self._optimizer = _compile(self.learner, schedule, steps, batches, loss)
        self._averages = _weights(model) if schedule.ema else []
        self._state: Path | None = None
        self._log: Path | None = None
        self.history, self.best = History(), _weights(model)

    @property
    def is_done(self) -> bool:
        """Whether all epochs are behind, or as many as patience allows without a better one."""
        done, patience = len(self.history.loss), self._schedule.patience
        waited = done - max(self.history.best_epoch, first_grown(self._schedule))
        return done == self._schedule.epochs or (patience is not None and waited > patience)

    def callback(self, shown: Any) -> "keras.callbacks.Callback":
        """Return what Keras calls."""
        import keras

        run, schedule = self, self._schedule

        class Around(keras.callbacks.Callback):
            # by `self.model`, variables are up to date on JAX, too, which keeps them elsewhere

            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
                shown.begin(epoch)

            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
                if schedule.decay == "plateau" and (self.model is not None):
                    run._set_rate(batch)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
                if schedule.ema and (self.model is not None):
                    run._average(batch)

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                run._end_epoch(epoch, logs)

        return Around()

    def write_log(self, folder: Path) -> None:
        """Write the history to a folder, and after each epoch again."""
        self._log = folder
        self._log_tolerance = Tolerance(f"The training goes on without its log in '{folder}'.")
        self._write_history()

    def keep_state(self, path: Path, identity: dict[str, Any]) -> None:
        """Go on from the state in a file, if it is there, and write it after each epoch.

        Raises
        ------
        DataError
            It cannot be a state, or is that of another run.
        """
        if path.is_dir() or not path.parent.is_dir():
            raise DataError(
                f"A training state must be a file in a folder that exists. Got '{path}'."
            )
        self._state, self._identity = path, json.dumps(identity, sort_keys=True)
        self._tolerance = Tolerance(f"The training goes on without its state in '{path}'.")
        if not path.exists():
            return
        try:
            with safe_open(path, framework="numpy") as file:
                notes = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except Exception as error:  # noqa: BLE001 safetensors' own error has no public base
            raise DataError(
                f"A training state must be a file that a run wrote. Got '{path}': {error}."
            ) from None
        if notes.get("identity") != self._identity:
            raise DataError(
                "A training state must be of the same data, network, schedule, seed and versions. "
                f"Got '{path}' of another run: delete it to begin anew."
            )
        self.history = History(**json.loads(notes["history"]))
        values, self._averages, self.best = (
            [arrays[f"{name}.{i}"] for i in range(len(own))] for name, own in self._arrays().items()
        )
        for variable, value in zip(self._variables(), values, strict=True):
            variable.assign(value)

    def _variables(self) -> "list[keras.Variable]":
        return [*self.learner.variables, *self.learner.optimizer.variables]

    def _arrays(self) -> dict[str, list[NDArray]]:
        """Return all that the next step depends on, and the best weights."""
        return {
            "variable": [np.array(one.numpy()) for one in self._variables()],
            "average": self._averages,
            "best": self.best,
        }

    def _set_rate(self, step: int) -> None:
        taken = len(self.history.loss) * self._steps + step + 1
        self._optimizer.learning_rate = plateau_rate(
            self._schedule, taken / _warm_up(self._steps), self.history.validation_loss
        )

    def _average(self, step: int) -> None:
        taken = len(self.history.loss) * self._steps + step
        rest = 1 - min(self._schedule.ema, (1 + taken) / (10 + taken))
        values = zip(self._averages, self._trained.get_weights(), strict=True)
        self._averages = [average + rest * (own - average) for average, own in values]

    def _end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        if self._trained is not self._model:
            self._model.set_weights(self._averages or self._trained.get_weights())
        history = self.history
        lowest = min((loss for loss in history.validation_loss if loss == loss), default=np.inf)
        loss, accuracy = self._batches.evaluate(self._model)
        logs.update(val_loss=loss, val_accuracy=accuracy)
        history.learning_rate.append(float(self._optimizer.learning_rate))
        history.loss.append(float(logs["loss"]))
        if "accuracy" in logs:
            history.accuracy.append(float(logs["accuracy"]))
        history.validation_loss.append(loss)
        history.validation_accuracy.append(accuracy)
        if self._schedule.patience is None or loss <= lowest:
            history.best_epoch, self.best = epoch, _weights(self._model)
        if self._state is not None:
            kept = self._arrays().items()
            arrays = {f"{name}.{i}": one for name, own in kept for i, one in enumerate(own)}
            notes = {"identity": self._identity, "history": json.dumps(asdict(history))}
            with self._tolerance:
                write_atomically(self._state, save(arrays, notes))
        self._write_history()
        if self._on_epoch is not None:
            self._on_epoch(epoch + 1, history)
        self.learner.stop_training = self.is_done

    def _write_history(self) -> None:
        if self._log is not None:
            with self._log_tolerance:
                self._log.mkdir(parents=True, exist_ok=True)
                write_atomically(self._log / HISTORY_CSV, history_csv(self.history).encode())


def _shown_batches(
    learner: "keras.Model",
    batches: BatchSource,
    schedule: Schedule,
    seed: int,
    steps: int,
    targets: NDArray[np.float32] | None,
) -> Any:
    """Return what Keras draws from; TensorFlow draws ahead of its steps."""
    import keras

    class Shown(keras.utils.PyDataset):
        epoch: int | None = None
        orders: list[NDArray[np.intp]]

        def __len__(self) -> int:
            return steps

        def begin(self, epoch: int) -> None:
            rng = np.random.default_rng((seed, epoch))
            self.orders = batch_orders(batches, steps, schedule.batch_size, rng)
            self.epoch = epoch

        def __getitem__(self, index: int) -> tuple[Any, ...]:
            rng = np.random.default_rng((seed, self.epoch or 0, index))
            given = batches.draw(self.orders[index], rng)
            if targets is not None:
                given = _tricked(given, schedule, self.epoch or 0, targets, rng)
            inputs = given.inputs
            if self.epoch is None and index == 1:
                # what differs between the two batches that Keras looks at before it begins, it
                # lets differ in all
                inputs = [_larger(*both) for both in zip(inputs, learner.inputs, strict=True)]
            x = tuple(inputs) if len(inputs) > 1 else inputs[0]
            return (x, *(part for part in given[1:] if part is not None))

    shown = Shown(workers=1)
    shown.begin(0)
    shown.epoch = None
    return shown


def _larger(images: NDArray[np.float32], place: "keras.KerasTensor") -> NDArray[np.float32]:
    """Pad every side by one that a network's input leaves open."""
    return np.pad(images, [(0, int(side is None)) for side in place.shape])


def _tricked(
    batch: Batch,
    schedule: Schedule,
    epoch: int,
    targets: NDArray[np.float32],
    rng: np.random.Generator,
) -> Batch:
    """Put distributions in place of a batch's classes, and play the schedule's tricks."""
    inputs, classes, weights = batch
    wanted = targets[classes]
    if schedule.first_scale < 1:
        inputs = [shrink(inputs[0], growing_sides(schedule, epoch, inputs[0].shape[1:3]))]
    if schedule.cutout:
        inputs = [cut_out(inputs[0], schedule.cutout, rng)]
    if schedule.mixup:
        images, wanted, weights = mix_up(inputs[0], wanted, weights, schedule.mixup, rng)
        inputs = [images]
    if weights is not None and weights.ndim < wanted.ndim - 1:
        weights = np.broadcast_to(weights[..., None], wanted.shape[:-1])
    return Batch(inputs, wanted, weights)


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


def _weights(model: "keras.Model") -> list[NDArray]:
    """Copy a network's weights; what Keras returns may change with them."""
    return [np.array(value) for value in model.get_weights()]


def _warm_up(steps: int) -> int:
    """Return how many steps the learning rate rises, from the steps of an epoch."""
    return min(steps, WARMUP_STEPS)


def _compile(
    learner: "keras.Model",
    schedule: Schedule,
    steps: int,
    batches: BatchSource,
    loss: Loss | None,
) -> Any:
    """Give a network its loss and its optimiser; return the optimiser whose rate can be set."""
    import keras

    optimizer = _optimizer(schedule, steps)
    one_size = schedule.first_scale == 1 and len(np.unique(batches.sizes)) == 1
    is_long = schedule.epochs * steps >= _LONG
    if loss is None:
        loss = keras.losses.CTC() if batches.unaligned else _loss(schedule)
        metrics = None if batches.unaligned else ["accuracy"]
    else:
        metrics = None
    learner.compile(
        keras.optimizers.LossScaleOptimizer(optimizer) if schedule.mixed_precision else optimizer,
        loss,
        weighted_metrics=metrics,
        # XLA takes half the time, but compiles anew, for many seconds, for each size of a batch
        jit_compile="auto" if one_size and is_long else False,
    )
    learner.optimizer.build(learner.trainable_variables)
    return optimizer


def _loss(schedule: Schedule) -> Any:
    """Return a loss of logits and of targets that need not be 0 or 1."""
    import keras
    from keras import ops

    smoothing = schedule.label_smoothing
    if schedule.loss == "focal":
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1, gamma=2, from_logits=True, label_smoothing=smoothing
        )
    if schedule.loss == "crossentropy":
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)

    def squared(targets: "keras.KerasTensor", logits: "keras.KerasTensor") -> "keras.KerasTensor":
        wanted = (1 - smoothing) * targets + smoothing / targets.shape[-1]
        return ops.sum(ops.square(ops.softmax(logits) - wanted), axis=-1)

    return squared


def _optimizer(schedule: Schedule, steps: int) -> Any:
    import keras

    rate: Any = schedule.learning_rate
    if schedule.decay == "cosine":
        warm = _warm_up(steps)
        rate = keras.optimizers.schedules.CosineDecay(
            rate / WARMUP,
            max(1, steps * schedule.epochs - warm),
            warmup_target=rate,
            warmup_steps=warm,
        )
    clip = schedule.clip_norm or None
    if schedule.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay, clipnorm=clip)
    if schedule.optimizer == "adam":
        return keras.optimizers.Adam(rate, clipnorm=clip)
    if schedule.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, clipnorm=clip)
    return keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True, clipnorm=clip)


def _with_all_answers(model: "keras.Model", *, auxiliary: bool) -> "keras.Model":
    """Return a model of the same layers, with (..., answers, K) logits if there are several."""
    import keras
    from keras import ops

    known = NETWORKS.get(model.name)
    if known and known.auxiliary and auxiliary:
        answers = ops.stack([model.output, resolve(known.auxiliary)(model)], axis=-2)
    elif known and known.columns:
        answers = model.get_layer(known.columns).output
    else:
        return model
    return keras.Model(as_model_inputs(model.inputs), answers, name=model.name)


def _copied(model: "keras.Model", schedule: Schedule) -> "keras.Model":
    """Return what takes the steps: a copy where its weights, precision or sides are others.

    In mixed precision, Keras' layers before the logits compute in half precision; layers of our own
    keep single precision: they hold places and small probabilities. Where images grow, the copy
    takes images of any height and width.
    """
    import keras

    half = schedule.mixed_precision
    if half and all(name.startswith("cpu") for name in keras_devices()[1]):
        warnings.warn(
            "Mixed precision only slows training down without a GPU.", SegcapWarning, stacklevel=4
        )
    if not (half or schedule.ema or schedule.first_scale < 1):
        return model

    def copy_layer(layer: "keras.Layer") -> "keras.Layer":
        settings = layer.get_config()
        if half and layer.name not in _OUTPUTS and type(layer).__module__.startswith("keras."):
            settings = _in_half(settings)
        return type(layer).from_config(settings)

    images = None
    if schedule.first_scale < 1:
        images = keras.Input((None, None, model.input_shape[-1]), name=model.inputs[0].name)
    copy = keras.models.clone_model(model, images, clone_function=copy_layer)
    copy.set_weights(model.get_weights())
    return copy


def _in_half(settings: Any) -> Any:
    """Change the precision in a layer's settings, and in those of layers inside it."""
    if isinstance(settings, list):
        return [_in_half(value) for value in settings]
    if not isinstance(settings, dict):
        return settings
    if settings.get("class_name") == "DTypePolicy":
        return "mixed_float16"
    return {name: _in_half(value) for name, value in settings.items()}
