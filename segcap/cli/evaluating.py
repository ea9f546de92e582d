"""The command that measures a reader: eval."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app, say, warnings_said
from segcap.cli.reading import (
    Engine,
    Length,
    ReadMany,
    Truths,
    open_reader,
    truths_as_written,
    truths_of_sums,
)
from segcap.core.errors import DataError, ParameterError
from segcap.core.validation import tell_impossible
from segcap.datasets.catalogue import load, names
from segcap.datasets.dataset import Dataset
from segcap.datasets.summary import summarise
from segcap.readers.base import TextReader
from segcap.readers.classifier import WholeImageClassifier
from segcap.readers.images import ImageClassifier
from segcap.readers.sums import SumClassifier


@app.command("eval")
def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped reader's name, or a bundle's path.")],
    data: Annotated[Path, typer.Option(help="Folder that holds the images.")],
    dataset: Annotated[
        str, typer.Option(help=f"How the folder is laid out: {', '.join(names())}.")
    ] = "labelled",
    summary: Annotated[
        bool, typer.Option("--summary/--no-summary", help="Tell first what the folder holds.")
    ] = False,
    predictions: Annotated[
        Path | None, typer.Option(help="Write answers and confidences to a new CSV file.")
    ] = None,
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities/--no-probabilities",
            help="Write the probability of every class or sum, in place of the confidence.",
        ),
    ] = False,
    page: Annotated[
        Path | None, typer.Option(help="Write pictures with their answers to a new HTML file.")
    ] = None,
    length: Length = None,
    engine: Engine = "onnx",
) -> None:
    """Measure a reader on labelled images; for sums, too, labels are the digits in a row."""
    from segcap.evaluate.metrics import character_accuracy
    from segcap.evaluate.page import sample_page
    from segcap.evaluate.predictions import write_predictions

    for file in (predictions, page):
        if file is not None and (file.exists() or not file.parent.is_dir()):
            raise DataError(
                f"What is written must go to a new file in a folder that exists. Got '{file}'."
            )
    if predictions is not None and page and predictions.resolve() == page.resolve():
        raise DataError(f"Predictions and page must go to two files. Got '{page}' for both.")
    if probabilities and predictions is None:
        raise ParameterError("Probabilities must go to the file of --predictions. Got none.")
    known = load(dataset, data)
    reader = open_reader(model, length, None, engine, of="images")
    read_many = _way_to_read(reader, known, model)
    if probabilities and not isinstance(reader, WholeImageClassifier):
        raise ParameterError(
            "The model for probabilities must name whole images: photos or sums. "
            f"Got '{model}' of type {type(reader).__name__}."
        )
    labels = list(map(str, known.labels.tolist()))
    truths = _truths(reader, known)
    if summary:
        print(f"{summarise(known)}\n")
    with warnings_said(repeated=False):
        tell_impossible(labels, truths.can_be, stacklevel=1)
        results = read_many(known.images)
    answers = [None if one.answer is None else str(one.answer) for one in results]
    are_texts = known.charset is not None and isinstance(reader, TextReader)
    if are_texts:
        print(f"exact match         {truths.share_right(answers, labels)}")
        if any(labels):
            print(f"character accuracy  {character_accuracy(answers, labels)}")
    else:
        print(f"accuracy            {truths.share_right(answers, labels)}")
    for status, count in sorted(Counter(result.status for result in results).items()):
        print(f"{status:<19} {count}")
    confidences = [result.confidence for result in results]
    if predictions is not None and probabilities:
        classes = reader.classes_.tolist()
        # an image that cannot be loaded has no probabilities
        shares = [
            one.probabilities if one.answer is not None else [0.0] * len(classes) for one in results
        ]
        write_predictions(predictions, _ids(known), answers, shares, classes)
    elif predictions is not None:
        write_predictions(predictions, _ids(known), answers, confidences)
    if page is not None:
        sample_page(
            page,
            known.images,
            answers,
            [truths.answer(label) or label for label in labels],
            confidences,
            title=f"{known.name} read by {model}",
            unit="character" if are_texts else "class",
        )
    errors = [result.error for result in results if result.error]
    for error in errors:
        say(error)
    if errors:
        raise typer.Exit(1)


def _way_to_read(reader: Any, known: Dataset, model: str) -> ReadMany:
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
    return reader.digit_sums if wanted == "sums" else reader.read_many


def _truths(reader: Any, known: Dataset) -> Truths:
    """Say what is right; of a reader of texts that adds up, every sum may be."""
    if isinstance(reader, SumClassifier) and known.charset is not None:
        return truths_of_sums(reader)
    if known.charset is None and not isinstance(reader, WholeImageClassifier):
        return Truths(lambda _: True)
    return truths_as_written(reader)


def _ids(known: Dataset) -> list[str]:
    """Name images by their paths in the folder, those of an array by number."""
    if not isinstance(known.images, list):
        return list(map(str, range(len(known))))
    return [Path(os.path.relpath(image, known.root)).as_posix() for image in known.images]
