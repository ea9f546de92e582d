"""The stages of a training on whole texts: spans, whole lines, sure readings."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.evaluate.metrics import character_accuracy, exact_match
from segcap.recognition.pipeline import Pipeline
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.course import Course, run_course, train_on_sure_readings
from segcap.training.labelled import LabelledTexts
from segcap.training.line_course import LineCourse
from segcap.training.span_course import SpanCourse
from segcap.training.synthetic import replay_lines

if TYPE_CHECKING:
    import keras

__all__ = ["TextStages"]

REPLAY_LINES = 1500


class TextStages:
    """A training on whole texts, stage by stage.

    Parameters
    ----------
    pipeline : Pipeline
        What reads before.
    texts : LabelledTexts
    seed : int
    state : path or None
        Files from which a killed training goes on begin so.
    report : callable
        Called with the number of epochs done and a sentence.

    Attributes
    ----------
    pipeline : Pipeline
        What reads by now.
    figures : dict
    interrupted : bool
        Whether Ctrl-C came; no further stage follows then.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        texts: LabelledTexts,
        seed: int,
        state: str | os.PathLike[str] | None,
        report: Callable[[int, str], None],
    ) -> None:
        self.pipeline = pipeline
        self.figures = _described(pipeline.settings, texts)
        self.interrupted = False
        self._texts, self._seed, self._state, self._report = texts, seed, state, report
        self._course: Course
        self._accuracy: dict[str, float] | None = None

    def train_spans(
        self,
        start: Callable[[], "keras.Model"],
        options: Mapping[str, Any],
        drawn: str,
        epochs: int,
    ) -> None:
        """Train what classifies spans, for one epoch at least."""
        self._report(0, "drawing lines to replay")
        ink = self.pipeline.settings.ink
        # lines that learned ink finds cost more, to draw and to train on: fewer do as well
        replayed, batch = (REPLAY_LINES, 64) if ink is None else (REPLAY_LINES // 3, 32)
        self._course = SpanCourse(
            start,
            options,
            self.pipeline.settings,
            self._texts,
            replay_lines(drawn, replayed, seed=self._seed, ink=ink),
            epochs=max(1, epochs),
            batch_size=batch,
            report=lambda done, note: self._report(min(done, epochs), note),
        )
        self.pipeline, self.interrupted = run_course(
            self._course, self.pipeline, self._seed, self._state
        )
        self.figures |= self._course.figures

    def train_lines(
        self,
        start: Callable[[], "keras.Model"],
        options: Mapping[str, Any],
        *,
        after: int,
        epochs: int,
        alone: bool,
    ) -> None:
        """Train what reads whole lines, after so many epochs; keep it where it reads no worse.

        Where nothing but this is trained, it is kept where labels held out fit no worse: of few
        texts, how likely they are says more than how many are right. What was trained before it, if
        anything, outlives Ctrl-C.
        """
        self._report(after, "cutting lines out")
        try:
            course = self._course = LineCourse(
                start,
                options,
                self.pipeline.settings,
                self._texts,
                averages=alone,
                epochs=epochs,
                report=lambda done, note: self._report(after + done, note),
            )
            if alone:
                self.pipeline = course.with_network(self.pipeline)
                fitted_before = course.fit_of_held_out()
            was = self.accuracy()["texts_held_out"]
            self._report(after, f"{was:.3f} of texts held out are read right before")
            trained, self.interrupted = run_course(course, self.pipeline, self._seed, self._state)
        except KeyboardInterrupt:
            if alone:
                raise
            self.interrupted = True
            return
        if alone:
            helps = course.fit_of_held_out() >= fitted_before
            if helps:
                self.pipeline, self._accuracy = trained, None
        else:
            helps = self._keep_unless_worse(trained)
        if not helps:
            course.begin_again()
        self.figures |= course.figures | {"line_helps": helps}
        if alone:
            self.figures["texts_held_out_before"] = was

    def train_on_sure(self, images: list[NDArray[np.uint8]], *, after: int, epochs: int) -> None:
        """Train on, on sure readings of images without a label; keep it where it reads no worse."""
        trained, self.interrupted, figures = train_on_sure_readings(
            self._course,
            self.pipeline,
            images,
            epochs,
            self._seed,
            self._state,
            lambda done, note: self._report(after + done, note),
        )
        self.figures |= figures
        if trained is not self.pipeline:
            self.figures["unlabelled_help"] = self._keep_unless_worse(trained)

    def accuracy(self) -> dict[str, float]:
        """Return the fractions of texts and of characters held out that are read right."""
        if self._accuracy is None:
            self._accuracy = _accuracy(self.pipeline, self._texts)
        return self._accuracy

    def overfit(self) -> float:
        """Return the fraction of characters right where few lines are shown again and again."""
        return self._course.overfit(self._seed)

    def _keep_unless_worse(self, trained: Pipeline) -> bool:
        """Keep what was trained unless held-out texts were read better before."""
        now = _accuracy(trained, self._texts)
        if now["texts_held_out"] < self.accuracy()["texts_held_out"]:
            return False
        self.pipeline, self._accuracy = trained, now
        return True


def _described(settings: SegmentationSettings, texts: LabelledTexts) -> dict[str, Any]:
    return {
        "binarization": settings.binarization,
        "line_removal": settings.line_removal,
        "images": int((~texts.held_out).sum()),
        "images_held_out": int(texts.held_out.sum()),
        "chance_level": round(_chance_level(texts.classes), 4),
    }


def _accuracy(pipeline: Pipeline, texts: LabelledTexts) -> dict[str, float]:
    """Return the fractions of texts and of characters held out that are read right."""
    images, classes = texts.part(texts.held_out)
    read = [outcome.reading.text for outcome in pipeline.read(images)]
    truth = [pipeline.charset.decode(own) for own in classes]
    return {
        "texts_held_out": round(exact_match(read, truth).value, 4),
        "characters_held_out": round(character_accuracy(read, truth).value, 4),
    }


def _chance_level(classes: list[NDArray[np.intp]]) -> float:
    """Fraction of the most frequent character."""
    counts = np.bincount(np.concatenate(classes))
    return float(counts.max() / counts.sum())
