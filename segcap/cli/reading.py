"""Commands that answer to images: read, sum, value, classify."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from segcap.cli.app import app, say, warnings_said
from segcap.cli.bulk import ReadBatch, read_files
from segcap.cli.judging import (
    STANDARD_INPUT,
    Summary,
    Truths,
    labels_beside,
    labels_in_names,
    truths_as_written,
    truths_of_sums,
    truths_of_values,
)
from segcap.cli.options import (
    Allowlist,
    Engine,
    FoldCase,
    Length,
    OfFrames,
    Pattern,
    ReadKind,
    RejectBelow,
)
from segcap.cli.output import Output, progress_bar
from segcap.core.charset import Kind
from segcap.core.errors import DataError, ParameterError
from segcap.core.image_files import find_images
from segcap.core.reading import Turned
from segcap.decoding.numbers import check_decimals
from segcap.readers.base import TextReader
from segcap.readers.images import ImageClassifier
from segcap.readers.registry import load
from segcap.recognition.engines import EngineName

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Images and folders of them, or - for one on standard input."
    ),
]
Model = Annotated[str, typer.Option(help="A shipped reader's name, or a bundle's path.")]
ValueKind = Annotated[
    Kind, typer.Option("--kind", help="With task, tasks alone; with text, what is neither, too.")
]
ReadTurned = Annotated[
    Turned | None,
    typer.Option(
        "--turned", help="Read upside down, too (auto), or every way (four); the surest counts."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON lines.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]
WithBoxes = Annotated[
    bool,
    typer.Option(
        "--boxes", help="In CSV, a column with the characters' boxes: x0 y0 x1 y1 of each."
    ),
]
Out = Annotated[Path | None, typer.Option(help="Write to a new file, CSV unless --json is given.")]
Jobs = Annotated[int, typer.Option(help="Worker processes; -1 for one per core.")]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        help="Go on with the file of --out; model and options as before.",
    ),
]

ReadMany: TypeAlias = Callable[[Any], Sequence[Any]]
"""From images to results."""

_IS_READER_OF: dict[str, Callable[[Any], bool]] = {
    "texts": lambda reader: isinstance(reader, TextReader),
    "values": lambda reader: hasattr(reader, "values"),
    "the digits of sums": lambda reader: hasattr(reader, "digit_sums"),
    "photos": lambda reader: isinstance(reader, ImageClassifier),
    "images": lambda _: True,
}


@app.command()
def read(
    paths: Paths,
    model: Model = "digits",
    pattern: Pattern = None,
    length: Length = None,
    allowlist: Allowlist = None,
    case: FoldCase = None,
    kind: ReadKind = None,
    turned: ReadTurned = None,
    frame: OfFrames = None,
    reject_below: RejectBelow = None,
    engine: Engine = "onnx",
    json: AsJson = False,
    csv: AsCsv = False,
    boxes: WithBoxes = False,
    out: Out = None,
    jobs: Jobs = 1,
    resume: Resume = False,
) -> None:
    """Read the text of images; give the accuracy where labels.csv or --pattern has labels."""
    known = {"length": length, "allowlist": allowlist, "case": case, "kind": kind, "frame": frame}
    reader = open_reader(model, engine, of="texts", **known, reject_below=reject_below)
    fields = ("path", "text", "confidence", "status", "error", *(["boxes"] if boxes else []))
    output = Output(fields, json, csv, out, resume)
    read_many = reader.read_many
    if turned is not None:
        if not _IS_READER_OF["values"](reader):
            raise _takes_no(model, "turned", turned)
        read_many = partial(read_many, turned=turned)
    rows = _rows_with_boxes if boxes and not json else _rows
    _read_all(partial(rows, read_many), paths, output, jobs, truths_as_written(reader), pattern)


@app.command("sum")
def sum_(
    paths: Paths,
    model: Model = "digits",
    pattern: Pattern = None,
    length: Length = None,
    allowlist: Allowlist = None,
    frame: OfFrames = None,
    reject_below: RejectBelow = None,
    engine: Engine = "onnx",
    json: AsJson = False,
    csv: AsCsv = False,
    out: Out = None,
    jobs: Jobs = 1,
    resume: Resume = False,
) -> None:
    """Read images of digits and add them up; truths are the sums of the labels' digits."""
    known = {"length": length, "allowlist": allowlist, "frame": frame}
    reader = open_reader(model, engine, of="the digits of sums", **known, reject_below=reject_below)
    output = Output(("path", "value", "confidence", "status", "error"), json, csv, out, resume)
    _read_all(
        partial(_rows, reader.digit_sums), paths, output, jobs, truths_of_sums(reader), pattern
    )


