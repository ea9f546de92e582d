"""Train to read a scheme on images labelled with their whole texts.

Labels are aligned with the spans of their images by a network that may know other schemes only;
the network is trained on where they lie and aligns again, until hardly any character moves.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.charset import Charset
from segcap.core.errors import DataError, SegcapWarning
from segcap.core.image import ImageSource
from segcap.evaluate.metrics import character_accuracy, exact_match
from segcap.recognition.pipeline import Pipeline
from segcap.recognition.trained import Trained
from segcap.segmentation.candidates import Layout
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.alternation import Course, Progress
from segcap.training.context import finish, inherit
from segcap.training.forced_alignment import align, mean_score
from segcap.training.labelled import load_usable, usable_images
from segcap.training.line_fitting import FittedLine, fit_line, inherit_line
from segcap.training.lines import LabelledPictures, as_classes, line_picture
from segcap.training.synthetic import replay_lines

if TYPE_CHECKING:
    import keras

__all__ = ["FittedContext", "Progress", "fit_context"]

_VALIDATION_FRACTION = 0.1
_LEAST_VALIDATION = 8
_TRIED_ON = 60
_SURE = 0.9
_CLEARLY_BETTER = 0.02
REPLAY_LINES = 1500


@dataclass(frozen=True)
class FittedContext:
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
        Whether the keyboard stopped it; then all is as at the end of the last epoch.
    """

    trained: Trained
    line: Trained | None
    settings: SegmentationSettings
    samples: int
    digest: str
    figures: dict[str, Any]
    interrupted: bool


