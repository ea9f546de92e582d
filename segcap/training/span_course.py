"""Rounds of alignment and training on one set of labelled images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError
from segcap.recognition.pipeline import Pipeline
from segcap.recognition.trained import NO_CHARACTER
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.context import finish
from segcap.training.course import Course
from segcap.training.fit import Schedule, fit_network
from segcap.training.forced_alignment import (
    Alignment,
    align,
    aligned_strips,
    mean_score,
    moved_fraction,
)
from segcap.training.labelled import LabelledTexts
from segcap.training.spans import LabelledStrips, SpanBatches, join_strips

if TYPE_CHECKING:
    import keras

__all__ = ["MOST_ROUNDS", "SpanCourse"]

MOST_ROUNDS = 3
_ROUND = 0.25
_SETTLED = 0.01
_REAL_FRACTION = 0.67
_WIDEST = 640
_OVERFIT_LINES = 32
_OVERFIT_EPOCHS = 3
_LEARNING_RATE = 1.5e-3


class SpanCourse(Course):
    """What a span network goes through to train on whole-image labels.

    Parameters
    ----------
    start, options, epochs, report
        As of `Course`.
    settings : SegmentationSettings
        How characters are found.
    texts : LabelledTexts
    replay : LabelledStrips or None
        Shown besides, so that what the network knew is not forgotten.
    batch_size : int

    Raises
    ------
    DataError
        No image to train on, or none held out, has as many components as characters.
    """

    def __init__(
        self,
        start: Callable[[], "keras.Model"],
        options: Mapping[str, Any],
        settings: SegmentationSettings,
        texts: LabelledTexts,
        replay: LabelledStrips | None,
        *,
        epochs: int,
        batch_size: int,
        report: Callable[[int, str], None],
    ) -> None:
        super().__init__(start, options, epochs, report)
        self._characters = self._model.output_shape[-1] - len(NO_CHARACTER)
        self._settings = settings
        self._layouts = list(map(settings.layout, texts.images))
        self._classes = texts.classes
        self._held_out = texts.held_out
        self._replay = replay
        self._batch_size = batch_size
        self._batches = self._align()

    def run(self, seed: int, state: Path | None) -> None:
        """Train and align by turns; once hardly a character moves, train to the end."""
        done, number, settled = 0, 0, False
        while done < self._epochs:
            if number > 0:
                settled = self._align_again() < _SETTLED
            left = self._epochs - done
            is_last = settled or number + 1 == MOST_ROUNDS
            epochs = left if is_last else min(left, max(1, round(_ROUND * self._epochs)))
            schedule = Schedule(
                epochs=epochs,
                batch_size=self._batch_size,
                learning_rate=_LEARNING_RATE,
                patience=None,
            )
            own = state and state.with_name(f"{state.name}.{number}")
            self._train(self._batches, schedule, seed + number, own, done)
            done, number = done + epochs, number + 1

    def with_network(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline with the network as it is now."""
        return replace(pipeline, context=finish(self._model, self._batches, self._options))

    def fit_of_held_out(self) -> float:
        """Return how well labels held out fit their images; see `mean_score`."""
        return mean_score(
            align(
                self._model,
                list(compress(self._layouts, self._held_out)),
                list(compress(self._classes, self._held_out)),
            )
        )

    def overfit(self, seed: int) -> float:
        """Return the fraction of characters right where few lines are shown again and again."""
        model = self._start()
        few = self._shown.part(np.arange(min(_OVERFIT_LINES, len(self._shown.pixels))))
        batches = SpanBatches(few, few, self._characters)
        schedule = Schedule(epochs=_OVERFIT_EPOCHS, batch_size=_OVERFIT_LINES, patience=None)
        fit_network(model, batches, schedule=schedule, seed=seed)
        return batches.character_accuracy(model)

    def _add(self, images: list[NDArray[np.uint8]], classes: list[NDArray[np.intp]]) -> None:
        self._layouts = self._layouts + list(map(self._settings.layout, images))
        self._classes = self._classes + classes
        self._held_out = np.append(self._held_out, np.zeros(len(images), bool))
        self._batches = self._align()

    def _noted(self, epochs: int, accuracy: float) -> tuple[dict[str, Any], str]:
        figures = {"epochs": epochs, "span_accuracy": round(accuracy, 4)}
        return figures, f"{accuracy:.3f} of spans held out are right"

    def _align_again(self) -> float:
        before = self._alignments
        self._batches = self._align()
        moved = moved_fraction(self._layouts, before, self._alignments)
        self.figures["moved_in_last_alignment"] = round(moved, 4)
        return moved

    def _align(self) -> SpanBatches:
        self._alignments: Sequence[Alignment | None] = align(
            self._model, self._layouts, self._classes
        )
        missing = sum(alignment is None for alignment in self._alignments)
        self.figures["images_with_too_few_components"] = missing
        self._shown, validation = self._strips(~self._held_out), self._strips(self._held_out)
        if min(len(self._shown.pixels), len(validation.pixels)) == 0:
            raise DataError(
                "Training needs images with at least as many components as characters in "
                f"their labels. Got {missing} of {len(self._layouts)} with fewer."
            )
        return SpanBatches(self._with_replay(), validation, self._characters)

    def _with_replay(self) -> LabelledStrips:
        replay = [] if self._replay is None else [self._replay]
        replayed = sum(len(part.pixels) for part in replay)
        ratio = _REAL_FRACTION / (1 - _REAL_FRACTION)
        times = max(1, round(ratio * replayed / len(self._shown.pixels)))
        width = min(self._shown.pixels.shape[2], _WIDEST)
        return join_strips([self._shown] * times + replay, width)

    def _strips(self, chosen: NDArray[np.bool_]) -> LabelledStrips:
        indices = np.flatnonzero(chosen).tolist()
        return aligned_strips(
            [self._layouts[i] for i in indices],
            [self._classes[i] for i in indices],
            [self._alignments[i] for i in indices],
        )