@app.command()
def value(
    paths: Paths,
    model: Model = "any",
    kind: ValueKind = "number",
    decimals: Annotated[
        int | None, typer.Option(help="Decimals of a number, drawn with a point or not.")
    ] = None,
    pattern: Pattern = None,
    length: Length = None,
    allowlist: Allowlist = None,
    turned: ReadTurned = None,
    frame: OfFrames = None,
    reject_below: RejectBelow = None,
    engine: Engine = "onnx",
    json: AsJson = False,
    csv: AsCsv = False,
    out: Out = None,
    jobs: Jobs = 1,
    resume: Resume = False,
) -> None:
    """Read images of numbers or arithmetic tasks; truths are the values of the labels."""
    given = {"length": length, "allowlist": allowlist, "kind": kind, "frame": frame}
    reader = open_reader(model, engine, of="values", **given, reject_below=reject_below)
    decimals = check_decimals(decimals)
    output = Output(
        ("path", "value", "text", "confidence", "status", "error"), json, csv, out, resume
    )
    read_many = partial(reader.values, decimals=decimals, turned=turned)
    _read_all(partial(_rows, read_many), paths, output, jobs, truths_of_values(decimals), pattern)


@app.command()
def classify(
    paths: Paths,
    model: Annotated[
        str, typer.Option(help="A shipped reader of photos, such as cats-dogs, or a bundle's path.")
    ],
    frame: OfFrames = None,
    engine: Engine = "onnx",
    json: AsJson = False,
    csv: AsCsv = False,
    out: Out = None,
    jobs: Jobs = 1,
    resume: Resume = False,
) -> None:
    """Classify photos, and give the accuracy where labels.csv lies beside them."""
    reader = open_reader(model, engine, of="photos", frame=frame)
    output = Output(("path", "label", "confidence", "status", "error"), json, csv, out, resume)
    _read_all(partial(_rows, reader.read_many), paths, output, jobs, truths_as_written(reader))


def open_reader(model: str, engine: EngineName, *, of: str, **options: Any) -> Any:
    """Open a reader of what is asked for, with the options that were given."""
    reader = load(model, engine=engine)
    if not _IS_READER_OF[of](reader):
        raise ParameterError(
            f"The model must be a reader of {of}. Got '{model}' of type {type(reader).__name__}."
        )
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        if name not in reader.get_params():
            raise _takes_no(model, name, value)
    return reader.set_params(**given)


def _takes_no(model: str, name: str, value: Any) -> ParameterError:
    return ParameterError(f"The reader '{model}' takes no --{name.replace('_', '-')}. Got {value}.")


def _rows(read_many: ReadMany, paths: Sequence[Path]) -> list[dict[str, Any]]:
    images = [sys.stdin.buffer.read() if path == STANDARD_INPUT else path for path in paths]
    return [result.to_dict() for result in read_many(images)]


def _rows_with_boxes(read_many: ReadMany, paths: Sequence[Path]) -> list[dict[str, Any]]:
    records = _rows(read_many, paths)
    for record in records:
        boxes = (" ".join(map(str, glyph["box"])) for glyph in record.get("glyphs", ()))
        record["boxes"] = "; ".join(boxes)
    return records


def _read_all(
    read_batch: ReadBatch,
    sources: list[str],
    output: Output,
    jobs: int,
    truths: Truths,
    pattern: str | None = None,
) -> None:
    paths = _find(sources)
    labels = labels_beside(sources) if pattern is None else labels_in_names(paths, pattern)
    before = {record["path"]: record for record in output.begin(paths)}
    known = [before[str(path)] for path in paths if str(path) in before]
    if known:
        say(f"Images that were read before, perhaps by another model: {len(known)}.")
    waiting = [path for path in paths if str(path) not in before]
    summary = Summary(labels, output.fields[1])
    for record in known:
        summary.add(record)
    with progress_bar("images", len(paths), done=len(known)) as bar:
        for record in output.write(read_files(partial(_warned, read_batch), waiting, n_jobs=jobs)):
            bar()
            summary.add(record)
    summary.report(output, truths)
    if summary.statuses["unreadable"]:
        raise typer.Exit(1)


def _warned(read_batch: ReadBatch, paths: Sequence[Path]) -> Sequence[dict[str, Any]]:
    """Read a batch, in whatever process, and show its warnings as other remarks are shown."""
    with warnings_said(repeated=False):
        return read_batch(paths)


def _find(sources: list[str]) -> list[Path]:
    """List the images; of several sources one that is not there is left to be read in vain."""
    if str(STANDARD_INPUT) in sources:
        if len(sources) > 1:
            raise ParameterError(f"Standard input, '-', must be read alone. Got {sources}.")
        return [STANDARD_INPUT]
    paths: dict[Path, None] = {}
    for source in sources:
        if not source:
            raise DataError("A path must not be empty. Got ''.")
        try:
            found = find_images([source])
        except DataError as error:
            if len(sources) == 1:
                raise
            if os.path.isdir(source):
                say(error)
            found = [Path(source)]
        paths.update(dict.fromkeys(found))
    return list(paths)
