"""Why a reading is wrong, where its characters are, and the figure that shows it."""

import sys

import numpy as np
import pytest

import segcap
from segcap.core.errors import DataError, ParameterError
from segcap.core.reading import Glyph, Reading
from segcap.generate import TextGenerator

BOXES = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [20, 0, 30, 10]])


def reading(text, columns, **fields):
    glyphs = tuple(
        Glyph(char, 0.9, (left, 0, right, 10))
        for char, (left, right) in zip(text, columns, strict=True)
    )
    return Reading(text, glyphs, confidence=0.7, **fields)


@pytest.mark.parametrize(
    ("read", "failure"),
    [
        (reading("abc", [(0, 10), (10, 20), (20, 30)]), None),
        (reading("abd", [(0, 10), (10, 20), (20, 30)]), "misread"),
        (reading("abd", [(0, 10), (12, 20), (21, 30)]), "misread"),
        (reading("abd", [(0, 10), (10, 16), (16, 30)]), "misread"),
        (reading("abd", [(0, 10), (10, 14), (14, 30)]), "misplaced"),
        (reading("xbc", [(3, 15), (15, 20), (20, 30)]), "misplaced"),
        (reading("ac", [(0, 20), (20, 30)]), "under-segmented"),
        (reading("", []), "under-segmented"),
        (reading("aabc", [(0, 5), (5, 10), (10, 20), (20, 30)]), "over-segmented"),
        (reading("abc", [(0, 10), (10, 20), (20, 30)], status="rejected"), "rejected"),
        (Reading(status="unreadable", error="torn"), "unreadable"),
        (Reading(status="empty"), "under-segmented"),
    ],
)
def test_kinds_of_failure(read, failure):
    assert read.failure("abc", BOXES) == failure


@pytest.mark.parametrize("boxes", [BOXES[:1], [], BOXES[:, :2]])
def test_boxes_are_one_for_each_character(boxes):
    with pytest.raises(ParameterError, match=r"must have shape \(3, 4\)"):
        reading("abd", [(0, 10), (10, 20), (20, 30)]).failure("abc", boxes)


@pytest.fixture(scope="module")
def reader():
    return segcap.load("mixed", length=4)


@pytest.fixture(scope="module")
def samples():
    return TextGenerator("wordpress").samples(12, seed=4)


def test_a_known_text_is_located(reader, samples):
    for sample in samples:
        boxes = reader.locate(sample.image, sample.label)
        assert boxes.shape == (4, 4)
        assert np.abs(boxes[:, [0, 2]] - sample.boxes[:, [0, 2]]).max() <= 4


def test_a_failure_is_found_from_the_image_alone(reader, samples):
    sample = samples[0]
    assert reader.read(sample.image).text == sample.label
    assert reader.failure(sample.image, sample.label) is None
    other = sample.label[:3] + ("A" if sample.label[3] != "A" else "B")
    assert reader.failure(sample.image, other) == "misread"
    strict = segcap.load("mixed", length=4, reject_below=1.0)
    assert strict.failure(sample.image, sample.label) == "rejected"


def test_no_place_is_needed_where_the_count_is_wrong(reader, samples):
    blank = np.full((20, 40), 255, np.uint8)
    assert reader.failure(blank, "ABCD") == "under-segmented"
    assert reader.failure(samples[0].image, samples[0].label[:3]) == "over-segmented"


def test_what_is_not_allowed_is_located_all_the_same(samples):
    digits = segcap.load("mixed", length=4, allowlist="0123456789")
    sample = next(sample for sample in samples if not sample.label.isdigit())
    assert digits.failure(sample.image, sample.label) in ("misread", "misplaced")
    np.testing.assert_array_equal(
        digits.locate(sample.image, sample.label),
        segcap.load("mixed", length=4).locate(sample.image, sample.label),
    )


def test_a_text_that_does_not_fit_is_refused(reader, samples):
    with pytest.raises(DataError, match="about as many characters as its image has components"):
        reader.locate(np.full((20, 40), 255, np.uint8), "ABCD")
    with pytest.raises(ParameterError, match="'!'"):
        reader.locate(samples[0].image, "ABC!")
    with pytest.raises(ParameterError, match=r"at least one character\. Got ''"):
        reader.locate(samples[0].image, "")
    with pytest.raises(ParameterError, match=r"must be a string\. Got 42"):
        reader.locate(samples[0].image, 42)


