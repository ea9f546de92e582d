"""How the shipped readers that answer from the whole image are made, one for each task."""

import os
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from segcap.core.errors import ParameterError
from segcap.datasets.catalogue import load
from segcap.datasets.dataset import Dataset
from segcap.datasets.mnist import Mnist, load_mnist
from segcap.evaluate.metrics import Rate, character_accuracy, exact_match
from segcap.generate import DigitRows, TextGenerator, digit_sums
from segcap.readers.base import TextReader
from segcap.readers.images import ImageClassifier
from segcap.readers.sequence import SequenceReader
from segcap.readers.sums import SumClassifier
from segcap.recipes.tasks import END_TO_END

if TYPE_CHECKING:
    from segcap.training.fit import OnEpoch
    from segcap.training.schedule import Schedule

__all__ = [
    "EndToEndReader",
    "Measured",
    "drawn_sums",
    "end_to_end_reader",
    "figures_of_test",
    "measure",
    "sums_alone",
    "task_data",
    "train_and_test",
    "train_end_to_end",
]

_SUMS, _SUMS_TESTED = 24_000, 6000
_OVERLAPPING = 10
_TEXTS = 10_000
_DRAWN = Path("drawn")

EndToEndReader: TypeAlias = SequenceReader | SumClassifier | ImageClassifier


class Measured(NamedTuple):
    """How well a reader answers what is held out.

    Attributes
    ----------
    whole : Rate
        Of images with the right text, sum or class.
    characters : Rate or None
        Of characters, where the answers are texts.
    """

    whole: Rate
    characters: Rate | None = None


def task_data(
    task: str,
    data: str | os.PathLike[str] | None,
    *,
    folds: int | None = None,
    seed: int = 0,
) -> list[tuple[Dataset, Dataset]]:
    """Split a task's images into those to train on and those to test on.

    Parameters
    ----------
    task : str
        One of `END_TO_END`.
    data : path or None
        The folder of the images, in the task's layout. Of six-char 10,000 images are drawn unless
        there is one; of digit-sum 30,000 with MNIST's digits, those to test on with x_test's, if
        it is MNIST's file or None.
    folds : int, optional
        How often to split, so that each image is tested on once; a single time unless given.
    seed : int
        Of the split and of what is drawn.

    Returns
    -------
    list of (train, tested)

    Raises
    ------
    ParameterError
        `task` is unknown, its images cannot be drawn and `data` is None, or `folds` is asked for
        where MNIST already holds what is tested on.
    DataError
        The images are missing or laid out otherwise.
    """
    _check(task)
    if task == "digit-sum" and (data is None or not Path(data).is_dir()):
        if folds is not None:
            raise ParameterError(
                f"Sums of MNIST's digits must be tested on those of x_test. Got {folds} folds."
            )
        train, tested = drawn_sums(load_mnist(data), _SUMS, _SUMS_TESTED, seed)
        return [(sums_alone(train), sums_alone(tested))]
    if task == "six-char" and data is None:
        generator = TextGenerator("six-char")
        images, labels, _ = generator.arrays(_TEXTS, seed=seed, n_jobs=-1)
        dataset = Dataset(task, images, np.array(labels), _DRAWN, charset=generator.charset)
    elif data is None:
        raise ParameterError(f"To train '{task}', 'data' must be a folder of images. Got None.")
    else:
        dataset = load(task, data)
    if folds is not None:
        return list(dataset.kfold(folds, seed))
    return [dataset.split(END_TO_END[task].test, seed)]


def end_to_end_reader(
    task: str,
    train: Dataset,
    *,
    classifier: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
) -> EndToEndReader:
    """Make the reader that a task's images want, not fitted yet.

    Raises
    ------
    ParameterError
        The task, or the classifier for it, is unknown.
    """
    _check(task)
    usual = END_TO_END[task]
    settings: dict[str, Any] = {
        "classifier": classifier or usual.classifier,
        "epochs": epochs or usual.epochs,
        "random_state": seed,
        **usual.settings,
    }
    if settings["classifier"] == usual.classifier:
        settings |= deepcopy(dict(usual.own))
    reader: EndToEndReader
    if train.classes is not None:
        reader = ImageClassifier(classes=train.classes, **settings)
    elif train.charset is not None:
        lengths = set(map(len, train.labels.tolist()))
        length = lengths.pop() if len(lengths) == 1 else None
        reader = SequenceReader(train.charset, length=length, **settings)
    else:
        reader = SumClassifier(**settings)
    reader._check_parameters()
    return reader


