"""The command that compares approaches: bench."""

from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app, said_when_interrupted, say, warnings_said
from segcap.cli.options import (
    Allowlist,
    Epochs,
    FoldCase,
    Jobs,
    Length,
    ManyValues,
    Pattern,
    RunBy,
    Scheduler,
    Seed,
    given,
    run_by,
)
from segcap.cli.output import parts_bar
from segcap.core.errors import ParameterError
from segcap.datasets.catalogue import names

_FEWEST, _TIMES = 50, 4
_OWN = "labelled"
_QUICK: dict[str, Any] = {"difficulties": (0.0, 0.5, 1.0), "drawn": 20}


Task = Annotated[
    str | None,
    typer.Argument(
        help=f"What to compare on: {', '.join(names())}; tiles is recaptcha-tiles. With --data "
        f"{_OWN} unless given."
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(help="Folder of the images; six-char is drawn without, digit-sum of mnist.npz."),
]
OutFolder = Annotated[
    Path | None, typer.Option(help="Folder for the report, results and finished parts.")
]
Readers = Annotated[
    list[str] | None,
    typer.Option(
        help="glyphs (span_cnn, trained), end-to-end, names of networks, ddddocr, tesseract, "
        "shipped readers, bundles; those of the task unless given."
    ),
]
TestPart = Annotated[
    float | None,
    typer.Option(help="Fraction, or from 2 on number, of the images to test on; 1 for all."),
]
Labels = Annotated[
    list[int] | None,
    typer.Option(
        min=1, help="Train on so many images, too; 50, 200, 800 and so on up to all unless given."
    ),
]
Seeds = Annotated[int, typer.Option(min=1, help="Trainings for each point of the learning curve.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Few images, one epoch: to see that all works.")
]
GoOn = Annotated[bool, typer.Option("--resume", help="Go on with what is in --out.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Delete the benchmark in --out first.")
]
Compare = Annotated[
    tuple[Path, Path] | None,
    typer.Option(
        "--compare",
        help="Compare two results.json instead; exit status 1 if a method of the first is "
        "worse in the second, or missing.",
    ),
]


@app.command(cls=ManyValues)
def bench(
    ctx: typer.Context,
    task: Task = None,
    data: DataFolder = None,
    pattern: Pattern = None,
    length: Length = None,
    allowlist: Allowlist = None,
    case: FoldCase = None,
    out: OutFolder = None,
    readers: Readers = None,
    test: TestPart = None,
    seed: Seed = 0,
    epochs: Epochs = None,
    labels: Labels = None,
    seeds: Seeds = 1,
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
    quick: Quick = False,
    resume: GoOn = False,
    overwrite: Overwrite = False,
    compare_: Compare = None,
) -> None:
    """Compare segment-then-classify with end-to-end on the same images, in one report."""
    from segcap.benchmark import run, table
    from segcap.benchmark.tasks import open_task, task_readers

    if compare_ is not None:
        _compare(*compare_, others=given(ctx) - {"compare_"})
        return
    if data is not None:
        task = task or _OWN
    if task is None or out is None:
        raise ParameterError(
            "A benchmark must be given its task, as its first word, or --data; and --out. "
            f"Got {task or 'no task'} and {out or 'no --out'}."
        )
    known = {"length": length, "allowlist": allowlist, "case": case}
    if test is not None and test > 1 and test.is_integer():
        test = int(test)
    with warnings_said():
        split_task = open_task(
            task, data, test=test, seed=seed, pattern=pattern, case=case, quick=quick
        )
        most = 1 if quick and epochs is None else epochs
        goes_on = "The same command with --resume goes on with the parts that are finished."
        with run_by(backend, scheduler, jobs), said_when_interrupted(goes_on), parts_bar() as bar:
            result = run(
                task_readers(split_task, readers, known=known, epochs=most, seed=seed),
                split_task,
                out=out,
                seed=seed,
                labels=labels or ([] if quick else _points(len(split_task.training))),
                seeds=seeds,
                **(_QUICK if quick else {}),
                resume=resume,
                overwrite=overwrite,
                on_progress=bar,
            )
    print(table(result))
    say(f"The report is '{out / 'report.html'}'.")
    if any(one.status == "failed" for answer in result.answers for one in answer.by.values()):
        raise typer.Exit(1)


def _compare(first: Path, second: Path, *, others: set[str]) -> None:
    from segcap.benchmark import BenchmarkResult, compare

    if others:
        raise ParameterError(
            f"To compare results, give --compare alone. Got {', '.join(sorted(others))}, too."
        )
    before, after = BenchmarkResult.load(first), BenchmarkResult.load(second)
    differences = compare(before, after)
    for difference in differences:
        print(difference)
    missing = {one.name for one in before.methods} - {one.name for one in after.methods}
    for name in sorted(missing):
        say(f"'{name}' takes part in '{first}' alone.")
    if missing or any(difference.worse for difference in differences):
        raise typer.Exit(1)


def _points(most: int) -> list[int]:
    points = [_FEWEST]
    while points[-1] * _TIMES < most:
        points.append(points[-1] * _TIMES)
    return points
