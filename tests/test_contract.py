"""What holds for every reader: those that segcap ships, and a small one of each class."""

import inspect
import json
import pickle

import numpy as np
import pytest
from reader_material import answer_of, images_for, odd_images, photos
from skimage import data
from sklearn.base import clone

import segcap
from segcap.core.errors import ImageError, NotFittedError, ParameterError
from segcap.generate import digit_sums

pytestmark = pytest.mark.filterwarnings("ignore:Images of another size")

CLASSES = (
    segcap.GlyphReader,
    segcap.ImageClassifier,
    segcap.SequenceReader,
    segcap.SumClassifier,
)
STATUSES = {"ok", "rejected", "empty", "unreadable"}
CLOSE = 1e-4


@pytest.fixture(scope="module", params=segcap.available())
def shipped(request):
    """A shipped reader and four images of its kind."""
    return segcap.load(request.param), images_for(request.param, 4)


def same(results, others):
    """Whether readers answer alike, but for the rounding of their engines."""
    assert [answer_of(one) for one in results] == [answer_of(one) for one in others]
    assert [one.status for one in results] == [one.status for one in others]
    np.testing.assert_allclose(
        [one.confidence for one in results], [one.confidence for one in others], atol=CLOSE
    )


def test_images_are_read_in_order_and_left_as_they_are(shipped):
    reader, images = shipped
    before = [image.copy() for image in images]
    results = reader.read_many(images)
    same(results, [reader.read(image) for image in images])
    same(results[::-1], reader.read_many(images[::-1]))
    assert reader.predict(images).tolist() == [answer_of(one) for one in results]
    for image, copy in zip(images, before, strict=True):
        np.testing.assert_array_equal(image, copy)


def test_no_images(shipped):
    reader, _ = shipped
    assert reader.predict([]).shape == (0,)
    if hasattr(reader, "predict_proba"):
        assert reader.predict_proba([]).shape[0] == 0
    assert reader.read_many([]) == []


@pytest.mark.parametrize("kind", odd_images())
def test_images_that_show_nothing_have_a_valid_answer(shipped, kind):
    reader, _ = shipped
    image = odd_images()[kind]
    (result,) = reader.read_many([image])
    assert result.status in STATUSES - {"unreadable"}
    assert 0 <= result.confidence <= 1
    for glyph in getattr(result, "glyphs", ()):
        x0, y0, x1, y1 = glyph.box
        assert 0 <= x0 < x1 <= image.shape[1]
        assert 0 <= y0 < y1 <= image.shape[0]


