"""Commands that answer to images: read, sum, value, classify."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app, say, warnings_said
from segcap.cli.judging import (
    STANDARD_INPUT,
    Summary,
    Truths,
    truths_as_written,
    truths_of_sums,
    truths_of_values,
)
from segcap.cli.options import (
    Allowlist,
    Device,
    Engine,
    FoldCase,
    Jobs,
    Length,
    OfFrames,
    Pattern,
    ReadKind,
    RejectBelow,
    RunBy,
    Scheduler,
    run_by,
)
from segcap.cli.output import Output, progress_bar
from segcap.core.batching import batched
from segcap.core.charset import Kind
from segcap.core.errors import ParameterError
from segcap.core.parallel import run
from segcap.core.reading import Turned
from segcap.datasets.named import texts_in_names
from segcap.decoding.numbers import check_decimals
from segcap.readers.base import TextReader
from segcap.readers.images import ImageClassifier
from segcap.readers.registry import load
from segcap.scale.sources import Named, ReadMany, find, records_of

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Images, folders, globs, tar and Parquet files, as paths or URLs; @FILE for a list of "
        "them, one a line; or - for an image on standard input.",
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
Out = Annotated[
    Path | None,
    typer.Option(
        help="Write to a new file: CSV unless --json is given, a folder of Parquet files if its "
        "name ends in .parquet."
    ),
]
AsReady = Annotated[
    bool, typer.Option("--as-ready", help="Write in the order in which workers are ready.")
]
Column = Annotated[
    str, typer.Option(help="Of Parquet files: the column that holds the images' bytes.")
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        help="Go on with the file of --out; model and options as before.",
    ),
]

_AT_ONCE = 128  # images of a batch
_COUNTED = 10_000  # at first: with more, no progress bar knows its end

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
    device: Device = "auto",
    json: AsJson = False,
    csv: AsCsv = False,
    boxes: WithBoxes = False,
    out: Out = None,
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
    column: Column = "image",
    as_ready: AsReady = False,
    resume: Resume = False,
) -> None:
    """Read the text of images; give the accuracy where labels.csv or --pattern has labels."""
    known = {"length": length, "allowlist": allowlist, "case": case, "kind": kind, "frame": frame}
    reader = open_reader(
        model, engine=engine, device=device, of="texts", **known, reject_below=reject_below
    )
    with_boxes = boxes and not json  # JSON has them with each character
    fields = ("path", "text", "confidence", "status", "error", *(["boxes"] if with_boxes else []))
    output = Output(fields, json, csv, out, resume)
    read_many = reader.read_many
    if turned is not None:
        if not _IS_READER_OF["values"](reader):
            raise _takes_no(model, "turned", turned)
        read_many = partial(read_many, turned=turned)
    _read_all(
        read_many,
        truths_as_written(reader),
        paths,
        column,
        output,
        run_by(backend, scheduler, jobs),
        pattern,
        with_boxes=with_boxes,
        as_ready=as_ready,
    )


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
    device: Device = "auto",
    json: AsJson = False,
    csv: AsCsv = False,
    out: Out = None,
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
    column: Column = "image",
    resume: Resume = False,
) -> None:
    """Read images of digits and add them up; truths are the sums of the labels' digits."""
    known = {"length": length, "allowlist": allowlist, "frame": frame}
    reader = open_reader(
        model,
        engine=engine,
        device=device,
        of="the digits of sums",
        **known,
        reject_below=reject_below,
    )
    output = Output(("path", "value", "confidence", "status", "error"), json, csv, out, resume)
    _read_all(
        reader.digit_sums,
        truths_of_sums(reader),
        paths,
        column,
        output,
        run_by(backend, scheduler, jobs),
        pattern,
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
    device: Device = "auto",
    json: AsJson = False,
    csv: AsCsv = False,
    out: Out = None,
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
    column: Column = "image",
    resume: Resume = False,
) -> None:
    """Read images of numbers or arithmetic tasks; truths are the values of the labels."""
    given = {"length": length, "allowlist": allowlist, "kind": kind, "frame": frame}
    reader = open_reader(
        model, engine=engine, device=device, of="values", **given, reject_below=reject_below
    )
    decimals = check_decimals(decimals)
    output = Output(
        ("path", "value", "text", "confidence", "status", "error"), json, csv, out, resume
    )
    _read_all(
        partial(reader.values, decimals=decimals, turned=turned),
        truths_of_values(decimals),
        paths,
        column,
        output,
        run_by(backend, scheduler, jobs),
        pattern,
    )


