"""Folders of generated images: their layouts, their truth, what is in their way."""

import json

import cv2
import numpy as np
import pytest

from segcap.core.errors import DataError, ParameterError
from segcap.datasets import load_labelled
from segcap.generate import (
    TextGenerator,
    read_manifest,
    schemes,
    write_digit_sums,
    write_text,
)

SQUARES = np.arange(1, 161, dtype=np.uint8).reshape(10, 4, 4), np.arange(10)
RECORD = ["file", "label", "boxes", "parameters", "seed", "index"]

over_schemes = pytest.mark.parametrize("scheme", schemes())


@over_schemes
def test_folder_holds_the_samples_and_their_truth(scheme, tmp_path, tree):
    generator = TextGenerator(scheme)
    write_text(generator, 4, tmp_path, seed=3, masks=True)
    records = read_manifest(tmp_path)
    files = [record["file"] for record in records]
    masks = [f"masks/{index:06}.npz" for index in range(4)]
    assert set(tree(tmp_path)) == {"manifest.jsonl", "settings.json", "labels.csv", *files, *masks}
    for index, record in enumerate(records):
        sample = generator.sample(index, seed=3)
        assert list(record) == RECORD
        assert (record["seed"], record["index"]) == (3, index)
        assert record["label"] == sample.label
        assert record["boxes"] == sample.boxes.tolist()
        assert record["parameters"] == sample.parameters
        pixels = cv2.imread(str(tmp_path / files[index]), cv2.IMREAD_UNCHANGED)
        shown = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
        assert shown.shape == sample.image.shape
        assert np.abs(shown.astype(int) - sample.image).mean() <= 3 * (scheme == "six-char")
        with np.load(tmp_path / masks[index]) as archive:
            assert archive["masks"].dtype == bool
            np.testing.assert_array_equal(archive["masks"], sample.masks)


@over_schemes
def test_layout(scheme, tmp_path):
    write_text(TextGenerator(scheme), 12, tmp_path / "new" / "folder")
    named = {
        "wordpress": "generated_captcha_images/{label}.png",
        "gradient-line": "samples/{label}.png",
        "six-char": "captchas/{index}_{label}.jpeg",
    }
    for record in read_manifest(tmp_path / "new" / "folder"):
        assert record["file"] == named.get(scheme, "images/{index:06}.png").format(**record)


@over_schemes
def test_labelled_images_are_loaded(scheme, tmp_path):
    write_text(TextGenerator(scheme), 3, tmp_path)
    images, labels = load_labelled(tmp_path)
    records = read_manifest(tmp_path)
    assert labels == [record["label"] for record in records]
    assert images == [tmp_path / record["file"] for record in records]


def test_settings_are_the_generators(tmp_path):
    generator = TextGenerator("mixed", length=3, difficulty={"warp": 0.5})
    write_text(generator, 1, tmp_path, seed=6)
    settings = json.loads((tmp_path / "settings.json").read_text())
    assert settings == {**generator.settings(), "seed": 6, "masks": False}


@pytest.mark.parametrize("scheme", ["wordpress", "gradient-line"])
@pytest.mark.parametrize("charset", ["AB", "Aa"])
def test_repeated_labels_are_counted(scheme, charset, tmp_path, tree):
    write_text(TextGenerator(scheme, charset=charset, length=1), 7, tmp_path)
    times = {}
    for record in read_manifest(tmp_path):
        label = record["label"]
        times[label.lower()] = times.get(label.lower(), 0) + 1
        repeat = f"_{times[label.lower()]}" if times[label.lower()] > 1 else ""
        assert record["file"].endswith(f"/{label}{repeat}.png")
    files = [name.lower() for name in tree(tmp_path) if name.endswith(".png")]
    assert len(set(files)) == 7


@pytest.mark.parametrize(("scheme", "charset"), [("wordpress", "A/"), ("six-char", "a.")])
def test_labels_that_name_no_file_are_refused(scheme, charset, tmp_path):
    with pytest.raises(ParameterError, match=rf"'{scheme}' are named .* Got '[/.]'"):
        write_text(TextGenerator(scheme, charset=charset), 2, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_no_images(tmp_path, tree):
    write_text(TextGenerator("clean"), 0, tmp_path)
    assert set(tree(tmp_path)) == {"manifest.jsonl", "settings.json", "labels.csv"}
    assert read_manifest(tmp_path) == []
    assert (tmp_path / "labels.csv").read_text() == "file,label\n"


def test_workers_change_nothing_and_progress_is_reported(tmp_path, tree):
    generator, reported = TextGenerator("wordpress", charset="ABC", length=3), []
    write_text(generator, 140, tmp_path / "one", masks=True)
    write_text(generator, 140, tmp_path / "two", masks=True, n_jobs=2, on_progress=reported.append)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert reported == list(range(1, 141))


def write_some_text(folder, **options):
    write_text(TextGenerator("clean"), 2, folder, **options)


def write_some_sums(folder, **options):
    write_digit_sums(2, folder, digits=SQUARES, **options)


over_writers = pytest.mark.parametrize("write", [write_some_text, write_some_sums])


@over_writers
@pytest.mark.parametrize("resume", [False, True])
def test_a_strangers_folder_is_left_untouched(write, resume, tmp_path, tree):
    (tmp_path / "precious.txt").write_text("precious")
    with pytest.raises(DataError, match=r"empty or not there, unless .* Got '.*'"):
        write(tmp_path, resume=resume)
    assert tree(tmp_path) == {"precious.txt": b"precious"}


@over_writers
def test_a_begun_folder_is_not_written_to_unless_resumed(write, tmp_path, tree):
    write(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(DataError, match="unless a begun one is resumed"):
        write(tmp_path, seed=1)
    assert tree(tmp_path) == before


@over_writers
@pytest.mark.parametrize("resume", [False, True])
def test_a_file_is_no_folder(write, resume, tmp_path, tree):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(DataError, match=r"empty or not there.* Got '.*file'"):
        write(tmp_path / "file", resume=resume)
    with pytest.raises(DataError, match=r"can be written to. Got '.*below': Not a directory"):
        write(tmp_path / "file" / "below", resume=resume)
    assert tree(tmp_path) == {"file": b"precious"}


def test_a_place_that_is_taken_while_writing_is_reported(tmp_path):
    write_some_text(tmp_path)
    (tmp_path / "images" / "000002.png").mkdir()
    with pytest.raises(DataError, match=r"can be written to. Got '.*': Is a directory"):
        write_text(TextGenerator("clean"), 4, tmp_path, resume=True)


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        (-1, {}, "'n' must be .*at least 0. Got -1"),
        (2, {"n_jobs": 0}, "'n_jobs' must be at least 1.*Got 0"),
    ],
)
def test_bad_numbers_are_refused_before_there_is_a_folder(n, options, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        write_text(TextGenerator("clean"), n, tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_whole_numbers_of_numpy_are_numbers(tmp_path, tree):
    write_text(TextGenerator("clean"), np.int64(2), tmp_path / "a", seed=np.uint8(3))
    write_text(TextGenerator("clean"), 2, tmp_path / "b", seed=3)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"], ids=["long", "NUL"])
def test_a_folder_that_cannot_be_is_reported(name, tmp_path):
    with pytest.raises(DataError, match="Images must go into a folder"):
        write_some_text(tmp_path / name)