def test_inverted_and_turned_images_have_a_valid_answer(shipped):
    reader, images = shipped
    changed = [255 - images[0], np.rot90(images[0]).copy(), images[0][:, : len(images[0]) // 2]]
    for result in reader.read_many(changed):
        assert result.status in STATUSES - {"unreadable"}
        assert 0 <= result.confidence <= 1


def test_an_unreadable_image_among_many_spoils_none(shipped, tmp_path):
    reader, images = shipped
    mixed = [images[0], tmp_path / "none.png", b"no image", images[1]]
    results = reader.read_many(mixed)
    assert [one.status for one in results[1:3]] == ["unreadable"] * 2
    assert [one.confidence for one in results[1:3]] == [0.0] * 2
    assert "none.png" in results[1].error
    same([results[0], results[3]], reader.read_many(images[:2]))
    with pytest.raises(ImageError, match=r"none\.png"):
        reader.read_many(mixed, errors="raise")
    for verb in (reader.predict, reader.read):
        with pytest.raises(ImageError):
            verb(mixed[1:2] if verb == reader.predict else mixed[1])


def test_confidence_does_not_change_with_the_batch(shipped):
    reader, images = shipped
    together = reader.read_many(images)
    for size in (1, 3):
        same(reader.read_many(images, batch_size=size), together)


def test_a_copy_by_pickle_or_file_answers_alike(shipped, tmp_path):
    reader, images = shipped
    reader.save(tmp_path / "kept.segcap")
    before = reader.read_many(images[:2])
    for copy in (pickle.loads(pickle.dumps(reader)), segcap.load(tmp_path / "kept.segcap")):
        assert type(copy) is type(reader)
        assert copy.get_params() == reader.get_params()
        same(copy.read_many(images[:2]), before)


def test_results_are_plain_enough_for_json(shipped):
    reader, images = shipped
    for result in reader.read_many([images[0], b"no image"]):
        plain = result.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert {"confidence", "status", "error"} <= plain.keys()


def test_scores_count_right_answers(shipped):
    reader, images = shipped
    answers = reader.predict(images[:2]).tolist()
    assert reader.can_answer(answers[0])
    assert reader.score(images[:2], answers) == 1


def test_a_clone_has_the_same_parameters_and_knows_nothing(shipped):
    reader, images = shipped
    copy = clone(reader)
    assert copy.get_params() == reader.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(images[:1])
    reader.read_many([])
    with pytest.raises(NotFittedError):
        copy.read(images[0])


@pytest.mark.parametrize("kind", CLASSES)
def test_parameters_are_kept_as_they_are_given(kind, tmp_path):
    reader = kind()
    names = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]
    assert list(reader.get_params()) == names
    for name in names:
        marker = object()
        assert getattr(kind(**{name: marker}), name) is marker
        assert reader.set_params(**{name: marker}).get_params()[name] is marker
    with pytest.raises(ParameterError, match="'speed'"):
        kind().set_params(speed=3)
    assert repr(kind()) == f"{kind.__name__}()"
    for use in (lambda: kind().predict([np.zeros((40, 60))]), lambda: kind().save(tmp_path / "a")):
        with pytest.raises(NotFittedError):
            use()


def texts_of(labels):
    return ["".join(map(str, label)) for label in labels]


def glyph_reader(handwriting):
    rows = digit_sums(40, 24, seed=5, digits=handwriting, count=2)
    reader = segcap.GlyphReader(length=2, classifier="glyph_cnn", epochs=1, binarization="otsu")
    return reader, list(rows.images), texts_of(rows.labels)


def sequence_reader(handwriting):
    rows = digit_sums(24, 24, seed=5, digits=handwriting, count=2)
    return segcap.SequenceReader(size=(16, 40), epochs=1), list(rows.images), texts_of(rows.labels)


def sum_classifier(handwriting):
    rows = digit_sums(40, 24, seed=5, digits=handwriting, count=1)
    sums = rows.labels.sum(axis=1).tolist()
    return segcap.SumClassifier("plain_cnn", digits=1, size=(20, 20), epochs=1), rows.images, sums


def image_classifier(handwriting):
    images = [*photos(12), *(data.coffee()[30 * i : 30 * i + 90, :120] for i in range(10))]
    labels = ["cat"] * 12 + ["coffee"] * 10
    return segcap.ImageClassifier("leaky_cnn", size=(24, 24), epochs=1), images, labels


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*reader does not read", "ignore:.*images were left out")
@pytest.mark.parametrize("make", [glyph_reader, sequence_reader, sum_classifier, image_classifier])
def test_a_reader_is_fitted_saved_and_loaded(make, handwriting, tmp_path):
    reader, images, labels = make(handwriting)
    given = reader.get_params()
    assert reader.fit(images, labels) is reader
    assert reader.get_params() == given
    assert reader.provenance_["figures"]
    assert 0 <= reader.score(images[:4], labels[:4]) <= 1
    reader.save(tmp_path / "mine.segcap")
    loaded = segcap.load(tmp_path / "mine.segcap")
    assert loaded.predict(images[:4]).tolist() == reader.predict(images[:4]).tolist()
    with pytest.raises(NotFittedError):
        clone(reader).predict(images[:1])
