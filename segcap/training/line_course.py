"""Training of a network that reads whole lines, on one set of labelled images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.recognition.engines.networks import WEIGHTS, pack_weights
from segcap.recognition.pipeline import Pipeline
from segcap.recognition.trained import Trained
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.augment import Warp
from segcap.training.course import Course
from segcap.training.fit import fit_network
from segcap.training.labelled import LabelledTexts
from segcap.training.lines import LabelledPictures, LineBatches, as_classes, line_picture
from segcap.training.rounding import round_to_half
from segcap.training.schedule import Schedule

if TYPE_CHECKING:
    import keras

__all__ = ["LineCourse", "finish_line", "line_schedule"]

_BATCH = 16
# The constants below were chosen on the first 12 and 90 training images of made-silver,
# made-captchagen and sevenseg_meter, by 100 other images of each. With 12 of them, rate 3e-4, 60
# shows and no warp read 50, 67 and 66 % of the texts after the training, 65, 86 and 54 % before it;
# these here 74, 87 and 70 %. With 90, 75 % of made-silver and 76 % of sevenseg_meter.
_RATE = 2e-4
_WARP = Warp(rotation=3.0, scale=0.0, shear=0.15, shift=0.0, elastic=2.0)
_SHOWN, _MOST_STEPS, _USUAL_WIDTH = 4.7, 32, 160  # times an epoch shows an image, batches, pixels
_BEFORE = 20  # images that the weights before the training count for
_OVERFIT_LINES = 16
_OVERFIT_STEPS, _OVERFIT_RATE = 40, 3e-4


class LineCourse(Course):
    """What a network that reads whole lines goes through to train on whole-image labels.

    After the training, its weights are averaged with those before it: few labels are soon learned
    by heart, and so it forgets less of what it could read before.

    Parameters
    ----------
    start, options, epochs, report
        As of `Course`.
    settings : SegmentationSettings
        How lines are found.
    texts : LabelledTexts
    averages : bool
        Whether to average; rows of characters that are new to the network have learned nothing
        before.

    References
    ----------
    Wortsman et al.: Robust fine-tuning of zero-shot models. CVPR 2022.
    """

    def __init__(
        self,
        start: Callable[[], "keras.Model"],
        options: Mapping[str, Any],
        settings: SegmentationSettings,
        texts: LabelledTexts,
        *,
        averages: bool,
        epochs: int,
        report: Callable[[int, str], None],
    ) -> None:
        super().__init__(start, options, epochs, report)
        self._settings, self._averages = settings, averages
        own = self._pictures(texts.images, texts.classes)
        self._shown, self._validation = own.part(~texts.held_out), own.part(texts.held_out)
        self._batches = LineBatches(self._shown, self._validation, _WARP)

    def run(self, seed: int, state: Path | None) -> None:
        """Train to the end."""
        from segcap.models.line_ctc import freeze_strokes

        freeze_strokes(self._model)
        schedule = line_schedule(self._epochs, rate=_RATE, steps=self._steps())
        own = state and state.with_name(f"{state.name}.line")
        before = self._model.get_weights()
        try:
            self._train(self._batches, schedule, seed, own)
        finally:
            if self.has_trained and self._averages:
                self._average_with(before)

    def _steps(self) -> int:
        """Return the batches of an epoch: few for few images, and within bounds of time."""
        widths = self._batches.sizes
        wanted = min(_SHOWN * len(widths) / _BATCH, _MOST_STEPS)
        return max(1, round(wanted * min(1.0, _USUAL_WIDTH / float(widths.mean()))))

    def _average_with(self, before: list[NDArray[np.float32]]) -> None:
        """Average the weights with those before, which count as much as so many images."""
        images = len(self._batches.sizes)
        share = images / (images + _BEFORE)
        after = self._model.get_weights()
        self._model.set_weights(
            [old + share * (new - old) for old, new in zip(before, after, strict=True)]
        )
        self.figures["line_texts"] = round(self._batches.evaluate(self._model)[1], 4)

    def with_network(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline with the network as it is now."""
        return replace(pipeline, line=finish_line(self._model, self._batches, self._options))

    def fit_of_held_out(self) -> float:
        """Return minus the mean loss of labels held out."""
        return -self._batches.evaluate(self._model)[0]

    def overfit(self, seed: int) -> float:
        """Return the fraction of characters right where few lines are shown again and again."""
        model = self._start()
        few = self._shown.part(np.arange(len(self._shown.pixels)) < _OVERFIT_LINES)
        batches = LineBatches(few, few)
        schedule = line_schedule(1, rate=_OVERFIT_RATE, steps=_OVERFIT_STEPS)
        fit_network(model, batches, schedule=schedule, seed=seed)
        return batches.character_accuracy(model)

    def _add(self, images: list[NDArray[np.uint8]], classes: list[NDArray[np.intp]]) -> None:
        self._shown = self._shown.joined(self._pictures(images, classes))
        self._batches = LineBatches(self._shown, self._validation, _WARP)

    def _noted(self, epochs: int, accuracy: float) -> tuple[dict[str, Any], str]:
        figures = {"line_epochs": epochs, "line_texts": round(accuracy, 4)}
        return figures, f"{accuracy:.3f} of lines held out are right"

    def _pictures(
        self, images: Sequence[NDArray[np.uint8]], classes: list[NDArray[np.intp]]
    ) -> LabelledPictures:
        cut = list(map(partial(line_picture, self._settings), images, classes))
        return LabelledPictures(cut, as_classes(classes))


def line_schedule(
    epochs: int, *, rate: float = 1e-4, ema: float = 0.0, steps: int | None = None
) -> Schedule:
    """Return how a network is trained that has read lines before."""
    return Schedule(
        epochs=epochs,
        batch_size=_BATCH,
        learning_rate=rate,
        clip_norm=1.0,
        patience=None,
        ema=ema,
        steps=steps,
    )


def finish_line(model: "keras.Model", batches: LineBatches, options: Mapping[str, Any]) -> Trained:
    """Round the weights of a network that reads lines, calibrate it and make it ready."""
    round_to_half(model)
    parts = {WEIGHTS: pack_weights(model)}
    return Trained(
        model.name, model.output_shape[-1], parts, batches.temperature(model), dict(options)
    )
