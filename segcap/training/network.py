"""Train a network that classifies whole images, and make it ready for reading."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from segcap.decoding.calibration import fit_temperature
from segcap.recognition.engines.networks import WEIGHTS, pack_weights, require_keras
from segcap.recognition.trained import Trained
from segcap.training.batch_sources import ImageBatches
from segcap.training.fit import History, Interrupted, OnEpoch, Schedule, fit_network
from segcap.training.rounding import round_to_half

if TYPE_CHECKING:
    import keras

__all__ = ["FittedNetwork", "ready_for_reading", "train_network"]


class FittedNetwork(NamedTuple):
    """What training gives.

    Attributes
    ----------
    trained : Trained
        Calibrated on the validation part.
    history : History
    figures : dict
        Sizes of both parts, epochs, validation accuracy.
    was_interrupted : bool
        Whether Ctrl-C ended it.
    """

    trained: Trained
    history: History
    figures: dict[str, Any]
    was_interrupted: bool


def train_network(
    classifier: str,
    batches: ImageBatches,
    *,
    classes: int,
    options: Mapping[str, Any] | None = None,
    weights: str | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> FittedNetwork:
    """Train a network from nothing, or from weights trained on other images.

    Weights are rounded to half precision, so that every engine computes with the same numbers and
    files stay small.

    Parameters
    ----------
    classifier : str
        See `segcap.models.build`.
    batches : ImageBatches
    classes : int
    options : mapping, optional
        What the network's function takes besides.
    weights : str, optional
        What it starts from; see `segcap.models.Network.pretrained`.
    schedule : Schedule, optional
    seed : int
    state, log, on_epoch
        As of `segcap.training.fit.fit_network`.

    Returns
    -------
    FittedNetwork
        After Ctrl-C, too, if an epoch is complete.

    Raises
    ------
    ParameterError
        Keras is not installed.
    DataError
        `state` is of another run, or the weights trained on ImageNet are not at hand.
    """
    require_keras()
    from segcap.models.registry import build, network, resolve

    model = build(classifier, classes, seed=seed, **(options or {}))
    if weights is not None:
        resolve(network(classifier).pretrained[weights])(model)
    was_interrupted = False
    try:
        history = fit_network(
            model,
            batches,
            schedule=schedule or Schedule(),
            seed=seed,
            state=state,
            log=log,
            on_epoch=on_epoch,
        )
    except Interrupted as stop:
        if not stop.history.loss:
            raise
        history, was_interrupted = stop.history, True
    trained, accuracy = ready_for_reading(model, batches, options or {})
    figures = {
        "trained_on": len(batches),
        "validated_on": len(batches.validation_classes),
        "epochs": len(history.loss),
        "best_epoch": history.best_epoch + 1,
        "validation_accuracy": round(accuracy, 6),
    }
    return FittedNetwork(trained, history, figures, was_interrupted)


def ready_for_reading(
    model: "keras.Model", batches: ImageBatches, options: Mapping[str, Any]
) -> tuple[Trained, float]:
    """Round a network's weights, calibrate it, and return its accuracy on the validation part."""
    round_to_half(model)
    trained = Trained(
        model.name,
        model.output_shape[-1],
        {WEIGHTS: pack_weights(model)},
        fit_temperature(*batches.validated(model)),
        dict(options),
    )
    return trained, batches.evaluate(model)[1]
