"""Training on whole-image labels: characters that no network has seen, settings, refusals."""

import numpy as np
import pytest

import segcap
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.core.image import load_image
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
def test_sure_readings_of_images_without_a_label_are_trained_on_if_they_help(tmp_path):
    known = {"charset": "0123456789", "epochs": 3}
    labelled, images = drawn(40, 0, charset="0123456789"), drawn(30, 4, charset="0123456789")[0]
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no image")
    with pytest.warns(SegcapWarning, match="1 of 31 images were left out"):
        reader = reader_to_fit(**known).fit(*labelled, unlabelled=[*images, damaged])
    figures = reader.provenance_["figures"]
    assert figures["unlabelled"] == 30
    assert 0 < figures["read_surely"] <= 30
    assert reader.score(*labelled) >= 0.9


def clean_digits(n):
    return [load_image(image) for image in drawn(n, 0, charset="0123456789")[0]]


class Judge:
    """A course that labels held out fit so well, before and after."""

    def __init__(self, *scores):
        self.scores = list(scores)

    def fit_of_held_out(self):
        return self.scores.pop(0)

    def joined(self, layouts, classes, epochs):
        assert len(layouts) == len(classes) == 4
        assert epochs == 3
        return self


@pytest.mark.parametrize(("after", "kept"), [(-0.5, "further"), (-1.5, "before"), (-1.0, "before")])
def test_what_unlabelled_images_teach_is_kept_if_it_helps(after, kept):
    from segcap.training.text_fitting import _with_unlabelled

    pipeline = segcap.load("digits")._pipeline()
    images = [*clean_digits(4), np.zeros((40, 96, 3), np.uint8)]
    got, interrupted, figures = _with_unlabelled(
        Judge(-1.0, after), "before", pipeline, images, 9, lambda course: ("further", False)
    )
    assert (got, interrupted) == (kept, False)
    assert figures == {"unlabelled": 5, "read_surely": 4, "unlabelled_help": kept == "further"}


def test_ctrl_c_keeps_what_labels_taught():
    from segcap.training.text_fitting import _with_unlabelled

    def interrupted(course):
        raise KeyboardInterrupt

    pipeline = segcap.load("digits")._pipeline()
    got = _with_unlabelled(Judge(-1.0, 0.0), "before", pipeline, clean_digits(4), 9, interrupted)
    assert got[:2] == ("before", True)


def test_images_without_a_label_are_for_span_networks():
    with pytest.raises(ParameterError, match=r"one of span_cnn, span_roi\. Got 'glyph_cnn'"):
        reader_to_fit(classifier="glyph_cnn").fit(*drawn(2, 0), unlabelled=drawn(1, 1)[0])


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


@pytest.mark.slow
def test_what_reads_whole_lines_is_trained_on_the_same_labels():
    letters = "kmptx"
    reader = segcap.GlyphReader(letters, length=3, classifier="span_roi", epochs=4)
    reader.fit(*drawn(40, 0, charset=letters))
    assert reader.line_.classes == 1 + len(letters)
    assert reader.score(*drawn(40, 1, charset=letters)) > 0.9
    assert reader.value(drawn(1, 2, charset=letters)[0][0]).status == "rejected"
