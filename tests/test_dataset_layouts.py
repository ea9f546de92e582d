"""Data sets from their folders."""

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from segcap.core.errors import DataError, ParameterError
from segcap.datasets import load, load_named, names
from segcap.datasets.labelled import read_labels
from segcap.generate import TextGenerator, read_manifest, write_digit_sums, write_text


def touch(folder, *files):
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def write_sums(folder, number, images, sums):
    for kind, array in (("data", images), ("lab", sums)):
        if array is not None:
            np.save(folder / f"{kind}{number}.npy", array)


@pytest.mark.parametrize(
    ("scheme", "name", "inner"),
    [
        ("gradient-line", "captcha-v2", "samples"),
        ("wordpress", "captcha-wordpress", "generated_captcha_images"),
        ("wordpress", "wordpress", "generated_captcha_images"),
        ("six-char", "six-char", "captchas"),
        ("gradient-line", "labelled", ""),
    ],
)
def test_generated_texts_load_as_they_were_written(scheme, name, inner, tmp_path):
    write_text(TextGenerator(scheme), 12, tmp_path, masks=True)
    written = {tmp_path / record["file"]: record["label"] for record in read_manifest(tmp_path)}
    dataset = load(name, tmp_path)
    assert dict(zip(dataset.images, dataset.labels.tolist(), strict=True)) == written
    assert dataset.charset == "".join(sorted(set("".join(written.values()))))
    assert dataset.classes is None
    assert dataset.root == tmp_path / inner
    assert load(name, tmp_path / inner).digest == dataset.digest


def test_generated_sums_load_as_they_were_written(tmp_path, handwriting):
    write_digit_sums(9, tmp_path, digits=handwriting)
    dataset = load("digit-sum", tmp_path)
    assert isinstance(dataset.images, np.memmap)
    np.testing.assert_array_equal(dataset.images, np.load(tmp_path / "data0.npy"))
    assert dataset.labels.tolist() == [record["sum"] for record in read_manifest(tmp_path)]
    assert (dataset.charset, dataset.classes, len(dataset.split(3)[1])) == (None, None, 3)


def test_sums_of_many_files_come_in_the_order_of_their_numbers(tmp_path):
    for number in range(11):
        write_sums(tmp_path, number, np.full((2, 4, 6), number, np.uint8), np.array([number] * 2))
    dataset = load("digit-sum", tmp_path)
    assert dataset.images.shape == (22, 4, 6)
    assert dataset.labels.tolist() == np.repeat(np.arange(11), 2).tolist()
    np.testing.assert_array_equal(dataset.images[:, 0, 0], dataset.labels)


def test_captchas_of_either_ending(tmp_path):
    touch(tmp_path, "samples/b2.png", "samples/a10.jpg", "samples/a9.png", "samples/a9_2.png")
    dataset = load("captcha-v2", tmp_path)
    assert dataset.labels.tolist() == ["a9", "a9", "a10", "b2"]
    assert dataset.charset == "0129ab"
    assert dataset.groups.tolist() == [0, 0, 1, 2]


def test_six_characters_are_read_as_written(tmp_path):
    touch(tmp_path, "12_a_B.jpeg", "7_c.jpeg")
    assert load("six-char", tmp_path).labels.tolist() == ["c", "a_B"]


def test_texts_of_labels_repeat_unless_the_images_do(tmp_path):
    for place, content in enumerate("aab"):
        (tmp_path / f"{place}.png").write_text(content)
    (tmp_path / "labels.csv").write_text("file,label\n0.png,7\n1.png,7\n2.png,7\n")
    assert load("labelled", tmp_path).groups.tolist() == [0, 0, 1]
    assert load("labelled", tmp_path, duplicates="label").groups.tolist() == [0, 0, 0]


def test_cats_and_dogs(tmp_path):
    touch(tmp_path, "train/dog.0.jpg", "train/cat.10.jpg", "train/cat.9.jpg", "test1/1.jpg")
    dataset = load("cats-dogs", tmp_path)
    assert [image.name for image in dataset.images] == ["cat.9.jpg", "cat.10.jpg", "dog.0.jpg"]
    assert dataset.labels.tolist() == ["cat", "cat", "dog"]
    assert (dataset.classes, dataset.charset) == (("cat", "dog"), None)


