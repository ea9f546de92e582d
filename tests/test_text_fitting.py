"""Training on whole-image labels: characters that no network has seen, settings, refusals."""

import io

import numpy as np
import pytest
from PIL import Image

import segcap
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.generate import TextGenerator
from segcap.recognition.engines.networks import WEIGHTS
from segcap.training.labelled import load_usable

SYMBOLS = "+#%&@?"


@pytest.fixture(scope="module", autouse=True)
def short_epochs():
    """Let the module's reader train for steps enough to read; single tests take fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segcap.training.fit.LEAST_STEPS", 12)
        patch.setattr("segcap.training.text_stages.REPLAY_LINES", 60)
        yield


def drawn(n, seed, scheme="clean", charset=SYMBOLS, **options):
    samples = TextGenerator(scheme, charset=charset, length=3, size=(96, 40), **options).samples(
        n, seed=seed
    )
    return [sample.image for sample in samples], [sample.label for sample in samples]


def reader_to_fit(**parameters):
    given = {"charset": SYMBOLS, "length": 3, "epochs": 8, "line_removal": "none"}
    given |= {"classifier": "span_cnn"} | parameters
    return segcap.GlyphReader(**given)


@pytest.fixture(scope="module")
def fitted():
    reports = []
    reader = reader_to_fit().fit(*drawn(80, 0), on_progress=lambda *report: reports.append(report))
    return reader, reports


@pytest.mark.slow
def test_a_reader_is_trained_on_characters_that_no_network_knew(fitted):
    reader, _ = fitted
    images, labels = drawn(60, 1)
    assert reader.score(images, labels) >= 0.8
    boxes = reader.locate(images[0], labels[0])
    truth = TextGenerator("clean", charset=SYMBOLS, length=3, size=(96, 40)).sample(0, seed=1).boxes
    assert np.abs(boxes[:, [0, 2]] - truth[:, [0, 2]]).max() <= 6


@pytest.mark.slow
def test_what_was_trained_is_reported(fitted):
    reader, reports = fitted
    figures = reader.provenance_["figures"]
    assert figures["images"] + figures["images_held_out"] == 80
    assert 1 / len(SYMBOLS) <= figures["chance_level"] < 0.4
    assert figures["span_accuracy"] > 0.6
    assert figures["texts_held_out"] <= figures["characters_held_out"]
    assert figures["characters_held_out"] > 0.6
    assert figures["binarization"] == reader.settings_.binarization
    assert reports[0] == (0, 8, "choosing how to find characters")
    assert [report[0] for report in reports[2:]] == list(range(1, 9))
    assert reader.provenance_["data"]["samples"] == 80


@pytest.mark.slow
def test_a_trained_reader_is_kept_and_trains_on(fitted, tmp_path):
    reader, _ = fitted
    images, labels = drawn(30, 2)
    reader.save(tmp_path / "symbols.segcap")
    copy = segcap.load(tmp_path / "symbols.segcap")
    assert copy.read_many(images) == reader.read_many(images)
    assert copy.get_params()["line_removal"] == "none"
    before = copy.score(images, labels)
    copy.set_params(epochs=2).partial_fit(*drawn(30, 3))
    assert copy.score(images, labels) >= before - 0.1
    assert copy.settings_ == reader.settings_


@pytest.mark.slow
def test_sure_readings_of_images_without_a_label_are_trained_on_if_they_help(tmp_path):
    known = {"charset": "0123456789", "epochs": 3}
    labelled, images = drawn(40, 0, charset="0123456789"), drawn(30, 4, charset="0123456789")[0]
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no image")
    with pytest.warns(SegcapWarning, match="1 of 31 images were left out") as warned:
        reader = reader_to_fit(**known).fit(*labelled, unlabelled=[*images, damaged])
    assert {one.filename for one in warned} == {__file__}
    figures = reader.provenance_["figures"]
    assert figures["unlabelled"] == 30
    assert 0 < figures["read_surely"] <= 30
    assert reader.score(*labelled) >= 0.9


def test_images_without_a_label_are_for_span_networks():
    with pytest.raises(ParameterError, match=r"one of span_cnn, span_roi\. Got 'glyph_cnn'"):
        reader_to_fit(classifier="glyph_cnn").fit(*drawn(2, 0), unlabelled=drawn(1, 1)[0])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*trained reader does not read")
def test_unreadable_images_are_left_out_and_absent_characters_named(tmp_path):
    images, labels = drawn(30, 0, charset="+#%")
    (tmp_path / "torn.png").write_bytes(b"no image")
    with (
        pytest.warns(SegcapWarning, match=r"1 of 31 images were left out.*torn\.png") as warned,
        pytest.warns(SegcapWarning, match="No label holds '&', '@', '[?]'"),
    ):
        reader = reader_to_fit(epochs=1, binarization="otsu").fit(
            [*images, tmp_path / "torn.png"], [*labels, "+#%"]
        )
    assert reader.provenance_["data"]["samples"] == 30
    assert {one.filename for one in warned if "left out" in str(one.message)} == {__file__}


@pytest.mark.slow
def test_labels_of_other_images_are_reported_in_plain_words():
    images, labels = drawn(40, 0)
    with pytest.warns(
        UserWarning, match=r"trained reader does not read: of the characters held out it reads"
    ):
        reader_to_fit(epochs=2, binarization="otsu").fit(images, labels[1:] + labels[:1])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*trained reader does not read")
def test_an_interrupted_reader_keeps_the_last_epoch(tmp_path):
    images, labels = drawn(24, 0)
    reader = reader_to_fit(epochs=5, binarization="otsu")

    def stop(done, _total, _note):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reader.fit(images, labels, state=tmp_path / "state", on_progress=stop)
    assert reader.read(images[0]).status in ("ok", "rejected")
    reader.save(tmp_path / "half.segcap")
    resumed = []
    reader_to_fit(epochs=5, binarization="otsu").fit(
        images,
        labels,
        state=tmp_path / "state",
        on_progress=lambda done, *_: resumed.append(done),
    )
    assert resumed[2] == 4


def test_epochs_and_classifier_are_checked_before_anything_is_read():
    with pytest.raises(ParameterError, match=r"'epochs' must be an integer of at least 1. Got 0"):
        reader_to_fit(epochs=0).fit(*drawn(20, 0))
    with pytest.raises(ParameterError, match=r"'classifier'.* must be one of .*Got 'oracle'"):
        reader_to_fit(classifier="oracle").fit(*drawn(20, 0))


@pytest.mark.slow
def test_letters_drawn_in_the_other_case_are_known_at_once():
    images, labels = drawn(40, 0, scheme="wordpress", charset="ABCDEF")
    small = [label.lower() for label in labels]
    reader = reader_to_fit(charset="abcdef", epochs=1, binarization="otsu").fit(
        images[:30], small[:30]
    )
    assert reader.score(images[30:], small[30:]) >= 0.8


@pytest.mark.parametrize(
    ("images", "labels", "error", "message"),
    [
        (20, 19, DataError, "as many labels as images. Got 20 images and 19 labels"),
        (4, 4, DataError, "6 characters needs at least 6 usable images. Got 4"),
        (10, 10, DataError, "at least 16 usable images. Got 10"),
    ],
)
def test_too_few_to_train_on(images, labels, error, message):
    drawn_images, drawn_labels = drawn(20, 0)
    with pytest.raises(error, match=message):
        reader_to_fit().fit(drawn_images[:images], drawn_labels[:labels])


@pytest.mark.parametrize(
    ("label", "message"),
    [("+#", "'length' 3. Got '\\+#'"), ("+#x", "Got '\\+#x' with 'x'")],
)
def test_labels_outside_the_settings(label, message):
    images, labels = drawn(20, 0)
    with pytest.raises(ParameterError, match=message):
        reader_to_fit().fit(images, [*labels[:-1], label])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unlabelled": "scan.png"}, "must be a sequence of images"),
        ({"state": ""}, r"'state' must begin the names of files\. Got ''"),
    ],
)
def test_what_goes_with_labels_is_checked_first(options, message):
    with pytest.raises(ParameterError, match=message):
        reader_to_fit().fit(*drawn(20, 0), **options)


def test_blank_images_cannot_be_trained_on():
    blank = [np.full((40, 96), 255, np.uint8)] * 20
    with pytest.raises(DataError, match=r"components as characters.*Got 20 of 20"):
        reader_to_fit(binarization="otsu").fit(blank, drawn(20, 0)[1])


def test_only_a_span_network_trains_on():
    with pytest.raises(
        ParameterError, match=r"'classifier' must be one of span_cnn, span_roi\. Got 'gl"
    ):
        reader_to_fit(classifier="glyph_cnn").partial_fit([], [])


LETTERS = "kmptx"


def reader_of_letters(charset=LETTERS, **parameters):
    return segcap.GlyphReader(charset, **({"length": 3, "epochs": 2} | parameters))


@pytest.mark.slow
def test_what_reads_whole_lines_is_trained_on_the_same_labels(tmp_path):
    reports = []
    reader = reader_of_letters().fit(
        *drawn(40, 0, charset=LETTERS),
        state=tmp_path / "state",
        on_progress=lambda *report: reports.append(report),
    )
    figures = reader.provenance_["figures"]
    assert reader.context_.classifier == "span_roi"
    assert reader.line_.classes == 1 + len(LETTERS)
    assert {"line_epochs", "line_texts", "line_helps", "texts_held_out_before"} <= {*figures}
    assert "span_accuracy" not in figures
    assert [path.name for path in tmp_path.iterdir()] == ["state.line"]
    assert [report[:2] for report in reports] == [(0, 2), (0, 2), (0, 2), (1, 2), (2, 2)]
    assert reports[2][2].endswith("of texts held out are read right before")
    assert reader.score(*drawn(40, 1, charset=LETTERS)) > 0.9
    assert reader.value(drawn(1, 2, charset=LETTERS)[0][0]).status == "rejected"
    again = reader_of_letters().fit(*drawn(40, 0, charset=LETTERS), state=tmp_path / "state")
    assert again.provenance_["figures"] == figures
    weights = reader.line_.parts[WEIGHTS]
    assert again.line_.parts[WEIGHTS] == weights
    assert segcap.load("any").line_.parts[WEIGHTS] != weights
    further = again.partial_fit(*drawn(30, 3, charset=LETTERS))
    assert further.score(*drawn(40, 1, charset=LETTERS)) > 0.9


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*trained reader does not read")
def test_characters_that_any_does_not_know_are_trained_in_spans_and_lines():
    images, labels = drawn(40, 0, charset="kmp&@")
    reader = reader_of_letters("kmp&@", epochs=3).fit(images, labels)
    assert {"span_accuracy", "line_texts"} <= {*reader.provenance_["figures"]}
    assert reader.line_.classes == 6
    assert reader.context_.classes > 5


@pytest.mark.parametrize(
    ("parameters", "network"),
    [
        ({}, "span_roi"),
        ({"binarization": "learned", "line_removal": "hough"}, "span_roi"),
        ({"line_removal": "none"}, "span_roi"),
        ({"line_removal": "hough"}, "span_cnn"),
        ({"binarization": "otsu"}, "span_cnn"),
        ({"classifier": "glyph_cnn", "binarization": "otsu"}, "glyph_cnn"),
    ],
)
def test_what_is_asked_for_says_what_is_trained(parameters, network):
    assert segcap.GlyphReader(**parameters)._network_to_train() == network


def test_a_reader_goes_on_with_the_network_that_it_has():
    reader = segcap.GlyphReader()
    fitted = segcap.load("any", binarization=None, line_removal=None)
    for name in ("context_", "glyphs_", "ink_", "line_", "charset_", "settings_", "provenance_"):
        setattr(reader, name, getattr(fitted, name))
    reader.set_params(line_removal="hough")
    assert reader._network_to_read() == "span_roi"
    reader.set_params(line_removal=None, binarization="otsu")
    with pytest.raises(ParameterError, match=r"for 'span_roi' must be 'learned'\. Got 'otsu'"):
        reader.read(np.zeros((40, 96), np.uint8))


def test_a_fit_that_fails_leaves_a_reader_that_reads():
    reader = segcap.load("any", length=3)
    (image, *_), _ = drawn(1, 0, charset="0123456789")
    before = reader.read(image)
    reader.set_params(binarization="otsu", charset=reader.charset_)
    with pytest.raises((DataError, ParameterError)):
        reader.fit([image] * 3, ["123"] * 3)
    reader.set_params(binarization=None)
    assert reader.read(image) == before


def test_an_image_without_the_frame_is_left_out():
    reader = reader_to_fit(frame=3)
    (image, *_), _ = drawn(16, 0)
    pages = [Image.fromarray(np.full((40, 96), shade, np.uint8)) for shade in range(4)]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    still = io.BytesIO()
    Image.fromarray(image).save(still, "TIFF")
    given = list(reader._as_rgb([file.getvalue(), still.getvalue()]))
    with pytest.warns(SegcapWarning, match="1 of 2 images were left out"):
        loaded, kept = load_usable(given, stacklevel=1)
    assert kept == [0]
    assert loaded[0].max() == 3
