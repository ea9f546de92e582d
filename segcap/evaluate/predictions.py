"""Answers as a CSV file, as challenges ask for them."""

import csv
import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import DataError, ParameterError
from segcap.core.files import write_atomically
from segcap.core.validation import fractions
from segcap.evaluate.labels import Label, Labels, plain_labels

__all__ = ["ImageId", "write_predictions"]

ImageId: TypeAlias = Label | os.PathLike[str]

_COLUMNS = ("id", "label")


def write_predictions(
    path: str | os.PathLike[str],
    ids: Sequence[ImageId],
    answers: Labels,
    probabilities: ArrayLike | None = None,
    classes: Sequence[Label] | None = None,
    *,
    codes: Mapping[Label, Label] | None = None,
    overwrite: bool = False,
) -> None:
    """Write answers as CSV with the columns "id" and "label", and their probabilities.

    Parameters
    ----------
    path : path
    ids : (N,) sequence of path, str or int
        Images; of a path its name without folder and ending is the id, a str or an int stands as
        it is. Rows are in this order.
    answers : (N,) sequence of str, int or None
        None, for an image that has got no answer, is written as an empty label.
    probabilities : (N,) or (N, C) array, optional
        In [0, 1]: one number an image, in the column "probability", or one for each class, in
        columns that bear the classes' names. Written so that they are read back unchanged.
    classes : (C,) sequence of str or int, optional
        Given with (N, C) probabilities, and only then.
    codes : mapping, optional
        What is written for each answer: ``{"cat": 0, "dog": 1}``. Names of columns stay.
    overwrite : bool
        Replace the file if it exists.

    Raises
    ------
    ParameterError
        Lengths differ, an id stands twice, a probability is NaN or outside [0, 1], classes do not
        fit the probabilities, or an answer has no code.
    DataError
        The file exists, and is not to be overwritten.
    FileError
        The folder is missing or cannot be written to.

    Examples
    --------
    >>> codes = {"cat": 0, "dog": 1}
    >>> images = [Path("test1/1.jpg"), Path("test1/2.jpg")]
    >>> write_predictions("answers.csv", images, ["dog", "cat"], codes=codes)  # doctest: +SKIP
    """
    if not overwrite and os.path.lexists(path):
        raise DataError(
            "Predictions must go into a new file unless 'overwrite' is given. "
            f"Got '{path}', which exists."
        )
    names = [Path(id_).stem if isinstance(id_, os.PathLike) else str(id_) for id_ in ids]
    labels = plain_labels(answers, name="answers")
    if len(names) != len(labels):
        raise ParameterError(
            "The 'ids' of write_predictions must be as many as its answers. "
            f"Got {len(names)} ids and {len(labels)} answers."
        )
    name, times = max(Counter(names).items(), key=lambda item: item[1], default=("", 0))
    if times > 1:
        raise ParameterError(
            f"The 'ids' of write_predictions must be distinct. Got '{name}' {times} times."
        )
    columns, numbers = _probability_columns(probabilities, classes, len(names))
    rows = zip(names, _coded(labels, codes), numbers, strict=True)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*_COLUMNS, *columns])
    writer.writerows([name, label, *map(str, row)] for name, label, row in rows)
    write_atomically(path, buffer.getvalue().encode("utf-8", errors="surrogateescape"))


def _coded(answers: list[Label | None], codes: Mapping[Label, Label] | None) -> list[Label | None]:
    if codes is None:
        return answers
    without = [answer for answer in answers if answer is not None and answer not in codes]
    if without:
        raise ParameterError(
            f"The 'codes' of write_predictions must hold every answer. Got none for {without[0]!r}."
        )
    return [None if answer is None else codes[answer] for answer in answers]


def _probability_columns(
    probabilities: ArrayLike | None, classes: Sequence[Label] | None, n: int
) -> tuple[list[str], NDArray]:
    """Names of the probabilities' columns and the (n, columns) numbers in them."""
    rule = (
        "The 'probabilities' of write_predictions must be numbers of shape (N,) or (N, C), "
        f"N = {n} answers."
    )
    try:
        numbers = np.empty((n, 0)) if probabilities is None else np.asarray(probabilities)
    except ValueError:
        raise ParameterError(f"{rule} Got rows of several lengths.") from None
    if numbers.ndim not in (1, 2) or len(numbers) != n or numbers.dtype.kind not in "uif":
        raise ParameterError(f"{rule} Got {numbers.dtype} of shape {numbers.shape}.")
    fractions("probabilities", numbers)
    of_classes = probabilities is not None and numbers.ndim == 2
    if of_classes != (classes is not None):
        raise ParameterError(
            "The 'classes' of write_predictions must be given with (N, C) probabilities, and only "
            f"then. Got {classes!r} with {_described(probabilities, numbers)}."
        )
    if classes is None:
        return (["probability"], numbers[:, None]) if numbers.ndim == 1 else ([], numbers)
    names = [str(label) for label in classes]
    if len(names) != numbers.shape[1] or len({*names, *_COLUMNS}) < len(names) + len(_COLUMNS):
        raise ParameterError(
            "The 'classes' of write_predictions must be distinct, other than 'id' and 'label', "
            f"one for each column. Got {names} for {numbers.shape[1]} columns."
        )
    return names, numbers


def _described(probabilities: ArrayLike | None, numbers: NDArray) -> str:
    return "no probabilities" if probabilities is None else f"shape {numbers.shape}"
