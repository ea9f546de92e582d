"""Folders of generated images that were begun are gone on with, and never spoilt."""

import shutil

import cv2
import numpy as np
import pytest

from segcap.core.errors import DataError
from segcap.datasets import load_labelled
from segcap.generate import TextGenerator, read_manifest, write_text

ONES = np.full((2, 28, 28), 255, np.uint8), np.array([1, 1])


class CutError(Exception):
    """The power fails."""


def cut_after(n):
    def on_progress(done):
        if done == n:
            raise CutError

    return on_progress


@pytest.mark.parametrize("scheme", ["wordpress", "six-char", "mixed"])
@pytest.mark.parametrize("kept", [0, 1, 3.5, 4, 8], ids="{} lines".format)
def test_a_cut_folder_is_resumed(scheme, kept, tmp_path, tree):
    generator = TextGenerator(scheme, charset="35", length=2, size=(60, 30))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    write_text(generator, 8, whole, masks=True)
    shutil.copytree(whole, cut)
    lines = (cut / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    half = lines[int(kept)][:40] if kept % 1 else b""
    (cut / "manifest.jsonl").write_bytes(b"".join(lines[: int(kept)]) + half)
    (cut / "labels.csv").unlink()
    for index, record in enumerate(read_manifest(whole)):
        if index > kept:
            (cut / record["file"]).unlink()
            (cut / f"masks/{index:06}.npz").write_bytes(b"half a pict")
    write_text(generator, 8, cut, masks=True, resume=True)
    assert tree(cut) == tree(whole)


def test_a_mask_that_is_missing_is_written_again(tmp_path, tree):
    generator = TextGenerator("clean", charset="35", length=2)
    write_text(generator, 3, tmp_path / "folder", masks=True)
    whole = tree(tmp_path / "folder")
    (tmp_path / "folder/masks/000001.npz").unlink()
    write_text(generator, 3, tmp_path / "folder", masks=True, resume=True)
    assert tree(tmp_path / "folder") == whole


def test_a_folder_is_begun_killed_continued_and_enlarged(tmp_path, tree):
    generator = TextGenerator("wordpress", charset="AB", length=1)
    write_text(generator, 9, tmp_path / "whole")
    with pytest.raises(CutError):
        write_text(generator, 6, tmp_path / "cut", resume=True, on_progress=cut_after(3))
    assert not (tmp_path / "cut" / "labels.csv").exists()
    for n in (6, 6, 9):
        write_text(generator, n, tmp_path / "cut", resume=True)
        assert len(load_labelled(tmp_path / "cut").labels) == n
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


def test_labels_that_were_changed_are_not_written_anew(tmp_path, tree):
    generator = TextGenerator("clean")
    write_text(generator, 3, tmp_path)
    labels = (tmp_path / "labels.csv").read_bytes()
    for changed in (labels + b"own.png,12\n", labels.replace(b"label", b"LABEL"), labels[10:]):
        (tmp_path / "labels.csv").write_bytes(changed)
        before = tree(tmp_path)
        for n in (3, 4):
            with pytest.raises(DataError, match=r"labels.csv as it was written.* was changed"):
                write_text(generator, n, tmp_path, resume=True)
            assert tree(tmp_path) == before
    (tmp_path / "labels.csv").unlink()
    write_text(generator, 3, tmp_path, resume=True)
    assert (tmp_path / "labels.csv").read_bytes() == labels


def test_labels_of_images_that_are_lost_wait_until_all_are_there(tmp_path, tree):
    generator = TextGenerator("clean")
    write_text(generator, 3, tmp_path)
    whole = tree(tmp_path)
    (tmp_path / "images" / "000001.png").unlink()
    with pytest.raises(CutError):
        write_text(generator, 3, tmp_path, resume=True, on_progress=cut_after(2))
    assert not (tmp_path / "labels.csv").exists()
    write_text(generator, 3, tmp_path, resume=True)
    assert tree(tmp_path) == whole


@pytest.mark.parametrize(
    ("drawn", "written", "message"),
    [
        ({"scheme": "wordpress"}, {}, "scheme 'wordpress' for .* with 'clean'"),
        ({"length": 3}, {}, r"length \[3, 3\] for .* with \[4, 6\]"),
        ({"difficulty": 1}, {}, "difficulty {'overlap': 1.0, .* with {'overlap': 0.0, "),
        ({"handwriting": ONES, "charset": "1"}, {}, "charset '1' for"),
        ({}, {"seed": 1}, "seed 1 for .* with 0"),
        ({}, {"masks": True}, "masks True for .* with False"),
        ({}, {"n": 1}, "1 for .* which holds 2"),
    ],
)
def test_a_folder_is_resumed_with_its_own_settings_alone(drawn, written, message, tmp_path, tree):
    write_text(TextGenerator("clean"), 2, tmp_path)
    before = tree(tmp_path)
    other = TextGenerator(**{"scheme": "clean", **drawn})
    with pytest.raises(DataError, match=f"resumed .* Got {message}"):
        write_text(other, **{"n": 4, "folder": tmp_path, "resume": True, **written})
    assert tree(tmp_path) == before


def test_a_folder_is_resumed_with_the_same_handwriting_alone(tmp_path):
    ones = {"charset": "1", "length": 2, "handwriting": ONES}
    write_text(TextGenerator("clean", **ones), 2, tmp_path)
    other = {**ones, "handwriting": (ONES[0] // 2, ONES[1])}
    with pytest.raises(DataError, match=r"settings .* begun with. Got faces \[\['handwriting', "):
        write_text(TextGenerator("clean", **other), 4, tmp_path, resume=True)
    write_text(TextGenerator("clean", **ones), 4, tmp_path, resume=True)


def test_a_folder_is_resumed_with_the_same_versions_alone(tmp_path, monkeypatch):
    write_text(TextGenerator("clean"), 2, tmp_path)
    monkeypatch.setattr(cv2, "__version__", "0.0")
    with pytest.raises(DataError, match=r"Got versions {.*'cv2': '0.0'"):
        write_text(TextGenerator("clean"), 4, tmp_path, resume=True)


@pytest.mark.parametrize("settings", ["[]", "{", "", "\xff"])
def test_damaged_settings_are_not_resumed(settings, tmp_path):
    write_text(TextGenerator("clean"), 2, tmp_path)
    (tmp_path / "settings.json").write_text(settings, encoding="latin-1")
    with pytest.raises(DataError, match=r"resumed by its settings. Got '.*settings.json'"):
        write_text(TextGenerator("clean"), 4, tmp_path, resume=True)


def test_a_missing_manifest_is_begun_again(tmp_path, tree):
    with pytest.raises(DataError, match=r"must be JSON lines. Got '.*manifest.jsonl'"):
        read_manifest(tmp_path)
    write_text(TextGenerator("clean"), 3, tmp_path)
    before = tree(tmp_path)
    (tmp_path / "manifest.jsonl").unlink()
    write_text(TextGenerator("clean"), 3, tmp_path, resume=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("manifest", ["nonsense\n", "\xff\n"])
def test_a_damaged_manifest_is_refused(manifest, tmp_path):
    write_text(TextGenerator("clean"), 2, tmp_path)
    (tmp_path / "manifest.jsonl").write_text(manifest, encoding="latin-1")
    with pytest.raises(DataError, match=r"must be JSON lines. Got '.*manifest.jsonl'"):
        read_manifest(tmp_path)
    with pytest.raises(DataError, match=r"must be JSON lines. Got '.*manifest.jsonl'"):
        write_text(TextGenerator("clean"), 4, tmp_path, resume=True)


@pytest.mark.parametrize("line", ["[]", "3", "{}", '{"file": 3}'])
def test_a_manifest_of_other_lines_is_not_resumed(line, tmp_path):
    write_text(TextGenerator("clean"), 2, tmp_path)
    (tmp_path / "manifest.jsonl").write_text(f"{line}\n")
    with pytest.raises(DataError):
        write_text(TextGenerator("clean"), 4, tmp_path, resume=True)


def test_files_that_were_lost_are_made_again(tmp_path, tree):
    generator = TextGenerator("clean")
    write_text(generator, 6, tmp_path / "whole")
    write_text(generator, 5, tmp_path / "torn")
    (tmp_path / "torn" / "images" / "000002.png").unlink()
    (tmp_path / "torn" / "images" / "000003.png").write_bytes(b"")
    write_text(generator, 6, tmp_path / "torn", resume=True)
    assert tree(tmp_path / "torn") == tree(tmp_path / "whole")


def test_a_manifest_that_lacks_a_line_is_not_resumed(tmp_path):
    write_text(TextGenerator("clean"), 4, tmp_path)
    lines = (tmp_path / "manifest.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "manifest.jsonl").write_text("".join(lines[:1] + lines[2:]))
    with pytest.raises(DataError, match="without image 1"):
        write_text(TextGenerator("clean"), 6, tmp_path, resume=True)


@pytest.mark.parametrize("folder", [None, 5])
def test_a_folder_must_be_a_path(folder):
    with pytest.raises(DataError, match="must be a path"):
        write_text(TextGenerator("clean"), 1, folder)
