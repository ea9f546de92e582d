"""Readers of single glyphs are fitted on whole labels, or on the glyphs themselves."""

import numpy as np
import pytest
from reader_material import texts
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import segcap
from segcap.core.errors import ParameterError
from segcap.training.context import TrainedContext
from segcap.training.spans import LabelledStrips


def flat(glyphs):
    return glyphs.reshape(len(glyphs), -1)


def neighbours():
    return make_pipeline(
        FunctionTransformer(flat), KNeighborsClassifier(3, weights="distance", algorithm="brute")
    )


def test_a_digit_sum_needs_digits(handwriting):
    pictures, names = handwriting
    few = np.flatnonzero(names < 2)
    reader = segcap.GlyphReader("ab", classifier=neighbours()).fit_glyphs(
        pictures[few][..., None] / np.float32(255), names[few]
    )
    with pytest.raises(ParameterError, match=r"digits only.*'ab'"):
        reader.digit_sum(pictures[0])


def test_trains_on_whole_images_with_an_own_classifier(handwriting, tmp_path):
    rows = segcap.generate.digit_sums(150, 24, seed=5, digits=handwriting)
    labels = np.array(texts(rows))
    reader = segcap.GlyphReader(length=4, classifier=neighbours())
    with pytest.warns(UserWarning, match="images were left out, the first because"):
        reader.fit([*rows.images, tmp_path / "missing.png"], [*labels, "1234"])
    assert reader.score(rows.images, labels) >= 0.8
    with pytest.raises(ParameterError, match=r"a Keras model or an ONNX file\. Got Pipeline"):
        reader.save(tmp_path / "own.segcap")


@pytest.mark.filterwarnings("ignore:.*images were left out")
def test_cross_validation_scores_whole_texts(handwriting):
    rows = segcap.generate.digit_sums(90, 24, seed=6, digits=handwriting)
    scores = cross_val_score(
        segcap.GlyphReader(classifier=neighbours()), rows.images, np.array(texts(rows)), cv=2
    )
    assert scores.shape == (2,)
    assert scores.min() > 0.4


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ([np.zeros((4, 4))], [], "as many labels as images"),
        ([np.zeros((4, 4))], ["x"], "'x'"),
        ([np.zeros((4, 4))], ["12"], "'length' 1.*'12'"),
    ],
)
def test_labels_that_cannot_be_trained_on(images, labels, message):
    with pytest.raises(segcap.SegcapError, match=message):
        segcap.GlyphReader(length=1, classifier="glyph_cnn").fit(images, labels)


@pytest.mark.filterwarnings("ignore:.*images were left out")
def test_too_few_glyphs_to_train_on():
    with pytest.raises(segcap.SegcapError, match=r"10 classes needs at least 2 glyphs.*Got 0"):
        segcap.GlyphReader(classifier="glyph_cnn").fit([np.zeros((4, 4))], ["1"])


def test_lines_need_what_finds_their_ink():
    with pytest.raises(ParameterError, match="must be given to 'start' from"):
        segcap.GlyphReader("01", classifier="span_roi").fit_lines([], [])


def test_an_own_classifier_that_nobody_asked_yet_stays(monkeypatch):
    class Own:
        def predict_proba(self, glyphs):
            return np.full((len(glyphs), 2), 0.5)

    strips = LabelledStrips(*[np.zeros(0)] * len(LabelledStrips._fields))
    trained = TrainedContext(segcap.load("digits").context_, {})
    monkeypatch.setattr("segcap.training.context.train_context", lambda *_, **__: trained)
    reader = segcap.GlyphReader("01", classifier=Own())
    reader.fit_lines(strips, strips)
    assert reader.glyphs_ is not None


def test_a_reader_of_glyphs_is_not_trained_further():
    with pytest.raises(ParameterError, match="Got 'glyph_cnn'"):
        segcap.GlyphReader("01", classifier="glyph_cnn").partial_fit([], [])
