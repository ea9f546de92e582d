"""What is found out about one method of a benchmark."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal, TypeAlias, get_args

from segcap.core.errors import ParameterError
from segcap.core.reading import Reading, Result, SumReading
from segcap.core.validation import is_number
from segcap.evaluate.abstention import CoveragePoint
from segcap.evaluate.classes import ConfusionMatrix
from segcap.evaluate.confusions import Confusion
from segcap.evaluate.labels import shown_label
from segcap.evaluate.metrics import Rate

__all__ = [
    "CANNOT_ANSWER",
    "Accuracy",
    "Approach",
    "Box",
    "Calibration",
    "ClassRow",
    "Cost",
    "Judged",
    "JudgedStatus",
    "LearningPoint",
    "Matrix",
    "MethodResult",
    "PositionErrors",
    "Problem",
    "RobustnessPoint",
    "TopRate",
]

Approach: TypeAlias = Literal["segment", "end-to-end", "peer", "vote"]
JudgedStatus: TypeAlias = Literal["ok", "rejected", "empty", "unreadable", "failed"]
Box: TypeAlias = tuple[int, int, int, int]

CANNOT_ANSWER = "Its characters, classes or length are not those of the label."
"""The problem of a reader that was trained for something else, once a label."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Judged:
    """What a method read in one image, as the results' file holds it.

    Attributes
    ----------
    value : str or None
        A text, a sum or a class; None for no answer.
    confidence : float or None
        In [0, 1]; None where the method gives none.
    status : str
        As of `segcap.Reading`, or "failed" where the method raised an error.
    failure : str or None
        Why a segmenting reader's wrong answer is wrong; see `segcap.Reading.failure`.
    boxes : tuple of boxes or None
        x0, y0, x1, y1 of each character, half-open, pixels.
    alternatives : tuple of (str, float)
        The most probable answers with their probabilities, `value` perhaps among them.

    Raises
    ------
    ParameterError
        An answer is no text, a confidence no number in [0, 1], a box none, or the status unknown.
    """

    value: str | None
    confidence: float | None
    status: JudgedStatus
    failure: str | None = None
    boxes: tuple[Box, ...] | None = None
    error: str | None = None
    alternatives: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, result: Result) -> "Judged":
        """Take what counts from a reader's result."""
        reading = result.reading if isinstance(result, SumReading) else result
        glyphs = reading.glyphs if isinstance(reading, Reading) else ()
        is_known = result.confidence == result.confidence  # NaN is not
        return cls(
            result.answer if isinstance(result, Reading) else _shown(result.answer),
            result.confidence if is_known else None,
            result.status,
            boxes=tuple(glyph.box for glyph in glyphs) or None,
            error=result.error,
            alternatives=tuple((_shown(own), rate) for own, rate in result.alternatives),
        )

    def __post_init__(self) -> None:
        for text in (self.value, self.failure, self.error, *(own for own, _ in self.alternatives)):
            if not (text is None or _is_text(text)):
                raise ParameterError(
                    f"The words of an answer must be texts that a file can hold. Got {text!r}."
                )
        if self.status not in (known := get_args(JudgedStatus)):
            raise ParameterError(
                f"The 'status' of an answer must be one of {', '.join(known)}. Got {self.status!r}."
            )
        plain = {
            "confidence": None if self.confidence is None else _rate(self.confidence),
            "alternatives": tuple((own, _rate(rate)) for own, rate in self.alternatives),
            "boxes": None if self.boxes is None else tuple(map(_box, self.boxes)),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _shown(answer: Any) -> Any:
    """Turn sums and numbered classes into text; leave what is refused as it is."""
    return str(answer) if isinstance(answer, Integral) else answer


def _rate(value: Any) -> float:
    if is_number(value) and 1 < value < 1 + _ROUNDING:
        return 1.0
    if not is_number(value) or not 0 <= value <= 1:
        raise ParameterError(
            f"The confidences of an answer must be numbers in [0, 1]. Got {value!r}."
        )
    return float(value)


def _box(box: Any) -> Box:
    try:
        x0, y0, x1, y1 = map(operator.index, box)
    except (TypeError, ValueError):
        x0 = y0 = x1 = y1 = 0
    if not (x0 < x1 and y0 < y1):
        raise ParameterError(
            f"A box of an answer must be whole numbers x0 < x1 and y0 < y1. Got {box!r}."
        )
    return x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class TopRate:
    """Fraction of images whose truth is among the k most probable answers."""

    k: int
    exact: Rate


@dataclass(frozen=True, slots=True)
class ClassRow:
    """How well one character, sum or class is recognised; see `segcap.evaluate.ClassScores`."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """How often what was read as what.

    Attributes
    ----------
    labels : tuple of str
        Characters, sums or classes; "(none)" stands last for what was left out, if anything was.
    counts : tuple of tuple of int
        A row for each true label, a column for each that was read; characters are aligned, see
        `segcap.evaluate.character_confusion`.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, matrix: ConfusionMatrix) -> "Matrix":
        """Return a confusion matrix in plain values, its labels as people read them."""
        labels = tuple(map(shown_label, matrix.classes))
        return cls(labels, tuple(map(tuple, matrix.counts.tolist())))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many answers are right.

    Attributes
    ----------
    exact : Rate
        Of whole answers.
    characters, length : Rate or None
        Of characters and of texts as long as the truth; None where answers are no texts.
    character_error_rate : float or None
        Edit distance by true character; above 1 where much is inserted.
    top : tuple of TopRate
        Empty where further answers are not known.
    confusions : tuple of Confusion
        The most frequent ones; their images are indices into the benchmark's answers.
    """

    exact: Rate
    characters: Rate | None
    character_error_rate: float | None
    length: Rate | None
    top: tuple[TopRate, ...]
    classes: tuple[ClassRow, ...]
    matrix: Matrix
    confusions: tuple[Confusion, ...]


@dataclass(frozen=True, slots=True)
class PositionErrors:
    """Fraction of texts whose character at a position, counted from 0, is wrong."""

    position: int
    wrong: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidences can be believed."""

    expected_error: float
    curve: tuple[CoveragePoint, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What answers cost; None for what is not known, or what is no file.

    Attributes
    ----------
    latency_ms_p50, latency_ms_p95 : float
        Of one image after the other, milliseconds.
    images_per_second : float
        Of many at once.
    peak_memory_mib : float or None
        Of a process that opens the reader and reads.
    """

    training_seconds: float | None
    latency_ms_p50: float
    latency_ms_p95: float
    images_per_second: float
    peak_memory_mib: float | None
    parameters: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """Exact match after training from so many labels: one score a seed, their mean and extent.

    `seconds` is the mean time of a training; None where it is not known.
    """

    labels: int
    scores: tuple[float, ...]
    mean: float
    low: float
    high: float
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RobustnessPoint:
    """Exact match on images drawn at a difficulty in [0, 1]."""

    difficulty: float
    exact: Rate


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong, and how often."""

    message: str
    count: int


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method reached; optional parts are None or empty where they make no sense."""

    name: str
    approach: Approach
    description: str
    accuracy: Accuracy
    failures: Mapping[str, int] | None
    ceiling: Rate | None
    errors_by_position: tuple[PositionErrors, ...] | None
    calibration: Calibration | None
    cost: Cost | None
    learning_curve: tuple[LearningPoint, ...]
    robustness: tuple[RobustnessPoint, ...]
    problems: tuple[Problem, ...]
