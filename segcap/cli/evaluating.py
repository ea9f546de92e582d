"""The command that measures a reader: eval."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from numpy.typing import NDArray

from segcap.cli.app import app, say, warnings_said
from segcap.cli.options import Data, Layout
from segcap.cli.reading import (
    Engine,
    Length,
    Truths,
    open_reader,
    truths_as_written,
    truths_of_sums,
)
from segcap.core.errors import DataError, ParameterError
from segcap.core.validation import tell_impossible
from segcap.datasets.catalogue import load
from segcap.datasets.dataset import Dataset
from segcap.datasets.summary import summarise
from segcap.readers.answers import Answer, classes_of, sums_of, texts_of
from segcap.readers.classifier import WholeImageClassifier
from segcap.readers.images import ImageClassifier
from segcap.readers.sums import SumClassifier

Model = Annotated[str, typer.Argument(help="A shipped reader's name, or a bundle's path.")]
Summary = Annotated[
    bool, typer.Option("--summary/--no-summary", help="Show first what the folder holds.")
]
Predictions = Annotated[
    Path | None, typer.Option(help="Write answers and confidences to a new CSV file.")
]
Probabilities = Annotated[
    bool,
    typer.Option(
        "--probabilities/--no-probabilities",
        help="Write the probability of every class or sum, in place of the confidence.",
    ),
]
SamplePage = Annotated[
    Path | None, typer.Option(help="Write pictures with their answers to a new HTML file.")
]


@app.command("eval")
def evaluate(
    model: Model,
    data: Data,
    dataset: Layout = "labelled",
    summary: Summary = False,
    predictions: Predictions = None,
    probabilities: Probabilities = False,
    page: SamplePage = None,
    length: Length = None,
    engine: Engine = "onnx",
) -> None:
    """Measure a reader on labelled images; for sums, too, labels are the digits in a row."""
    from segcap.evaluate.page import sample_page

    _check_files(predictions, page)
    if probabilities and predictions is None:
        raise ParameterError("Probabilities must go to the file of --predictions. Got none.")
    known = load(dataset, data)
    reader = open_reader(model, length, None, engine, of="images")
    answer_all = _way_to_answer(reader, known, model)
    if probabilities and not isinstance(reader, WholeImageClassifier):
        raise ParameterError(
            "The model for probabilities must classify whole images: photos or sums. "
            f"Got '{model}' of type {type(reader).__name__}."
        )
    truths = _truths(reader, known)
    if summary:
        print(f"{summarise(known)}\n")
    labels = list(map(str, known.labels.tolist()))
    with warnings_said(repeated=False):
        tell_impossible(labels, truths.can_be, stacklevel=1)
        if probabilities:
            outcomes, rows = reader.answer_with_probabilities(known.images)
        else:
            outcomes, rows = answer_all(reader, known.images), None
    answers = [None if one.value is None else str(one.value) for one in outcomes]
    is_text = answer_all is texts_of
    _print_figures(answers, labels, truths, outcomes, is_text=is_text)
    if predictions is not None:
        _write_predictions(predictions, known, answers, outcomes, rows, reader)
    if page is not None:
        sample_page(
            page,
            known.images,
            answers,
            [truths.answer(label) or label for label in labels],
            [outcome.confidence for outcome in outcomes],
            title=f"{known.name} read by {model}",
            unit="character" if is_text else "class",
        )
    _report_errors(outcomes)


def _check_files(predictions: Path | None, page: Path | None) -> None:
    for file in (predictions, page):
        if file is not None and (file.exists() or not file.parent.is_dir()):
            raise DataError(f"Output must go to a new file in a folder that exists. Got '{file}'.")
    if predictions is not None and page and predictions.resolve() == page.resolve():
        raise DataError(f"Predictions and page must go to two files. Got '{page}' for both.")


def _print_figures(
    answers: list[str | None],
    labels: list[str],
    truths: Truths,
    outcomes: list[Answer],
    *,
    is_text: bool,
) -> None:
    from segcap.evaluate.metrics import character_accuracy

    print(f"{'exact match' if is_text else 'accuracy':<19} {truths.share_right(answers, labels)}")
    if is_text and any(labels):
        print(f"{'character accuracy':<19} {character_accuracy(answers, labels)}")
    for status, count in sorted(Counter(outcome.status for outcome in outcomes).items()):
        print(f"{status:<19} {count}")


def _report_errors(outcomes: list[Answer]) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    for error in errors:
        say(error)
    if errors:
        raise typer.Exit(1)


def _write_predictions(
    file: Path,
    known: Dataset,
    answers: list[str | None],
    outcomes: list[Answer],
    rows: NDArray | None,
    reader: Any,
) -> None:
    from segcap.evaluate.predictions import write_predictions

    if rows is None:
        write_predictions(file, _ids(known), answers, [one.confidence for one in outcomes])
    else:
        write_predictions(file, _ids(known), answers, rows, reader.classes_.tolist())


_Answering: TypeAlias = Callable[[Any, Sequence[Any] | NDArray], list[Answer]]


def _way_to_answer(reader: Any, known: Dataset, model: str) -> _Answering:
    if known.classes is not None:
        wanted, fits = "photos", isinstance(reader, ImageClassifier)
    elif known.charset is None:
        wanted, fits = "sums", hasattr(reader, "digit_sums")
    else:
        wanted, fits = "texts", not isinstance(reader, WholeImageClassifier)
        if isinstance(reader, SumClassifier):
            wanted = "texts, as most of its labels are no digits"
            fits = sum(map(str.isdecimal, known.labels)) >= len(known) / 2
    if not fits:
        raise ParameterError(
            f"The model for '{known.name}' must be a reader of {wanted}. "
            f"Got '{model}' of type {type(reader).__name__}."
        )
    if isinstance(reader, ImageClassifier):
        return classes_of
    return sums_of if wanted == "sums" or isinstance(reader, SumClassifier) else texts_of


def _truths(reader: Any, known: Dataset) -> Truths:
    """Truths of a data set; of a reader of texts that adds up, every sum may be right."""
    if isinstance(reader, SumClassifier) and known.charset is not None:
        return truths_of_sums(reader)
    if known.charset is None and not isinstance(reader, WholeImageClassifier):
        return Truths(lambda _: True)
    return truths_as_written(reader)


def _ids(known: Dataset) -> list[str]:
    """Paths of the images in the folder; of an array's images, their numbers."""
    if not isinstance(known.images, list):
        return list(map(str, range(len(known))))
    return [Path(os.path.relpath(image, known.root)).as_posix() for image in known.images]
