"""Records in a Parquet table."""

import gc
import sys

import pytest

from segcap.cli.record_table import RecordTable
from segcap.core.errors import DataError, ParameterError

NUMBER = {
    "path": "a.png",
    "text": "123456789012345678901",
    "value": 123456789012345678901,
    "confidence": 0.5,
    "status": "ok",
    "error": None,
    "alternatives": [],
}


def test_numbers_of_any_size_are_kept(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = RecordTable(tmp_path / "t", ["path", "text", "value"])
    table.create()
    list(table.append([NUMBER, {**NUMBER, "path": "b.png", "value": 8}]))
    fields = table.fields
    del table  # and its lock
    kept = list(RecordTable(tmp_path / "t", fields).resume())
    assert [one["value"] for one in kept] == [pytest.approx(123456789012345678901), 8.0]
    assert kept[0]["text"] == NUMBER["text"]


def test_a_file_is_no_table_to_resume(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="must be a Parquet table that segcap wrote"):
        list(RecordTable(tmp_path / "t.parquet", ["path"]).resume())


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_without_pyarrow_one_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ParameterError, match="pyarrow"):
        RecordTable(tmp_path / "t", ["path"])
    gc.collect()