def fit_context(
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
) -> FittedContext:
    """Train a span network on whole-image labels.

    A tenth of the images, at least eight, is held out: it calibrates the network and says how
    well it reads.

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
        Epochs over the images in all, each of at least 50 batches; with `line` a third of them, and
        a quarter of them for it.
    seed : int
    line : Trained, optional
        Network that reads whole lines of the same characters, to be trained, too.
    unlabelled : iterable of path, bytes, array or PIL.Image.Image
        Other images of the scheme. What is read of them with a confidence of at least 0.9 is
        trained on as labels are (pseudo-labels) for a further third of the epochs; what comes of
        it is kept if the labels held out fit their images better.
    state : path, optional
        Training that was killed goes on from files of this name with ".0", ".1", ... for the
        rounds of alignment, and ".line".
    on_progress : callable, optional
        Called with the number of epochs done, their total and a sentence.

    Returns
    -------
    FittedContext

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
    least = 1 if known == charset.characters else None
    pixels, classes = usable_images(images, labels, charset=charset, length=length, least=least)
    _warn_of_absent(classes, charset)
    order = np.random.default_rng(seed).permutation(len(pixels))
    held_out = _held_out(order)
    report(0, epochs, "choosing how to find characters")
    tried = order[~held_out[order]][:_TRIED_ON]
    some, some_classes = [pixels[i] for i in tried], [classes[i] for i in tried]
    shown = [choices[0].layout(image) for image in some]
    drawn, model = _drawn_as(start, known, charset.characters, shown, some_classes)
    settings = _chosen(model, some, some_classes, choices)
    report(0, epochs, "drawing lines to replay")
    layouts = [settings.layout(image) for image in pixels]
    # lines that learned ink finds cost more, to draw and to train on: fewer do as well
    replayed, batch = (REPLAY_LINES, 64) if settings.ink is None else (REPLAY_LINES // 3, 32)
    course = Course(
        model,
        layouts,
        classes,
        held_out,
        replay_lines(drawn, replayed, seed=seed, ink=settings.ink),
        # where lines are read as a whole, spans say little more than where characters are
        epochs=epochs if line is None else max(1, epochs // 3),
        batch_size=batch,
        report=report,
    )
    trained, interrupted = _run(course, model, start.options, seed, state)
    pipeline = Pipeline(charset, None, trained, settings, length)
    gained: dict[str, Any] = {}
    if not interrupted and (others := load_usable(list(unlabelled))[0]):
        on = None if state is None else f"{os.fspath(state)}.more"
        run = partial(_run, model=model, options=start.options, seed=seed, state=on)
        trained, interrupted, gained = _with_unlabelled(
            course, trained, pipeline, others, epochs, run
        )
        pipeline = replace(pipeline, context=trained)
    pipeline = replace(pipeline, line=line if known == charset.characters else None)
    read = _accuracy(pipeline, *_part(pixels, classes, held_out))
    if line is not None and not interrupted:
        report(epochs, epochs, "training to read whole lines")
        on = None if state is None else f"{os.fspath(state)}.line"
        fitting = partial(
            fit_line, inherit_line(line, known, drawn), epochs=epochs // 4 or 1, seed=seed, state=on
        )
        pipeline, read, interrupted = _with_line(pipeline, read, pixels, classes, held_out, fitting)
    figures = {
        **_described(settings, held_out, classes),
        **course.figures,
        **gained,
        **read,
    }
    if not interrupted and figures["characters_held_out"] < _least_right(figures):
        _warn_that_it_does_not_read(figures, course.overfit(inherit(start, known, drawn), seed))
    return FittedContext(
        trained,
        pipeline.line,
        settings,
        len(pixels),
        digest(*pixels, *classes),
        figures,
        interrupted,
    )


def _described(
    settings: SegmentationSettings, held_out: NDArray[np.bool_], classes: list[NDArray[np.intp]]
) -> dict[str, Any]:
    return {
        "binarization": settings.binarization,
        "line_removal": settings.line_removal,
        "images": int((~held_out).sum()),
        "images_held_out": int(held_out.sum()),
        "chance_level": round(_chance_level(classes), 4),
    }


def _run(
    course: Course,
    model: "keras.Model",
    options: Mapping[str, Any],
    seed: int,
    state: str | os.PathLike[str] | None,
) -> tuple[Trained, bool]:
    """Train to the end, or to the last epoch before Ctrl-C; return whether that came, too."""
    try:
        course.run(seed, None if state is None else Path(state))
        return finish(model, course.batches, options), False
    except KeyboardInterrupt:
        if not course.go_back_to_last_epoch():
            raise
        return finish(model, course.batches, options), True


def _with_unlabelled(
    course: Course,
    trained: Trained,
    pipeline: Pipeline,
    images: list[NDArray[np.uint8]],
    epochs: int,
    run: Callable[[Course], tuple[Trained, bool]],
) -> tuple[Trained, bool, dict[str, Any]]:
    """Train on, on sure readings of images without a label; keep that if it helps."""
    layouts, classes = [], []
    for image in images:
        (outcome,) = pipeline.read([image])
        if outcome.reading.text and outcome.reading.confidence >= _SURE:
            layouts.append(pipeline.settings.layout(image))
            classes.append(pipeline.charset.encode(outcome.reading.text))
    figures = {"unlabelled": len(images), "read_surely": len(layouts), "unlabelled_help": False}
    if not layouts:
        return trained, False, figures
    before, further = course.fit_of_held_out(), course.joined(layouts, classes, max(1, epochs // 3))
    try:
        retrained, interrupted = run(further)
    except KeyboardInterrupt:
        return trained, True, figures
    if further.fit_of_held_out() > before:
        return retrained, interrupted, figures | {"unlabelled_help": True}
    return trained, interrupted, figures


def _with_line(
    pipeline: Pipeline,
    read: dict[str, float],
    pixels: list[NDArray[np.uint8]],
    classes: list[NDArray[np.intp]],
    held_out: NDArray[np.bool_],
    fitting: Callable[..., FittedLine],
) -> tuple[Pipeline, dict[str, float], bool]:
    """Train what reads whole lines; keep that where held-out texts are read no worse with it."""
    try:
        cut = list(map(partial(line_picture, pipeline.settings), pixels, classes))
        pictures = LabelledPictures(cut, as_classes(classes))
        fitted = fitting(pictures.part(~held_out), pictures.part(held_out))
    except KeyboardInterrupt:
        return pipeline, read, True
    with_line = replace(pipeline, line=fitted.trained)
    after = _accuracy(with_line, *_part(pixels, classes, held_out))
    if after["texts_held_out"] < read["texts_held_out"]:
        return pipeline, read, fitted.was_interrupted
    return with_line, after, fitted.was_interrupted


def _part(
    pixels: list[NDArray[np.uint8]], classes: list[NDArray[np.intp]], chosen: NDArray[np.bool_]
) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.intp]]]:
    return list(compress(pixels, chosen)), list(compress(classes, chosen))


def _accuracy(
    pipeline: Pipeline, images: list[NDArray[np.uint8]], classes: list[NDArray[np.intp]]
) -> dict[str, float]:
    """Return the fractions of texts and of characters that are read right."""
    read = [outcome.reading.text for outcome in pipeline.read(images)]
    truth = [pipeline.charset.decode(own) for own in classes]
    return {
        "texts_held_out": round(exact_match(read, truth).value, 4),
        "characters_held_out": round(character_accuracy(read, truth).value, 4),
    }


def _silent(done: int, total: int, sentence: str) -> None:
    """Report nothing."""


def _held_out(order: NDArray[np.intp]) -> NDArray[np.bool_]:
    count = len(order)
    if count < 2 * _LEAST_VALIDATION:
        raise DataError(
            f"Training needs at least {2 * _LEAST_VALIDATION} usable images. Got {count}."
        )
    held_out = np.zeros(count, bool)
    held_out[order[: max(_LEAST_VALIDATION, round(_VALIDATION_FRACTION * count))]] = True
    return held_out


def _drawn_as(
    start: Trained,
    known: str,
    characters: str,
    layouts: list[Layout],
    classes: list[NDArray[np.intp]],
) -> tuple[str, "keras.Model"]:
    """Return whether letters are drawn as labelled or in the other case, and start from there."""
    other = characters.swapcase()
    forms = [characters]
    if known != characters and len(other) == len(set(other)) == len(characters):
        forms.append(other)
    models = [inherit(start, known, form) for form in forms]
    scores = [mean_score(align(model, layouts, classes)) for model in models]
    best = int(np.argmax(scores))
    return forms[best], models[best]


def _chosen(
    model: "keras.Model",
    images: list[NDArray[np.uint8]],
    classes: list[NDArray[np.intp]],
    choices: Sequence[SegmentationSettings],
) -> SegmentationSettings:
    """Take the settings under which labels fit their images best; earlier ones unless clearly."""
    best, best_score = choices[0], -np.inf
    for settings in choices if len(choices) > 1 else ():
        score = mean_score(align(model, [settings.layout(image) for image in images], classes))
        if score > best_score + _CLEARLY_BETTER:
            best, best_score = settings, score
    return best


def _chance_level(classes: list[NDArray[np.intp]]) -> float:
    """Fraction of the most frequent character."""
    counts = np.bincount(np.concatenate(classes))
    return float(counts.max() / counts.sum())


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