@pytest.mark.parametrize(("name", "inner"), [("recaptcha-tiles", "Large"), ("folders", ".")])
def test_a_folder_a_class(name, inner, tmp_path):
    touch(
        tmp_path / inner,
        "Traffic Light/Tlight (2).png",
        "Traffic Light/more/Tlight (1).png",
        "Bus/Bus (10).jpg",
        "Bus/Bus (9).jpg",
        ".cache/x.png",
        "sheet.png",
    )
    dataset = load(name, tmp_path)
    assert dataset.classes == ("Bus", "Traffic Light")
    assert dataset.labels.tolist() == ["Bus"] * 2 + ["Traffic Light"] * 2
    assert [image.name for image in dataset.images[:2]] == ["Bus (9).jpg", "Bus (10).jpg"]


def test_names():
    assert names()[:2] == ["digit-sum", "captcha-v2"]
    with pytest.raises(ParameterError, match=r"one of digit-sum, .*, folders\. Got 'imagenet'"):
        load("imagenet", ".")


@pytest.mark.parametrize("name", names())
def test_a_missing_folder(name):
    with pytest.raises(DataError, match=r"must be an existing folder\. Got 'nowhere'"):
        load(name, "nowhere")


@pytest.mark.parametrize("name", names())
def test_an_empty_folder(name, tmp_path):
    if name == "labelled":
        (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(DataError, match=r"must (hold|have)") as caught:
        load(name, tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("six-char", ["abc.jpeg"], r"named INDEX_LABEL\. Got '.*abc\.jpeg'"),
        ("captcha-v2", ["ab.png", "cat.0.jpg"], r"letters and digits\. Got '.*cat\.0\.jpg'"),
        ("wordpress", ["A B.png"], r"letters and digits\. Got '.*A B\.png'"),
        ("captcha-v2", ["_2.png"], r"begin with what it shows;.* Got '.*_2\.png'"),
        ("cats-dogs", ["cat.1.jpg", "1.jpg"], r"named cat\.N or dog\.N\. Got '.*1\.jpg'"),
        ("cats-dogs", ["cat.1.jpg", "cat.2.jpg"], r"at least 2\. Got '.*' with 'cat' only"),
        ("folders", ["a/1.jpg"], r"at least 2\. Got '.*' with 'a' only"),
        ("folders", ["a/1.jpg", "b/1.txt"], r"at least one image .* Got '.*b', which holds none"),
        ("folders", ["1.jpg"], r"a folder a class\. Got '.*' without folders"),
    ],
)
def test_other_layouts(name, files, message, tmp_path):
    touch(tmp_path, *files)
    with pytest.raises(DataError, match=message):
        load(name, tmp_path)


IMAGES, SUMS = np.zeros((2, 4, 6), np.uint8), np.array([3, 4])


@pytest.mark.parametrize(
    ("images", "sums", "message"),
    [
        (IMAGES, None, r"data1\.npy with lab1\.npy\. Got '.*' with data1\.npy alone"),
        (None, SUMS, r"data1\.npy with lab1\.npy\. Got '.*' with lab1\.npy alone"),
        (IMAGES[:, :3], SUMS, r"\(N, H, W\), all of one size\. Got \(2, 3, 6\) in '.*data1\.npy'"),
        (IMAGES[0], SUMS, r"\(N, H, W\), all of one size\. Got \(4, 6\)"),
        (IMAGES, SUMS[:1], r"labels of 2 digit sums must be \(2,\) integers\. Got \(1,\) int64"),
        (IMAGES, SUMS / 2, r"must be \(2,\) integers\. Got \(2,\) float64 in '.*lab1\.npy'"),
        (IMAGES, np.array(["3", None]), r"intact \.npy file\. Got '.*lab1\.npy'"),
    ],
)
def test_sums_that_do_not_fit(images, sums, message, tmp_path):
    write_sums(tmp_path, 0, IMAGES, SUMS)
    write_sums(tmp_path, 1, images, sums)
    with pytest.raises(DataError, match=message):
        load("digit-sum", tmp_path)


