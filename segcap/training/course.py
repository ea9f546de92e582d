"""What a network goes through to train on images labelled with their texts."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from segcap.recognition.pipeline import Pipeline
from segcap.training.batching import BatchSource
from segcap.training.fit import History, Interrupted, Schedule, fit_network

if TYPE_CHECKING:
    import keras

__all__ = ["Course", "run_course", "train_on_sure_readings"]

Self = TypeVar("Self", bound="Course")

_SURE = 0.9


class Course(ABC):
    """What a network goes through; see `span_course` and `line_course`.

    Parameters
    ----------
    start : callable
        Builds the network as it is before.
    options : mapping
        What it is built with.
    epochs : int
    report : callable
        Called with the number of epochs done and a sentence.

    Attributes
    ----------
    figures : dict
    has_trained : bool
        Whether an epoch was completed.
    """

    def __init__(
        self,
        start: Callable[[], "keras.Model"],
        options: Mapping[str, Any],
        epochs: int,
        report: Callable[[int, str], None],
    ) -> None:
        self._start, self._options = start, options
        self._epochs, self._report = epochs, report
        self._model = start()
        self.figures: dict[str, Any] = {}
        self.has_trained = False

    @abstractmethod
    def run(self, seed: int, state: Path | None) -> None:
        """Train to the end.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C; the network is as after a training up to the last epoch.
        """

    @abstractmethod
    def with_network(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline with the network as it is now."""

    @abstractmethod
    def fit_of_held_out(self) -> float:
        """Return how well labels held out fit their images."""

    @abstractmethod
    def overfit(self, seed: int) -> float:
        """Return the fraction of characters right where few lines are shown again and again."""

    @abstractmethod
    def _add(self, images: list[NDArray[np.uint8]], classes: list[NDArray[np.intp]]) -> None:
        """Train on further images besides."""

    @abstractmethod
    def _noted(self, epochs: int, accuracy: float) -> tuple[dict[str, Any], str]:
        """Return figures and a sentence of an epoch's end."""

    def with_more(
        self: Self,
        images: list[NDArray[np.uint8]],
        classes: list[NDArray[np.intp]],
        epochs: int,
        report: Callable[[int, str], None],
    ) -> Self:
        """Return a course of the same network on further images besides."""
        further = copy(self)
        further._epochs, further._report = epochs, report
        further.figures, further.has_trained = {}, False
        further._add(images, classes)
        return further

    def begin_again(self) -> None:
        """Forget what was trained."""
        self._model = self._start()

    def _train(
        self,
        batches: BatchSource,
        schedule: Schedule,
        seed: int,
        state: Path | None,
        before: int = 0,
    ) -> None:
        """Train, after so many epochs before, or go on where `state` is."""

        def on_epoch(epoch: int, history: History) -> None:
            self._report(before + epoch, self._note(before, history))

        try:
            history = fit_network(
                self._model, batches, schedule=schedule, seed=seed, state=state, on_epoch=on_epoch
            )
        except Interrupted as stop:
            self._note(before, stop.history)
            raise
        self._note(before, history)

    def _note(self, before: int, history: History) -> str:
        if not history.loss:
            return ""
        self.has_trained = True
        figures, sentence = self._noted(before + len(history.loss), history.validation_accuracy[-1])
        self.figures |= figures
        return sentence


def run_course(
    course: Course,
    pipeline: Pipeline,
    seed: int,
    state: str | os.PathLike[str] | None,
    *,
    may_stay: bool = False,
) -> tuple[Pipeline, bool]:
    """Train to the end, or to the last epoch before Ctrl-C.

    Parameters
    ----------
    course : Course
    pipeline : Pipeline
    seed : int
    state : path or None
        Files from which a killed training goes on begin so.
    may_stay : bool
        Whether the pipeline as it was will do, if no epoch was completed.

    Returns
    -------
    pipeline : Pipeline
        With what was trained.
    interrupted : bool
        Whether Ctrl-C came.

    Raises
    ------
    KeyboardInterrupt
        It came before the first epoch's end.
    """
    try:
        course.run(seed, None if state is None else Path(state))
    except KeyboardInterrupt:
        if not (course.has_trained or may_stay):
            raise
        return course.with_network(pipeline) if course.has_trained else pipeline, True
    return course.with_network(pipeline), False


def train_on_sure_readings(
    course: Course,
    pipeline: Pipeline,
    images: list[NDArray[np.uint8]],
    epochs: int,
    seed: int,
    state: str | os.PathLike[str] | None,
    report: Callable[[int, str], None],
) -> tuple[Pipeline, bool, dict[str, Any]]:
    """Train on, on sure readings of images without a label; keep that if labels then fit better.

    Parameters
    ----------
    course : Course
        That was run.
    pipeline : Pipeline
        With what was trained.
    images : list of (H, W, 3) uint8 arrays
    epochs : int
    seed, state
        As of `run_course`; ".more" comes after `state`.
    report : callable
        Called with the number of epochs done and a sentence.

    Returns
    -------
    pipeline : Pipeline
    interrupted : bool
    figures : dict
        How many images were read surely, and whether they help.
    """
    read = [(image, pipeline.read([image])[0].reading) for image in images]
    sure = [(image, own.text) for image, own in read if own.text and own.confidence >= _SURE]
    figures = {"unlabelled": len(images), "read_surely": len(sure), "unlabelled_help": False}
    if not sure:
        return pipeline, False, figures
    before = course.fit_of_held_out()
    classes = [pipeline.charset.encode(text) for _, text in sure]
    further = course.with_more([image for image, _ in sure], classes, epochs, report)
    on = None if state is None else f"{os.fspath(state)}.more"
    after, interrupted = run_course(further, pipeline, seed, on, may_stay=True)
    if after is pipeline or further.fit_of_held_out() <= before:
        return pipeline, interrupted, figures
    return after, interrupted, figures | {"unlabelled_help": True}
