"""What readers answer, and how they are kept; most of it by the shipped reader of digits."""

import io
import json
import pickle
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image
from reader_material import texts
from sklearn.base import clone

import segcap
from segcap.core.bundle import bundle_path, read_bundle
from segcap.core.errors import (
    BundleError,
    ImageError,
    NotFittedError,
    ParameterError,
    SegcapWarning,
)
from segcap.segmentation.glyph_crops import frame_glyph


@pytest.fixture(scope="module")
def reader():
    return segcap.load("digits")


@pytest.fixture(scope="module")
def rows(handwriting):
    return segcap.generate.digit_sums(40, 22, seed=3, digits=handwriting)


def test_importing_segcap_loads_no_framework():
    code = (
        "import sys, segcap; segcap.load('digits');"
        "print([m for m in ('tensorflow', 'keras', 'torch', 'jax') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_what_reads_can_be_saved_whatever_it_was_given(tmp_path):
    reader = segcap.load("digits", allowlist={"1"}, reject_below=np.float32(0.5))
    reader.save(tmp_path / "ones.segcap")
    kept = segcap.load(tmp_path / "ones.segcap")
    assert (kept.allowlist, kept.reject_below) == ("1", 0.5)


@pytest.mark.parametrize("name", ["cats-dogs", "six-char"])
def test_bundles_call_tta_views_as_they_always_have(name, tmp_path):
    reader = segcap.load(name)
    reader.save(tmp_path / "a.segcap")
    kept = [read_bundle(path).settings for path in (bundle_path(name), tmp_path / "a.segcap")]
    assert [settings["views"] for settings in kept] == [reader.tta] * 2
    assert "tta" not in kept[1]
    assert reader.tta > 1


def test_reads_rows_of_digits(reader, rows):
    assert reader.score(rows.images, texts(rows)) >= 0.85


def test_labels_that_cannot_be_answered_are_reported(reader, rows):
    labels = np.array(["1234", "12a4"])
    with pytest.warns(SegcapWarning, match="1 of 2 labels are no.* such as '12a4'") as caught:
        reader.score(rows.images[:2], labels)
    assert caught[0].filename == __file__
    for allowed in ("13579", ["13", "579"], {"1", "3", "7", "9"}):
        odd = segcap.load("digits", allowlist=allowed)
        assert odd.can_answer("1379")
        assert not odd.can_answer("1234")
    of_five = segcap.load("captcha-v2-crnn", length=5)
    assert [of_five.can_answer(text) for text in ("2b827", "2b", "")] == [True, False, True]
    of_four = segcap.load("digits", length=4)
    assert [of_four.can_answer(text) for text in ("1234", "123", "")] == [True, False, True]
    folded = segcap.load("mixed", allowlist="ABx", case="fold")
    assert [folded.can_answer(text) for text in ("AB", "abX", "y")] == [True, True, False]
    tasks = segcap.load("any", kind="task")
    assert [tasks.can_answer(text) for text in ("3+5=", "35", "abc")] == [True, False, False]
    for unfitted in (segcap.GlyphReader(), segcap.SumClassifier(), segcap.SequenceReader()):
        with pytest.raises(NotFittedError):
            unfitted.can_answer("1")


def test_what_cannot_be_opened_again_is_not_saved(reader, tmp_path):
    for wrong in ({"allowlist": "abc"}, {"length": 4.7}, {"reject_below": "high"}):
        other = segcap.load("digits").set_params(**wrong)
        with pytest.raises(ParameterError, match="Got "):
            other.save(tmp_path / "saved.segcap")
    assert not list(tmp_path.iterdir())


def test_reading_is_whole(reader, rows):
    reading = reader.read(rows.images[0])
    assert reading.status == "ok"
    assert reading.text == "".join(glyph.char for glyph in reading.glyphs)
    assert reading.confidence == pytest.approx(np.prod([g.confidence for g in reading.glyphs]))
    lefts = [glyph.box[0] for glyph in reading.glyphs]
    assert lefts == sorted(lefts)
    for glyph in reading.glyphs:
        x0, y0, x1, y1 = glyph.box
        assert 0 <= x0 < x1 <= 168
        assert 0 <= y0 < y1 <= 40
        ranked = [glyph.confidence, *(value for _, value in glyph.alternatives)]
        assert ranked == sorted(ranked, reverse=True)
        assert glyph.char not in [char for char, _ in glyph.alternatives]
    assert json.loads(json.dumps(reading.to_dict()))["text"] == reading.text


def test_boxes_lie_on_the_true_digits(reader, rows):
    for index, (image, label) in enumerate(zip(rows.images, rows.labels, strict=True)):
        reading = reader.read(image)
        if reading.text != "".join(map(str, label)):
            continue
        for glyph, ink in zip(reading.glyphs, rows.masks(index) & (image > 60), strict=True):
            (c0, c1), (d0, d1) = (np.flatnonzero(ink.any(axis=axis))[[0, -1]] for axis in (0, 1))
            true = c0, d0, c1 + 1, d1 + 1
            x0, y0 = np.maximum(glyph.box[:2], true[:2])
            x1, y1 = np.minimum(glyph.box[2:], true[2:])
            areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (glyph.box, true)]
            shared = (x1 - x0) * (y1 - y0)
            assert shared / (sum(areas) - shared) > 0.5


