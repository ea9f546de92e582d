"""What is right where labels lie beside the images that are read."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from segcap.cli.app import say, warnings_said
from segcap.cli.output import Output
from segcap.core.errors import DataError, ParameterError
from segcap.core.validation import warn_impossible
from segcap.datasets.labelled import LABELS, read_labels
from segcap.datasets.named import texts_in_names
from segcap.decoding.numbers import value_of
from segcap.readers.classifier import WholeImageClassifier
from segcap.readers.sums import SumClassifier
from segcap.scale.sources import LIST

if TYPE_CHECKING:
    from segcap.evaluate.metrics import Rate

STANDARD_INPUT = "-"
"""What standard input is named among images."""

__all__ = [
    "STANDARD_INPUT",
    "Summary",
    "Truths",
    "truths_as_written",
    "truths_of_sums",
    "truths_of_values",
]


class Truths(NamedTuple):
    """What is right where labels are known.

    Attributes
    ----------
    can_be : callable
        Whether a label can be answered at all.
    answer : callable
        From a label to the right answer, None where there is none.
    """

    can_be: Callable[[str], bool]
    answer: Callable[[str], str | None] = str

    def right(self, answers: Sequence[str | None], labels: Sequence[str]) -> list[bool]:
        """Whether each answer is right; None, for an image without answer, is not."""
        truths = map(self.answer, labels)
        return [a is not None and a == t for a, t in zip(answers, truths, strict=True)]

    def rate_right(self, answers: Sequence[str | None], labels: Sequence[str]) -> "Rate":
        """Return the rate of right answers."""
        from segcap.evaluate.metrics import wilson

        right = self.right(answers, labels)
        return wilson(sum(right), len(right))


def truths_as_written(reader: Any) -> Truths:
    """What is right where labels are the answers: numbers among classes, too."""
    if isinstance(reader, WholeImageClassifier):
        return Truths(set(map(str, reader.classes_.tolist())).__contains__)
    return Truths(reader.can_answer, reader.as_answer)


def truths_of_sums(reader: Any) -> Truths:
    """Which sums are right where labels are the digits that images show."""

    def can_be(label: str) -> bool:
        if not (label.isascii() and label.isdecimal()):
            return False
        if isinstance(reader, SumClassifier):
            return len(label) == reader.digits
        return reader.can_answer(label)

    return Truths(can_be, lambda label: str(sum(map(int, label))) if can_be(label) else None)


def truths_of_values(decimals: int | None) -> Truths:
    """Which values are right where labels are the numbers or tasks that images show."""

    def answer(label: str) -> str | None:
        try:
            return _as_text(value_of(label, decimals=decimals))
        except ParameterError:
            return None

    return Truths(lambda label: answer(label) is not None, answer)


class Summary:
    """What a run's end needs of its records; of images without label nothing is kept."""

    def __init__(self, sources: list[str], field: str, pattern: str | None = None) -> None:
        named = [source for source in sources if not source.startswith(LIST)]  # lists are elsewhere
        folders = {own if os.path.isdir(own) else os.path.dirname(own) for own in named}
        self._labels: dict[str, str] = {}
        self._folders: set[str] = set()
        if pattern is None:
            for folder in sorted(folders):
                self._look_into(folder)
        self._field, self._pattern = field, pattern
        self._judged: list[tuple[str | None, str]] = []
        self._judged_statuses: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many records were added."""
        return self.statuses.total()

    def is_needed(self, record: dict[str, Any]) -> bool:
        """Whether more than the number of such records counts in the end."""
        return record["status"] == "unreadable" or self._label(record) is not None

    def add(self, record: dict[str, Any]) -> None:
        """Count a record; show the error of an image that cannot be read."""
        status = record["status"]
        self.statuses[status] += 1
        if status == "unreadable":
            say(record["error"])
        label = self._label(record)
        if label is not None:
            answer = record[self._field]
            self._judged.append((None if status == "unreadable" else _as_text(answer), label))
            self._judged_statuses[status] += 1

    def report(self, output: Output, truths: Truths) -> None:
        """Print the accuracy, where there are labels."""
        if not self._labels and self._pattern is None:
            return
        missing = [path for path in self._labels if not os.path.exists(path)]
        if missing:
            say(
                f"{len(missing)} of {len(self._labels)} labels are of files that do not exist, "
                f"such as '{missing[0]}'."
            )
        if not self._judged:
            say(f"No accuracy is given. The {LABELS} beside the images names none.")
            return
        if len(self._judged) < self.total:
            say(f"{self.total - len(self._judged)} of {self.total} images have no label.")
        answers, labels = zip(*self._judged, strict=True)
        with warnings_said():
            warn_impossible(labels, truths.can_be, stacklevel=1)
        output.remark(f"exact match {truths.rate_right(answers, labels)}")
        for status, count in sorted(self._judged_statuses.items()):
            if status != "ok":
                output.remark(f"{status} {count}")

    def _label(self, record: dict[str, Any]) -> str | None:
        path = record["path"]
        if self._pattern is not None:
            try:
                return texts_in_names([Path(path)], self._pattern)[0]
            except DataError:
                if record["status"] != "unreadable":  # such as a shard that is cut off
                    raise
                return None
        if path != STANDARD_INPUT:
            self._look_into(os.path.dirname(path))
        return self._labels.get(os.path.abspath(path)) if self._labels else None

    def _look_into(self, folder: str) -> None:
        """Read the labels of a folder, once."""
        if folder in self._folders:
            return
        self._folders.add(folder)
        file = Path(folder) / LABELS
        if not os.path.exists(file):
            return
        try:
            read = read_labels(file)
        except DataError as error:
            say(f"The labels beside the images are left out. {error}")
            return
        if not read:
            say(f"'{file}' names no image.")
        for path, label in read.items():
            if label.strip():
                self._labels.setdefault(os.path.abspath(path), label)


def _as_text(answer: Any) -> str:
    """An answer as text; of numbers without ".0", as a table may have them."""
    if answer is None:
        return ""
    return str(int(answer) if isinstance(answer, float) and answer.is_integer() else answer)
