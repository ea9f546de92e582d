"""Train a network by Keras' own loop, on batches that are drawn from their number alone."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import keras

__all__ = ["DrawBatch", "fit_by_keras"]

DrawBatch: TypeAlias = Callable[[int, int], tuple[Any, ...]]
"""From the numbers of an epoch and a batch to inputs, targets and, if need be, weights."""

_WARM_UP = 500


def fit_by_keras(
    model: "keras.Model",
    draw: DrawBatch,
    steps: int,
    *,
    epochs: int,
    learning_rate: float,
    weight_decay: float,
    seed: int,
    loss: Any = None,
    weighted_metrics: Sequence[Any] = (),
    backup: str | os.PathLike[str] | None = None,
) -> dict[str, list[float]]:
    """Train with AdamW and a cosine schedule after a warm-up of 500 steps.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits; changed in place.
    draw : callable
        Draws a batch; called from another thread, ahead of its step.
    steps : int
        Batches of an epoch.
    epochs : int
    learning_rate, weight_decay : float
    seed : int
    loss : callable, optional
        Of targets and logits; cross-entropy of classes unless given.
    weighted_metrics : sequence
    backup : path, optional
        A folder from which a killed training goes on at its last epoch; it is gone at the end.

    Returns
    -------
    dict of str to list of float
        Loss and metrics of every epoch.
    """
    import keras

    class Batches(keras.utils.PyDataset):
        epoch = 0

        def __len__(self) -> int:
            return steps

        def __getitem__(self, index: int) -> tuple[Any, ...]:
            return draw(self.epoch, index)

    class Number(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            batches.epoch = epoch

    keras.utils.set_random_seed(seed)
    batches = Batches(workers=1, max_queue_size=4)
    warm = min(_WARM_UP, max(1, epochs * steps // 10))
    rate = keras.optimizers.schedules.CosineDecay(
        learning_rate / 20,
        epochs * steps - warm,
        warmup_target=learning_rate,
        warmup_steps=warm,
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=weight_decay, clipnorm=1.0),
        loss=loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=list(weighted_metrics),
        jit_compile=False,  # each width of a batch would be compiled anew
    )
    callbacks = [Number()]
    if backup is not None:
        callbacks.append(keras.callbacks.BackupAndRestore(os.fspath(backup)))
    return model.fit(batches, epochs=epochs, callbacks=callbacks, shuffle=False, verbose=2).history
