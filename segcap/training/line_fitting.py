"""Train the network that reads whole lines: from what PP-OCR knows, or from a reader, on labels."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from segcap.recognition.engines.networks import WEIGHTS, pack_weights, rebuild_network
from segcap.recognition.trained import Trained
from segcap.training.fit import Interrupted, OnEpoch, fit_network
from segcap.training.lines import LabelledPictures, LineBatches
from segcap.training.rounding import round_to_half
from segcap.training.schedule import Schedule

if TYPE_CHECKING:
    import keras

__all__ = ["FittedLine", "fit_line", "inherit_line"]

_RATE = 1e-4
_BATCH = 16


class FittedLine(NamedTuple):
    """What training gives.

    Attributes
    ----------
    trained : Trained
        Calibrated on the validation part.
    accuracy : float
        Fraction of the texts held out that it spells right by itself.
    was_interrupted : bool
    """

    trained: Trained
    accuracy: float
    was_interrupted: bool


def fit_line(
    model: "keras.Model",
    train: LabelledPictures,
    validation: LabelledPictures,
    *,
    epochs: int,
    options: Mapping[str, Any] | None = None,
    ema: float = 0.0,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> FittedLine:
    """Train a network that reads lines on pictures of them; parameters as of `fit_network`."""
    schedule = Schedule(
        epochs=epochs,
        batch_size=_BATCH,
        learning_rate=_RATE,
        clip_norm=1.0,
        patience=None,
        ema=ema,
    )
    batches, was_interrupted = LineBatches(train, validation), False
    try:
        fit_network(model, batches, schedule=schedule, seed=seed, state=state, on_epoch=on_epoch)
    except Interrupted as stop:
        if not stop.history.loss:
            raise
        was_interrupted = True
    round_to_half(model)
    trained = Trained(
        "line_ctc",
        model.output_shape[-1],
        {WEIGHTS: pack_weights(model)},
        batches.temperature(model),
        dict(options or {}),
    )
    return FittedLine(trained, batches.evaluate(model)[1], was_interrupted)


def inherit_line(start: Trained, known: str, characters: str) -> "keras.Model":
    """Build the network of a reader for other characters; those that it knows it goes on to know.

    Parameters
    ----------
    start : Trained
    known : str
        Its characters.
    characters : str
        Those of the new network, in class order.

    Returns
    -------
    keras.Model
    """
    from segcap.models import build

    before = rebuild_network(
        start.parts[WEIGHTS], start.classifier, classes=start.classes, options=start.options
    )
    if known == characters:
        return before
    model = build(start.classifier, 1 + len(characters), **start.options)
    for old, new in zip(before.layers[:-1], model.layers[:-1], strict=True):
        new.set_weights(old.get_weights())
    old_weights, old_biases = before.layers[-1].get_weights()
    weights, biases = model.layers[-1].get_weights()
    weights[:, 0], biases[0] = old_weights[:, 0], old_biases[0]
    for place, char in enumerate(characters, 1):
        if char in known:
            of_char = 1 + known.index(char)
            weights[:, place], biases[place] = old_weights[:, of_char], old_biases[of_char]
        else:
            biases[place] = np.median(old_biases)
    model.layers[-1].set_weights([weights, biases])
    return model
