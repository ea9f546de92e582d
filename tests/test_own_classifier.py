"""Readers read with whatever has `predict_proba` on glyphs."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import segcap
from segcap.core.bundle import read_bundle, write_bundle
from segcap.core.charset import Charset
from segcap.core.errors import BundleError, DataError, NotFittedError, ParameterError
from segcap.recognition.own_classifier import OwnClassifier
from segcap.segmentation.glyph_crops import frame_glyph


class Fixed:
    """Probabilities that are the same for every glyph."""

    def __init__(self, probabilities, classes=None):
        self._probabilities = probabilities
        if classes is not None:
            self.classes_ = np.array(classes)

    def predict_proba(self, glyphs):
        assert glyphs.shape[1:] == (28, 28, 1)
        assert glyphs.dtype == np.float32
        return np.tile(self._probabilities, (len(glyphs), 1))


def logits(classifier, n=2):
    glyphs = np.zeros((n, 28, 28, 1), np.float32)
    return OwnClassifier(classifier, Charset("bac")).logits(glyphs)


@pytest.mark.parametrize(
    ("classes", "probabilities", "expected"),
    [
        (None, [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]),
        ([0, 1, 2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]),
        (["a", "b", "c"], [0.3, 0.5, 0.2], [0.5, 0.3, 0.2]),
        (["a", "b"], [1.0, 0.0], [1e-6, 1.0, 1e-6]),
    ],
    ids=["order of the charset", "indices", "characters", "one is missing"],
)
def test_columns_are_put_into_the_order_of_the_charset(classes, probabilities, expected):
    found = logits(Fixed(probabilities, classes))
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.exp(found), [expected] * 2, rtol=1e-5)


def test_no_glyphs_are_not_asked_for():
    assert logits(object(), 0).shape == (0, 3)


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (Fixed([0.5, 0.5]), r"one column a class, \(2, 3\)\. Got \(2, 2\)"),
        (Fixed([0.5, 0.5], ["a", "x"]), "characters of 'bac' or their indices. Got a, x"),
        (Fixed([0.5, 0.5], [0, 3]), "their indices. Got 0, 3"),
        (Fixed([0.5, np.nan, 0.5]), "must be finite. Got NaN or infinity"),
    ],
)
def test_answers_that_do_not_fit(classifier, message):
    with pytest.raises(ParameterError, match=message):
        logits(classifier)


def flat(glyphs):
    return glyphs.reshape(len(glyphs), -1)


@pytest.fixture(scope="module")
def framed(handwriting):
    pictures, names = handwriting
    glyphs = np.stack([frame_glyph(picture / np.float32(255)) for picture in pictures])
    return glyphs[..., None], names


@pytest.fixture(scope="module")
def fitted(framed):
    return make_pipeline(FunctionTransformer(flat), KNeighborsClassifier(3)).fit(*framed)


@pytest.mark.parametrize(("min_advance", "least"), [(24, 0.8), (15, 0.6)])
def test_a_fitted_classifier_reads_without_fit(fitted, handwriting, min_advance, least):
    rows = segcap.generate.digit_sums(30, min_advance, seed=7, digits=handwriting)
    reader = segcap.GlyphReader(length=4, classifier=fitted)
    assert reader.score(rows.images, ["".join(map(str, row)) for row in rows.labels]) >= least
    assert reader.digit_sums(rows.images[:1])[0].value is not None


def test_another_classifier_takes_its_place():
    image = np.full((40, 30), 255, np.uint8)
    image[8:32, 10:16] = 0
    reader = segcap.GlyphReader("ab", classifier=Fixed([0.9, 0.1]))
    assert reader.read(image).text == "a"
    assert clone(reader).set_params(classifier=Fixed([0.1, 0.9])).read(image).text == "b"


def weighted_means(form, path, *, channels_first=False):
    """Write a network whose logits are a glyph's mean and half of it, or their probabilities."""
    weights = np.repeat(np.float32([[20, 10]]) / 784, 784, axis=0)
    return dense_network(weights, path, form=form, channels_first=channels_first)


