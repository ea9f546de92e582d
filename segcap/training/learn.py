"""Learn to read a scheme from images labelled with their whole texts.

Labels are aligned with the spans of their images by a network that may know other schemes only;
the network learns from where they lie and aligns again, until hardly any character moves.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.bundle import digest
from segcap.charset import Charset
from segcap.errors import DataError, SegcapWarning
from segcap.finding import Finding
from segcap.image import ImageSource
from segcap.layout import Layout
from segcap.trained import NO_CHARACTER, Trained
from segcap.training.aligned import Alignment, align, aligned_strips, moved_share
from segcap.training.context import finish, inherit
from segcap.training.fit import History, Schedule, fit_network
from segcap.training.labelled import usable_images
from segcap.training.spans import LabelledStrips, SpanLessons

if TYPE_CHECKING:
    import keras

__all__ = ["Learned", "Progress", "learn_context"]

Progress: TypeAlias = Callable[[int, int, str], None]

_ROUND = 0.25
_MOST_ALIGNMENTS = 2
_SETTLED = 0.01
_VALIDATION_SHARE = 0.1
_LEAST_VALIDATION = 8
_TRIED_ON = 60
_CLEARLY_BETTER = 0.02
_CANNOT_BE = -12.0
_OVERFIT_LINES = 32
_OVERFIT_EPOCHS = 3
_LEARNED = 0.5
_BATCH = 64
_LEARNING_RATE = 1.5e-3


@dataclass(frozen=True)
class Learned:
    """What was learned.

    Attributes
    ----------
    trained : Trained
    finding : Finding
        The settings chosen.
    samples : int
        Images used.
    digest : str
        SHA-256 of images and labels.
    figures : dict
        Chance level, accuracy on one batch that was overfitted, accuracy on spans held out.
    interrupted : bool
        Whether the keyboard stopped it; then all is as at the end of the last epoch.
    """

    trained: Trained
    finding: Finding
    samples: int
    digest: str
    figures: dict[str, Any]
    interrupted: bool


def learn_context(
    images: Iterable[ImageSource],
    labels: Sequence[str],
    *,
    charset: Charset,
    length: int | None,
    start: Trained,
    known: str,
    findings: Sequence[Finding],
    epochs: int,
    seed: int,
    state: str | os.PathLike[str] | None = None,
    on_progress: Progress | None = None,
) -> Learned:
    """Learn a span network from whole-image labels.

    A tenth of the images, at least eight, is held out: it calibrates the network and says how
    well it names spans.

    Parameters
    ----------
    images : iterable of path, bytes, array or PIL.Image.Image
    labels : sequence of str
    charset : Charset
    length : int, optional
        That every label must have.
    start : Trained
        Span network to start from.
    known : str
        The characters that it tells apart.
    findings : sequence of Finding
        Settings to choose from, the preferred ones first.
    epochs : int
        Passes over the images in all, each of at least 50 batches.
    seed : int
    state : path, optional
        File from which learning that was killed goes on; one for each round of alignment is
        written beside it.
    on_progress : callable, optional
        Called with the number of epochs done, their total and a sentence.

    Returns
    -------
    Learned

    Raises
    ------
    ParameterError
        A label holds a character outside the charset or has another length than `length`.
    DataError
        There are not as many labels as images, or too few usable images.
    KeyboardInterrupt
        Before the first epoch's end.
    """
    report = on_progress or _silent
    pixels, classes = usable_images(images, labels, charset=charset, length=length)
    held_out = _held_out(len(pixels), seed)
    model = inherit(start, known, charset.characters)
    report(0, epochs, "choosing how to find characters")
    tried = np.flatnonzero(~held_out)[:_TRIED_ON]
    finding = _chosen(model, [pixels[i] for i in tried], [classes[i] for i in tried], findings)
    lesson = _Course(
        model, [finding.layout(image) for image in pixels], classes, held_out, report, epochs
    )
    overfitted = lesson.overfit(inherit(start, known, charset.characters), seed)
    interrupted = False
    try:
        lesson.run(seed, None if state is None else Path(state))
    except KeyboardInterrupt:
        if not lesson.go_back_to_last_epoch():
            raise
        interrupted = True
    figures = {
        "binarization": finding.binarization,
        "line_removal": finding.line_removal,
        "images": int((~held_out).sum()),
        "images_held_out": int(held_out.sum()),
        "chance_level": round(_chance_level(classes), 4),
        "accuracy_on_one_batch": round(overfitted, 4),
        **lesson.figures,
    }
    if not interrupted:
        _warn_unless_learned(figures)
    return Learned(
        finish(model, lesson.lessons),
        finding,
        len(pixels),
        digest(*pixels, *classes),
        figures,
        interrupted,
    )


class _Course:
    """Rounds of alignment and training on one set of images."""

    def __init__(
        self,
        model: "keras.Model",
        layouts: list[Layout],
        classes: list[NDArray[np.intp]],
        held_out: NDArray[np.bool_],
        report: Progress,
        epochs: int,
    ) -> None:
        self._model = model
        self._characters = model.output_shape[-1] - len(NO_CHARACTER)
        self._layouts = layouts
        self._classes = classes
        self._held_out = held_out
        self._report = report
        self._epochs = epochs
        self._last: list[NDArray] | None = None
        self.figures: dict[str, Any] = {}
        self.lessons = self._align()

    def overfit(self, model: "keras.Model", seed: int) -> float:
        """Accuracy that a network reaches on the few lines that it is shown again and again."""
        few = self._train.part(np.arange(min(_OVERFIT_LINES, len(self._train.ink))))
        lessons = SpanLessons(few, few, self._characters)
        schedule = Schedule(epochs=_OVERFIT_EPOCHS, batch_size=_OVERFIT_LINES)
        return max(fit_network(model, lessons, schedule=schedule, seed=seed).validation_accuracy)

    def run(self, seed: int, state: Path | None) -> None:
        """Train and align by turns; once hardly a character moves, train to the end."""
        done, number, settled = 0, 0, False
        while done < self._epochs:
            if number > 0:
                settled = self._align_again() < _SETTLED
            left = self._epochs - done
            epochs = left if settled or number == _MOST_ALIGNMENTS else min(left, self._round())
            history = fit_network(
                self._model,
                self.lessons,
                schedule=Schedule(
                    epochs=epochs,
                    batch_size=_BATCH,
                    learning_rate=_LEARNING_RATE,
                    patience=epochs,
                ),
                seed=seed + number,
                state=state and state.with_name(f"{state.name}.{number}"),
                on_epoch=partial(self._show, done),
            )
            done, number = done + epochs, number + 1
            best = history.validation_accuracy[history.best_epoch]
            self.figures |= {"epochs": done, "span_accuracy": round(best, 4)}

    def go_back_to_last_epoch(self) -> bool:
        if self._last is None:
            return False
        self._model.set_weights(self._last)
        return True

    def _show(self, before: int, epoch: int, history: History) -> None:
        self._last = self._model.get_weights()
        accuracy = history.validation_accuracy[-1]
        self._report(before + epoch, self._epochs, f"{accuracy:.3f} of spans held out named right")

    def _round(self) -> int:
        return max(1, round(_ROUND * self._epochs))

    def _align_again(self) -> float:
        before = self._alignments
        self.lessons = self._align()
        moved = moved_share(self._layouts, before, self._alignments)
        self.figures["moved_in_last_alignment"] = round(moved, 4)
        return moved

    def _align(self) -> SpanLessons:
        self._alignments: list[Alignment | None] = align(self._model, self._layouts, self._classes)
        missing = sum(alignment is None for alignment in self._alignments)
        self.figures["images_with_too_few_pieces"] = missing
        self._train, validation = self._strips(~self._held_out), self._strips(self._held_out)
        if min(len(self._train.ink), len(validation.ink)) == 0:
            raise DataError(
                "Learning needs images with at least as many pieces of ink as characters in "
                f"their labels. Got {missing} of {len(self._layouts)} with fewer."
            )
        return SpanLessons(self._train, validation, self._characters)

    def _strips(self, chosen: NDArray[np.bool_]) -> LabelledStrips:
        indices = np.flatnonzero(chosen)
        return aligned_strips(
            [self._layouts[i] for i in indices],
            [self._classes[i] for i in indices],
            [self._alignments[i] for i in indices],
        )


def _silent(done: int, total: int, sentence: str) -> None:
    """Report nothing."""


def _held_out(count: int, seed: int) -> NDArray[np.bool_]:
    size = max(_LEAST_VALIDATION, round(_VALIDATION_SHARE * count))
    if count < 2 * _LEAST_VALIDATION:
        raise DataError(
            f"Learning needs at least {2 * _LEAST_VALIDATION} usable images. Got {count}."
        )
    held_out = np.zeros(count, bool)
    held_out[np.random.default_rng(seed).permutation(count)[:size]] = True
    return held_out


def _chosen(
    model: "keras.Model",
    images: list[NDArray[np.uint8]],
    classes: list[NDArray[np.intp]],
    findings: Sequence[Finding],
) -> Finding:
    """Take the settings under which labels fit their images best; earlier ones unless clearly."""
    best, best_score = findings[0], -np.inf
    for finding in findings if len(findings) > 1 else ():
        alignments = align(model, [finding.layout(image) for image in images], classes)
        scores = [_CANNOT_BE if one is None else max(one.score, _CANNOT_BE) for one in alignments]
        score = float(np.mean(scores))
        if score > best_score + _CLEARLY_BETTER:
            best, best_score = finding, score
    return best


def _chance_level(classes: list[NDArray[np.intp]]) -> float:
    """Share of the most frequent character."""
    counts = np.bincount(np.concatenate(classes))
    return float(counts.max() / counts.sum())


def _warn_unless_learned(figures: dict[str, Any]) -> None:
    if figures["span_accuracy"] >= _LEARNED:
        return
    if figures["accuracy_on_one_batch"] < _LEARNED:
        reason = (
            "not even the few images that it saw again and again: check that the labels belong "
            "to their images and that the characters can be told from the paper"
        )
    else:
        reason = (
            "those that it saw again and again, but not others: check that the labels belong to "
            "their images, and give more of them"
        )
    warnings.warn(
        f"The reader has not learned to read: it names {figures['span_accuracy']:.0%} of what was "
        f"held out ({figures['chance_level']:.0%} by chance), and {reason}.",
        SegcapWarning,
        stacklevel=4,
    )
