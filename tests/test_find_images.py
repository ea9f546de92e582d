"""Image files are found in folders, in natural order."""

import os
from contextlib import nullcontext

import pytest

from segcap.core.errors import DataError
from segcap.core.image_files import find_images


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def relative(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_images_come_in_natural_order(tmp_path):
    touch(tmp_path, "img10.png", "img2.png", "img1.png", "b.png", "img02b.png")
    assert relative(find_images([tmp_path]), tmp_path) == [
        "b.png",
        "img1.png",
        "img2.png",
        "img02b.png",
        "img10.png",
    ]


def test_natural_order_knows_the_digits_of_other_scripts(tmp_path):
    touch(tmp_path, "1a2.png", "1٣2.png")
    assert len(find_images([tmp_path])) == 2


def test_folders_are_searched_to_any_depth(tmp_path):
    touch(
        tmp_path, "a/10/x.png", "a/9/x.JPG", "a/9/deep/er/y.tiff", "a/notes.txt", "a/png", "z.gif"
    )
    assert relative(find_images([str(tmp_path)]), tmp_path) == [
        "a/9/deep/er/y.tiff",
        "a/9/x.JPG",
        "a/10/x.png",
        "z.gif",
    ]


def test_each_image_is_listed_once_where_it_was_first_named(tmp_path):
    touch(tmp_path, "a.png", "b.png")
    sources = [tmp_path / "b.png", tmp_path, tmp_path / "a.png"]
    assert relative(find_images(sources), tmp_path) == ["b.png", "a.png"]


def test_named_file_with_an_odd_ending_is_taken(tmp_path):
    touch(tmp_path, "captcha.cgi", "a name with spaces.png")
    assert relative(find_images([tmp_path / "captcha.cgi"]), tmp_path) == ["captcha.cgi"]
    assert relative(find_images([tmp_path]), tmp_path) == ["a name with spaces.png"]


def test_no_sources_give_no_images():
    assert find_images([]) == []


def test_missing_source_raises(tmp_path):
    with pytest.raises(DataError, match=r"must exist.*nowhere"):
        find_images([tmp_path / "nowhere"])


def test_folder_without_images_raises(tmp_path):
    touch(tmp_path, "notes.txt")
    with pytest.raises(DataError, match="at least one image"):
        find_images([tmp_path])


def test_folder_that_cannot_be_listed_raises(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(DataError, match=r"folder must be readable.*Permission denied"):
        find_images([tmp_path])


def test_names_that_differ_in_leading_zeros_have_an_order(tmp_path, monkeypatch):
    for name in ("7.png", "007.png", "07.png"):
        (tmp_path / name).write_bytes(b"")
    expected = ["007.png", "07.png", "7.png"]
    assert [path.name for path in find_images([tmp_path])] == expected
    with os.scandir(tmp_path) as entries:
        backwards = sorted(entries, key=lambda entry: entry.name, reverse=True)
    monkeypatch.setattr(os, "scandir", lambda _: nullcontext(backwards))
    assert [path.name for path in find_images([tmp_path])] == expected