def test_confidence_does_not_depend_on_the_batch(reader, rows):
    alone = [reader.read(image).confidence for image in rows.images]
    for batch_size in (1, 7, 256):
        together = reader.read_many(rows.images, batch_size)
        np.testing.assert_allclose([r.confidence for r in together], alone, atol=1e-5)


def test_workers_read_the_same(reader, rows):
    one = reader.read_many(rows.images, 10)
    two = reader.read_many(rows.images, 10, n_jobs=2)
    assert [r.text for r in two] == [r.text for r in one]


@pytest.mark.parametrize("height", [12, 20, 60, 160, 400])
@pytest.mark.parametrize("inverted", [False, True])
def test_one_digit_of_any_size_and_polarity(reader, handwriting, height, inverted):
    pictures, names = handwriting
    scale = height / 20
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    images = [
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=interpolation)
        for picture in pictures[:60]
    ]
    images = [255 - image for image in images] if inverted else images
    assert reader.score(images, names[:60].astype(str).tolist()) >= 0.9


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_image_is_empty(reader, level):
    reading = reader.read(np.full((40, 168), level, np.uint8))
    assert (reading.status, reading.text, reading.glyphs) == ("empty", "", ())


def test_grain_on_blank_background_is_empty(reader):
    grain = np.random.default_rng(0).normal(200, 4, (60, 200)).round().astype(np.uint8)
    assert reader.read(grain).status == "empty"


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_a_line_of_any_length(reader, handwriting, count):
    rows = segcap.generate.digit_sums(20, 22, seed=1, digits=handwriting, count=count)
    counts = [len(reading.text) for reading in reader.read_many(rows.images)]
    assert np.mean(np.array(counts) == count) >= 0.9


@pytest.mark.parametrize("min_advance", [15, 10])
def test_a_known_length_is_met_where_digits_touch(handwriting, min_advance):
    rows = segcap.generate.digit_sums(60, min_advance, seed=2, digits=handwriting)
    known = segcap.load("digits", length=4).read_many(rows.images)
    assert {len(reading.text) for reading in known} == {4}
    unknown = segcap.load("digits").read_many(rows.images)
    right = [[r.text == t for r, t in zip(rs, texts(rows), strict=True)] for rs in (known, unknown)]
    assert sum(right[0]) >= sum(right[1])
    assert np.mean(right[0]) >= 0.6


def test_broken_digits_are_joined_when_the_length_is_known(handwriting):
    pictures, names = handwriting
    picture = pictures[names == 0][0].copy()
    picture[:, 13:15] = 0
    row = np.hstack([picture, pictures[names == 7][1]])
    assert segcap.load("digits", length=2).read(row).text == "07"


def test_a_length_that_cannot_be_met_is_rejected():
    image = np.zeros((20, 20), np.uint8)
    image[5:15, 9:11] = 255
    reading = segcap.load("digits", length=4).read(image)
    assert (reading.status, reading.confidence) == ("rejected", 0.0)


def test_three_lines_are_not_joined(handwriting):
    pictures, names = handwriting
    column = np.vstack([pictures[names == digit][0] for digit in (1, 4, 7)])
    reading = segcap.load("digits", length=2).read(column)
    assert all(glyph.box[3] - glyph.box[1] < 28 for glyph in reading.glyphs)


