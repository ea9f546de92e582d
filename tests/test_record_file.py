import json

import pytest

from segcap.cli.record_file import RecordFile
from segcap.core.errors import DataError

FIELDS = ("path", "text", "error")
RECORDS = [
    {"path": "a.png", "text": "12", "error": None},
    {"path": "b,\u2028.png", "text": 'é"', "error": "Got it."},
]


def test_a_full_disk_leaves_no_empty_file(tmp_path, no_room):
    with no_room(), pytest.raises(DataError, match="folder that can be written to"):
        RecordFile(tmp_path / "out", "csv", FIELDS).create()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_file_gives_back_its_records(tmp_path, form):
    file = RecordFile(tmp_path / "out", form, FIELDS)
    file.create()
    assert list(file.append(RECORDS)) == RECORDS
    again = list(file.resume())
    assert [record["path"] for record in again] == ["a.png", "b,\u2028.png"]
    assert again[1]["text"] == 'é"'


def test_each_record_is_on_disk_before_the_next_is_read(tmp_path):
    file = RecordFile(tmp_path / "out", "json", FIELDS)
    file.create()
    writing = file.append(RECORDS)
    next(writing)
    assert json.loads((tmp_path / "out").read_text()) == RECORDS[0]


def test_every_place_of_a_cut_can_be_resumed(tmp_path):
    path = tmp_path / "out"
    file = RecordFile(path, "json", FIELDS)
    file.create()
    list(file.append(RECORDS))
    content = path.read_bytes()
    for kept in range(len(content) + 1):
        path.write_bytes(content[:kept])
        done = list(file.resume())
        list(file.append(RECORDS[len(done) :]))
        assert path.read_bytes() == content


def test_resuming_nothing_begins_a_file(tmp_path):
    file = RecordFile(tmp_path / "out", "csv", FIELDS)
    assert list(file.resume()) == []
    assert (tmp_path / "out").read_text() == "path,text,error\n"


@pytest.mark.parametrize("content", ["other,columns\n1,2\n", '{"path": 1}\n', "{\n"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_another_file_is_not_touched(tmp_path, form, content):
    path = tmp_path / "out"
    path.write_text(content)
    with pytest.raises(DataError, match=f"must be a {form.upper()} file that segcap wrote"):
        list(RecordFile(path, form, FIELDS).resume())
    with pytest.raises(DataError, match="which exists"):
        RecordFile(path, form, FIELDS).create()
    assert path.read_text() == content


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(DataError, match="can be written to"):
        RecordFile(tmp_path / "none" / "out", "csv", FIELDS).create()


@pytest.mark.parametrize("content", ["my notes", '{"my": "notes"}', '{"path"', "[" * 99_999 + "\n"])
def test_a_file_without_a_finished_line_is_not_lost(tmp_path, content):
    path = tmp_path / "out"
    path.write_text(content)
    file = RecordFile(path, "json", FIELDS)
    if '{"path": "'.startswith(content):
        assert list(file.resume()) == []
        return
    with pytest.raises(DataError, match="JSON file that segcap wrote"):
        list(file.resume())
    assert path.read_text() == content


def test_a_device_cannot_be_resumed():
    with pytest.raises(DataError, match="regular file"):
        list(RecordFile("/dev/zero", "json", FIELDS).resume())


@pytest.mark.parametrize(
    "record",
    [
        '{"path": 1, "text": "2", "error": null}',
        '{"path": "a"}',
        '{"path": "a", "text": "2", "value": 2, "error": null}',
    ],
)
def test_records_of_another_kind(tmp_path, record):
    (tmp_path / "out").write_text(record + "\n")
    with pytest.raises(DataError, match="segcap wrote"):
        list(RecordFile(tmp_path / "out", "json", FIELDS).resume())


@pytest.mark.parametrize("begin", ["create", "resume"])
def test_one_process_at_a_time_writes_a_file(tmp_path, begin):
    pytest.importorskip("fcntl", reason="only Unix locks files")
    first = RecordFile(tmp_path / "out", "json", FIELDS)
    list(getattr(first, begin)() or ())
    writing = first.append(RECORDS)
    next(writing)
    second = RecordFile(tmp_path / "out", "json", FIELDS)
    with pytest.raises(DataError, match=r"by one process at a time. Got '.*out'"):
        list(second.resume())
    assert list(writing) == RECORDS[1:]
    assert len(list(second.resume())) == 2
