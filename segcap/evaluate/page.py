"""A page of sample predictions: one HTML file that needs nothing else."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ImageError, ParameterError
from segcap.core.extras import require
from segcap.core.files import write_atomically
from segcap.core.image import ImageSource
from segcap.core.validation import fractions, seed_number, whole_number
from segcap.evaluate.classes import ClassReport, ClassScores, classification_report
from segcap.evaluate.confusions import (
    CharacterConfusion,
    Confusion,
    Unit,
    aligned_characters,
    character_confusion,
    check_unit,
    most_confused,
)
from segcap.evaluate.labels import Label, Labels, paired_labels, plain_labels, shown_label
from segcap.evaluate.metrics import character_accuracy, exact_match, expected_calibration_error
from segcap.evaluate.pictures import data_uri

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page_templates", "sample_page"]

_TABLE = 40
_PER_PAIR = 6


@dataclass(frozen=True, slots=True)
class _Card:
    """One picture with what is said about it."""

    name: str
    picture: str | None
    error: str
    answer: list[tuple[str, bool]]
    truth: str | None
    confidence: float | None
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class _Predictions:
    images: Sequence[ImageSource] | NDArray
    answers: list[Label | None]
    truths: list[Label] | None
    confidences: NDArray[np.float64] | None
    unit: Unit

    def card(self, index: int) -> _Card:
        source, answer = self.images[index], self.answers[index]
        truth = None if self.truths is None else self.truths[index]
        picture, error = None, ""
        try:
            picture = data_uri(source)
        except ImageError as raised:
            error = str(raised)
        return _Card(
            Path(source).name if isinstance(source, str | os.PathLike) else f"image {index}",
            picture,
            error,
            _pieces(answer, truth, self.unit),
            None if truth is None else shown_label(truth),
            None if self.confidences is None else float(self.confidences[index]),
            truth is not None and answer != truth,
        )


def sample_page(
    path: str | os.PathLike[str],
    images: Sequence[ImageSource] | NDArray,
    answers: Labels,
    truths: Labels | None = None,
    confidences: ArrayLike | None = None,
    *,
    most: int = 100,
    title: str = "Sample predictions",
    seed: int = 0,
    unit: Unit | None = None,
) -> None:
    """Write a page of pictures with what was answered, and how good the answers are.

    Figures count all images; the pictures are a random sample, in the images' order, and those
    of what is confused most. Only these are loaded. The same input gives the same bytes.

    Parameters
    ----------
    path : path
        HTML file, replaced if it exists. It holds its pictures and loads nothing.
    images : (N,) sequence of path, bytes, array or PIL.Image.Image
        N is at least 1; also an (N, H, W) or (N, H, W, 3) array. An image that cannot be loaded
        is said to be so on the page.
    answers : (N,) sequence of str, int or None
        Texts, sums or classes; None for an image that has got no answer, which counts as wrong.
    truths : (N,) sequence of str or int, optional
        Without them, nothing is judged.
    confidences : (N,) array, optional
        In [0, 1].
    most : int
        Pictures in the sample, at least 1.
    title : str
    seed : int
        Seed of the sample, at least 0.
    unit : {"class", "character"}, optional
        Whether what is confused are whole labels or the characters of texts. Unless given,
        characters where truths are texts of which more than half differ from one another.

    Raises
    ------
    ParameterError
        Lengths differ, there is no image, labels are of different types, a parameter is outside
        its range, or Jinja is not installed.
    FileError
        The folder is missing or cannot be written to.

    Notes
    -----
    With truths, the page gives the fraction of right answers with its Wilson interval (for texts of
    characters, too), precision, recall and F1 where there are at most 40 classes (or characters),
    and what is confused most; with confidences besides, the expected calibration error.
    """
    chosen = _sample(len(images), most, seed)
    judged = _checked(images, answers, truths, confidences, unit)
    pairs, report, characters = _judgement(judged)
    view = {
        "title": title,
        "n": len(images),
        "cards": [judged.card(index) for index in chosen],
        "is_judged": judged.truths is not None,
        "figures": _figures(judged),
        "pairs": [
            {
                "true": shown_label(pair.true),
                "read": shown_label(pair.read),
                "count": pair.count,
                "rate": pair.rate,
                "cards": [judged.card(index) for index in pair.images[:_PER_PAIR]],
            }
            for pair in pairs
        ],
        "rows": [] if report is None else _rows(report),
        "unit": judged.unit,
        "left_out": sum(characters.deletions.values()) if characters else 0,
        "inserted": sum(characters.insertions.values()) if characters else 0,
    }
    require("jinja2", "report", "A page of predictions")
    page = page_templates("segcap.evaluate").get_template("page.html.j2").render(view)
    write_atomically(path, page.encode("utf-8", errors="replace"))


def _sample(n: int, most: int, seed: int) -> list[int]:
    most, seed = whole_number("most", most, least=1), seed_number("seed", seed)
    return sorted(np.random.default_rng(seed).permutation(n)[:most].tolist())


def _checked(
    images: Sequence[ImageSource] | NDArray,
    answers: Labels,
    truths: Labels | None,
    confidences: ArrayLike | None,
    unit: Unit | None,
) -> _Predictions:
    if len(answers) != len(images) or len(images) == 0:
        raise ParameterError(
            "The 'images' of sample_page must be as many as its answers, at least one. "
            f"Got {len(images)} images and {len(answers)} answers."
        )
    known = None
    if truths is None:
        answered = plain_labels(answers, name="answers")
    else:
        answered, known = paired_labels(answers, truths, of="sample_page")
    rates = None if confidences is None else fractions("confidences", confidences)
    if rates is not None and rates.shape != (len(images),):
        raise ParameterError(
            "The 'confidences' of sample_page must be one number for each image. "
            f"Got shape {rates.shape} for {len(images)} images."
        )
    if unit is None:
        unit = _likely_unit(known)
    check_unit(unit, of="sample_page")
    return _Predictions(images, answered, known, rates, unit)


def _likely_unit(truths: list[Label] | None) -> Unit:
    if truths is None or not isinstance(truths[0], str) or not any(truths):
        return "class"
    return "character" if len(set(truths)) > len(truths) / 2 else "class"


def _judgement(
    judged: _Predictions,
) -> tuple[list[Confusion], ClassReport | None, CharacterConfusion | None]:
    """Return what is confused most, the report if it is short, and how characters were read."""
    if judged.truths is None:
        return [], None, None
    pairs = most_confused(judged.answers, judged.truths, unit=judged.unit)
    characters = None
    if judged.unit == "character":
        characters = character_confusion(judged.answers, judged.truths)
        report = characters.matrix.report()
    else:
        report = classification_report(judged.answers, judged.truths)
    return pairs, report if len(report.classes) <= _TABLE else None, characters


def _figures(judged: _Predictions) -> list[tuple[str, str]]:
    figures = [("images", f"{len(judged.answers):,}")]
    if judged.truths is not None:
        figures.append(("right answers", str(exact_match(judged.answers, judged.truths))))
        if judged.unit == "character":
            rate = character_accuracy(judged.answers, judged.truths)
            figures.append(("right characters", str(rate)))
    if judged.confidences is not None:
        figures.append(("mean confidence", f"{judged.confidences.mean():.2%}"))
        if judged.truths is not None:
            right = np.array(
                [a == t for a, t in zip(judged.answers, judged.truths, strict=True)], bool
            )
            error = expected_calibration_error(judged.confidences, right)
            figures.append(("calibration error", f"{error:.4f}"))
    return figures


def _rows(report: ClassReport) -> list[tuple[str, ClassScores, bool]]:
    """Return name, scores and whether it is a mean, for each line of the table."""
    single = zip(map(shown_label, report.classes), report.scores, strict=True)
    means = (("macro mean", report.macro), ("weighted mean", report.weighted))
    return [(name, scores, False) for name, scores in single] + [
        (name, scores, True) for name, scores in means
    ]


def _pieces(answer: Label | None, truth: Label | None, unit: Unit) -> list[tuple[str, bool]]:
    """Split the answer where it goes wrong, and say of each piece whether it is."""
    if unit == "class" or truth is None or not answer or answer == truth:
        return [(shown_label(answer), False)]
    pairs = aligned_characters(str(answer), str(truth))
    return [(read or "\N{BOTTOM SQUARE BRACKET}", read != true) for read, true in pairs]


def page_templates(package: str) -> "Environment":
    """Open the templates of pages that lie in a package; what is filled in is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
