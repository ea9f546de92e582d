"""Read whole folders: many workers, in order, resumable."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from joblib import Parallel, delayed

from segcap.core.batching import batched, check_batching, end_with_parent
from segcap.core.errors import DataError
from segcap.core.files import lock

__all__ = ["FileFormat", "ReadBatch", "RecordFile", "read_files"]

_TEXT: Any = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}

ReadBatch: TypeAlias = Callable[[Sequence[Path]], Sequence[dict[str, Any]]]
FileFormat: TypeAlias = Literal["json", "csv"]


def read_files(
    read_batch: ReadBatch, paths: Sequence[Path], *, batch_size: int = 64, n_jobs: int = 1
) -> Iterator[dict[str, Any]]:
    """Read files batch by batch, yielding each record as soon as its batch is read.

    Parameters
    ----------
    read_batch : callable
        From paths to one record each; must be picklable for more than one worker.
    paths : sequence of Path
    batch_size : int
        Files per call.
    n_jobs : int
        Worker processes; -1 for one per core.

    Yields
    ------
    dict
        "path" and what `read_batch` returned, in the order of `paths`.

    Raises
    ------
    ParameterError
        `batch_size` or `n_jobs` is outside its range.
    """
    check_batching(batch_size, n_jobs)
    batches = list(batched(paths, batch_size))
    results: Iterable[Sequence[dict[str, Any]]]
    if n_jobs == 1 or len(batches) < 2:
        results = map(read_batch, batches)
    else:
        results = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(_in_worker)(read_batch, batch) for batch in batches
        )
    for batch, records in zip(batches, results, strict=True):
        for path, record in zip(batch, records, strict=True):
            yield {"path": str(path), **record}


def _in_worker(read_batch: ReadBatch, batch: Sequence[Path]) -> Sequence[dict[str, Any]]:
    end_with_parent()
    return read_batch(batch)


class RecordFile:
    """A file of records that grows line by line and can be resumed.

    From `create` or `resume` on it is locked, so that no other process resumes it meanwhile.

    Parameters
    ----------
    path : path
    form : {"json", "csv"}
        JSON lines, or CSV with a header.
    fields : sequence of str
        Columns of the CSV, "path" among them.
    """

    def __init__(
        self, path: str | os.PathLike[str], form: FileFormat, fields: Sequence[str]
    ) -> None:
        self.path = Path(path)
        self.form = form
        self.fields = list(fields)
        self._file: IO[str] | None = None

    def create(self) -> None:
        """Begin an empty file.

        Raises
        ------
        DataError
            The file exists, or cannot be created.
        """
        try:
            file = self._opened("x")
            file.write(self.header())
            file.flush()
        except FileExistsError:
            raise DataError(
                f"Results must go into a new file, or be resumed. Got '{self.path}', which exists."
            ) from None
        except OSError as error:
            self._close()
            with suppress(OSError):
                self.path.unlink()
            raise DataError(
                "Results must go into a folder that can be written to. "
                f"Got '{self.path}': {error.strerror}."
            ) from None

    def resume(self) -> list[dict[str, Any]]:
        """Cut off what a killed run could not finish, and return the records that are there.

        A file that does not exist is created.

        Returns
        -------
        list of dict
            From CSV with all values as str.

        Raises
        ------
        DataError
            The file holds something else, or another process writes to it.
        """
        if not self.path.exists():
            self.create()
            return []
        if not self.path.is_file():
            raise DataError(f"Results to resume must be a regular file. Got '{self.path}'.")
        try:
            file = self._opened("a")
            content = self.path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            self._check_cut_line(content[len(whole) :], first=not whole)
            records = self._parse(whole.decode("utf-8", errors="surrogateescape")) if whole else []
        except DataError:
            raise
        except OSError as error:
            raise DataError(
                f"Results to resume must be a file that can be read. Got '{self.path}': "
                f"{error.strerror}."
            ) from None
        except (RecursionError, ValueError, KeyError, TypeError, csv.Error):
            raise DataError(
                f"Results to resume must be a {self.form.upper()} file that segcap wrote. "
                f"Got '{self.path}', which is not."
            ) from None
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        if not whole:
            file.write(self.header())
            file.flush()
        return records

    def append(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Append records one by one; each is on disk before the next is read.

        Raises
        ------
        DataError
            The file cannot be written to; what was written before stays.
        """
        try:
            with self._file or self._opened("a") as file:
                for record in records:
                    file.write(self.line(record))
                    file.flush()
                    yield record
            self._file = None
        except OSError as error:
            raise DataError(
                f"Results must be written in full. Got '{self.path}': {error.strerror}."
            ) from None

    def _opened(self, mode: Literal["a", "x"]) -> IO[str]:
        """Open the file and lock it."""
        self._close()
        self._file = self.path.open(mode, **_TEXT)
        if not lock(self._file):
            raise DataError(
                f"Results must be written by one process at a time. Got '{self.path}', "
                "to which another one writes."
            )
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def __del__(self) -> None:
        self._close()

    def header(self) -> str:
        """First line of the file, "" for JSON lines."""
        return "" if self.form == "json" else self._row(self.fields)

    def line(self, record: dict[str, Any]) -> str:
        """One record as a line; line breaks in CSV values become spaces."""
        if self.form == "json":
            return json.dumps(record, ensure_ascii=False) + "\n"
        return self._row([record.get(field) for field in self.fields])

    def _row(self, values: Sequence[Any]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(
            ["" if value is None else re.sub(r"[\r\n]+", " ", str(value)) for value in values]
        )
        return buffer.getvalue()

    def _parse(self, text: str) -> list[dict[str, Any]]:
        if self.form == "json":
            records = [json.loads(line) for line in text.split("\n") if line]
        else:
            rows = csv.DictReader(io.StringIO(text))
            if rows.fieldnames != self.fields:
                raise ValueError("other columns")
            records = list(rows)
        for record in records:
            if not isinstance(record["path"], str) or any(
                field not in record or (self.form == "csv" and record[field] is None)
                for field in self.fields
            ):
                raise ValueError("other fields")
        return records

    def _check_cut_line(self, line: bytes, *, first: bool) -> None:
        """Check that a line without its end may be the beginning of one that segcap wrote."""
        if self.form == "json":
            expected = b'{"path": "'
        elif first:
            expected = self.header().encode()
        else:
            return
        if not (line.startswith(expected) or expected.startswith(line)):
            raise ValueError("another line")
