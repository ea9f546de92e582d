"""The shipped reader for any scheme."""

import string
from itertools import compress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import segcap
from segcap.core.errors import ParameterError
from segcap.generate import TextGenerator
from segcap.recipes.any import _without_most_numbers
from segcap.segmentation.line_pictures import LOOKS
from segcap.training.spans import LabelledStrips

SEED = 3_000_000
FONTS = Path(segcap.__file__).parent / "generate" / "fonts"


@pytest.fixture(scope="module")
def anything():
    return segcap.load("any")


def drawn(n, **options):
    samples = TextGenerator("wild", **options).samples(n, seed=SEED)
    return [one.image for one in samples], [one.label for one in samples]


def test_it_finds_ink_by_its_network(anything):
    assert anything.binarization == "learned"
    assert anything.ink_ is not None
    assert set(string.digits + string.ascii_letters + "+-=.") < set(anything.charset)


def test_it_adds_up_digits_where_nothing_else_may_occur(anything):
    sample = TextGenerator("clean", charset=string.digits, length=4).sample(1, seed=SEED)
    known = segcap.load("any", allowlist=string.digits)
    assert known.digit_sum(sample.image).value == sum(map(int, sample.label))
    with pytest.raises(ParameterError, match=r"the 'allowlist', must hold digits only\. Got '0123"):
        anything.digit_sum(sample.image)


@pytest.mark.parametrize("height", [72, 96, 130])
def test_it_finds_small_text_in_a_larger_image(anything, height):
    font = ImageFont.truetype(str(FONTS / "arimo-400.ttf"), 12)
    image = Image.new("RGB", (160, height), "white")
    ImageDraw.Draw(image).text((60, height // 2 - 8), "K7m24", "black", font)
    assert anything.read(np.asarray(image)).text == "K7m24"


def test_it_reads_texts_of_looks_that_it_has_not_seen():
    images, labels = drawn(60, charset=string.digits, length=4)
    known = segcap.load("any", allowlist=string.digits, length=4)
    assert known.score(images, labels) > 0.5


def test_what_is_given_holds():
    images, _ = drawn(12)
    for reading in segcap.load("any", allowlist="ABC1", length=3, case="fold").read_many(images):
        assert set(reading.text) <= set("ABC1")
        assert len(reading.text) == 3 or reading.status != "ok"


def test_letters_of_both_cases_are_one_where_they_are_folded():
    images, labels = drawn(40, charset="cosvwxz" + "COSVWXZ", length=5)
    read = segcap.load("any", allowlist="cosvwxz" + "COSVWXZ", length=5, case="fold").predict(
        images
    )
    assert [text.lower() for text in read] == read.tolist()
    assert np.mean(read == [label.lower() for label in labels]) > 0.6


@pytest.mark.parametrize("shade", [0, 127, 255])
def test_an_image_without_text_is_empty(anything, shade):
    assert anything.read(np.full((60, 160, 3), shade, np.uint8)).status == "empty"


def test_a_photograph_is_rejected_or_empty(anything):
    for photo in (data.chelsea(), data.coffee(), data.astronaut()):
        assert anything.read(photo).status in ("rejected", "empty")


def test_a_single_character_is_less_sure_where_no_length_is_known(anything):
    image = TextGenerator("clean", charset="7", length=1, size=(40, 40)).sample(0).image
    known = segcap.load("any", length=1).read(image)
    unknown = anything.read(image)
    assert known.text == unknown.text == "7"
    assert unknown.status == "ok"
    assert unknown.confidence < known.confidence


def test_boxes_are_those_of_the_image(anything):
    generator = TextGenerator("wild", charset=string.digits, length=4, difficulty=0.0)
    samples = generator.samples(20, seed=SEED)
    known = segcap.load("any", allowlist=string.digits, length=4)
    overlaps = []
    for sample in samples:
        boxes = np.array([glyph.box for glyph in known.read(sample.image).glyphs])
        low = np.maximum(boxes[:, 0], sample.boxes[:, 0])
        high = np.minimum(boxes[:, 2], sample.boxes[:, 2])
        union = np.maximum(boxes[:, 2], sample.boxes[:, 2]) - np.minimum(
            boxes[:, 0], sample.boxes[:, 0]
        )
        overlaps += (np.maximum(high - low, 0) / union).tolist()
    assert np.median(overlaps) > 0.75


def test_a_small_text_on_a_large_canvas_is_read():
    sample = TextGenerator("clean", charset=string.digits, length=4, size=(110, 36)).sample(2)
    canvas = np.full((1200, 1600, 3), sample.image[0, 0], np.uint8)
    canvas[700:736, 1000:1110] = sample.image[..., np.newaxis]
    assert segcap.load("any", allowlist=string.digits).read(canvas).text == sample.label


def test_a_saved_reader_finds_ink_as_before(anything, tmp_path):
    images, _ = drawn(6)
    anything.save(tmp_path / "copy.segcap")
    copy = segcap.load(tmp_path / "copy.segcap")
    assert [one.text for one in copy.read_many(images)] == [
        one.text for one in anything.read_many(images)
    ]


def test_learned_ink_cannot_be_exchanged_for_a_threshold():
    with pytest.raises(ParameterError, match=r"'binarization' for 'span_roi' must be 'le"):
        segcap.load("any", binarization="otsu")


def test_unsure_texts_are_looked_at_again(anything, monkeypatch):
    images, _ = drawn(20)
    looked = anything.read_many(images)
    monkeypatch.setattr("segcap.recognition.line_columns.LOOKS", LOOKS[:1])
    once = anything.read_many(images)
    equal = [one == other for one, other in zip(once, looked, strict=True)]
    assert 0 < sum(equal) < 20
    unsure = compress(once, [not same for same in equal])
    sure = compress(once, equal)
    assert max(one.confidence for one in unsure) < max(one.confidence for one in sure)


def test_most_lines_of_digits_alone_are_not_trained_on():
    classes = np.full((1000, 4), 40)
    classes[:600] = [3, 4, 5, -1]
    lines = LabelledStrips(np.zeros((1000, 8, 8, 4), np.uint8), np.zeros((1000, 4, 2)), classes)
    kept = _without_most_numbers(lines, seed=0).classes
    assert (kept == 40).all(axis=1).sum() == 400
    assert 200 < len(kept) - 400 < 340
