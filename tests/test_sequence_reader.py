"""Texts are read from whole images, by columns or by places."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

import segcap
from segcap.core.bundle import read_bundle, write_bundle
from segcap.core.errors import (
    BundleError,
    DataError,
    NotFittedError,
    ParameterError,
    SegcapWarning,
)
from segcap.core.image import load_image
from segcap.generate import TextGenerator
from segcap.models import build

CHARSET = "137"


@pytest.fixture(scope="module")
def drawn():
    """Large clean texts of three characters, images and labels."""
    generator = TextGenerator("clean", charset=CHARSET, length=(1, 3), size=(80, 32), difficulty=0)
    samples = generator.samples(700, seed=0)
    return [sample.image for sample in samples], [sample.label for sample in samples]


@pytest.fixture(scope="module")
def of_three(drawn):
    kept = [index for index, label in enumerate(drawn[1]) if len(label) == 3]
    return [drawn[0][i] for i in kept], [drawn[1][i] for i in kept]


@pytest.fixture(scope="module")
def crnn(drawn):
    return segcap.SequenceReader(CHARSET, epochs=8).fit(drawn[0][50:], drawn[1][50:])


@pytest.fixture(scope="module")
def multihead(of_three):
    reader = segcap.SequenceReader(CHARSET, length=3, classifier="multihead", epochs=4)
    return reader.fit(of_three[0][30:], of_three[1][30:])


@pytest.mark.parametrize(
    ("classifier", "options", "parameters", "layers", "shape"),
    [
        ("crnn", {}, 374_932, 24, (None, 50, 20)),
        ("multihead", {"length": 5}, 551_118, 44, (None, 5, 20)),
    ],
)
def test_counts(classifier, options, parameters, layers, shape):
    model = build(classifier, 20, height=50, width=200, **options)
    assert model.count_params() == parameters
    assert len(model.layers) == layers
    assert model.output_shape == shape


@pytest.mark.slow
def test_texts_of_several_lengths_are_trained_on(crnn, drawn):
    images, labels = drawn
    assert crnn.score(images[:50], labels[:50]) > 0.8
    assert crnn.provenance_["figures"]["validation_accuracy"] > 0.8


@pytest.mark.slow
def test_columns_show_where_characters_are(crnn, drawn):
    images, labels = drawn
    readings = crnn.read_many(images[:50])
    for image, label, reading in zip(images, labels, readings, strict=False):
        if reading.text != label:
            continue
        boxes = np.array([glyph.box for glyph in reading.glyphs])
        assert (boxes[:, [1, 3]] == [0, image.shape[0]]).all()
        assert (np.diff(boxes[:, 0]) > 0).all()
        assert boxes.max() <= image.shape[1]
        assert 0 < reading.confidence <= 1
        assert all(glyph.char in CHARSET for glyph in reading.glyphs)


@pytest.mark.slow
def test_augmented_texts_are_averaged(multihead, of_three, tmp_path):
    images = of_three[0][:8]
    multihead.save(tmp_path / "once.segcap")
    twice = segcap.load(tmp_path / "once.segcap", tta=2)
    sides = np.round(0.024 * np.array(images[0].shape[:2])).astype(int)
    larger = [image[sides[0] : len(image) - sides[0], sides[1] : -sides[1]] for image in images]
    loaded, closer = (list(map(load_image, some)) for some in (images, larger))
    expected = (multihead._logits(loaded) + multihead._logits(closer)) / 2
    np.testing.assert_allclose(twice._logits(loaded), expected, atol=1e-4)
    twice.save(tmp_path / "twice.segcap")
    assert segcap.load(tmp_path / "twice.segcap").tta == 2
    answers, labels = twice.predict(images), of_three[1][:8]
    classes = np.array([[CHARSET.index(char) for char in label] for label in labels])
    figures = twice._recalibrated(images, classes)
    assert figures["validation_accuracy"] == np.mean(answers == np.array(labels))
    assert twice.trained_.temperature != multihead.trained_.temperature


@pytest.mark.slow
def test_places_are_trained(multihead, of_three):
    images, labels = of_three
    assert multihead.score(images[:30], labels[:30]) > 0.7
    assert multihead.can_answer(labels[0])
    assert not multihead.can_answer(labels[0][:-1])
    assert not multihead.can_answer("")
    reading = multihead.read(images[0])
    assert len(reading.glyphs) == 3
    assert reading.confidence == pytest.approx(np.prod([g.confidence for g in reading.glyphs]))
    for glyph in reading.glyphs:
        assert glyph.confidence + sum(p for _, p in glyph.alternatives) == pytest.approx(1)


@pytest.mark.slow
def test_a_known_length_is_met(crnn, drawn):
    images, _ = drawn
    of_two = clone(crnn).set_params(length=2)
    of_two.__dict__ |= {name: value for name, value in vars(crnn).items() if name.endswith("_")}
    assert {len(text) for text in of_two.predict(images[:50])} == {2}
    greedy = of_two.set_params(beam_width=1).read_many(images[:50])
    for reading in greedy:
        assert (reading.status == "rejected") == (len(reading.text) != 2)


@pytest.mark.slow
def test_only_allowed_characters_are_read(crnn, drawn, tmp_path):
    crnn.save(tmp_path / "texts.segcap")
    reader = segcap.load(tmp_path / "texts.segcap", allowlist="17")
    assert set("".join(reader.predict(drawn[0][:50]))) <= {*"17"}
    careful = segcap.load(tmp_path / "texts.segcap", reject_below=1.0)
    assert "rejected" in {reading.status for reading in careful.read_many(drawn[0][:50])}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["crnn", "multihead"])
@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_saved_and_loaded_it_reads_alike(request, name, engine, of_three, tmp_path):
    reader = request.getfixturevalue(name)
    images, _ = of_three
    reader.save(tmp_path / "texts.segcap")
    copy = segcap.load(tmp_path / "texts.segcap", engine=engine)
    assert isinstance(copy, segcap.SequenceReader)
    assert copy.get_params() == {**reader.get_params(), "engine": engine, "random_state": 0}
    for one, other in zip(
        copy.read_many(images[:20]), reader.read_many(images[:20], batch_size=3), strict=True
    ):
        assert one.text == other.text
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)


@pytest.mark.slow
def test_an_unreadable_image_is_reported(crnn, drawn):
    readings = crnn.read_many([b"no image", drawn[0][0]])
    assert [reading.status for reading in readings] == ["unreadable", "ok"]
    assert readings[0].error


@pytest.mark.slow
def test_a_blank_image_has_no_text_by_columns(crnn):
    reading = crnn.read(np.full((32, 80), 255, np.uint8))
    assert reading.text == "" or reading.confidence < 0.9


@pytest.mark.slow
def test_tta_is_one_that_the_trained_network_can_have(crnn, tmp_path):
    crnn.save(tmp_path / "crnn.segcap")
    reader = segcap.load(tmp_path / "crnn.segcap")
    reader.set_params(tta=2)
    with pytest.raises(ParameterError, match=r"'tta' of 'crnn' must be 1\. Got 2"):
        reader.save(tmp_path / "never.segcap")
    assert not (tmp_path / "never.segcap").exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"classifier": "oracle"}, "'classifier' of SequenceReader must be one of crnn"),
        ({"classifier": "multihead"}, r"'multihead' reads texts of one length.*Got None"),
        ({"size": (32,)}, r"'size' of images must be a width and a height\. Got \(32,\)"),
        ({"allowlist": "x"}, "characters of '137' only"),
        ({"length": 2}, r"Every label must have 2 characters"),
        ({"tta": 2}, r"'tta' of 'crnn' must be 1\. Got 2"),
        ({"charset": "13"}, "characters of '13' only"),
    ],
)
def test_what_cannot_be_trained_on(drawn, parameters, message):
    with pytest.raises(ParameterError, match=message):
        segcap.SequenceReader(**{"charset": CHARSET} | parameters).fit(*drawn)


def test_labels_need_columns(drawn):
    narrow = [np.zeros((32, 24), np.uint8)] * 8
    with pytest.raises(DataError, match="24 pixels wide and a label that needs 28"):
        segcap.SequenceReader(CHARSET).fit(narrow, ["1111", *["137"] * 7])
    with pytest.raises(ParameterError, match=r"must be a text\. Got nan"):
        segcap.SequenceReader("an").fit(narrow, [float("nan")] * 8)


def test_no_images_of_a_size_are_too_few():
    with pytest.raises(DataError, match="Training needs usable images"):
        segcap.SequenceReader(CHARSET, size=(100, 32)).fit([], [])


@pytest.mark.slow
def test_images_are_scaled_to_the_size_asked_for(of_three, tmp_path):
    images, labels = of_three
    reader = segcap.SequenceReader(
        CHARSET, length=3, classifier="multihead", size=(40, 16), epochs=1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = reader.fit(images[:40], labels[:40]).predict(images[:3])
    assert reader.size_ == (40, 16)
    reader.save(tmp_path / "small.segcap")
    loaded = segcap.load(tmp_path / "small.segcap")
    with pytest.warns(SegcapWarning, match="another size than 40 x 16 pixels are resized"):
        np.testing.assert_array_equal(loaded.predict(images[:3]), expected)
    with pytest.raises(ParameterError, match="'size' of a trained reader cannot change"):
        loaded.set_params(size=(20, 8))
    assert loaded.size_ == (40, 16)


@pytest.mark.slow
def test_the_length_of_places_is_fixed(multihead, of_three, tmp_path):
    multihead.save(tmp_path / "texts.segcap")
    other = segcap.load(tmp_path / "texts.segcap", length=4)
    with pytest.raises(ParameterError, match=r"texts trained on, 3\. Got 4"):
        other.read(of_three[0][0])


@pytest.mark.slow
def test_a_bundle_whose_parts_disagree(crnn, drawn, tmp_path):
    crnn.save(tmp_path / "texts.segcap")
    bundle = read_bundle(tmp_path / "texts.segcap")
    write_bundle(replace(bundle, charset="13"), tmp_path / "short.segcap")
    with pytest.raises(BundleError, match="Got 3 classes and a network of 4"):
        segcap.load(tmp_path / "short.segcap")
    write_bundle(
        replace(bundle, network={**bundle.network, "height": 40}), tmp_path / "high.segcap"
    )
    with (
        pytest.warns(SegcapWarning, match="another size than 80 x 40"),
        pytest.raises(BundleError, match=r"must take inputs of \(40, 80, 1\)"),
    ):
        segcap.load(tmp_path / "high.segcap").read(drawn[0][0])
    with pytest.raises(BundleError, match=r"data\.calibration must not contain"):
        write_bundle(replace(bundle, calibration={"other": 1.0}), tmp_path / "cold.segcap")


def test_before_it_is_trained():
    with pytest.raises(NotFittedError, match="must be fitted"):
        segcap.SequenceReader().read(np.zeros((32, 80), np.uint8))


@pytest.mark.slow
def test_probabilities_of_places(crnn, multihead, of_three):
    images, _ = of_three
    crnn = clone_of_length(crnn, 3)
    for reader in (crnn, multihead):
        probabilities = reader.predict_proba(images[:30])
        assert probabilities.shape == (30, 3, 3)
        np.testing.assert_allclose(probabilities.sum(axis=2), 1)
        likeliest = ["".join(CHARSET[i] for i in own.argmax(axis=1)) for own in probabilities]
        assert np.mean(likeliest == reader.predict(images[:30])) > 0.9
        assert reader.predict_proba([]).shape == (0, 3, 3)


@pytest.mark.slow
def test_what_no_path_can_spell_is_anything(crnn, of_three):
    narrow = clone_of_length(crnn, 100)
    np.testing.assert_allclose(narrow.predict_proba(of_three[0][:1]), 1 / 3)


@pytest.mark.slow
def test_places_need_a_length(crnn, of_three):
    with pytest.raises(ParameterError, match=r"texts of one 'length'\. Got None"):
        crnn.predict_proba(of_three[0][:1])


def clone_of_length(reader, length):
    copy = clone(reader).set_params(length=length)
    copy.trained_, copy.size_, copy.charset_ = reader.trained_, reader.size_, reader.charset_
    return copy