@app.command()
def classify(
    paths: Paths,
    model: Annotated[
        str, typer.Option(help="A shipped reader of photos, such as cats-dogs, or a bundle's path.")
    ],
    frame: OfFrames = None,
    engine: Engine = "onnx",
    device: Device = "auto",
    json: AsJson = False,
    csv: AsCsv = False,
    out: Out = None,
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
    column: Column = "image",
    resume: Resume = False,
) -> None:
    """Classify photos, and give the accuracy where labels.csv lies beside them."""
    reader = open_reader(model, engine=engine, device=device, of="photos", frame=frame)
    output = Output(("path", "label", "confidence", "status", "error"), json, csv, out, resume)
    _read_all(
        reader.read_many,
        truths_as_written(reader),
        paths,
        column,
        output,
        run_by(backend, scheduler, jobs),
    )


def open_reader(model: str, *, of: str, **options: Any) -> Any:
    """Open a reader of what is asked for, with the options that were given."""
    runs_on = {name: options.pop(name) for name in ("engine", "device") if name in options}
    reader = load(model, **runs_on)
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


def _rows_with_boxes(read_many: ReadMany, images: Sequence[Any]) -> list[dict[str, Any]]:
    records = records_of(read_many, images)
    for record in records:
        boxes = (" ".join(map(str, glyph["box"])) for glyph in record.get("glyphs", ()))
        record["boxes"] = "; ".join(boxes)
    return records


def _read_all(
    read_many: ReadMany,
    truths: Truths,
    sources: list[str],
    column: str,
    output: Output,
    by: AbstractContextManager[None],
    pattern: str | None = None,
    *,
    with_boxes: bool = False,
    as_ready: bool = False,
) -> None:
    images = _find(sources, column)
    first, total = _first(images)
    if pattern is not None:
        texts_in_names([Path(name) for name, _ in first], pattern)  # what it refuses
    summary = Summary([] if sources == [STANDARD_INPUT] else sources, output.fields[1], pattern)
    # results begin once all that may be refused was looked at
    with by, progress_bar("images", total) as bar, warnings_said(repeated=False):
        known = _Known(output.begin(name for name, _ in first), summary.is_needed)
        waiting = known.without(chain(first, images))
        rows = partial(_rows_with_boxes if with_boxes else records_of, read_many)
        task = partial(_read_batch, os.getpid(), rows, output.needed)
        read = run(task, batched(waiting, _AT_ONCE), as_ready=as_ready)
        for record in output.write(chain.from_iterable(read)):
            bar(known.count + summary.total + 1)
            summary.add(record)
    if known.count:
        say(f"Images that were read before, perhaps by another model: {known.count}.")
        for record in known.asked_for:
            summary.add(record)
        summary.statuses["ok"] += known.count - len(known.asked_for)
    summary.report(output, truths)
    if summary.statuses["unreadable"]:
        raise typer.Exit(1)


def _first(images: Iterator[Named]) -> tuple[list[Named], int | None]:
    """Take images while they are paths, which are small; their number, if that is all of them."""
    first: list[Named] = []
    for name, image in images:
        first.append((name, image))
        if len(first) == _COUNTED or isinstance(image, bytes):
            return first, None
    return first, len(first)


class _Known:
    """Records of a run before: all their names, by hashes, and what the end needs of them."""

    def __init__(
        self, records: Iterable[dict[str, Any]], is_needed: Callable[[dict[str, Any]], bool]
    ) -> None:
        self._names: set[int] = set()
        self._needed: dict[str, dict[str, Any]] = {}
        for record in records:
            self._names.add(hash(record["path"]))
            if is_needed(record):
                self._needed[record["path"]] = record
        self.asked_for: list[dict[str, Any]] = []
        self.count = 0

    def without(self, images: Iterable[Named]) -> Iterator[Named]:
        """Leave out the images that were read before, and count them."""
        for name, image in images:
            if hash(name) not in self._names:
                yield name, image
                continue
            self.count += 1
            if name in self._needed:
                self.asked_for.append(self._needed[name])


def _read_batch(
    client: int,
    rows: Callable[[Sequence[Any]], list[dict[str, Any]]],
    needed: Sequence[str] | None,
    batch: Sequence[Named],
) -> list[dict[str, Any]]:
    """Read a batch into records; in a worker show its warnings as the client shows its own."""
    with nullcontext() if os.getpid() == client else warnings_said(repeated=False):
        records = rows([image for _, image in batch])
    if needed is not None:
        records = [{key: own[key] for key in needed if key in own} for own in records]
    return [{"path": name, **own} for (name, _), own in zip(batch, records, strict=True)]


def _find(sources: list[str], column: str) -> Iterator[Named]:
    if STANDARD_INPUT in sources:
        if len(sources) > 1:
            raise ParameterError(f"Standard input, '-', must be read alone. Got {sources}.")
        return iter([(STANDARD_INPUT, sys.stdin.buffer.read())])
    return find(sources, column=column)
