"""Train to read a scheme on images labelled with their whole texts.

A network that reads lines is trained on the texts as they are. One that classifies spans needs to
know where characters lie: labels are aligned with the spans of their images by a network that may
know other schemes only; it is trained on that and aligns again, until hardly any character moves.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.charset import Charset
from segcap.core.errors import DataError, SegcapWarning
from segcap.core.image import ImageSource
from segcap.recognition.engines import Device, EngineName
from segcap.recognition.engines.networks import require_keras
from segcap.recognition.pipeline import Pipeline
from segcap.recognition.trained import Trained
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.context import inherit
from segcap.training.labelled import LabelledTexts, load_usable, usable_images
from segcap.training.starting import chosen_start
from segcap.training.text_stages import TextStages

__all__ = ["LEAST_IMAGES", "FittedTexts", "Progress", "fit_texts"]

Progress: TypeAlias = Callable[[int, int, str], None]

_VALIDATION_FRACTION = 0.1
_LEAST_VALIDATION = 8
LEAST_IMAGES = 2 * _LEAST_VALIDATION
"""Images that a training needs, half of them to be held out."""
_TRIED_ON = 60


@dataclass(frozen=True)
class FittedTexts:
    """What was trained.

    Attributes
    ----------
    trained : Trained
    line : Trained or None
        What reads whole lines, if there was such a network to start from.
    settings : SegmentationSettings
        The settings chosen.
    samples : int
        Images used.
    digest : str
        SHA-256 of images and labels.
    figures : dict
        The settings, the chance level, and the accuracy on images held out.
    interrupted : bool
        Whether the keyboard stopped it; then all is as after a training up to the last epoch.
    """

    trained: Trained
    line: Trained | None
    settings: SegmentationSettings
    samples: int
    digest: str
    figures: dict[str, Any]
    interrupted: bool


def fit_texts(
    images: Iterable[ImageSource],
    labels: Sequence[str],
    *,
    charset: Charset,
    length: int | None,
    start: Trained,
    known: str,
    choices: Sequence[SegmentationSettings],
    epochs: int,
    seed: int,
    line: Trained | None = None,
    unlabelled: Iterable[ImageSource] = (),
    state: str | os.PathLike[str] | None = None,
    on_progress: Progress | None = None,
    engine: EngineName = "onnx",
    device: Device = "auto",
) -> FittedTexts:
    """Train a reader of lines on whole-image labels.

    A tenth of the images, at least eight, is held out: it calibrates the networks and says how
    well they read.

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
        The characters that it distinguishes.
    choices : sequence of SegmentationSettings
        Settings to choose from, the preferred ones first.
    epochs : int
        Epochs over the images in all.
    seed : int
    line : Trained, optional
        Network that reads whole lines of the same characters. It is trained, and kept where
        held-out texts fit no worse, or, beside spans, are read no worse. Spans then say little more
        than where characters are: their network stays as it is if it knows all characters, and else
        has a third of the epochs.
    unlabelled : iterable of path, bytes, array or PIL.Image.Image
        Other images of the scheme. What is read of them with a confidence of at least 0.9 is
        trained on as labels are (pseudo-labels) for a further third of the epochs; what comes of
        it is kept if the labels held out fit their images better.
    state : path, optional
        Training that was killed goes on from files of this name with ".0", ".1", ... for the
        rounds of alignment, and ".line"; before them ".more" stands for what comes of
        `unlabelled`.
    on_progress : callable, optional
        Called with the number of epochs done, their total and a sentence.
    engine, device
        As of `segcap.recognition.engines.open_engine`.

    Returns
    -------
    FittedTexts

    References
    ----------
    Lee: Pseudo-label. The simple and efficient semi-supervised learning method for deep neural
    networks. ICML workshop 2013.

    Raises
    ------
    ParameterError
        A label holds a character outside the charset or has another length than `length`.
    DataError
        There are not as many labels as images, or too few usable images.
    KeyboardInterrupt
        Before the first epoch's end.

    Warns
    -----
    SegcapWarning
        Images were left out, characters of the charset are in no label, or the trained reader
        does not read.
    """
    report = on_progress or _silent
    pixels, classes = usable_images(
        images,
        labels,
        charset=charset,
        length=length,
        least=1 if {*charset.characters} <= {*known} else None,
    )
    _warn_of_absent(classes, charset)
    order = np.random.default_rng(seed).permutation(len(pixels))
    texts = LabelledTexts(pixels, classes, _held_out(order))
    further = load_usable(list(unlabelled), stacklevel=4)[0]
    total = epochs + (max(1, epochs // 3) if further else 0)
    report(0, total, "choosing how to find characters")
    require_keras()
    import keras

    keras.utils.set_random_seed(seed)  # what drops features out is seeded when it is built
    tried = order[~texts.held_out[order]][:_TRIED_ON]
    drawn, context, settings = chosen_start(start, known, charset, texts, tried, choices)
    fitting = TextStages(
        Pipeline(charset, None, context, settings, length, engine=engine, device=device),
        texts,
        seed,
        state,
        lambda done, note: report(done, total, note),
    )
    lines_alone = line is not None and {*drawn} <= {*known}
    of_spans = 0 if lines_alone else epochs if line is None else epochs // 3
    if not lines_alone:
        fitting.train_spans(partial(inherit, start, known, drawn), start.options, drawn, of_spans)
    if line is not None and not fitting.interrupted:
        fitting.train_lines(
            partial(inherit, line, known, drawn, before=1),
            line.options,
            after=of_spans,
            epochs=epochs - of_spans,
            alone=lines_alone,
        )
    if further and not fitting.interrupted:
        fitting.train_on_sure(further, after=epochs, epochs=total - epochs)
    figures = fitting.figures | fitting.accuracy()
    if not fitting.interrupted and figures["characters_held_out"] < _least_right(figures):
        _warn_that_it_does_not_read(figures, fitting.overfit())
    return FittedTexts(
        fitting.pipeline.context or context,
        fitting.pipeline.line,
        settings,
        len(pixels),
        digest(*pixels, *classes),
        figures,
        fitting.interrupted,
    )


def _silent(done: int, total: int, sentence: str) -> None:
    """Report nothing."""


def _held_out(order: NDArray[np.intp]) -> NDArray[np.bool_]:
    count = len(order)
    if count < LEAST_IMAGES:
        raise DataError(f"Training needs at least {LEAST_IMAGES} usable images. Got {count}.")
    held_out = np.zeros(count, bool)
    held_out[order[: max(_LEAST_VALIDATION, round(_VALIDATION_FRACTION * count))]] = True
    return held_out


def _warn_of_absent(classes: list[NDArray[np.intp]], charset: Charset) -> None:
    absent = np.setdiff1d(np.arange(len(charset)), np.concatenate(classes))
    if len(absent):
        warnings.warn(
            f"No label holds {', '.join(map(repr, charset.decode(absent)))} of the charset; "
            "the reader is not trained on them.",
            SegcapWarning,
            stacklevel=5,
        )


def _least_right(figures: dict[str, Any]) -> float:
    """Return half the way from chance to all characters right."""
    return (1 + float(figures["chance_level"])) / 2


def _warn_that_it_does_not_read(figures: dict[str, Any], overfitted: float) -> None:
    """Warn, with the reason: `overfitted` is the accuracy on a few lines shown again and again."""
    if overfitted < _least_right(figures):
        reason = (
            "not even those of the few images that it saw again and again: check that the labels "
            "belong to their images and that the characters stand out from the background"
        )
    else:
        reason = (
            "but those of images that it saw again and again: check that the labels belong to "
            "their images, and give more of them"
        )
    warnings.warn(
        f"The trained reader does not read: of the characters held out it reads "
        f"{figures['characters_held_out']:.0%} ({figures['chance_level']:.0%} by chance), "
        f"{reason}.",
        SegcapWarning,
        stacklevel=5,
    )
