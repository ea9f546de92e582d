"""Images are found in folders, globs, lists, shards, tables and behind URLs."""

import io
import json
import re
import tarfile
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

import segcap
from segcap.cli.record_table import RecordTable
from segcap.core.errors import DataError, ParameterError
from segcap.scale.engines import workers
from segcap.scale.sources import find, records_of

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
NAMES = ["field-dark-0.png", "sum-apart-0.png", "sum-apart-1.png"]
IMAGES = {name: (SAMPLES / name).read_bytes() for name in NAMES}


def write_shard(path, mode="w"):
    with tarfile.open(path, mode) as shard:
        for name, image in IMAGES.items():
            for member, content in ((name, image), (name.replace("png", "cls"), b"1")):
                about = tarfile.TarInfo(member)
                about.size = len(content)
                shard.addfile(about, io.BytesIO(content))
    return path


def write_table(path, **columns):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    import pyarrow

    parquet.write_table(pyarrow.table(columns), path)
    return path


@pytest.fixture
def memory():
    """A file system of fsspec's with three images and a shard of them."""
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    system = fsspec.filesystem("memory")
    for name, image in IMAGES.items():
        system.pipe(f"/scans/deep/{name}", image)
    system.pipe("/scans/notes.txt", b"")
    shard = io.BytesIO()
    with tarfile.open(fileobj=shard, mode="w") as members:
        for name in NAMES:
            members.add(SAMPLES / name, name)
    system.pipe("/shards/a.tar", shard.getvalue())
    yield
    system.store.clear()


def found(*sources, **options):
    return dict(find(list(map(str, sources)), **options))


def test_a_folder_and_a_file_in_it_give_each_image_once(tmp_path):
    for name, image in IMAGES.items():
        (tmp_path / name).write_bytes(image)
    paths = [str(tmp_path / name) for name in NAMES]
    assert list(find([paths[1], str(tmp_path)])) == [(p, p) for p in (paths[1], paths[0], paths[2])]
    assert list(found(tmp_path / "sum*")) == paths[1:]
    (tmp_path / "list.txt").write_text(f"{paths[2]}\n\n{tmp_path}/gone.png\n{paths[0]}\n")
    (_, last), (gone, error), (_, first) = find([f"@{tmp_path}/list.txt"])
    assert (last, first) == (paths[2], paths[0])
    assert gone == f"{tmp_path}/gone.png"
    assert "must exist" in str(error)


@pytest.mark.parametrize(("ending", "mode"), [("tar", "w"), ("tar.gz", "w:gz")])
def test_a_shard_gives_its_images(tmp_path, ending, mode):
    shard = write_shard(tmp_path / f"a.{ending}", mode)
    assert found(shard) == {f"{shard}/{name}": image for name, image in IMAGES.items()}


def test_of_a_shard_that_is_cut_off_the_images_before_are_found(tmp_path):
    shard = write_shard(tmp_path / "a.tar")
    content = shard.read_bytes()
    shard.write_bytes(content[: content.index(IMAGES[NAMES[2]][:64]) + 100])
    *whole, (name, error) = find([str(shard)])
    assert [image for _, image in whole] == [IMAGES[one] for one in NAMES[:2]]
    assert name == str(shard)
    assert f"must be a whole tar file. Got '{shard}'" in str(error)
    shard.write_bytes(content[: content.index(NAMES[1].encode())])
    assert [type(image) for image in found(shard).values()] == [bytes, DataError]
    shard.write_bytes(b"")
    with pytest.raises(DataError, match="whole tar file"):
        found(shard)


