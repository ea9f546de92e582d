"""A network with what it is trained with: its optimiser, its averaged weights, its state."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import SegcapWarning
from segcap.models.registry import NETWORKS, resolve
from segcap.recognition.engines.networks import as_model_inputs, keras_devices
from segcap.training.schedule import WARMUP, Schedule

if TYPE_CHECKING:
    import keras

__all__ = ["Trainer"]

_OUTPUTS = ("logits", "heads", "digits")
_MOMENTUM = 0.9


class Trainer:
    """A network that takes steps.

    With averaged weights, in mixed precision, or where images grow, a copy of the network takes
    them. Keras' own averages leave out what batch normalisation counts, hence these.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits; where it has columns or auxiliary logits, see
        `segcap.models.Network`, each of them is trained with its own loss.
    schedule : Schedule
    steps : int
        Of an epoch.
    unaligned : bool
        See `segcap.training.batching.BatchSource`.

    Attributes
    ----------
    targets : (K, K) or (K, answers, K) float32 array
        What the network is to answer for each class, the same in each of its answers.

    Warns
    -----
    SegcapWarning
        Mixed precision without a GPU.
    """

    def __init__(
        self, model: "keras.Model", schedule: Schedule, steps: int, *, unaligned: bool
    ) -> None:
        import keras

        if schedule.mixed_precision and all(name.startswith("cpu") for name in keras_devices()[1]):
            warnings.warn(
                "Mixed precision only slows training down without a GPU.",
                SegcapWarning,
                stacklevel=3,
            )
        self._model = model
        self._ema = schedule.ema
        self._in_training = model
        if schedule.ema or schedule.mixed_precision or schedule.first_scale < 1:
            self._in_training = _copied(
                model, half=schedule.mixed_precision, of_any_size=schedule.first_scale < 1
            )
        compiled = _with_all_answers(self._in_training, auxiliary=schedule.auxiliary)
        self._optimizer = _optimizer(schedule, steps)
        compiled.compile(
            keras.optimizers.LossScaleOptimizer(self._optimizer)
            if schedule.mixed_precision
            else self._optimizer,
            keras.losses.CTC() if unaligned else _loss(schedule),
            weighted_metrics=None if unaligned else ["accuracy"],
        )
        compiled.optimizer.build(compiled.trainable_variables)
        self._compiled = compiled
        self._averages = [np.array(value) for value in model.get_weights()] if self._ema else []
        self.targets = np.eye(model.output_shape[-1], dtype=np.float32)
        if compiled is not self._in_training:
            answers = compiled.output_shape[-2]
            self.targets = np.repeat(self.targets[:, None], answers, axis=1)

    @property
    def rate(self) -> float:
        """The learning rate; it can be set with the decay "plateau" alone."""
        return float(self._optimizer.learning_rate)

    @rate.setter
    def rate(self, value: float) -> None:
        self._optimizer.learning_rate = value

    def step(
        self,
        inputs: list[NDArray[np.float32]],
        targets: NDArray,
        weights: NDArray[np.float32] | None,
        taken: int,
    ) -> dict[str, float]:
        """Train on a batch, after so many others; return its figures."""
        if weights is not None and weights.ndim < targets.ndim - 1:
            weights = np.broadcast_to(weights[..., None], targets.shape[:-1])
        self._compiled.reset_metrics()  # some versions of Keras count on from batch to batch
        figures = self._compiled.train_on_batch(
            as_model_inputs(inputs), targets, weights, return_dict=True
        )
        if self._averages:
            decay = min(self._ema, (1 + taken) / (10 + taken))
            values = zip(self._averages, self._in_training.get_weights(), strict=True)
            self._averages = [average + (1 - decay) * (own - average) for average, own in values]
        return {name: float(value) for name, value in figures.items()}

    def show(self) -> list[NDArray]:
        """Set the weights that the network is evaluated with, and return them."""
        if self._averages:
            self._model.set_weights(self._averages)
        elif self._in_training is not self._model:
            self._model.set_weights(self._in_training.get_weights())
        return [np.array(value) for value in self._model.get_weights()]

    def arrays(self) -> dict[str, NDArray]:
        """Return all that the next step depends on."""
        variables = {f"variable.{i}": np.array(v.numpy()) for i, v in enumerate(self._variables())}
        return variables | {f"average.{i}": value for i, value in enumerate(self._averages)}

    def restore(self, arrays: Mapping[str, NDArray]) -> None:
        """Go on from what `arrays` gave."""
        for number, variable in enumerate(self._variables()):
            variable.assign(arrays[f"variable.{number}"])
        self._averages = [arrays[f"average.{i}"] for i in range(len(self._averages))]

    def _variables(self) -> "list[keras.Variable]":
        return [*self._compiled.variables, *self._compiled.optimizer.variables]


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
    return keras.Model(model.inputs, answers, name=model.name)


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
        rate = keras.optimizers.schedules.CosineDecay(
            schedule.learning_rate / WARMUP,
            steps * max(1, schedule.epochs - 1),
            warmup_target=schedule.learning_rate,
            warmup_steps=steps,
        )
    if schedule.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay)
    if schedule.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    if schedule.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    return keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True)


def _copied(model: "keras.Model", *, half: bool, of_any_size: bool) -> "keras.Model":
    """Copy a network; on request, Keras' layers before its logits compute in half precision.

    Layers of our own keep single precision: they hold places and small probabilities. A copy that
    is `of_any_size` takes images of any height and width.
    """
    import keras

    def copy_layer(layer: "keras.Layer") -> "keras.Layer":
        settings = layer.get_config()
        if half and layer.name not in _OUTPUTS and type(layer).__module__.startswith("keras."):
            settings = _in_half(settings)
        return type(layer).from_config(settings)

    images = None
    if of_any_size:
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
