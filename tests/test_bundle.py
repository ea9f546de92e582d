import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from segcap.core.bundle import Bundle, read_bundle, write_bundle
from segcap.core.errors import BundleError, FileError
from segcap.core.files import write_atomically


def archive_of(manifest):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if manifest is not None:
            archive.writestr("bundle.json", manifest)
        archive.comment = b"0" * 64
    return buffer.getvalue()[:-64]


@pytest.fixture
def bundle():
    return Bundle(
        kind="glyph-reader",
        architecture="glyph_cnn",
        charset="01",
        settings={"length": None},
        calibration={"temperature": 1.5},
        provenance={
            "data": {"name": "made up", "samples": 3, "sha256": "0" * 64},
            "seed": 0,
            "versions": {"segcap": "0.1.0"},
            "figures": {},
        },
        parts={"model.onnx": bytes(range(256)), "weights.safetensors": b"weights"},
    )


def test_round_trip(bundle, tmp_path):
    write_bundle(bundle, tmp_path / "a.segcap")
    assert read_bundle(tmp_path / "a.segcap") == bundle


def test_same_bundle_same_bytes(bundle, tmp_path):
    for name in ("a", "b"):
        write_bundle(bundle, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_zip_tool_opens_it_and_the_manifest_names_each_part(bundle, tmp_path):
    write_bundle(bundle, tmp_path / "a.segcap")
    with zipfile.ZipFile(tmp_path / "a.segcap") as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("bundle.json"))
    assert manifest["parts"].keys() == bundle.parts.keys()


def test_every_changed_byte_is_noticed(bundle, tmp_path):
    path = tmp_path / "a.segcap"
    write_bundle(bundle, path)
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(BundleError, match=r"a\.segcap"):
            read_bundle(path)


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_a_cut_off_bundle_is_noticed(bundle, tmp_path, kept):
    path = tmp_path / "a.segcap"
    write_bundle(bundle, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BundleError, match="bundle"):
        read_bundle(path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"charset": ""}, "charset"),
        ({"calibration": {}}, "calibration"),
        ({"calibration": {"temperature": 0}}, "temperature"),
        ({"provenance": {"seed": 1}}, "provenance"),
        ({"kind": "oracle"}, "kind"),
        ({"parts": {}}, "parts"),
    ],
)
def test_a_manifest_that_breaks_its_schema_is_not_written(bundle, tmp_path, change, named):
    broken = Bundle(**{**bundle.__dict__, **change})
    with pytest.raises(BundleError, match=f"follow its schema.*{named}"):
        write_bundle(broken, tmp_path / "a.segcap")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_bundle(tmp_path):
    with pytest.raises(BundleError, match=r"readable file.*none\.segcap"):
        read_bundle(tmp_path / "none.segcap")


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**30)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(BundleError, match=r"at most 536,870,912 bytes\. Got .* of 1,073,741,824"):
        read_bundle(tmp_path / "huge")


@pytest.mark.parametrize("nameless", [True, False])
def test_writing_replaces_and_leaves_no_other_file(tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    for content in (b"first", b"second"):
        write_atomically(tmp_path / "a", content)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"second"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="each file has a name from the start")
@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    target = tmp_path / "labels.csv"
    write_atomically(target, b"1")
    target.chmod(0o664)
    write_atomically(target, b"2")
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"2", 0o664)


def test_a_writer_that_is_killed_leaves_no_file(tmp_path, monkeypatch):
    there = []
    monkeypatch.setattr(os, "fsync", lambda _: there.extend(tmp_path.iterdir()))
    write_atomically(tmp_path / "a", b"whole")
    assert there == []
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_writing_into_a_missing_folder(tmp_path):
    with pytest.raises(FileError, match="folder that exists"):
        write_atomically(tmp_path / "none" / "a", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"PK garbage",
        archive_of(b"[]"),
        archive_of(b"{"),
        archive_of(b"[" * 100_000),
        archive_of(b'{"format": 2}'),
        archive_of(b'{"format": 1}'),
        archive_of(None),
    ],
    ids=["no zip", "list", "no json", "deep", "newer", "incomplete", "no manifest"],
)
def test_a_sealed_file_that_is_no_bundle(tmp_path, content):
    seal = hashlib.sha256(content).hexdigest().encode()
    (tmp_path / "a.segcap").write_bytes(content + seal)
    with pytest.raises(BundleError, match=r"a\.segcap"):
        read_bundle(tmp_path / "a.segcap")