def test_what_the_client_of_a_storage_raises_is_one_sentence(memory, monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    def refuse(*_, **__):
        raise RuntimeError("Unable to locate\ncredentials")

    monkeypatch.setattr(MemoryFileSystem, "cat_file", refuse)
    monkeypatch.setattr(MemoryFileSystem, "isdir", refuse)
    said = r"A URL must be there\. Got 'memory://scans/a.png': Unable to locate credentials\."
    (record,) = records_of(segcap.load("digits").read_many, ["memory://scans/a.png"])
    assert re.fullmatch(said, record["error"])
    with pytest.raises(DataError, match=said):
        found("memory://scans/a.png")


def test_a_connection_that_drops_does_not_keep_others_from_being_read(memory, monkeypatch):
    from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

    class Dropped(MemoryFile):
        def read(self, *_):
            raise RuntimeError("connection reset")

    dropped = lambda *_, **__: Dropped()  # noqa: E731
    monkeypatch.setattr(MemoryFileSystem, "_open", dropped)
    sources = ["memory://shards/a.tar", "@memory://lists/a.txt", str(SAMPLES / NAMES[0])]
    read = dict(find(sources))
    assert [type(read[source]) for source in sources] == [DataError, DataError, str]
    assert "whole tar file" in str(read[sources[0]])
    assert "A list must be readable to its end" in str(read[sources[1]])
    assert "connection reset" in str(read[sources[1]])


def test_a_list_may_begin_with_a_byte_order_mark(tmp_path):
    image = tmp_path / "a.png"
    image.touch()
    (tmp_path / "list.txt").write_text(f"{image}\n", encoding="utf-8-sig")
    assert found(f"@{tmp_path / 'list.txt'}") == {str(image): str(image)}


def test_a_damaged_shard_does_not_keep_others_from_being_read(tmp_path):
    for name in "abc":
        write_shard(tmp_path / f"{name}.tar")
    (tmp_path / "a.tar").write_bytes(b"")
    images = found(tmp_path / "*.tar")
    assert [type(image) for image in images.values()] == [DataError] + 6 * [bytes]
    with pytest.raises(DataError, match=r"A path must exist\. Got '.*none\*'"):
        found(tmp_path / "none*")


def test_a_list_that_is_missing_or_names_itself_does_not_keep_others_from_being_read(tmp_path):
    image = tmp_path / "a.png"
    image.touch()
    (tmp_path / "own.txt").write_text(f"@{tmp_path / 'own.txt'}\n{image}\n")
    found = dict(find([f"@{tmp_path / 'gone.txt'}", f"@{tmp_path / 'own.txt'}", ""]))
    assert found[str(image)] == str(image)
    errors = sorted(str(own) for own in found.values() if isinstance(own, DataError))
    assert len(errors) == 3
    assert "A list must not name itself" in errors[0]


def test_a_table_gives_the_images_of_a_column(tmp_path):
    rows = list(IMAGES.values())
    table = write_table(tmp_path / "a.parquet", scan=rows, image=[{"bytes": row} for row in rows])
    names = [f"{table}#{row}" for row in range(3)]
    assert found(table) == found(table, column="scan") == dict(zip(names, rows, strict=True))
    with pytest.raises(DataError, match=r"column 'photo'\. Got '.*a.parquet' with scan, image"):
        found(table, column="photo")
    with pytest.raises(DataError, match=r"bytes of images\. Got '.*b.parquet' with int64"):
        found(write_table(tmp_path / "b.parquet", image=[1]))
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"whole Parquet file\. Got '.*c.parquet'"):
        found(tmp_path / "c.parquet")


def test_urls_give_images(memory, tmp_path):
    urls = [f"memory:///scans/deep/{name}" for name in NAMES]
    for source in ("memory://scans", "memory://scans/deep/*.png"):
        assert [name.replace("memory:///", "memory://") for name in found(source)] == [
            url.replace("memory:///", "memory://") for url in urls
        ]
    digits = segcap.load("digits")
    records = records_of(digits.read_many, [*urls, "memory://gone.png"])
    assert [one["text"] for one in records[:3]] == [
        reading.text for reading in digits.read_many(IMAGES.values())
    ]
    assert records[3]["status"] == "unreadable"
    assert "URL must be there. Got 'memory://gone.png'" in records[3]["error"]
    assert list(found("memory://shards/*.tar").values()) == list(IMAGES.values())
    (tmp_path / "a.png").write_bytes(IMAGES[NAMES[0]])
    (url,) = found(f"file://{tmp_path}")
    assert records_of(digits.read_many, [url])[0]["text"] == records[0]["text"]
    with pytest.raises(DataError, match=r"URL must be there\. Got 'nothing://x.png'"):
        found("nothing://x.png")


def test_what_is_damaged_or_gone_is_a_record_among_others(command, tmp_path, memory):
    shard = write_shard(tmp_path / "a.tar")
    shard.write_bytes(shard.read_bytes()[:600])
    url = f"memory://scans/deep/{NAMES[1]}"
    status, out, err = command("read", shard, url, "memory://gone.png", "--json")
    first, second, third = map(json.loads, out.splitlines())
    assert status == 1
    assert (first["status"], third["status"]) == ("unreadable", "unreadable")
    assert second["text"] == segcap.load("digits").read(SAMPLES / NAMES[1]).text
    assert "whole tar file" in err
    assert "URL must be there" in err