def test_an_absurd_length_is_rejected(rows):
    reading = segcap.load("digits", length=10**9).read(rows.images[0])
    assert reading.status == "rejected"


def test_paths_in_an_array_of_objects_are_read(reader, tmp_path):
    paths = np.array([tmp_path / "none.png"] * 2, dtype=object)
    assert [r.status for r in reader.read_many(paths)] == ["unreadable"] * 2


def test_what_was_trained_does_not_change_with_the_parameters(rows):
    reader = segcap.load("digits")
    before = reader.read(rows.images[0])
    for fixed in ({"charset": "abcdefghij"}, {"classifier": "span_cnn"}):
        with pytest.raises(ParameterError, match="of a trained reader cannot change"):
            reader.set_params(**fixed, length=2)
    assert reader.read(rows.images[0]) == before


def test_reject_below(rows):
    strict = segcap.load("digits", reject_below=1.0).read_many(rows.images)
    assert {reading.status for reading in strict} == {"rejected"}
    assert all(reading.text for reading in strict)


def test_allowlist_restricts_the_answers(rows):
    few = segcap.load("digits", allowlist="01").read_many(rows.images)
    assert set("".join(reading.text for reading in few)) <= {"0", "1"}


def test_digit_sums_agree_with_texts(reader, rows):
    for total in reader.digit_sums(rows.images):
        assert total.probabilities.sum() == pytest.approx(1)
        assert total.probabilities.shape == (9 * len(total.reading.glyphs) + 1,)
        assert total.confidence == total.probabilities.max()
        assert total.confidence >= total.reading.confidence - 1e-9
        if total.reading.confidence > 0.5:
            assert total.value == sum(map(int, total.reading.text))


def test_digit_sum_of_one_image_equals_that_of_many(reader, rows):
    one = reader.digit_sum(rows.images[0])
    np.testing.assert_allclose(
        one.probabilities, reader.digit_sums(rows.images)[0].probabilities, atol=1e-5
    )
    assert json.loads(json.dumps(one.to_dict()))["value"] == one.value


def test_digit_sum_of_nothing(reader):
    total = reader.digit_sum(np.zeros((9, 9), np.uint8))
    assert (total.value, total.confidence, total.status) == (None, 0.0, "empty")


def test_unreadable_images_are_recorded_among_the_others(reader, rows, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("no image")
    images = [rows.images[0], text, np.full((4, 4), np.nan), rows.images[1]]
    readings = reader.read_many(images)
    assert [reading.status for reading in readings] == ["ok", "unreadable", "unreadable", "ok"]
    assert "text.png" in readings[1].error
    assert "NaN" in readings[2].error
    with pytest.raises(ImageError, match=r"text\.png"):
        reader.read_many(images, errors="raise")
    with pytest.raises(ImageError, match=r"text\.png"):
        reader.read(text)


def test_no_images(reader):
    assert reader.read_many([]) == []
    assert reader.predict([]).shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.read_many("one.png"), "sequence of images.*str"),
        (lambda r: r.read_many([], 0), "'batch_size' must be an integer of at least 1. Got 0"),
        (lambda r: r.read_many([], errors="hide"), "'errors' must be.*'hide'"),
        (lambda r: r.score([], []), "at least one. Got 0 images"),
        (lambda r: r.set_params(size=3), "one of charset.*'size'"),
        (lambda r: segcap.load("digits", length=0), "'length' must be.*0"),
        (lambda r: segcap.load("digits", reject_below=1.5), "'reject_below' must be a number.*1.5"),
        (lambda r: segcap.load("digits", random_state=None), "'random_state' must be.*None"),
        (lambda r: segcap.load("digits", allowlist="12x"), "'12x' with 'x'"),
        (lambda r: segcap.load("digits", allowlist=""), "'allowlist' must hold"),
        (lambda r: segcap.load("digits", charset="ab"), "'charset' of a trained reader"),
        (lambda r: segcap.load("digits", engine="tpu"), "'engine'.*'tpu'"),
        (lambda r: segcap.load("digits", binarization="magic"), "'binarization'.*'magic'"),
        (lambda r: segcap.load("digits", segmentation="magic"), "'segmentation'.*'magic'"),
        (
            lambda r: segcap.load("digit"),
            rf"shipped readers \({', '.join(segcap.available())}\).*'digit'",
        ),
        (lambda r: segcap.GlyphReader("aa").fit([], []), "distinct.*'a'"),
        (lambda r: r.read_many([], n_jobs=0), "'n_jobs' must be at least 1.*Got 0"),
        (lambda r: r.logits(np.zeros((2, 20, 20, 1))), r"\(N, 28, 28, 1\). Got \(2, 20, 20, 1\)"),
    ],
)
def test_wrong_use_is_reported_in_one_sentence(reader, call, message):
    with pytest.raises(ParameterError, match=message):
        call(reader)


