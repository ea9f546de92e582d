"""The command that measures a reader: eval."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app, say, warnings_said
from segcap.cli.judging import Truths, truths_as_written, truths_of_sums
from segcap.cli.options import (
    Allowlist,
    Data,
    Device,
    Engine,
    FoldCase,
    Jobs,
    Layout,
    Length,
    OfFrames,
    Pattern,
    ReadKind,
    RejectBelow,
    RunBy,
    Scheduler,
    run_by,
)
from segcap.cli.reading import open_reader
from segcap.core.errors import DataError, ParameterError
from segcap.core.extras import require
from segcap.core.validation import warn_impossible
from segcap.datasets.catalogue import load
from segcap.datasets.dataset import Dataset
from segcap.datasets.summary import summarise
from segcap.readers.base import TextReader
from segcap.readers.classifier import WholeImageClassifier
from segcap.readers.images import ImageClassifier
from segcap.readers.sums import SumClassifier
from segcap.scale.sources import ReadMany

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
LeastAccuracy = Annotated[
    float, typer.Option(min=0, max=1, help="Least fraction of right answers among those given.")
]
SamplePage = Annotated[
    Path | None, typer.Option(help="Write pictures with their answers to a new HTML file.")
]

_POINTS = 12


@app.command("eval")
def evaluate(
    model: Model,
    data: Data,
    dataset: Layout = "labelled",
    pattern: Pattern = None,
    summary: Summary = False,
    predictions: Predictions = None,
    probabilities: Probabilities = False,
    page: SamplePage = None,
    length: Length = None,
    allowlist: Allowlist = None,
    case: FoldCase = None,
    kind: ReadKind = None,
    frame: OfFrames = None,
    reject_below: RejectBelow = None,
    engine: Engine = "onnx",
    device: Device = "auto",
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
) -> None:
    """Measure a reader on labelled images; for sums, too, labels are the digits in a row."""
    from segcap.evaluate.page import sample_page

    _check_files(predictions, page)
    if probabilities and predictions is None:
        raise ParameterError("Probabilities must go to the file of --predictions. Got none.")
    known = _labelled(dataset, data, pattern)
    given = {"length": length, "allowlist": allowlist, "case": case, "kind": kind, "frame": frame}
    reader = open_reader(
        model, engine=engine, device=device, of="images", **given, reject_below=reject_below
    )
    read_many = _way_to_read(reader, known, model)
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
        warn_impossible(labels, truths.can_be, stacklevel=1)
        with run_by(backend, scheduler, jobs):
            results = read_many(known.images)
    answers = _answers(results)
    is_text = known.charset is not None and isinstance(reader, TextReader)
    _print_figures(answers, labels, truths, results, is_text=is_text)
    if predictions is not None:
        classes = reader.classes_.tolist() if probabilities else None
        _write_predictions(predictions, known, answers, results, classes)
    if page is not None:
        sample_page(
            page,
            known.images,
            answers,
            [truths.answer(label) or label for label in labels],
            [result.confidence for result in results],
            title=f"{known.name} read by {model}",
            unit="character" if is_text else "class",
        )
    _report_errors(results)


@app.command()
def threshold(
    model: Model,
    data: Data,
    accuracy: LeastAccuracy = 0.99,
    dataset: Layout = "labelled",
    pattern: Pattern = None,
    length: Length = None,
    allowlist: Allowlist = None,
    case: FoldCase = None,
    kind: ReadKind = None,
    frame: OfFrames = None,
    engine: Engine = "onnx",
    device: Device = "auto",
) -> None:
    """Find the confidence from which on a reader keeps an accuracy, and how much that leaves."""
    from segcap.evaluate.abstention import coverage_curve

    known = _labelled(dataset, data, pattern)
    given = {"length": length, "allowlist": allowlist, "case": case, "kind": kind, "frame": frame}
    reader = open_reader(model, engine=engine, device=device, of="images", **given)
    read_many, truths = _way_to_read(reader, known, model), _truths(reader, known)
    with warnings_said(repeated=False):
        results = read_many(known.images)
    labels = list(map(str, known.labels.tolist()))
    with warnings_said():
        warn_impossible(labels, truths.can_be, stacklevel=1)
    right = truths.right(_answers(results), labels)
    curve = coverage_curve([one.confidence for one in results], right)
    answered = [point for point in curve.points if point.threshold > 0]
    if not answered:
        raise DataError(
            f"At least one image must be answered for a threshold. Got {len(results)} that are not."
        )
    chosen = curve.widest(accuracy)
    if chosen is None:
        best = max(answered, key=lambda point: point.accuracy)
        raise DataError(
            f"No confidence keeps an accuracy of {accuracy:g}. The best is {best.accuracy:.4f}, at "
            f"{best.threshold:.4f}."
        )
    rejects = "reject_below" in reader.get_params()
    name = "reject below" if rejects else "confidence"
    print(f"{name:<14} {chosen.threshold!r}")  # rounded, it would leave others
    print(f"{'answered':<14} {chosen.coverage:.2%} of {len(results)}")
    print(f"{'right of these':<14} {chosen.accuracy:.2%}")
    print("\ncoverage  accuracy  threshold")
    for point in (one for one in curve.thinned(_POINTS).points if one in answered):
        print(f"{point.coverage:8.2%}  {point.accuracy:8.2%}  {point.threshold:9.4f}")
    _report_errors(results)


def _labelled(dataset: str, data: Path, pattern: str | None) -> Dataset:
    with warnings_said():
        return load(dataset, data, pattern=pattern)


def _answers(results: Sequence[Any]) -> list[str | None]:
    return [None if one.answer is None else str(one.answer) for one in results]


def _check_files(predictions: Path | None, page: Path | None) -> None:
    for file in (predictions, page):
        if file is not None and (file.exists() or not file.parent.is_dir()):
            raise DataError(f"Output must go to a new file in a folder that exists. Got '{file}'.")
    if page is not None:
        require("jinja2", "report", "A page of predictions")
    if predictions is not None and page and predictions.resolve() == page.resolve():
        raise DataError(f"Predictions and page must go to two files. Got '{page}' for both.")


def _print_figures(
    answers: list[str | None],
    labels: list[str],
    truths: Truths,
    results: Sequence[Any],
    *,
    is_text: bool,
) -> None:
    from segcap.evaluate.metrics import character_accuracy

    print(f"{'exact match' if is_text else 'accuracy':<19} {truths.rate_right(answers, labels)}")
    if is_text:
        spelled = [truths.answer(label) or label for label in labels]
        print(f"{'character accuracy':<19} {character_accuracy(answers, spelled)}")
    for status, count in sorted(Counter(result.status for result in results).items()):
        print(f"{status:<19} {count}")


def _report_errors(results: Sequence[Any]) -> None:
    errors = [result.error for result in results if result.error]
    for error in errors:
        say(error)
    if errors:
        raise typer.Exit(1)


def _write_predictions(
    file: Path,
    known: Dataset,
    answers: list[str | None],
    results: Sequence[Any],
    classes: list[Any] | None,
) -> None:
    from segcap.evaluate.predictions import write_predictions

    if classes is None:
        write_predictions(file, known.ids, answers, [one.confidence for one in results])
        return
    # an image that cannot be loaded has no probabilities
    rows = [
        one.probabilities if one.answer is not None else [0.0] * len(classes) for one in results
    ]
    write_predictions(file, known.ids, answers, rows, classes)


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
    """Truths of a data set; of a reader of texts that adds up, every sum may be right."""
    if isinstance(reader, SumClassifier) and known.charset is not None:
        return truths_of_sums(reader)
    if known.charset is None and not isinstance(reader, WholeImageClassifier):
        return Truths(lambda _: True)
    return truths_as_written(reader)
