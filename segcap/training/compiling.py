"""A network made ready for training: its copy, its answers, its loss and its optimiser."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from segcap.core.errors import SegcapWarning
from segcap.models.registry import NETWORKS, resolve
from segcap.recognition.engines.networks import as_model_inputs, keras_devices
from segcap.training.batching import BatchSource
from segcap.training.schedule import WARMUP, WARMUP_STEPS, Schedule

if TYPE_CHECKING:
    import keras

__all__ = ["Loss", "compile_network", "copy_to_train", "warm_up_steps", "with_all_answers"]

_OUTPUTS = ("logits", "heads", "digits")
_MOMENTUM = 0.9
_LONG = 500  # steps in which XLA makes good what it compiles

Loss: TypeAlias = Callable[[Any, Any], Any]
"""From targets and logits to numbers."""


def warm_up_steps(steps: int) -> int:
    """Return how many steps the learning rate rises, from the steps of an epoch."""
    return min(steps, WARMUP_STEPS)


def compile_network(
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
        warm = warm_up_steps(steps)
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


def with_all_answers(model: "keras.Model", *, auxiliary: bool) -> "keras.Model":
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


def copy_to_train(model: "keras.Model", schedule: Schedule) -> "keras.Model":
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
