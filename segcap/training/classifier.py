"""Train a network that classifies glyphs, calibrated and ready to be saved."""

import os
from importlib import import_module, metadata

import cv2
import numpy as np
import sklearn
from numpy.typing import NDArray

from segcap.core.errors import DataError, ParameterError
from segcap.models.registry import networks_for
from segcap.training.augment import augment_glyphs
from segcap.training.batch_sources import ImageBatches
from segcap.training.fit import OnEpoch, Schedule
from segcap.training.network import FittedNetwork, train_network

__all__ = ["train_classifier", "versions"]

_VALIDATION_FRACTION = 0.06


def train_classifier(
    glyphs: NDArray[np.float32],
    labels: NDArray[np.integer],
    *,
    classes: int,
    classifier: str = "glyph_cnn",
    schedule: Schedule | None = None,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> FittedNetwork:
    """Train and calibrate a classifier of glyphs.

    Of the glyphs, 6 %, stratified by class, are held out: they decide when to
    stop, which epoch is kept, and the temperature. Weights are rounded to half precision, so
    that every engine computes with the same numbers and files stay small.

    Parameters
    ----------
    glyphs : (N, 28, 28, 1) float32 array
        In [0, 1].
    labels : (N,) int array
        Classes in 0 ... classes - 1, each at least twice.
    classes : int
    classifier : {"glyph_cnn"}
    schedule : Schedule, optional
    seed : int
    state : path, optional
        File from which a killed training goes on; see `fit_network`.
    on_epoch : callable, optional
        Called after each epoch with the number of epochs done and the history.

    Returns
    -------
    FittedNetwork
        After Ctrl-C, too, if an epoch is complete.

    Raises
    ------
    ParameterError
        `classifier` is unknown.
    DataError
        A label is outside its range, or a class has fewer than two glyphs.
    """
    from sklearn.model_selection import train_test_split

    if classifier not in (known := tuple(networks_for("glyphs"))):
        raise ParameterError(
            f"The 'classifier' must be one of {', '.join(known)}. Got {classifier!r}."
        )
    if len(glyphs) != len(labels):
        raise DataError(
            f"There must be one label a glyph. Got {len(glyphs)} glyphs and {len(labels)} labels."
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise DataError(
            f"Labels must lie in 0 to {classes - 1}. Got {labels.min()} to {labels.max()}."
        )
    counts = np.bincount(labels, minlength=classes)
    if counts.min() < 2:
        rare = int(counts.argmin())
        raise DataError(
            f"Each of the {classes} classes needs at least 2 glyphs to train on. "
            f"Got {counts[rare]} of class {rare}."
        )
    held_out = max(classes, round(_VALIDATION_FRACTION * len(labels)))
    train, validation = train_test_split(
        np.arange(len(labels)), test_size=held_out, random_state=seed, stratify=labels
    )
    batches = ImageBatches(
        (glyphs[train], labels[train]), (glyphs[validation], labels[validation]), augment_glyphs
    )
    return train_network(
        classifier,
        batches,
        classes=classes,
        schedule=schedule,
        seed=seed,
        state=state,
        on_epoch=on_epoch,
    )


def versions(*, keras: bool = True) -> dict[str, str]:
    """Versions of what a classifier was trained with, of Keras and its backend if it was one."""
    modules = [np, cv2, sklearn]
    if keras:
        keras_module = import_module("keras")
        modules += [keras_module, import_module(keras_module.backend.backend())]
    used = {module.__name__: module.__version__ for module in modules}
    return {"segcap": metadata.version("segcap"), **used}
