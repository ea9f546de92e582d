"""Training on whole-image labels: characters that no network has seen, settings, refusals."""

import numpy as np
import pytest

import segcap
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.generate import TextGenerator

SYMBOLS = "+#%&@?"


@pytest.fixture(scope="module", autouse=True)
def short_epochs():
    """Let the module's reader train for steps enough to read; single tests take fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segcap.training.fit.LEAST_STEPS", 12)
        patch.setattr("segcap.training.text_fitting.REPLAY_LINES", 60)
        yield


def drawn(n, seed, scheme="clean", charset=SYMBOLS, **options):
    samples = TextGenerator(scheme, charset=charset, length=3, size=(96, 40), **options).samples(
        n, seed=seed
    )
    return [sample.image for sample in samples], [sample.label for sample in samples]


def reader_to_fit(**parameters):
    given = {"charset": SYMBOLS, "length": 3, "epochs": 8, "line_removal": "none"} | parameters
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
@pytest.mark.filterwarnings("ignore:.*trained reader does not read")
def test_unreadable_images_are_left_out_and_absent_characters_named(tmp_path):
    images, labels = drawn(30, 0, charset="+#%")
    (tmp_path / "torn.png").write_bytes(b"no image")
    with (
        pytest.warns(SegcapWarning, match=r"1 of 31 images were left out.*torn\.png"),
        pytest.warns(SegcapWarning, match="No label holds '&', '@', '[?]'"),
    ):
        reader = reader_to_fit(epochs=1, binarization="otsu").fit(
            [*images, tmp_path / "torn.png"], [*labels, "+#%"]
        )
    assert reader.provenance_["data"]["samples"] == 30


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


def test_blank_images_cannot_be_trained_on():
    blank = [np.full((40, 96), 255, np.uint8)] * 20
    with pytest.raises(DataError, match=r"components as characters.*Got 20 of 20"):
        reader_to_fit(binarization="otsu").fit(blank, drawn(20, 0)[1])


def test_only_a_span_network_trains_on():
    with pytest.raises(
        ParameterError, match=r"'classifier' must be one of span_cnn, span_roi\. Got 'gl"
    ):
        reader_to_fit(classifier="glyph_cnn").partial_fit([], [])
