"""Records as a Parquet table that grows part by part and can be resumed."""

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segcap.cli.record_file import creating, lock_results
from segcap.core.errors import DataError, FileError
from segcap.core.extras import require
from segcap.core.files import write_atomically

if TYPE_CHECKING:
    import pyarrow

__all__ = ["RecordTable"]

_ROWS_A_PART = 10_000
_ROWS_IN_PYTHON = 500  # which take ten times the room that Arrow's do


class RecordTable:
    """A folder of Parquet files, each of which is there when it is whole.

    Characters, their boxes, confidences and alternatives are nested in the column "glyphs". From
    `create` or `resume` on the folder is locked.

    Parameters
    ----------
    fields : sequence of str
        What `resume` yields.
    """

    def __init__(self, path: str | os.PathLike[str], fields: Sequence[str]) -> None:
        self._lock: int | None = None
        require("pyarrow", "scale", "A Parquet table")
        self.path = Path(path)
        self.fields = list(fields)
        self._schema: Any = None

    def create(self) -> None:
        """Begin an empty table.

        Raises
        ------
        DataError
            The folder exists, or cannot be created.
        """
        with creating(self.path):
            self.path.mkdir()
        self._take()

    def resume(self) -> Iterator[dict[str, Any]]:
        """Yield the records that are there; a table that does not exist is created.

        Raises
        ------
        DataError
            The folder holds something else, or another process writes to it.
        """
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        if not self.path.exists():
            self.create()
            return
        not_ours = DataError(
            "Results to resume must be a Parquet table that segcap wrote. "
            f"Got '{self.path}', which is not."
        )
        if not self.path.is_dir():
            raise not_ours
        self._take()
        for file in sorted(self.path.iterdir()):
            if file.name.startswith(".part-"):  # a killed run was writing it
                file.unlink()
                continue
            try:
                for batch in ParquetFile(file).iter_batches(columns=self.fields):
                    yield from batch.select(self.fields).to_pylist()
            except (ArrowException, OSError, KeyError):
                raise not_ours from None

    def append(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Append records while they pass; those of a part are on disk once it is full, or the last.

        Raises
        ------
        DataError
            A part cannot be written.
        """
        rows: list[dict[str, Any]] = []
        tables: list[pyarrow.Table] = []
        try:
            for record in records:
                rows.append(record)
                if len(rows) == _ROWS_IN_PYTHON:
                    tables.append(self._as_table(rows))
                    rows = []
                if len(tables) * _ROWS_IN_PYTHON == _ROWS_A_PART:
                    self._write(tables)
                    tables = []
                yield record
        finally:
            try:
                if rows:
                    tables.append(self._as_table(rows))
            finally:
                if tables:
                    self._write(tables)

    def _take(self) -> None:
        with suppress(PermissionError):  # Windows opens no folder
            self._lock = os.open(self.path, os.O_RDONLY)
        if self._lock is not None:
            lock_results(self._lock, self.path)

    def __del__(self) -> None:
        if self._lock is not None:
            os.close(self._lock)

    def _as_table(self, records: Sequence[dict[str, Any]]) -> "pyarrow.Table":
        from pyarrow import Table, schema

        rows = [_row(record) for record in records]
        if self._schema is None:
            types = _types()
            self._schema = schema([(name, types[name]) for name in types if name in rows[0]])
        try:
            return Table.from_pylist(rows, self._schema)
        except UnicodeEncodeError as error:
            raise DataError(
                f"A Parquet table holds names in Unicode. Got {error.object!r}."
            ) from None

    def _write(self, tables: Sequence["pyarrow.Table"]) -> None:
        from pyarrow import concat_tables
        from pyarrow.parquet import write_table

        content = io.BytesIO()
        write_table(concat_tables(tables), content)
        names = (self.path / f"part-{number:05}.parquet" for number in count())
        free = next(name for name in names if not name.exists())
        try:
            write_atomically(free, content.getvalue())
        except FileError as error:
            raise DataError(f"Results must be written in full. {error}") from None


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """A record without records in it: what its characters are stands in its own column."""
    row = {**record, **record.get("reading", {}), **record}
    glyphs = [
        {**glyph, "alternatives": _ranked(glyph["alternatives"])} for glyph in row.get("glyphs", ())
    ]
    label = None if row.get("label") is None else str(row["label"])
    value = None if row.get("value") is None else float(row["value"])
    given = {
        "alternatives": _ranked(row["alternatives"]),
        "glyphs": glyphs,
        "label": label,
        "value": value,
    }
    return {**row, **{name: value for name, value in given.items() if name in row}}


def _ranked(pairs: Iterable[tuple[Any, float]]) -> list[dict[str, Any]]:
    return [{"answer": str(answer), "confidence": confidence} for answer, confidence in pairs]


def _types() -> dict[str, Any]:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    ranked = pa.list_(pa.struct([("answer", text), ("confidence", number)]))
    glyph = pa.struct(
        [
            ("char", text),
            ("confidence", number),
            ("box", pa.list_(pa.int32())),
            ("alternatives", ranked),
        ]
    )
    return {
        "path": text,
        "text": text,
        "value": number,
        "label": text,
        "confidence": number,
        "status": text,
        "error": text,
        "turned": pa.int32(),
        "boxes": text,
        "glyphs": pa.list_(glyph),
        "alternatives": ranked,
        "probabilities": pa.list_(number),
    }
