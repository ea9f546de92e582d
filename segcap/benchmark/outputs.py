"""What a benchmark writes and prints: a table, answers as CSV, results, the report."""

import csv
import io
from pathlib import Path

from segcap.benchmark.outcomes import Cost, MethodResult
from segcap.benchmark.report import write_report
from segcap.benchmark.results import BenchmarkResult, Pair
from segcap.benchmark.split_task import Images
from segcap.core.files import write_atomically
from segcap.evaluate.metrics import Rate

__all__ = ["answers_csv", "table", "write_outputs"]

_LEAST = 1e-12
_HEAD = (
    "exact match, 95 % interval",
    "characters",
    "p50 ms",
    "p95 ms",
    "images/s",
    "memory MiB",
    "parameters",
    "bytes",
    "trained s",
)


def write_outputs(result: BenchmarkResult, folder: Path, images: Images) -> None:
    """Write results.json, answers.csv and report.html.

    Parameters
    ----------
    images : sequence of image
        One for each of the result's answers.

    Raises
    ------
    FileError
        The folder is missing or cannot be written to.
    """
    result.save(folder / "results.json")
    content = answers_csv(result).encode("utf-8", errors="surrogateescape")
    write_atomically(folder / "answers.csv", content)
    write_report(result, folder / "report.html", images)


def answers_csv(result: BenchmarkResult) -> str:
    """Return a line an image: its name and truth, and what each method answers and how sure."""
    names = [method.name for method in result.methods]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    fields = ("", " confidence", " status", " failure")
    writer.writerow(["image", "truth", *(name + field for name in names for field in fields)])
    for answer in result.answers:
        row: list[object] = [answer.image, answer.truth]
        for name in names:
            own = answer.by[name]
            row += [own.value, own.confidence, own.status, own.failure]
        writer.writerow(row)
    return buffer.getvalue()


def table(result: BenchmarkResult) -> str:
    """Return the figures of all methods, their differences, and what went wrong, as text."""
    split = result.split
    lines = [
        result.title,
        f"{split.training:,} images to train on, {split.tested:,} tested; seed {split.seed}, "
        f"tested images {split.tested_sha256[:12]}",
        "",
    ]
    rows = [("", *_HEAD), *map(_row, result.methods)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += [
        f"{name:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        for name, *cells in rows
    ]
    if result.pairs:
        lines += ["", "differences of exact match, points"]
    width = max((len(f"{pair.first} - {pair.second}") for pair in result.pairs), default=0)
    lines += [
        f"{f'{pair.first} - {pair.second}':<{width}}  {pair.difference}, {_probability(pair)}; "
        f"right: both {pair.both}, one {pair.only_first} and {pair.only_second}, "
        f"none {pair.neither}"
        for pair in result.pairs
    ]
    problems = [(one.name, problem) for one in result.methods for problem in one.problems]
    if problems:
        lines += ["", "problems"]
        lines += [
            f"{name}: {problem.message}"
            + (f" ({problem.count} times)" if problem.count > 1 else "")
            for name, problem in problems
        ]
    return "\n".join(lines)


def _probability(pair: Pair) -> str:
    least = f"{_LEAST:g}"
    return f"p < {least}" if pair.p_value < _LEAST else f"p = {pair.p_value:.2g}"


def _row(method: MethodResult) -> tuple[str, ...]:
    accuracy = method.accuracy
    characters = "" if accuracy.characters is None else f"{accuracy.characters.value:.2%}"
    return method.name, _rate(accuracy.exact), characters, *_costs(method.cost)


def _rate(rate: Rate) -> str:
    return f"{rate.value:.2%} ({rate.low:.2%} to {rate.high:.2%})"


def _costs(cost: Cost | None) -> tuple[str, ...]:
    if cost is None:
        return ("",) * 7
    return (
        f"{cost.latency_ms_p50:.2f}",
        f"{cost.latency_ms_p95:.2f}",
        f"{cost.images_per_second:,.0f}",
        "" if cost.peak_memory_mib is None else f"{cost.peak_memory_mib:,.0f}",
        "" if cost.parameters is None else f"{cost.parameters:,}",
        "" if cost.bytes is None else f"{cost.bytes:,}",
        "" if cost.training_seconds is None else f"{cost.training_seconds:,.0f}",
    )