def dense_network(weights, path, *, form="logits", channels_first=False, last=("Softmax",)):
    """Write a network whose logits are a glyph's pixels by weights."""
    from onnx import TensorProto, helper, numpy_helper, save

    sides = [None, 1, 28, 28] if channels_first else [None, 28, 28, 1]
    nodes = [
        helper.make_node("Flatten", ["glyphs"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        helper.make_node(*last, ["logits"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("glyphs", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info(form, TensorProto.FLOAT, [None, weights.shape[1]])],
        [numpy_helper.from_array(weights, "weights")],
    )
    opset = [helper.make_opsetid("", 13)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("form", ["logits", "probabilities"])
def test_an_onnx_file_classifies(form, channels_first, tmp_path):
    pytest.importorskip("onnx", reason="a network is written with onnx")
    path = weighted_means(form, tmp_path / "mine.onnx", channels_first=channels_first)
    image = np.full((40, 30), 255, np.uint8)
    image[8:32, 10:16] = 0
    reader = segcap.GlyphReader("ab", classifier=path)
    glyph = frame_glyph(1 - image[8:32, 10:16] / np.float32(255))
    expected = 1 / (1 + np.exp(-10 * glyph.mean()))
    for own in (reader, clone(reader), pickle.loads(pickle.dumps(reader))):
        reading = own.read(image)
        assert (reading.text, reading.confidence) == ("a", pytest.approx(expected, abs=1e-4))
    with pytest.raises(ParameterError, match="Got PosixPath without; networks are trained before"):
        reader.fit_glyphs(np.zeros((4, 28, 28, 1), np.float32), np.array([0, 0, 1, 1]))


def test_a_file_that_is_no_network(tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"no network")
    reader = segcap.GlyphReader("ab", classifier=str(tmp_path / "no.onnx"))
    with pytest.raises(ParameterError, match=r"ONNX Runtime can open\. Got '.*no\.onnx'"):
        reader.read(np.uint8(255 * np.eye(30)))


@pytest.fixture(scope="module")
def regression(framed):
    """A linear classifier of real digits: (784, 10) weights."""
    glyphs, names = framed
    regression = LogisticRegression(fit_intercept=False, max_iter=100)
    return regression.fit(flat(glyphs)[::3], names[::3]).coef_.T.astype(np.float32)


@pytest.fixture(scope="module")
def rows(handwriting):
    """Images of four real digits each, and their texts."""
    drawn = segcap.generate.digit_sums(20, 24, seed=7, digits=handwriting)
    return drawn.images, ["".join(map(str, row)) for row in drawn.labels]


def test_an_onnx_file_is_kept_in_a_bundle(regression, rows, tmp_path):
    pytest.importorskip("onnx", reason="a network is written with onnx")
    path = dense_network(regression, tmp_path / "mine.onnx")
    reader = segcap.GlyphReader(length=4, classifier=path)
    before = reader.read_many(rows[0])
    assert reader.score(*rows) >= 0.5
    reader.save(tmp_path / "mine.segcap")
    path.unlink()
    loaded = segcap.load(tmp_path / "mine.segcap")
    for own in (loaded, clone(loaded), pickle.loads(pickle.dumps(loaded))):
        assert own.read_many(rows[0]) == before
    loaded.save(tmp_path / "again.segcap")
    assert (tmp_path / "again.segcap").read_bytes() == (tmp_path / "mine.segcap").read_bytes()
    assert repr(loaded).startswith("GlyphReader(length=4, binarization='auto'")
    assert "SHA-256" in repr(loaded.classifier)


@pytest.mark.slow
def test_a_keras_model_is_kept_in_a_bundle(regression, rows, tmp_path):
    import keras

    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, use_bias=False)]
    )
    model.set_weights([regression])
    reader = segcap.GlyphReader(length=4, classifier=model)
    before = reader.read_many(rows[0])
    reader.save(tmp_path / "mine.segcap")
    after = segcap.load(tmp_path / "mine.segcap").read_many(rows[0])
    assert [one.text for one in after] == [one.text for one in before]
    np.testing.assert_allclose(
        [one.confidence for one in after], [one.confidence for one in before], atol=1e-4
    )


def test_what_a_bundle_does_not_keep(fitted, tmp_path):
    reader = segcap.GlyphReader(classifier=fitted)
    with pytest.raises(ParameterError, match=r"a Keras model or an ONNX file\. Got Pipeline"):
        reader.save(tmp_path / "mine.segcap")
    gone = segcap.GlyphReader(classifier=tmp_path / "gone.onnx")
    with pytest.raises(ParameterError, match=r"can be read\. Got '.*gone\.onnx': No such file"):
        gone.save(tmp_path / "mine.segcap")
    pytest.importorskip("onnx", reason="a network is written with onnx")
    weights = np.zeros((784, 10), np.float32)
    path = dense_network(weights, tmp_path / "random.onnx", last=("RandomNormalLike",))
    with pytest.raises(BundleError, match=r"alone\. Got the operator :RandomNormalLike"):
        segcap.GlyphReader(classifier=path).save(tmp_path / "mine.segcap")
    assert not (tmp_path / "mine.segcap").exists()


def test_a_network_in_a_bundle_is_looked_at_before_it_runs(regression, rows, tmp_path):
    pytest.importorskip("onnx", reason="a network is written with onnx")
    path = dense_network(regression, tmp_path / "mine.onnx")
    segcap.GlyphReader(classifier=path).save(tmp_path / "mine.segcap")
    bundle = read_bundle(tmp_path / "mine.segcap")
    last = ("RandomNormalLike",)
    other = dense_network(regression, tmp_path / "other.onnx", last=last).read_bytes()
    for parts, message in (
        ({"model.onnx": other}, "arithmetic alone"),
        ({"model": other}, "must hold 'model.onnx'. Got none"),
    ):
        write_bundle(replace(bundle, parts=parts), tmp_path / "changed.segcap")
        with pytest.raises(BundleError, match=message):
            segcap.load(tmp_path / "changed.segcap").read(rows[0][0])


@pytest.mark.slow
def test_a_keras_model_classifies():
    import keras

    glyphs = keras.Input((28, 28, 1))
    means = keras.layers.GlobalAveragePooling2D()(glyphs)
    model = keras.Model(glyphs, keras.layers.Dense(2)(means))
    model.set_weights([np.float32([[20, 10]]), np.zeros(2, np.float32)])
    image = np.full((40, 30), 255, np.uint8)
    image[8:32, 10:16] = 0
    assert segcap.GlyphReader("ab", classifier=model).read(image).text == "a"


def test_what_cannot_be_fitted_says_so():
    reader = segcap.GlyphReader("ab", classifier=Fixed([0.5, 0.5]))
    with pytest.raises(
        ParameterError, match=r"must have 'fit' and 'predict_proba'. Got Fixed without"
    ):
        reader.fit_glyphs(np.zeros((4, 28, 28, 1), np.float32), np.array([0, 0, 1, 1]))
    reader = segcap.GlyphReader("ab", classifier=LogisticRegression())
    with pytest.raises(DataError, match=r"must be fitted on glyphs.* Got 0 glyphs and 0 classes"):
        reader.fit_glyphs(np.zeros((0, 28, 28, 1), np.float32), np.array([], int))


def test_a_name_is_no_classifier_before_it_is_fitted():
    with pytest.raises(NotFittedError):
        segcap.GlyphReader("ab").read(np.zeros((4, 4), np.uint8))
    with pytest.raises(ParameterError, match=r"path of an \.onnx file\. Got 'oracle'"):
        segcap.GlyphReader("ab", classifier="oracle").fit([], [])


@pytest.mark.parametrize("classes", [[0.0, 1.0, 2.0], [False, True]])
def test_classes_may_be_numbers_of_any_kind(classes):
    given = logits(Fixed(np.full(len(classes), 1 / len(classes)), classes))
    assert np.isfinite(given).all()


def test_what_is_known_of_one_reader_is_not_known_of_another():
    one, other = (segcap.GlyphReader("bac", classifier=Fixed([0.5, 0.3, 0.2])) for _ in range(2))
    for reader in (one, other):
        reader.read(np.full((20, 40), 255, np.uint8))
    one.provenance_["data"]["name"] = "mine"
    assert other.provenance_["data"]["name"] == "unknown"


def test_a_classifier_that_only_looks_alike_is_another(handwriting):
    glyphs = handwriting[0][:200, :, :, np.newaxis].astype(np.float32) / 255
    learned = [
        make_pipeline(
            FunctionTransformer(_flat), KNeighborsClassifier(1).fit(glyphs.reshape(200, -1), names)
        )
        for names in (handwriting[1][:200], handwriting[1][:200][::-1])
    ]
    reader = segcap.GlyphReader("0123456789", classifier=learned[0])
    reader.read(np.full((20, 40), 255, np.uint8))
    assert reader.set_params(classifier=learned[0]) is reader
    with pytest.raises(ParameterError, match="cannot change"):
        reader.set_params(classifier=learned[1])
    assert segcap.load("digit-sum").set_params(digits=np.int64(4)).digits == 4


def _flat(glyphs):
    return np.reshape(glyphs, (len(glyphs), -1))


def test_to_look_at_a_reader_fits_nothing(handwriting):
    reader = segcap.GlyphReader("0123456789", classifier=LogisticRegression())
    assert not reader.__sklearn_is_fitted__()
    reader._repr_html_()
    reader.set_params(classifier=KNeighborsClassifier(1), charset="01234")
    blot = np.zeros((20, 20), np.uint8)
    for image in (blot, np.pad(blot, 8, constant_values=255)):
        with pytest.raises(NotFittedError, match="must be fitted"):
            reader.read(image)
    pictures, names = handwriting
    fitted = KNeighborsClassifier(1).fit(pictures[:50].reshape(50, -1) / 255, names[:50])
    reader = segcap.GlyphReader("0123456789", classifier=fitted)
    assert reader.__sklearn_is_fitted__()
    reader.set_params(classifier=Fixed([0.1] * 10))
    assert reader.__sklearn_is_fitted__()
    with pytest.raises(ParameterError, match="'cutters'"):
        reader.set_params(cutters=None).read(blot)


def test_what_fits_itself_and_returns_nothing_is_fitted():
    class Own(Fixed):
        def fit(self, glyphs, classes):
            self.classes_ = np.unique(classes)

    glyphs = np.zeros((4, 28, 28, 1), np.float32)
    glyphs[:, 4:24, 12:16] = 1
    reader = segcap.GlyphReader("ab", classifier=Own([0.9, 0.1]))
    reader.fit_glyphs(glyphs, np.array([0, 1, 0, 1]))
    image = np.full((30, 20), 255, np.uint8)
    image[4:26, 8:12] = 0
    assert reader.read(image).text == "a"


def test_what_follows_the_rules_of_estimators_in_part_only_is_taken_as_it_is():
    class Partly(Fixed):
        def fit(self, glyphs, classes):
            raise AssertionError

        def get_params(self, deep=True):
            return {}

    assert segcap.GlyphReader("ab", classifier=Partly([0.9, 0.1])).__sklearn_is_fitted__()