def measure(reader: EndToEndReader | TextReader, tested: Dataset) -> Measured:
    """Let a reader answer what it was not trained on; what cannot be loaded is wrong."""
    truths = [reader.as_answer(label) for label in tested.labels.tolist()]
    answers = [result.answer for result in reader.read_many(tested.images)]
    if not isinstance(reader, TextReader):
        return Measured(exact_match(answers, truths))
    texts = [answer or "" for answer in answers]
    return Measured(exact_match(answers, truths), character_accuracy(texts, truths))


def train_end_to_end(
    task: str,
    data: str | os.PathLike[str] | None = None,
    *,
    classifier: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> EndToEndReader:
    """Train on a task's images and test on those held out.

    Parameters
    ----------
    task, data
        As of `task_data`.
    classifier : str, optional
        Network, in place of the task's own in `END_TO_END`.
    epochs : int, optional
        Epochs over the images, in place of the task's own.
    seed : int
    state : path, optional
        File from which a killed training goes on.
    log : path, optional
        Folder for "history.csv" and TensorBoard's files.
    on_epoch : callable, optional
        Called after each epoch with the number of epochs done and the history.

    Returns
    -------
    SequenceReader, SumClassifier or ImageClassifier
        Its provenance holds the test's figures and the hashes of both parts of the split.

    Raises
    ------
    ParameterError, DataError
        As of `task_data`, `state` is of another training, or `log` is a file.
    """
    ((train, tested),) = task_data(task, data, seed=seed)
    reader = end_to_end_reader(task, train, classifier=classifier, epochs=epochs, seed=seed)
    train_and_test(reader, train, tested, state=state, log=log, on_epoch=on_epoch)
    return reader


def train_and_test(
    reader: EndToEndReader,
    train: Dataset,
    tested: Dataset,
    *,
    schedule: "Schedule | None" = None,
    state: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> None:
    """Fit a reader and note in its provenance how it answers what is held out.

    Parameters
    ----------
    reader : SequenceReader, SumClassifier or ImageClassifier
        Fitted in place.
    train, tested : Dataset
        Two parts of one split.
    schedule : segcap.training.Schedule, optional
        In place of the reader's own.
    state, log, on_epoch
        As of `train_end_to_end`.
    """
    reader.fit(
        train.images,
        train.labels,
        groups=train.groups,
        schedule=schedule,
        state=state,
        log=log,
        on_epoch=on_epoch,
    )
    measured = measure(reader, tested)
    reader.provenance_["data"] |= {
        "name": train.name,
        "split": {"learned": train.digest, "tested": tested.digest},
    }
    reader.provenance_["figures"] |= figures_of_test(measured)


def _check(task: str) -> None:
    if task not in END_TO_END:
        raise ParameterError(f"The task must be one of {', '.join(END_TO_END)}. Got {task!r}.")


def drawn_sums(mnist: Mnist, train: int, tested: int, seed: int) -> tuple[DigitRows, DigitRows]:
    """Draw rows of overlapping digits, those to test on with x_test's.

    Parameters
    ----------
    mnist : Mnist
    train, tested : int
        How many rows.
    seed : int
        Fewer rows of one seed are the first of more.
    """
    return (
        digit_sums(train, _OVERLAPPING, seed=seed, digits=(mnist.x_train, mnist.y_train)),
        digit_sums(tested, _OVERLAPPING, seed=seed + 1, digits=(mnist.x_test, mnist.y_test)),
    )


def sums_alone(rows: DigitRows) -> Dataset:
    """Return a data set of rows of which only the sums are labelled."""
    return Dataset("digit-sum", rows.images, rows.labels.sum(axis=1, dtype=np.int64), _DRAWN)


def figures_of_test(measured: Measured) -> dict[str, Any]:
    """Return the figures of a test for provenance."""
    whole = {
        "test_accuracy": round(measured.whole.value, 6),
        "test_accuracy_low": round(measured.whole.low, 6),
        "test_accuracy_high": round(measured.whole.high, 6),
        "test_n": measured.whole.n,
    }
    if measured.characters is None:
        return whole
    return whole | {"test_character_accuracy": round(measured.characters.value, 6)}
