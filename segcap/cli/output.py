"""Where the command line writes its records, and its progress bar."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from segcap.cli.record_file import FileFormat, RecordFile
from segcap.cli.record_table import RecordTable
from segcap.core.errors import ParameterError

__all__ = ["Output", "parts_bar", "progress_bar"]

_SECONDS = 60
"""Between lines of progress where there is no terminal."""


class Output:
    """Records as a table for people, JSON lines or CSV; on standard output or in a file.

    Parameters
    ----------
    fields : sequence of str
        Columns; the first is "path", the second the answer.
    json, csv : bool
        At most one; neither means a table, or CSV where there is a file.
    path : Path, optional
        New file to write to; a Parquet table where its name ends so.
    resume : bool
        Go on with the file.

    Raises
    ------
    ParameterError
        The choices contradict each other.
    """

    def __init__(
        self, fields: Sequence[str], json: bool, csv: bool, path: Path | None, resume: bool
    ) -> None:
        if json and csv:
            raise ParameterError("Results are written as --json or as --csv. Got both.")
        if resume and path is None:
            raise ParameterError("To resume, name the file of results with --out. Got none.")
        is_table = path is not None and path.suffix.lower() == ".parquet"
        if is_table and (json or csv):
            raise ParameterError(
                f"A Parquet table is written as neither --json nor --csv. Got '{path}'."
            )
        self.fields = fields
        self._resume = resume
        self._kept: RecordFile | RecordTable | None = None
        if path is not None:
            form: FileFormat = "json" if json else "csv"
            self._kept = RecordTable(path, fields) if is_table else RecordFile(path, form, fields)
        self._lines = RecordFile("-", "json" if json else "csv", fields) if json or csv else None
        self._files = [one for one in (self._kept, self._lines) if one is not None]
        self._path_width = 0

    def begin(self, names: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Prepare for images of such names, and give the records that are already there."""
        self._path_width = max(map(len, names), default=0)
        if self._kept is None:
            if self._lines is not None:
                sys.stdout.write(self._lines.header())
            return iter(())
        if self._resume:
            return self._kept.resume()
        self._kept.create()
        return iter(())

    @property
    def needed(self) -> Sequence[str] | None:
        """Which fields of a record are written; None for all."""
        is_csv = any(isinstance(one, RecordFile) and one.form == "csv" for one in self._files)
        return (*self.fields, "text") if is_csv or not self._files else None

    def write(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Write records while they pass."""
        if self._kept is not None:
            yield from self._kept.append(records)
            return
        for record in records:
            line = self._row(record) if self._lines is None else self._lines.line(record)
            sys.stdout.write(line)
            yield record
        sys.stdout.flush()

    def remark(self, text: str) -> None:
        """Print a sentence about the records: beside the table, or away from a machine's input."""
        print(text, file=sys.stdout if self._kept is self._lines is None else sys.stderr)

    def _row(self, record: dict[str, Any]) -> str:
        answer = record[self.fields[1]]
        status = "" if record["status"] == "ok" else record["status"]
        shown = record.get("text", "") if answer is None else str(answer)
        path = record["path"].ljust(self._path_width)
        return f"{path}  {shown:<10}  {record['confidence']:.4f}  {status}".rstrip() + "\n"


@contextmanager
def progress_bar(
    unit: str, total: int | None, *, in_lines: bool = False
) -> Iterator[Callable[..., None]]:
    """Show a progress bar on standard error if it is a terminal, else a line now and then.

    Parameters
    ----------
    in_lines : bool
        Whether each step is worth a line of its own.

    Yields
    ------
    callable
        Called with how many are done and perhaps a note.
    """
    if not sys.stderr.isatty():
        yield _Lines(unit, total, 0 if in_lines else _SECONDS)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn(unit),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    ) as progress:
        task = progress.add_task(unit, total=total, note="")
        yield lambda completed, note="": progress.update(task, completed=completed, note=note)


class _Lines:
    """Write how far it is, but not more often than every so many seconds."""

    def __init__(self, unit: str, total: int | None, every: float) -> None:
        self._unit, self._total, self._every = unit, total, every
        self._said = monotonic()

    def __call__(self, completed: int, note: str = "") -> None:
        now = monotonic()
        if now - self._said >= self._every:
            self._said = now
            of = "" if self._total is None else f"/{self._total}"
            line = f"{self._unit} {completed}{of} {note}".rstrip()
            print(line, file=sys.stderr, flush=True)


@contextmanager
def parts_bar() -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar as soon as the number of parts is known."""
    bars: list[Callable[..., None]] = []

    def show(done: int, total: int, note: str) -> None:
        if not bars:
            bars.append(stack.enter_context(progress_bar("parts", total)))
        bars[0](done, note)

    with ExitStack() as stack:
        yield show
