"""Rounds of alignment and training on one set of labelled images."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError
from segcap.recognition.trained import NO_CHARACTER
from segcap.segmentation.candidates import Layout
from segcap.training.fit import History, Schedule, fit_network
from segcap.training.forced_alignment import (
    Alignment,
    align,
    aligned_strips,
    mean_score,
    moved_fraction,
)
from segcap.training.spans import LabelledStrips, SpanBatches, join_strips

if TYPE_CHECKING:
    import keras

__all__ = ["MOST_ROUNDS", "Course", "Progress"]

Progress: TypeAlias = Callable[[int, int, str], None]

MOST_ROUNDS = 3
_ROUND = 0.25
_SETTLED = 0.01
_REAL_FRACTION = 0.67
_WIDEST = 640
_OVERFIT_LINES = 32
_OVERFIT_EPOCHS = 3
_LEARNING_RATE = 1.5e-3


class Course:
    """What a span network goes through to train on whole-image labels.

    Parameters
    ----------
    model : keras.Model
        A span network; changed in place.
    layouts : list of Layout
    classes : list of (L,) int arrays
        The labels.
    held_out : (N,) bool array
        Images that are not trained on.
    replay : list of Line
        Shown besides, so that what the network knew is not forgotten.
    epochs, batch_size : int
    report : callable
        Called with the number of epochs done, their total and a sentence.

    Attributes
    ----------
    batches : SpanBatches
        Of the last alignment.
    figures : dict

    Raises
    ------
    DataError
        No image to train on, or none held out, has as many components as characters.
    """

    def __init__(
        self,
        model: "keras.Model",
        layouts: list[Layout],
        classes: list[NDArray[np.intp]],
        held_out: NDArray[np.bool_],
        replay: LabelledStrips | None,
        *,
        epochs: int,
        batch_size: int,
        report: Progress,
    ) -> None:
        self._model = model
        self._characters = model.output_shape[-1] - len(NO_CHARACTER)
        self._layouts = layouts
        self._classes = classes
        self._held_out = held_out
        self._replay = replay
        self._epochs = epochs
        self._batch_size = batch_size
        self._report = report
        self._last: list[NDArray] | None = None
        self.figures: dict[str, Any] = {}
        self.batches = self._align()

    def overfit(self, model: "keras.Model", seed: int) -> float:
        """Return the fraction of characters right in the few lines that a network is shown."""
        few = self._train.part(np.arange(min(_OVERFIT_LINES, len(self._train.pixels))))
        batches = SpanBatches(few, few, self._characters)
        schedule = Schedule(epochs=_OVERFIT_EPOCHS, batch_size=_OVERFIT_LINES, patience=None)
        fit_network(model, batches, schedule=schedule, seed=seed)
        return batches.character_accuracy(model)

    def run(self, seed: int, state: Path | None) -> None:
        """Train and align by turns; once hardly a character moves, train to the end."""
        done, number, settled = 0, 0, False
        while done < self._epochs:
            if number > 0:
                settled = self._align_again() < _SETTLED
            left = self._epochs - done
            is_last = settled or number + 1 == MOST_ROUNDS
            epochs = left if is_last else min(left, max(1, round(_ROUND * self._epochs)))
            fit_network(
                self._model,
                self.batches,
                schedule=Schedule(
                    epochs=epochs,
                    batch_size=self._batch_size,
                    learning_rate=_LEARNING_RATE,
                    patience=None,
                ),
                seed=seed + number,
                state=state and state.with_name(f"{state.name}.{number}"),
                on_epoch=partial(self._keep, done),
            )
            self._last = self._model.get_weights()
            done, number = done + epochs, number + 1

    def joined(
        self, layouts: list[Layout], classes: list[NDArray[np.intp]], epochs: int
    ) -> "Course":
        """Return a course of the same network on further images besides."""
        return Course(
            self._model,
            self._layouts + layouts,
            self._classes + classes,
            np.append(self._held_out, np.zeros(len(layouts), bool)),
            self._replay,
            epochs=epochs,
            batch_size=self._batch_size,
            report=self._report,
        )

    def go_back_to_last_epoch(self) -> bool:
        """Undo the training after the last epoch's end; False if none was completed."""
        if self._last is None:
            return False
        self._model.set_weights(self._last)
        return True

    def fit_of_held_out(self) -> float:
        """Return how well labels held out fit their images; see `mean_score`."""
        return mean_score(
            align(
                self._model,
                list(compress(self._layouts, self._held_out)),
                list(compress(self._classes, self._held_out)),
            )
        )

    def _keep(self, before: int, epoch: int, history: History) -> None:
        self._last = self._model.get_weights()
        accuracy = history.validation_accuracy[-1]
        self.figures |= {"epochs": before + epoch, "span_accuracy": round(accuracy, 4)}
        self._report(before + epoch, self._epochs, f"{accuracy:.3f} of spans held out are right")

    def _align_again(self) -> float:
        before = self._alignments
        self.batches = self._align()
        moved = moved_fraction(self._layouts, before, self._alignments)
        self.figures["moved_in_last_alignment"] = round(moved, 4)
        return moved

    def _align(self) -> SpanBatches:
        self._alignments: Sequence[Alignment | None] = align(
            self._model, self._layouts, self._classes
        )
        missing = sum(alignment is None for alignment in self._alignments)
        self.figures["images_with_too_few_components"] = missing
        self._train, validation = self._strips(~self._held_out), self._strips(self._held_out)
        if min(len(self._train.pixels), len(validation.pixels)) == 0:
            raise DataError(
                "Training needs images with at least as many components as characters in "
                f"their labels. Got {missing} of {len(self._layouts)} with fewer."
            )
        return SpanBatches(self._with_replay(), validation, self._characters)

    def _with_replay(self) -> LabelledStrips:
        replay = [] if self._replay is None else [self._replay]
        replayed = sum(len(part.pixels) for part in replay)
        ratio = _REAL_FRACTION / (1 - _REAL_FRACTION)
        times = max(1, round(ratio * replayed / len(self._train.pixels)))
        width = min(self._train.pixels.shape[2], _WIDEST)
        return join_strips([self._train] * times + replay, width)

    def _strips(self, chosen: NDArray[np.bool_]) -> LabelledStrips:
        indices = np.flatnonzero(chosen).tolist()
        return aligned_strips(
            [self._layouts[i] for i in indices],
            [self._classes[i] for i in indices],
            [self._alignments[i] for i in indices],
        )
