"""What Keras draws batches from: samples in the order of an epoch, with a schedule's tricks."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.training.batching import Batch, BatchSource, batch_orders
from segcap.training.growing import growing_sides, shrink
from segcap.training.mixing import along, cut_out, mix_up
from segcap.training.schedule import Schedule

if TYPE_CHECKING:
    import keras

__all__ = ["ShownBatches"]


class ShownBatches:
    """The batches of one epoch after the other.

    Parameters
    ----------
    learner : keras.Model
        That is shown them.
    batches : BatchSource
    schedule : Schedule
    seed : int
    steps : int
        Of an epoch.
    targets : (C, ...) float32 array or None
        What stands for each class; None where classes are shown as they are.
    """

    def __init__(
        self,
        learner: "keras.Model",
        batches: BatchSource,
        schedule: Schedule,
        seed: int,
        steps: int,
        targets: NDArray[np.float32] | None,
    ) -> None:
        self._learner, self._batches, self._schedule = learner, batches, schedule
        self._seed, self._steps, self._targets = seed, steps, targets
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Draw the order of an epoch."""
        rng = np.random.default_rng((self._seed, epoch))
        size = self._schedule.batch_size
        self._orders, self._epoch = batch_orders(self._batches, self._steps, size, rng), epoch

    def draw(self, index: int) -> Batch:
        """Draw a batch of the epoch that was begun last."""
        rng = np.random.default_rng((self._seed, self._epoch, index))
        given = self._batches.draw(self._orders[index], rng)
        if self._targets is None:
            return given
        return _tricked(given, self._schedule, self._epoch, self._targets, rng)

    def for_keras(self) -> Any:
        """Return what Keras draws from; TensorFlow draws ahead of its steps."""
        import keras

        if keras.backend.backend() == "tensorflow":
            return self._as_dataset()
        draw, steps = self.draw, self._steps

        class Shown(keras.utils.PyDataset):
            def __len__(self) -> int:
                return steps

            def __getitem__(self, index: int) -> tuple[Any, ...]:
                return _structured([own for own in draw(index) if own is not None])

        return Shown(workers=1)

    def _as_dataset(self) -> Any:
        """Return a dataset of TensorFlow's own, with which it trains nearly twice as fast."""
        import tensorflow as tf

        inputs, classes, weights = self.draw(0)
        open_sides = [tuple(place.shape) for place in self._learner.inputs]
        others = [own for own in (classes, weights) if own is not None]
        types = [own.dtype for own in (*inputs, *others)]
        shapes = [*open_sides, *((None, *own.shape[1:]) for own in others)]

        def drawn(index: Any) -> tuple[Any, ...]:
            parts = tf.numpy_function(self._flat, [index], types)
            for part, shape in zip(parts, shapes, strict=True):
                part.set_shape(shape)
            return _structured([parts[: len(inputs)], *parts[len(inputs) :]])

        # what TensorFlow rewrites it writes to files, which stay where it is killed
        as_it_is = tf.autograph.experimental.do_not_convert(drawn)
        return tf.data.Dataset.range(self._steps).map(as_it_is).prefetch(tf.data.AUTOTUNE)

    def _flat(self, index: np.integer) -> list[NDArray]:
        inputs, *others = self.draw(int(index))
        return [*inputs, *(own for own in others if own is not None)]


def _structured(parts: list[Any]) -> tuple[Any, ...]:
    """Put a list of inputs and what comes after it the way Keras takes it."""
    inputs, *others = parts
    return (tuple(inputs) if len(inputs) > 1 else inputs[0], *others)


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
    if weights is not None:
        weights = np.broadcast_to(along(weights, wanted[..., 0]), wanted.shape[:-1])
    return Batch(inputs, wanted, weights)