@pytest.mark.parametrize("name", ["mixed", "any"])
def test_a_label_is_judged_in_the_letters_that_are_answered(name):
    sample = TextGenerator("clean", charset="KMRT7", length=5).sample(1, seed=0)
    folded = segcap.load(name, case="fold", length=5)
    assert folded.read(sample.image).text == sample.label.lower()
    assert folded.failure(sample.image, sample.label) is None
    boxes = folded.locate(sample.image, sample.label)
    np.testing.assert_array_equal(boxes, folded.locate(sample.image, sample.label.lower()))


def test_at_most_a_hundred_texts_are_ranked(reader, samples):
    for most in (0, 101, 10**12):
        with pytest.raises(ParameterError, match=rf"'most' .* in 1 \.\.\. 100\. Got {most}"):
            reader.read_best(samples[0].image, most)


@pytest.mark.parametrize(
    ("label", "message"), [(12, "a string. Got 12"), ("AB!", "'AB!' with '!'")]
)
def test_a_label_that_cannot_be_judged_is_refused(reader, samples, label, message):
    with pytest.raises(ParameterError, match=message):
        reader.failure(samples[0].image, label)


def test_the_best_texts_begin_with_what_is_read(reader, samples):
    for sample in samples:
        ranked = reader.read_best(sample.image, 4)
        texts, probabilities = zip(*ranked, strict=True)
        assert texts[0] == reader.read(sample.image).text
        assert len(set(texts)) == len(texts) <= 4
        assert list(probabilities) == sorted(probabilities, reverse=True)
        assert 0 < sum(probabilities) <= 1 + 1e-9
    assert reader.read_best(np.full((20, 40), 255, np.uint8)) == []


@pytest.mark.parametrize("model", ["mixed", "digits"])
def test_the_explanation_shows_ink_path_and_scores(model, samples, tmp_path):
    from matplotlib.text import Text

    reader = segcap.load(model, length=4)
    figure = reader.explain(samples[0].image)
    image, ink, lattice, scores = figure.axes
    text = reader.read(samples[0].image).text
    assert repr(text) in image.get_title(loc="left")
    chars = [own for own in figure.findobj(Text) if own.get_text() in (*text, f"{text!r}")]
    title = next(own for own in figure.findobj(Text) if repr(text) in own.get_text())
    assert not any(own.get_parse_math() for own in (*chars, title))  # "$" is no formula
    assert len(ink.patches) == len(text)
    assert len(lattice.lines) >= len(text)
    assert len(scores.patches) >= len(text)
    figure.savefig(tmp_path / "way.png")
    assert (tmp_path / "way.png").stat().st_size > 5000


def test_a_blank_image_is_explained(reader):
    figure = reader.explain(np.full((20, 40), 255, np.uint8))
    assert "empty" in figure.axes[0].get_title(loc="left")


def test_drawing_without_matplotlib_is_one_sentence(reader, samples, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ParameterError, match=r"the extra 'plot': pip install"):
        reader.explain(samples[0].image)


def test_a_text_is_located_whatever_length_is_read(samples):
    sample = next(one for one in samples if len(one.label) == 4)
    expected = segcap.load("mixed", length=4).locate(sample.image, sample.label)
    for length in (None, 2):
        reader = segcap.load("mixed", length=length)
        np.testing.assert_array_equal(reader.locate(sample.image, sample.label), expected)


def test_own_parts_are_looked_into(samples):
    own = segcap.load("mixed", length=4, segmenter=lambda image: image.min(axis=2) < 128)
    sample = samples[0]
    assert own.read(sample.image).text == sample.label
    assert own.failure(sample.image, sample.label) is None
    boxes = own.locate(sample.image, sample.label)
    assert np.abs(boxes[:, [0, 2]] - sample.boxes[:, [0, 2]]).max() <= 4
    assert len(own.explain(sample.image).axes) > 1
