"""Train a network on batches drawn from examples, by Keras' own loop."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from segcap.training.batching import BatchSource, batch_orders

if TYPE_CHECKING:
    import keras

__all__ = ["fit_by_keras"]

_SAVED_EVERY = 500


def fit_by_keras(
    model: "keras.Model",
    examples: BatchSource,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    backup: str | os.PathLike[str] | None = None,
) -> dict[str, list[float]]:
    """Train by cross-entropy, with AdamW and a cosine schedule after a warm-up.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits; changed in place.
    examples : BatchSource
    epochs, batch_size, learning_rate, seed
    backup : path, optional
        A folder from which a killed training goes on.

    Returns
    -------
    dict
        Loss and accuracy of every epoch.
    """
    import keras

    class Batches(keras.utils.PyDataset):
        """The batches of one epoch after the other, each drawn from its own seed."""

        def __init__(self) -> None:
            super().__init__(workers=1, max_queue_size=4)
            self._epoch = -1
            self.on_epoch_begin()

        def on_epoch_begin(self) -> None:
            self._epoch += 1
            rng = np.random.default_rng((seed, self._epoch))
            self._orders = batch_orders(examples, len(self), batch_size, rng)

        def __len__(self) -> int:
            return max(1, len(examples) // batch_size)

        def __getitem__(self, index: int) -> Any:
            rng = np.random.default_rng((seed, self._epoch, index))
            inputs, classes, weights = examples.draw(self._orders[index], rng)
            return tuple(inputs), classes, weights

    keras.utils.set_random_seed(seed)
    batches = Batches()
    steps = epochs * len(batches)
    warm = min(500, max(1, steps // 10))
    rate = keras.optimizers.schedules.CosineDecay(
        learning_rate / 20, steps - warm, warmup_target=learning_rate, warmup_steps=warm
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=1e-2, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
        jit_compile=False,  # batches differ in width, and each would be compiled anew
    )
    kept = (
        [] if backup is None else [keras.callbacks.BackupAndRestore(backup, save_freq=_SAVED_EVERY)]
    )
    return model.fit(batches, epochs=epochs, callbacks=kept, verbose=2).history
