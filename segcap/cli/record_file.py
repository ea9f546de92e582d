"""Records as lines of JSON or CSV, in a file that grows and can be resumed."""

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from segcap.core.errors import DataError
from segcap.core.files import lock

__all__ = [
    "FileFormat",
    "RecordFile",
    "creating",
    "lock_results",
]

_TEXT: Any = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}

FileFormat: TypeAlias = Literal["json", "csv"]

_ANSWERS = {"text", "value", "label"}  # a command does not go on with those of another one


@contextmanager
def creating(path: Path) -> Iterator[None]:
    """Say why results cannot begin there.

    Raises
    ------
    DataError
        The path exists, or cannot be created.
    """
    try:
        yield
    except FileExistsError:
        raise DataError(
            f"Results must go into a new file, or be resumed. Got '{path}', which exists."
        ) from None
    except OSError as error:
        raise DataError(
            f"Results must go into a folder that can be written to. Got '{path}': {error.strerror}."
        ) from None


def lock_results(file: IO[Any] | int, path: Path) -> None:
    """Lock an open file of results.

    Raises
    ------
    DataError
        Another process has locked it.
    """
    if not lock(file):
        raise DataError(
            f"Results must be written by one process at a time. Got '{path}', "
            "to which another one writes."
        )


class RecordFile:
    """A file of records that grows line by line and can be resumed.

    From `create` or `resume` on it is locked, so that no other process resumes it meanwhile.

    Parameters
    ----------
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
        with creating(self.path):
            try:
                file = self._opened("x")
                file.write(self.header())
                file.flush()
            except FileExistsError:
                raise
            except OSError:
                self._close()
                with suppress(OSError):
                    self.path.unlink()
                raise

    def resume(self) -> Iterator[dict[str, Any]]:
        """Yield the records that are there, and cut off what a killed run could not finish.

        A file that does not exist is created. None is touched before its last record is yielded.

        Yields
        ------
        dict
            From CSV with all values as str.

        Raises
        ------
        DataError
            The file holds something else, or another process writes to it.
        """
        if not self.path.exists():
            self.create()
            return
        if not self.path.is_file():
            raise DataError(f"Results to resume must be a regular file. Got '{self.path}'.")
        try:
            file = self._opened("a")
            whole = 0
            with self.path.open("rb") as content:
                for line in content:
                    if not line.endswith(b"\n"):
                        self._check_cut_line(line, first=not whole)
                        break
                    record = self._parse(line, first=not whole)
                    whole += len(line)
                    if record is not None:
                        yield record
            os.truncate(self.path, whole)
            if not whole:
                file.write(self.header())
                file.flush()
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

    def append(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Append records one by one; each is on disk before the next is read.

        Raises
        ------
        DataError
            The file cannot be written to; what was written before stays.
        """
        with self._writing():
            file = self._file or self._opened("a")
        try:
            for record in records:
                with self._writing():
                    file.write(self.line(record))
                    file.flush()
                yield record
        finally:
            self._close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"Results must be written in full. Got '{self.path}': {error.strerror}."
            ) from None

    def _opened(self, mode: Literal["a", "x"]) -> IO[str]:
        """Open the file and lock it."""
        self._close()
        self._file = self.path.open(mode, **_TEXT)
        lock_results(self._file, self.path)
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

    def _parse(self, line: bytes, *, first: bool) -> dict[str, Any] | None:
        text = line.decode("utf-8", errors="surrogateescape")
        if self.form == "json":
            record = json.loads(text)
        else:
            (values,) = csv.reader([text])
            if first:
                if values != self.fields:
                    raise ValueError("other columns")
                return None
            record = dict(zip(self.fields, values, strict=True))
        is_whole = isinstance(record["path"], str) and {*self.fields} <= {*record}
        if not is_whole or (_ANSWERS & {*record}) - {*self.fields}:
            raise ValueError("other fields")
        return record

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