def sealed(files, change=lambda entry: None, method=zipfile.ZIP_DEFLATED):
    """Files as a bundle with its seal, each entry changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = b"0" * 64
        for entry in archive.infolist():
            change(entry)
    content = buffer.getvalue()[:-64]
    return content + hashlib.sha256(content).hexdigest().encode()


def encrypt(entry):
    entry.flag_bits |= 1


def announce(entry):
    entry.file_size = 2**31


@pytest.mark.parametrize(
    ("change", "message"),
    [(encrypt, "not encrypted"), (announce, "must unpack to at most [0-9,]+ bytes")],
)
def test_what_an_archive_must_not_have(bundle, tmp_path, change, message):
    write_bundle(bundle, tmp_path / "a.segcap")
    with zipfile.ZipFile(tmp_path / "a.segcap") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "b.segcap").write_bytes(sealed(files))
    assert read_bundle(tmp_path / "b.segcap") == bundle
    (tmp_path / "b.segcap").write_bytes(sealed(files, change))
    with pytest.raises(BundleError, match=message):
        read_bundle(tmp_path / "b.segcap")
    (tmp_path / "b.segcap").write_bytes(sealed(files, method=zipfile.ZIP_BZIP2))
    with pytest.raises(BundleError, match="stored or deflated"):
        read_bundle(tmp_path / "b.segcap")


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": {"temperature": 10**400}},
        {"calibration": {"temperature": 1e-9}},
        {"calibration": {"heat": 1}},
        {"charset": "0" + "\ud800"},
        {"charset": "011"},
        {"charset": "".join(map(chr, range(0x4E00, 0x4E00 + 20_001)))},
        {"network": {"height": 10**9}},
        {"network": {"length": 10**6}},
        {"network": {"context.widths": [1e9]}},
        {"settings": {"views": 2}},
        {"settings": {"classes": ["a", "b"]}},
        {"settings": {"length": 10**9}},
        {"settings": {"allowlist": "\udfff"}},
        {"settings": {"cutters": ["saw"]}},
        {"architecture": "span cnn\n"},
        {"kind": "sum-classifier", "settings": {"beam_width": 3}},
        {"kind": "image-classifier", "settings": {"classes": ["a", "a"]}},
    ],
)
def test_what_a_manifest_must_not_have(bundle, tmp_path, change):
    with pytest.raises(BundleError, match="follow its schema"):
        write_bundle(Bundle(**{**bundle.__dict__, **change}), tmp_path / "a.segcap")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_has_not(bundle, tmp_path, constant):
    write_bundle(bundle, tmp_path / "a.segcap")
    with zipfile.ZipFile(tmp_path / "a.segcap") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["bundle.json"] = files["bundle.json"].replace(b"1.5", constant.encode())
    (tmp_path / "a.segcap").write_bytes(sealed(files))
    with pytest.raises(BundleError, match=f"{constant} is no number"):
        read_bundle(tmp_path / "a.segcap")


@pytest.mark.parametrize(
    "settings",
    [{"size": 3}, {"reject_below": "x"}, {"charset": "ab"}, {"length": 0}, {"binarization": "x"}],
)
def test_settings_that_no_reader_has(bundle, tmp_path, settings):
    broken = Bundle(**{**bundle.__dict__, "settings": settings})
    with pytest.raises(BundleError, match=r"follow its schema.*settings"):
        write_bundle(broken, tmp_path / "a.segcap")


@pytest.mark.parametrize("nameless", [True, False])
def test_a_full_disk_leaves_nothing_behind(tmp_path, no_room, monkeypatch, nameless):
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    (tmp_path / "a").write_bytes(b"first")
    with no_room(), pytest.raises(FileError, match="has room"):
        write_atomically(tmp_path / "a", b"second")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"first"]


def test_nothing_but_a_file_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(FileError, match="take the place of nothing but a file"):
            write_atomically(place, b"")
    assert not (tmp_path / "pipe").is_file()
    with pytest.raises(FileError, match=r"written to a path\. Got 5"):
        write_atomically(5, b"")