def test_neither_images_nor_sums(tmp_path):
    touch(tmp_path, "data.npy")
    with pytest.raises(DataError, match=r"data0\.npy with lab0\.npy\. Got '.*' with neither\."):
        load("digit-sum", tmp_path)


def test_a_damaged_array(tmp_path):
    touch(tmp_path, "data0.npy", "lab0.npy")
    with pytest.raises(DataError, match=r"intact \.npy file\. Got '.*data0\.npy'"):
        load("digit-sum", tmp_path)


def test_listing_needs_no_heavy_packages(tmp_path):
    touch(tmp_path, "ab.png")
    code = (
        "import sys; from segcap.datasets import load; load('named', sys.argv[1]); "
        "print(*({'keras', 'tensorflow', 'matplotlib', 'sklearn', 'scipy'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
    )
    assert run.stdout == "\n"


@pytest.mark.parametrize(
    ("names", "pattern", "texts"),
    [
        (["6x3=_1a2b.png", "6x3=_1a2c.png"], r".*_(?P<text>\w{4})", ["1a2b", "1a2c"]),
        (["1-747958.png", "2-030303.png"], r"\d-(?P<text>\d+)", ["747958", "030303"]),
        (["0007_0c0w.png"], r"\d+_(?P<text>.+)", ["0c0w"]),
    ],
)
def test_a_pattern_says_where_the_text_stands(tmp_path, names, pattern, texts):
    touch(tmp_path, *names)
    assert load_named(tmp_path, pattern=pattern).labels == texts
    assert load("named", tmp_path, pattern=pattern).labels.tolist() == texts


@pytest.mark.parametrize(
    ("pattern", "error", "message"),
    [
        (r"(\d+", ParameterError, "must be a regular expression. Got '(\\\\d+': missing )"),
        (7, ParameterError, "must be a regular expression. Got 7"),
        (r"\d+", ParameterError, "must have a group named text"),
        (r"(?P<text>\d+)", DataError, "must give the text of every file name. Got none for"),
        (r"\d(?P<text>\w*)-\w", DataError, "must give the text of every file name. Got none for"),
    ],
)
def test_patterns_that_give_no_text(tmp_path, pattern, error, message):
    touch(tmp_path, "1-a.png")
    with pytest.raises(error, match=re.escape(message)):
        load_named(tmp_path, pattern=pattern)


def test_a_pattern_is_for_files_by_name(tmp_path):
    touch(tmp_path, "1_a.png")
    with pytest.raises(
        ParameterError, match=r"must be for .* 'named' or 'labelled'\. Got it for 'six"
    ):
        load("six-char", tmp_path, pattern="(?P<text>.)")


def test_numbered_files_raise_an_error_that_explains_patterns(tmp_path):
    touch(tmp_path, "0_ab.png", "1_ac.png")
    with pytest.raises(DataError, match=r"a pattern can say .* --pattern '.*\(\?P<text>"):
        load_named(tmp_path)


def test_many_files_that_are_numbered_by_dashes_are_no_differences(tmp_path):
    touch(tmp_path, *(f"{number}-7.png" for number in range(9)))
    assert load_named(tmp_path).labels[:2] == ["0-7", "1-7"]
    touch(tmp_path, "9-7.png")
    with pytest.raises(DataError, match=r"not with its number; a pattern can say .* --pattern"):
        load_named(tmp_path)
    touch(tmp_path, "11-7.png")
    assert "11-7" in load_named(tmp_path).labels


def test_different_numbers_before_a_dash_and_a_text_are_no_labels(tmp_path):
    touch(tmp_path, *(f"{3 * number}-{747 + number}.png" for number in range(10)))
    with pytest.raises(DataError, match=r"not with its number; a pattern can say .* --pattern"):
        load_named(tmp_path)


def test_spaces_and_empty_rows_in_labels_are_no_labels(tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text('file, label\na.png, 1234\n,\n "b.png" , 7\n,\n')
    assert read_labels(labels) == {tmp_path / "a.png": "1234", tmp_path / "b.png": "7"}


def test_absolute_paths_are_of_the_images_in_the_folder(tmp_path, monkeypatch):
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(f"file,label\n{tmp_path / 'a.png'},7\n")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(load("labelled", ".").labels) == ["7"]
