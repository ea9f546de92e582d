"""How good answers are, class by class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError
from segcap.evaluate.labels import Label, Labels, paired_labels, plain_labels, shown_label
from segcap.evaluate.metrics import Rate, wilson

__all__ = [
    "ClassReport",
    "ClassScores",
    "ConfusionMatrix",
    "classification_report",
    "confusion_matrix",
    "macro_f1",
]

_WIDTH = 9


class ClassScores(NamedTuple):
    """How well one class, or classes on average, are recognised.

    Attributes
    ----------
    precision : float
        Fraction of the answers of this class that are right; 0 where there is none.
    recall : float
        Fraction of the class's occurrences that are answered right; 0 where it does not occur.
    f1 : float
        Harmonic mean of both; 0 where both are 0.
    support : int
        Occurrences of the class.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, eq=False)
class ClassReport:
    """Precision, recall and F1 of all classes; `str` gives a table.

    Attributes
    ----------
    classes : tuple of (str or int)
    scores : tuple of ClassScores
        One for each class.
    macro : ClassScores
        Means over the classes, each counting the same.
    weighted : ClassScores
        Means over the classes, each counting as often as it occurs.
    accuracy : Rate
        Fraction of right answers.
    """

    classes: tuple[Label, ...]
    scores: tuple[ClassScores, ...]
    macro: ClassScores
    weighted: ClassScores
    accuracy: Rate

    def __str__(self) -> str:
        averages = (("macro mean", self.macro), ("weighted mean", self.weighted))
        named = [*zip(map(shown_label, self.classes), self.scores, strict=True), *averages]
        width = max(len(name) for name, _ in named)
        head = _line("", width, ("precision", "recall", "F1", "support"))
        rows = [
            _line(name, width, (*(f"{rate:.4f}" for rate in scores[:3]), f"{scores.support:,}"))
            for name, scores in named
        ]
        return "\n".join([head, *rows, f"accuracy {self.accuracy}"])


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """How often each class was answered for each class.

    Attributes
    ----------
    classes : tuple of (str, int or None)
        None stands last for answers outside the classes, where there are any.
    counts : (C, C) int64 array
        Rows are true, columns answered; all 0 in the row of None.
    """

    classes: tuple[Label | None, ...]
    counts: NDArray[np.int64]

    @property
    def accuracy(self) -> Rate:
        """Fraction of right answers, with its 95 % Wilson interval."""
        return wilson(int(np.trace(self.counts)), int(self.counts.sum()))

    def report(self) -> ClassReport:
        """Return precision, recall and F1 of each class and their means.

        Returns
        -------
        ClassReport
            Without None, whose answers lower the recall of the classes that they were given for.

        Notes
        -----
        As with scikit-learn's `zero_division=0`, what would be divided by 0 is 0, and a class
        that neither occurs nor is answered counts as 0 in the macro mean.
        """
        from sklearn.metrics import precision_recall_fscore_support

        classes = tuple(label for label in self.classes if label is not None)
        true, answered = (places.ravel() for places in np.indices(self.counts.shape))

        def scores(average: str | None, supports: ArrayLike) -> list[ClassScores]:
            rates = precision_recall_fscore_support(
                true,
                answered,
                labels=np.arange(len(classes)),
                sample_weight=self.counts.ravel(),
                average=average,
                zero_division=0,
            )
            columns = np.broadcast_arrays(*rates[:3], supports)
            return [
                ClassScores(float(precision), float(recall), float(f1), int(support))
                for precision, recall, f1, support in zip(*map(np.ravel, columns), strict=True)
            ]

        total = self.counts.sum()
        single = scores(None, self.counts.sum(axis=1)[: len(classes)])
        (macro,), (weighted,) = scores("macro", total), scores("weighted", total)
        return ClassReport(classes, tuple(single), macro, weighted, self.accuracy)