def test_an_unfitted_reader():
    with pytest.raises(NotFittedError, match="must be fitted"):
        segcap.GlyphReader().read(np.zeros((4, 4)))
    with pytest.raises(NotFittedError, match="must be fitted"):
        segcap.GlyphReader().save("never.segcap")


def test_save_and_load(reader, rows, tmp_path):
    changed = segcap.load("digits", length=4, reject_below=0.5, allowlist="0123456789")
    changed.save(tmp_path / "mine.segcap")
    loaded = segcap.load(tmp_path / "mine.segcap")
    assert loaded.get_params() == changed.get_params()
    assert loaded.read_many(rows.images) == changed.read_many(rows.images)


def test_a_bundle_of_another_network_is_refused(reader, tmp_path):
    damaged = pickle.loads(pickle.dumps(reader))
    parts = damaged.glyphs_.parts | {"model.onnx": b"no network"}
    damaged.glyphs_ = replace(damaged.glyphs_, parts=parts)
    damaged.save(tmp_path / "bad.segcap")
    with pytest.raises(BundleError, match=r"model\.onnx"):
        segcap.load(tmp_path / "bad.segcap").read(np.zeros((40, 168), np.uint8) + np.eye(40, 168))


def test_a_reader_that_travels_again_and_again_is_opened_once(reader, rows):
    pickled = pickle.dumps(reader)
    first, second = pickle.loads(pickled), pickle.loads(pickled)
    assert first.read(rows.images[0]) == reader.read(rows.images[0])
    assert second.glyphs_ is first.glyphs_


def test_clone_and_repr():
    reader = segcap.GlyphReader("0123456789", length=4, reject_below=0.2)
    assert clone(reader).get_params() == reader.get_params()
    assert repr(reader) == "GlyphReader(length=4, reject_below=0.2)"


@pytest.mark.parametrize("segmentation", ["components", "contours"])
@pytest.mark.parametrize("binarization", ["otsu", "sauvola", "adaptive", "colour"])
def test_every_setting_reads(rows, segmentation, binarization):
    reader = segcap.load("digits", segmentation=segmentation, binarization=binarization)
    assert reader.score(rows.images, texts(rows)) >= 0.7


def test_framing_a_framed_digit_keeps_what_is_read(reader, handwriting):
    pictures, names = handwriting
    glyphs = np.stack([frame_glyph(p.astype(np.float32) / 255) for p in pictures[:200]])
    right = reader.logits(glyphs[..., None]).argmax(axis=1) == names[:200]
    assert right.mean() >= 0.9


@pytest.mark.parametrize(
    ("name", "value"), [("cutters", 3), ("case", np.zeros(3)), ("engine", np.array(["onnx"] * 2))]
)
def test_choices_of_another_type(name, value):
    with pytest.raises(ParameterError, match=f"The '{name}' of a GlyphReader must be"):
        segcap.load("digits", **{name: value})


@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_pil_images_are_read_in_other_processes_as_in_this_one(rows, channels):
    images = []
    for number, ending in enumerate(("png", "gif", "webp", "tiff", "jpeg")):
        coloured = np.dstack([255 - rows.images[number] // 2, *[255 - rows.images[number]] * 2])
        file = io.BytesIO()
        Image.fromarray(coloured).save(file, ending, lossless=True, quality=95)
        images.append(Image.open(file))
    whole = file.getvalue()
    images.append(Image.open(io.BytesIO(whole[: len(whole) // 2])))
    reader = segcap.load("digits", length=4, channels=channels)
    here = reader.read_many(images, 2)
    there = reader.read_many(images, 2, n_jobs=2)
    assert [one.status for one in here] == ["ok"] * 5 + ["unreadable"]
    assert [one.to_dict() for one in there] == [one.to_dict() for one in here]
    with pytest.raises(ImageError, match="must be intact"):
        reader.read_many(images, 2, n_jobs=2, errors="raise")
