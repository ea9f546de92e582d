"""Train a span network on lines whose characters' places are known."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError
from segcap.decoding.calibration import fit_temperature
from segcap.recognition.engines.networks import (
    WEIGHTS,
    pack_weights,
    rebuild_network,
    require_keras,
)
from segcap.recognition.trained import NO_CHARACTER, Trained
from segcap.training.fit import OnEpoch, Schedule, fit_network
from segcap.training.rounding import round_to_half
from segcap.training.spans import LabelledStrips, SpanBatches

if TYPE_CHECKING:
    import keras

__all__ = ["TrainedContext", "finish", "inherit", "inherited", "train_context"]


@dataclass(frozen=True)
class TrainedContext:
    """A trained span network and how its training went."""

    trained: Trained
    figures: dict[str, Any]


def train_context(
    train: LabelledStrips,
    validation: LabelledStrips,
    *,
    characters: str,
    schedule: Schedule,
    seed: int,
    classifier: str,
    options: Mapping[str, Any] | None = None,
    start: tuple[Trained, str] | None = None,
    state: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedContext:
    """Train a span network.

    Parameters
    ----------
    train, validation : LabelledStrips
    characters : str
        to distinguish.
    schedule : Schedule
    seed : int
    classifier : str
        The span network, where there is no `start`.
    options : mapping, optional
        What its function takes besides.
    start : tuple of Trained and str, optional
        A span network to start from and the characters that it distinguishes; else from nothing.
    state, on_epoch
        As of `segcap.training.fit.fit_network`.

    Returns
    -------
    TrainedContext

    Raises
    ------
    DataError
        There is no line to train on or to validate on, or `state` is of another training.
    """
    if len(train.pixels) == 0 or len(validation.pixels) == 0:
        raise DataError(
            "Training needs lines to train and to validate on. "
            f"Got {len(train.pixels)} and {len(validation.pixels)}."
        )
    require_keras()
    import keras

    from segcap.models import build

    keras.utils.set_random_seed(seed)
    if start is None:
        options = options or {}
        model = build(classifier, len(characters) + len(NO_CHARACTER), **options)
    else:
        options = start[0].options
        model = inherit(*start, characters)
    batches = SpanBatches(train, validation, len(characters))
    history = fit_network(
        model, batches, schedule=schedule, seed=seed, state=state, on_epoch=on_epoch
    )
    return TrainedContext(
        finish(model, batches, options),
        {
            "lines": len(train.pixels),
            "lines_validated_on": len(validation.pixels),
            "lines_epochs": len(history.loss),
            "span_accuracy": round(history.validation_accuracy[history.best_epoch], 6),
        },
    )


def finish(model: "keras.Model", batches: SpanBatches, options: Mapping[str, Any]) -> Trained:
    """Round the weights of a span network, calibrate it and make it ready for reading."""
    round_to_half(model)
    temperature = fit_temperature(*batches.validation_logits(model))
    parts = {WEIGHTS: pack_weights(model)}
    return Trained(model.name, model.output_shape[-1], parts, temperature, dict(options))


def inherit(trained: Trained, characters: str, wanted: str, *, before: int = 0) -> "keras.Model":
    """Return a network for other characters than one was trained for.

    Parameters
    ----------
    trained : Trained
    characters : str
        That it distinguishes.
    wanted : str
        That the new one has to distinguish.
    before : int
        How many of its classes that are no characters come first; the others come last.

    Returns
    -------
    keras.Model
        Characters that are new to it, in either case, begin as improbable as the average.
    """
    require_keras()
    from segcap.models import build

    old = rebuild_network(
        trained.parts[WEIGHTS],
        trained.classifier,
        classes=trained.classes,
        options=trained.options,
    )
    if wanted == characters:
        return old
    others = trained.classes - len(characters)
    model = build(trained.classifier, len(wanted) + others, **trained.options)
    for layer, source in zip(model.layers[:-1], old.layers[:-1], strict=True):
        layer.set_weights(source.get_weights())
    kernel, bias = old.layers[-1].get_weights()
    stop = before + len(characters)
    rows = [
        np.concatenate([own[:before], inherited(own[before:stop], characters, wanted), own[stop:]])
        for own in (kernel.T, bias)
    ]
    model.layers[-1].set_weights([rows[0].T, rows[1]])
    return model


def inherited(weights: NDArray[np.float32], characters: str, wanted: str) -> NDArray[np.float32]:
    """Return rows of weights for wanted characters from those of known ones.

    A character that is not known begins as its other case, or else as the mean of all.
    """
    return np.array(
        [
            next(
                (
                    weights[characters.index(form)]
                    for form in (char, char.swapcase())
                    if form in characters
                ),
                weights.mean(axis=0),
            )
            for char in wanted
        ]
    )