def confusion_matrix(
    answers: Labels, truths: Labels, classes: Sequence[Label] | None = None
) -> ConfusionMatrix:
    """Count how often each class was answered for each class.

    Parameters
    ----------
    answers : (N,) sequence of str, int or None
        None for an image that has got no answer: it counts as wrong.
    truths : (N,) sequence of str or int
    classes : (C,) sequence of str or int, optional
        Classes in the order wanted; answers may lie outside, truths may not. Unless given, all
        that occur among truths and answers, sorted.

    Returns
    -------
    ConfusionMatrix
        Answers outside the classes are counted in a last column of their own.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; labels are of different types; a truth
        lies outside the classes; or a class is given twice.

    Examples
    --------
    >>> matrix = confusion_matrix(["dog", "dog", "cat"], ["dog", "cat", "cat"])
    >>> matrix.classes, matrix.counts.tolist()
    (('cat', 'dog'), [[1, 1], [0, 1]])
    """
    from sklearn.metrics import confusion_matrix as count

    answered, true = paired_labels(answers, truths, of="confusion_matrix")
    wanted = _checked_classes(classes, true, answered)
    place = {label: index for index, label in enumerate(wanted)}
    outside = len(wanted)
    rows = [place[label] for label in true]
    columns = [outside if label is None else place.get(label, outside) for label in answered]
    counts = count(rows, columns, labels=np.arange(outside + 1)).astype(np.int64)
    if outside in columns:
        return ConfusionMatrix((*wanted, None), counts)
    return ConfusionMatrix(wanted, counts[:-1, :-1])


def classification_report(
    answers: Labels, truths: Labels, classes: Sequence[Label] | None = None
) -> ClassReport:
    """Return precision, recall and F1 of each class and their means.

    Parameters
    ----------
    answers, truths, classes
        See `confusion_matrix`.

    Returns
    -------
    ClassReport

    Raises
    ------
    ParameterError
        See `confusion_matrix`.

    Examples
    --------
    >>> print(classification_report(["dog", "dog", "cat"], ["dog", "cat", "cat"]))
                  precision    recall        F1   support
    cat              1.0000    0.5000    0.6667         2
    dog              0.5000    1.0000    0.6667         1
    macro mean       0.7500    0.7500    0.6667         3
    weighted mean    0.8333    0.6667    0.6667         3
    accuracy 66.67% (95 % interval 20.77% to 93.85%, n = 3)
    """
    return confusion_matrix(answers, truths, classes).report()


def macro_f1(answers: Labels, truths: Labels, classes: Sequence[Label] | None = None) -> float:
    """Mean F1 of the classes, each counting the same, in [0, 1].

    Parameters
    ----------
    answers, truths, classes
        See `confusion_matrix`; see `ConfusionMatrix.report` for classes without occurrence.

    Raises
    ------
    ParameterError
        See `confusion_matrix`.
    """
    return classification_report(answers, truths, classes).macro.f1


def _checked_classes(
    classes: Sequence[Label] | None, truths: list[Label], answers: list[Label | None]
) -> tuple[Label, ...]:
    occurring = {*truths, *(answer for answer in answers if answer is not None)}
    if classes is None:
        return tuple(sorted(occurring))
    given = plain_labels([*classes, *occurring], name="classes, answers and truths")
    wanted = tuple(label for label in given[: len(classes)] if label is not None)
    if len(set(wanted)) < len(classes):
        raise ParameterError(
            f"The 'classes' of confusion_matrix must be distinct labels. Got {list(classes)}."
        )
    unknown = [truth for truth in truths if truth not in wanted]
    if unknown:
        raise ParameterError(
            f"The 'truths' of confusion_matrix must be among its classes. Got {unknown[0]!r}."
        )
    return wanted


def _line(name: str, width: int, columns: Sequence[str]) -> str:
    return " ".join([f"{name:<{width}}", *(f"{cell:>{_WIDTH}}" for cell in columns)])
