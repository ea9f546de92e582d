"""Values of images: numbers and tasks, points that are asked for or not, images upside down."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import segcap
from segcap.core.errors import ParameterError
from segcap.decoding.numbers import value_of
from segcap.segmentation.ink import InkView

FONT = Path(segcap.__file__).parent / "generate" / "fonts" / "arimo-400.ttf"
FIELDS = ("3+5=", "9-7=", "2+41=", "12.5", "47.0", "8061", "90")


def picture(text):
    """Draw a text as a plain printer would: (40, W, 3) uint8."""
    font = ImageFont.truetype(str(FONT), 30)
    image = Image.new("RGB", (30 + 22 * len(text), 50), "white")
    ImageDraw.Draw(image).text((14, 6), text, "black", font)
    return np.asarray(image)


@pytest.fixture(scope="module")
def numbers():
    return segcap.load("any", kind="number", reject_below=0.0)


def test_numbers_and_tasks_have_values(numbers):
    found = numbers.values(map(picture, FIELDS))
    right = [one.value == value_of(field) for one, field in zip(found, FIELDS, strict=True)]
    assert sum(right) >= 6
    for one in found:
        assert one.value in (value_of(one.text), *dict(one.alternatives))
        assert one.reading.confidence <= one.confidence + 1e-9 <= 1 + 1e-6
        assert json.loads(json.dumps(one.to_dict()))["text"] == one.text


def test_what_is_said_to_be_a_number_is_trusted_to_be_one(numbers, monkeypatch):
    image, readers = picture("8061"), (segcap.load("any", allowlist="0123456789"), numbers)
    before = [reader.read(image).confidence for reader in readers]
    monkeypatch.setattr(InkView, "trust", 0.1)
    text, number = (reader.read(image).confidence for reader in readers)
    assert text / (1 - text) == pytest.approx(0.1 * before[0] / (1 - before[0]))
    assert number == before[1]


def test_one_image_has_the_value_that_it_has_among_many(numbers):
    image = picture("3+5=")
    one, among = numbers.value(image), numbers.values([picture("90"), image])[1]
    assert (one.value, one.text) == (among.value, among.text)
    assert one.confidence == pytest.approx(among.confidence, abs=1e-5)


def test_a_point_that_is_not_asked_for_is_a_speck(numbers):
    image = picture("12.5")
    assert numbers.value(image).value == 12.5
    assert numbers.value(image, decimals=1).value == 12.5
    assert numbers.value(image, decimals=0).value == 125
    digits = segcap.load("any", allowlist="0123456789", reject_below=0.0)
    assert digits.read(image).text == "125"


def test_decimals_need_no_point(numbers):
    assert numbers.value(picture("8061"), decimals=2).value == 80.61


def test_readers_of_any_text_reject_what_is_no_number():
    found = segcap.load("any").value(picture("Hamburg"))
    assert (found.value, found.status, found.confidence) == (None, "rejected", 0.0)
    assert found.text
    assert found.error.endswith(f"must hold a number or an arithmetic task. Got {found.text!r}.")


def test_readers_of_digits_have_values(handwriting):
    rows = segcap.generate.digit_sums(8, 24, seed=5, digits=handwriting)
    reader = segcap.load("digits", length=4)
    for one in reader.values(rows.images):
        assert one.value == int(one.text)
        assert one.confidence == pytest.approx(one.reading.confidence, rel=0.01)
    first = reader.value(rows.images[0], decimals=2)
    assert first.value == int(first.text) / 100


def test_of_nothing_there_is_no_value(numbers):
    found = numbers.value(np.full((40, 90, 3), 255, np.uint8))
    assert (found.value, found.status, found.error) == (None, "empty", None)
    assert numbers.values(["no.png"])[0].status == "unreadable"


@pytest.mark.parametrize(("turned", "quarters"), [("auto", (0, 2)), ("four", (0, 1, 2, 3))])
def test_turned_images_are_read_as_they_stand(numbers, turned, quarters):
    image = picture("47251")
    upright = numbers.read(image)
    for quarter in quarters:
        found = numbers.read(np.rot90(image, quarter), turned=turned)
        assert found.text == upright.text == "47251"
        assert found.turned == (-90 * quarter) % 360
        height, width = np.rot90(image, quarter).shape[:2]
        for glyph in found.glyphs:
            x0, y0, x1, y1 = glyph.box
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            ink = np.rot90(image, quarter)[y0:y1, x0:x1].min(axis=-1) < 128
            assert ink.mean() > 0.2
    assert numbers.value(np.rot90(image, 2), turned=turned).value == 47251
    assert numbers.read_many([image[::-1, ::-1]], turned="auto")[0].turned == 180


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda one: one.value(0, decimals=-1), "The 'decimals' must be an integer .* Got -1."),
        (lambda one: one.values([], decimals=1.5), "The 'decimals' .* Got 1.5."),
        (lambda one: one.read(0, turned=90), "'turned' must be one of auto, four, or None. Got 90"),
        (lambda one: one.values([], turned="no"), "Got 'no'."),
        (lambda _: segcap.load("any", kind="sum"), "'kind' .* text, number, task. Got 'sum'."),
        (
            lambda _: segcap.load("any", kind="number", allowlist="ab"),
            "the kind 'number' must know digits. Got 'ab'.",
        ),
        (
            lambda _: segcap.load("any", kind="task", allowlist="012="),
            "the kind 'task' must know one of the signs .* Got '012='.",
        ),
        (
            lambda _: segcap.load("mixed", binarization="learned"),
            "'learned' needs a network that finds ink, which 'span_roi' has. Got it for 'span_cnn'",
        ),
    ],
)
def test_refusals(numbers, call, message):
    with pytest.raises(ParameterError, match=message):
        call(numbers)


def test_the_kind_is_saved(numbers, tmp_path):
    numbers.save(tmp_path / "numbers.segcap")
    assert segcap.load(tmp_path / "numbers.segcap").kind == "number"


def test_the_command_compares_with_the_values_of_labels(command, tmp_path):
    for index, field in enumerate(FIELDS[:3]):
        Image.fromarray(picture(field)).save(tmp_path / f"{index}.png")
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("file", "label"), *((f"{index}.png", FIELDS[index]) for index in range(3))]
        )
    status, out, err = command("value", tmp_path, "--csv")
    assert status == 0
    assert [line.split(",")[1] for line in out.splitlines()[1:]] == ["8", "2", "43"]
    assert "exact match 100.00%" in err
    assert command("value", tmp_path, "--decimals", -1)[0] == 2
    assert command("value", tmp_path, "--model", "six-char")[0] == 2
    assert command("read", tmp_path, "--model", "six-char", "--turned", "auto")[0] == 2