def test_a_table_of_results_is_resumed(command, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    monkeypatch.setattr("segcap.cli.record_table._ROWS_A_PART", 2)
    monkeypatch.setattr("segcap.cli.record_table._ROWS_IN_PYTHON", 1)
    out = tmp_path / "out.parquet"
    shard = write_shard(tmp_path / "a.tar")
    assert command("read", shard, "--out", out)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    (out / "part-00000.parquet").unlink()
    (out / ".part-00000.parquet.x").touch()
    assert command("read", shard, "--out", out)[0] == 2
    status, _, err = command("read", shard, "--out", out, "--resume")
    assert (status, "read before, perhaps by another model: 1." in err) == (0, True)
    rows = parquet.read_table(out).to_pylist()
    assert sorted(row["path"] for row in rows) == [f"{shard}/{name}" for name in NAMES]
    assert len(list(out.iterdir())) == 2
    for row in rows:
        reading = segcap.load("digits").read(IMAGES[Path(row["path"]).name])
        assert row["text"] == reading.text
        assert [tuple(glyph["box"]) for glyph in row["glyphs"]] == [g.box for g in reading.glyphs]


@pytest.mark.parametrize("verb", ["sum", "value"])
def test_every_kind_of_result_goes_into_a_table(command, tmp_path, verb):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    out = tmp_path / "out.parquet"
    assert command(verb, SAMPLES / NAMES[1], "--model", "digits", "--out", out)[0] == 0
    (row,) = parquet.read_table(out).to_pylist()
    assert row["value"] is not None
    assert "".join(glyph["char"] for glyph in row["glyphs"]).isdecimal()


def test_a_table_of_something_else_is_not_resumed(tmp_path):
    out = tmp_path / "out.parquet"
    out.mkdir()
    write_table(out / "part-00000.parquet", other=[1])
    with pytest.raises(DataError, match="Parquet table that segcap wrote"):
        list(RecordTable(out, ["path"]).resume())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "spark"}, "must be one of loky, threading, dask, ray. Got 'spark'"),
        ({"backend": "loky", "scheduler": "x:1"}, "Dask's or Ray's. Got 'x:1' for 'loky'"),
        ({"n_jobs": 0}, "'n_jobs' must be at least 1"),
    ],
)
def test_wrong_workers_are_refused(options, message):
    with pytest.raises(ParameterError, match=message), workers(**options):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_scheduler_that_does_not_answer_is_one_sentence(backend, monkeypatch):
    pytest.importorskip("ray" if backend == "ray" else "distributed", reason="not installed")
    monkeypatch.setattr("segcap.scale.engines._PATIENCE", 2.0)
    address = "127.0.0.1:9" if backend == "ray" else "tcp://127.0.0.1:9"
    with (
        pytest.raises(ParameterError, match=f"must answer within 2 seconds. Got '{address}': "),
        workers(backend, scheduler=address),
    ):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the engines' own
@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_engines_read_what_this_process_reads(backend, command, tmp_path, monkeypatch):
    pytest.importorskip("ray" if backend == "ray" else "distributed", reason="not installed")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    for number in range(200):
        (tmp_path / f"{number}.png").write_bytes(IMAGES[NAMES[number % 3]])
    assert command("read", tmp_path, "--out", tmp_path / "a.csv")[0] == 0
    by = ("--jobs", 2, "--backend", backend)
    assert command("read", tmp_path, "--out", tmp_path / "b.csv", *by)[0] == 0
    assert (tmp_path / "b.csv").read_text() == (tmp_path / "a.csv").read_text()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the server
def test_an_s3_server_gives_images_and_shards(command, tmp_path, monkeypatch):
    servers = pytest.importorskip("moto.server", reason="moto is not installed")
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    get_reusable_executor().shutdown()  # workers that came before know nothing of the server
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        address = "http://{}:{}".format(*server.get_host_and_port())
        for name, value in (
            ("AWS_ENDPOINT_URL", address),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(name, value)
        system = fsspec.filesystem("s3")
        system.mkdir("archive")
        system.pipe("archive/shards/a.tar", write_shard(tmp_path / "a.tar").read_bytes())
        for number in range(130):
            system.pipe(f"archive/scans/{number:03}.png", IMAGES[NAMES[number % 3]])
        for source, count in (("s3://archive/scans", 130), ("s3://archive/shards/*.tar", 3)):
            status, out, err = command("read", source, "--jobs", 2, "--csv")
            assert (status, err) == (0, "")
            rows = [row for row in out.splitlines() if row.startswith("s3://archive/")]
            assert len(rows) == count
            assert rows == sorted(rows)
    finally:
        server.stop()


def test_what_a_glob_names_twice_is_read_once(tmp_path):
    (tmp_path / "sub").mkdir()
    for place in (tmp_path, tmp_path / "sub"):
        (place / f"{place.name}.png").write_bytes(IMAGES[NAMES[0]])
    found = [name for name, _ in find([str(tmp_path / "**")])]
    assert len(found) == len(set(found)) == 2


@pytest.mark.parametrize("kind", ["shard", "list", "memory"])
def test_a_source_without_images_is_named(kind, tmp_path):
    if kind == "shard":
        source = tmp_path / "empty.tar"
        with tarfile.open(source, "w"):
            pass
    elif kind == "list":
        (tmp_path / "list.txt").write_text("\n")
        source = f"@{tmp_path / 'list.txt'}"
    else:
        fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
        fsspec.filesystem("memory").makedirs("/without", exist_ok=True)
        source = "memory://without"
    with pytest.raises(DataError, match="at least one"):
        list(find([str(source)]))
    image = str(SAMPLES / NAMES[0])
    (name, _), (other, error) = find([image, str(source)])
    assert (name, other) == (image, str(source))
    assert isinstance(error, DataError)
