"""What Keras draws batches from: samples in the order of an epoch, with a schedule's tricks."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.training.batching import Batch, BatchSource, batch_orders
from segcap.training.growing import growing_sides, shrink
from segcap.training.mixing import cut_out, mix_up
from segcap.training.schedule import Schedule

if TYPE_CHECKING:
    import keras

__all__ = ["shown_batches"]


def shown_batches(
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
