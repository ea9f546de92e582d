"""Where the command line writes its records, and its progress bar."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from segcap.cli.bulk import RecordFile
from segcap.core.errors import ParameterError

__all__ = ["Output", "parts_bar", "progress_bar"]

_SECONDS = 60
"""Between lines of progress where there is no terminal."""


class Output:
    """Records as a table for people, as JSON lines or as CSV; on standard output or in a file.

    Parameters
    ----------
    fields : sequence of str
        Columns; the first is "path", the second the answer.
    json, csv : bool
        At most one; neither means a table, or CSV where there is a file.
    path : Path, optional
        New file to write to.
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
        self.fields = fields
        self._resume = resume
        self._in_file = path is not None
        self._lines = (
            RecordFile(path or Path("-"), "json" if json else "csv", fields)
            if json or csv or path
            else None
        )
        self._path_width = 0

    def begin(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """Prepare for these images, and give the records that are already there."""
        self._path_width = max((len(str(path)) for path in paths), default=0)
        if self._lines is None:
            return []
        if not self._in_file:
            sys.stdout.write(self._lines.header())
            return []
        if self._resume:
            return self._lines.resume()
        self._lines.create()
        return []

    def write(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Write records while they pass."""
        if self._lines is not None and self._in_file:
            yield from self._lines.append(records)
            return
        for record in records:
            line = self._row(record) if self._lines is None else self._lines.line(record)
            sys.stdout.write(line)
            yield record
        sys.stdout.flush()

    def remark(self, text: str) -> None:
        """Print a sentence about the records: beside the table, or away from a machine's input."""
        print(text, file=sys.stdout if self._lines is None else sys.stderr)

    def _row(self, record: dict[str, Any]) -> str:
        answer = record[self.fields[1]]
        status = "" if record["status"] == "ok" else record["status"]
        shown = record.get("text", "") if answer is None else str(answer)
        path = record["path"].ljust(self._path_width)
        return f"{path}  {shown:<10}  {record['confidence']:.4f}  {status}".rstrip() + "\n"


@contextmanager
def progress_bar(
    unit: str, total: int, *, done: int = 0, in_lines: bool = False
) -> Iterator[Callable[..., None]]:
    """Show a progress bar on standard error if it is a terminal, else a line now and then.

    Parameters
    ----------
    unit : str
    total : int
    done : int
        How many are done already.
    in_lines : bool
        Whether each step is worth a line of its own.

    Yields
    ------
    callable
        Called with how many are done (one more than before unless given) and a note.
    """
    if not sys.stderr.isatty():
        yield _Lines(unit, total, done, 0 if in_lines else _SECONDS)
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
        task = progress.add_task(unit, total=total, completed=done, note="")

        def update(completed: int | None = None, note: str = "") -> None:
            if completed is None:
                progress.advance(task)
                return
            progress.update(task, completed=completed, note=note)

        yield update


class _Lines:
    """Write how far it is, but not more often than every so many seconds."""

    def __init__(self, unit: str, total: int, done: int, every: float) -> None:
        self._unit, self._total, self._done, self._every = unit, total, done, every
        self._said = monotonic()

    def __call__(self, completed: int | None = None, note: str = "") -> None:
        self._done = self._done + 1 if completed is None else completed
        now = monotonic()
        if now - self._said >= self._every:
            self._said = now
            line = f"{self._unit} {self._done}/{self._total} {note}".rstrip()
            print(line, file=sys.stderr, flush=True)


def parts_bar(stack: ExitStack) -> Callable[[int, int, str], None]:
    """Show a bar as soon as the number of parts is known."""
    bars: list[Callable[..., None]] = []

    def show(done: int, total: int, note: str) -> None:
        if not bars:
            bars.append(stack.enter_context(progress_bar("parts", total)))
        bars[0](done, note)

    return show
