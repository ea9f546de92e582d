"""Pages of sample predictions, read as a browser would."""

import base64
import os
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import segcap
from segcap.core.errors import FileError, ParameterError
from segcap.core.image import load_image
from segcap.datasets import load_named
from segcap.evaluate import exact_match, sample_page

_EMPTY_ELEMENTS = {"meta", "img", "input"}


class Page(HTMLParser):
    """Words, tags and attributes of a page whose elements are all closed."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.words, self.figures, self._open = [], [], [], []
        self.feed(path.read_text("utf-8"))
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "figure":
            self.figures.append((dict(attributes)["class"], []))
        if tag not in _EMPTY_ELEMENTS:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] == ["style"] or not data.strip():
            return
        self.words.append(data.strip())
        if "figure" in self._open:
            self.figures[-1][1].append(data.strip())

    @property
    def text(self):
        return " ".join(self.words)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def pictures(self):
        sources = [attributes["src"].split(",", 1) for attributes in self.all("img")]
        assert all(
            head in ("data:image/png;base64", "data:image/jpeg;base64") for head, _ in sources
        )
        return [load_image(base64.b64decode(data)) for _, data in sources]


class Lent:
    """A sequence that remembers what was taken from it."""

    def __init__(self, images):
        self.images, self.taken = images, set()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        self.taken.add(index)
        return self.images[index]


@pytest.fixture(scope="module")
def rows(handwriting):
    return segcap.generate.digit_sums(150, 10, seed=3, digits=handwriting)


@pytest.fixture(scope="module")
def read(rows):
    """Texts, read and true, of overlapping digits, with confidences."""
    readings = segcap.load("digits", length=4).read_many(rows.images)
    truths = ["".join(map(str, label)) for label in rows.labels]
    return [r.text for r in readings], truths, [r.confidence for r in readings]


@pytest.fixture
def target(tmp_path):
    return tmp_path / "page.html"


def blank(n):
    return np.full((n, 8, 12), 255, np.uint8)


def test_texts_are_shown_with_truth_and_confidence(target, rows, read):
    answers, truths, confidences = read
    sample_page(target, rows.images, answers, truths, confidences, most=150)
    page = Page(target)
    wrong = [a != t for a, t in zip(answers, truths, strict=True)]
    assert any(wrong)
    assert [kind for kind, _ in page.figures[-150:]] == [
        "wrong" if is_wrong else "right" for is_wrong in wrong
    ]
    for index, (_, words) in enumerate(page.figures[-150:]):
        said = "".join(words)
        sure = f"{100 * confidences[index]:.1f} % sure"
        assert wrong[index] or said == f"{answers[index]}✓ right{sure}"
        assert said.endswith(sure)
        assert (f"✗ wrong, is{truths[index]}" in said) == wrong[index]
    assert str(exact_match(answers, truths)) in page.text
    assert "right characters" in page.text
    assert "calibration error" in page.text
    assert "Character by character" in page.text
    assert "All images" in page.text


def test_pictures_are_the_sample_and_load_as_they_were(target, rows, read):
    sample_page(target, rows.images, read[0], read[1], most=150)
    pictures = Page(target).pictures[-150:]
    for picture, image in zip(pictures, rows.images, strict=True):
        assert picture.shape == (40, 168, 3)
        assert np.abs(picture[..., 0].astype(int) - image).mean() < 4


def test_the_page_needs_nothing_else(target, rows, read):
    sample_page(target, rows.images, *read)
    page, source = Page(target), target.read_text("utf-8")
    assert source.startswith("<!DOCTYPE html>")
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "a"}
    assert "http" not in source.replace("http-equiv", "")
    assert "url(" not in source
    assert any("default-src 'none'" in meta.get("content", "") for meta in page.all("meta"))
    assert "prefers-color-scheme: dark" in source
    assert len(page.pictures) == len(page.figures)


def test_the_same_seed_gives_the_same_bytes(target, tmp_path, rows, read):
    other = tmp_path / "other.html"
    for path, seed in ((target, 4), (other, 4)):
        sample_page(path, rows.images, *read, most=20, seed=seed)
    assert target.read_bytes() == other.read_bytes()
    sample_page(other, rows.images, *read, most=20, seed=5)
    assert target.read_bytes() != other.read_bytes()


def test_only_sampled_and_confused_images_are_loaded(target, rows, read):
    answers, truths, _ = read
    lent = Lent(rows.images)
    sample_page(target, lent, answers, most=7)
    assert len(lent.taken) == 7
    assert "7 of 150 images, drawn at random" in Page(target).text
    lent = Lent(rows.images)
    sample_page(target, lent, answers, truths, most=7)
    wrong = {i for i, (a, t) in enumerate(zip(answers, truths, strict=True)) if a != t}
    sampled = {int(name) for name in _names(Page(target).figures[-7:], target)}
    assert lent.taken <= sampled | wrong
    assert len(lent.taken) <= 7 + 6 * 6


def _names(figures, path):
    names = [image["alt"] for image in Page(path).all("img")][-len(figures) :]
    return [name.removeprefix("image ") for name in names]


def test_classes_have_a_table_and_their_confused_pairs(target):
    truths = ["cat", "dog", "dog", "fox"] * 5
    answers = ["cat", "cat", "dog", None] * 5
    sample_page(target, blank(20), answers, truths, title="Pets")
    page = Page(target)
    assert "dog taken for cat : 5 times, 50.0 % of all dog" in page.text
    assert "fox taken" not in page.text
    assert [kind for kind, _ in page.figures] == ["wrong"] * 5 + [
        "right",
        "wrong",
        "right",
        "wrong",
    ] * 5
    assert ["(none)", "✗ wrong, is", "fox"] in [words for _, words in page.figures]
    assert len(page.all("tr")) == 1 + 3 + 2
    assert "fox 0.0000 0.0000 0.0000 5" in page.text
    assert page.text.startswith("Pets Pets images 20")


def test_sums_are_classes(target, rows):
    sums = rows.labels.sum(axis=1)
    answers = [int(value) for value in sums]
    answers[0] += 1
    sample_page(target, rows.images, answers, sums, most=3)
    page = Page(target)
    assert f"{sums[0]} taken for {sums[0] + 1} : 1 time" in page.text
    assert "Class by class" in page.text
    assert "Characters left out" not in page.text


@pytest.mark.parametrize(("n", "has_table"), [(40, True), (41, False)])
def test_long_tables_are_left_away(target, n, has_table):
    sample_page(target, blank(n), range(n), range(n), most=1)
    page = Page(target)
    assert bool(page.all("table")) == has_table
    assert "Nothing is taken for anything else" in page.text


def test_the_unit_is_as_asked(target):
    answers, truths = ["12", "Z2", "7"], ["12", "22", "77"]
    sample_page(target, blank(3), answers, truths)
    assert "2 taken for Z : 1 time, 33.3 % of all 2" in Page(target).text
    assert "Characters left out: 1; read where there is none: 0." in Page(target).text
    sample_page(target, blank(3), answers, truths, unit="class")
    assert "22 taken for Z2 : 1 time, 100.0 % of all 22" in Page(target).text


def test_truths_without_a_character_are_classes(target):
    sample_page(target, blank(2), ["", "a"], ["", ""])
    assert "(empty) taken for a : 1 time, 50.0 % of all (empty)" in Page(target).text


def test_what_is_wrong_in_a_text_is_marked(target):
    sample_page(target, blank(3), ["Z2", "7", ""], ["22", "77", "5"])
    page = Page(target)
    assert len(page.all("mark")) == 3
    marked = [words for _, words in page.figures[-3:]]
    assert marked == [
        ["Z", "2", "✗ wrong, is", "22"],
        ["⎵", "7", "✗ wrong, is", "77"],
        ["(empty)", "✗ wrong, is", "5"],
    ]


def test_without_truths_nothing_is_judged(target):
    sample_page(target, blank(3), ["a", "b", "a"], confidences=[0.5, 1, 0])
    page = Page(target)
    assert not page.all("input")
    assert not page.all("table")
    assert [words for _, words in page.figures] == [
        ["a", "50.0 % sure"],
        ["b", "100.0 % sure"],
        ["a", "0.0 % sure"],
    ]
    assert "mean confidence 50.00%" in page.text


def test_only_wrong_ones_can_be_shown_without_a_script(target):
    sample_page(target, blank(2), ["a", "b"], ["a", "a"])
    page = Page(target)
    assert page.all("input") == [{"type": "checkbox", "id": "wrong-only"}]
    assert {"for": "wrong-only"} in page.all("label")
    source = target.read_text("utf-8")
    assert "#wrong-only:checked ~ .grid .right { display: none; }" in source


def test_labels_cannot_become_markup(target):
    nasty = ["<script>alert(1)</script>", 'x" onload="y', "A&B", "</figure>"]
    answers = [*nasty[1:], nasty[0]]
    for unit in ("class", "character"):
        sample_page(target, blank(4), answers, nasty, title="<i>&amp;", unit=unit)
        page = Page(target)
        assert not page.all("script")
        assert not page.all("i")
        assert all("onload" not in attributes for _, attributes in page.tags)
        assert page.words[:2] == ["<i>&amp;", "<i>&amp;"]
        assert {words[-1] for _, words in page.figures[-4:]} == set(nasty)


def test_images_that_cannot_be_loaded_are_said_to_be_so(target, tmp_path):
    torn = tmp_path / "<b>torn.png"
    torn.write_bytes(b"no image")
    sample_page(target, [torn, tmp_path / "none.png"], [None, None], ["a", "b"])
    page = Page(target)
    assert not page.all("img")
    assert not page.all("b")[2:]
    assert "<b>torn.png" in page.text
    assert "none.png', which does not" in page.text


def test_large_pictures_are_made_smaller(target, rows):
    large = np.tile(rows.images[0], (20, 5))
    sample_page(target, [large, large[:, :1]], ["a", "b"])
    assert [picture.shape for picture in Page(target).pictures] == [(305, 320, 3), (320, 1, 3)]


def test_colours_are_kept(target):
    tile = np.zeros((30, 30, 3), np.uint8)
    tile[:15] = 200, 30, 10
    sample_page(target, [tile], ["a"])
    np.testing.assert_array_equal(Page(target).pictures[0], tile)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"answers": []}, "'images' of sample_page .* Got 2 images and 0 answers"),
        ({"truths": ["a"]}, "'truths' of sample_page .* Got 2 answers and 1 truths"),
        ({"truths": [1, 2]}, "all texts or all whole numbers"),
        ({"answers": [0.5, 1]}, "must be texts or whole numbers. Got 0.5"),
        ({"confidences": [0.5, 1.5]}, r"'confidences' must lie in .* Got 1.5"),
        ({"confidences": [0.5]}, r"Got shape \(1,\) for 2 images"),
        ({"most": 0}, "'most' must be an integer of at least 1. Got 0"),
        ({"seed": -1}, "'seed' must be an integer in 0 ... 4294967295. Got -1"),
        ({"unit": "word"}, "must be 'class' or 'character'. Got 'word'"),
    ],
)
def test_input_that_does_not_fit_raises(target, given, message):
    fit = {"images": blank(2), "answers": ["a", "b"]}
    with pytest.raises(ParameterError, match=message):
        sample_page(target, **{**fit, **given})
    assert not target.exists()


def test_a_missing_folder_raises(tmp_path):
    with pytest.raises(FileError, match="into a folder that exists"):
        sample_page(tmp_path / "none" / "page.html", blank(1), ["a"])


def test_real_captchas_are_shown(target, tmp_path):
    archive = Path(os.environ.get("SEGCAP_DATA", "")) / "captcha-v2.tar"
    if not archive.is_file():
        pytest.skip("SEGCAP_DATA names no folder with captcha-v2.tar")
    with tarfile.open(archive) as tar:
        pictures = [member for member in tar if member.isfile()][::25]
        tar.extractall(tmp_path / "real", pictures, filter="data")
    images, labels = load_named(tmp_path / "real")
    reader = segcap.load("mixed", allowlist="2345678bcdefgmnpwxy", length=5)
    readings = reader.read_many(images)
    answers = [reading.text for reading in readings]
    sample_page(target, images, answers, labels, [reading.confidence for reading in readings])
    page = Page(target)
    assert len(images) > 30
    assert {picture.shape for picture in page.pictures} == {(50, 200, 3)}
    assert [image["alt"] for image in page.all("img")][-len(images) :] == [
        image.name for image in images
    ]
