"""Every reader keeps scikit-learn's rules."""

import subprocess
import sys
import warnings
from typing import get_args

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.utils.validation import check_is_fitted

import segcap
from segcap.core.errors import ParameterError, SegcapError, SegcapWarning
from segcap.generate import digit_sums
from segcap.readers import registry

KINDS = [segcap.GlyphReader, segcap.SequenceReader, segcap.SumClassifier, segcap.ImageClassifier]
SHIPPED = ["digits", "six-char", "digit-sum", "cats-dogs"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimator_without_training(kind):
    reader = kind(epochs=2)
    assert clone(reader).get_params() == reader.get_params()
    assert "epochs=2" in repr(reader)
    assert "Not fitted" in reader._repr_html_()
    for use in (lambda: reader.read(np.zeros((9, 9))), lambda: reader.read_many([])):
        with pytest.raises(NotFittedError, match="must be fitted") as caught:
            use()
        assert isinstance(caught.value, SegcapError)
    with pytest.raises(NotFittedError):
        check_is_fitted(reader)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = reader.set_fit_request(state=True).set_score_request(sample_weight="weight")
        routing = clone(asking).get_metadata_routing()
        assert routing.fit.requests["state"] is True
        assert routing.score.requests["sample_weight"] == "weight"
    with pytest.raises(ParameterError, match=r"fit may be passed must be one of .* Got 'speed'"):
        reader.set_fit_request(speed=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_trained_reader(name):
    reader = segcap.load(name)
    check_is_fitted(reader)
    assert len(repr(reader)) < 300
    for fixed in reader.fixed:
        if fixed in reader.get_params():
            before = reader.get_params()
            with pytest.raises(ParameterError, match=f"'{fixed}' of a trained reader cannot"):
                reader.set_params(epochs=7, **{fixed: "other"})
            assert reader.get_params() == before
            reader.set_params(**{fixed: before[fixed]})
    colour = np.random.default_rng(0).integers(0, 256, (30, 60, 3), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SegcapWarning)  # of images that are resized
        results = reader.read_many(iter([colour, b"", colour[..., :1]]), 2)
        assert segcap.load(name, channels="bgr").read(colour[..., ::-1]).answer == results[0].answer
    assert [result.status == "unreadable" for result in results] == [False, True, False]
    assert type(results[0]) is type(results[1]) is type(reader.read(colour))
    answers = [str(own.answer) if name in SHIPPED[:2] else own.answer for own in results]
    labels = [answers[0], answers[0], answers[2]]
    assert reader.score([colour, b"", colour], [labels[0]] * 3) == pytest.approx(2 / 3)
    assert reader.score([colour, b""], labels[:2], [1, 3]) == 0.25
    with pytest.raises(ParameterError, match="one number an image, 2 in all"):
        reader.score([colour, b""], labels[:2], sample_weight=[1])


def test_names_of_shipped_readers_show_their_kind():
    kinds = (registry.GlyphName, registry.SequenceName, registry.SumName, registry.ImageName)
    for names, kind in zip(kinds, KINDS, strict=True):
        for name in get_args(names):
            assert type(segcap.load(name)) is kind
    assert sorted(name for names in kinds for name in get_args(names)) == segcap.available()


@pytest.mark.slow
def test_a_type_checker_knows_what_load_returns(tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is of the extra 'dev'")
    file = tmp_path / "use.py"
    file.write_text(
        "import segcap\n"
        "reveal_type(segcap.load('digits').read('a.png').text)\n"
        "reveal_type(segcap.load('digit-sum').read('a.png').value)\n"
        "reveal_type(segcap.load('cats-dogs').read_many(['a.png'])[0].label)\n"
        "reveal_type(segcap.load('mine.segcap'))\n"
    )
    output, _, _ = api.run(["--follow-imports=silent", "--ignore-missing-imports", str(file)])
    shown = [
        line.split("Revealed type is ")[1] for line in output.splitlines() if "Revealed" in line
    ]
    assert ["str" in shown[0], "int" in shown[1], "None" in shown[2]] == [True] * 3
    assert all(kind.__name__ in shown[3] for kind in KINDS)


def test_reading_needs_no_scikit_learn():
    code = (
        "import sys, numpy, segcap; segcap.load('digits').read(numpy.zeros((9, 9), numpy.uint8)); "
        "print('sklearn' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


@pytest.fixture(scope="module")
def rows(handwriting):
    return digit_sums(60, 22, seed=3, digits=handwriting, count=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_search_of_scikit_learn(kind, rows):
    digits = rows.labels[:, 0] % 2
    texts = kind in KINDS[:2]
    labels = np.array(list(map(str, digits))) if texts else digits.astype(int)
    options = {
        segcap.GlyphReader: {"charset": "01", "length": 1, "classifier": "glyph_cnn"},
        segcap.SequenceReader: {"charset": "01", "length": 1, "classifier": "multihead"},
        segcap.SumClassifier: {"classifier": "plain_cnn", "digits": 1},
        segcap.ImageClassifier: {"classifier": "leaky_cnn", "size": (16, 16)},
    }[kind]
    reader = kind(**options, epochs=1)
    passed = {}
    with sklearn.config_context(enable_metadata_routing=True):
        reader.set_score_request(sample_weight=True)
        if kind is not segcap.GlyphReader:
            reader.set_fit_request(sample_weight=True)
            passed["sample_weight"] = np.ones(len(labels))
        search = GridSearchCV(
            reader, {"random_state": [3]}, cv=ShuffleSplit(1, random_state=0), error_score="raise"
        )
        search.fit(rows.images, labels, **passed)
    assert 0 <= search.best_score_ <= 1
    assert type(search.best_estimator_) is kind
    assert search.best_estimator_.random_state == 3
    assert search.predict(rows.images[:2]).shape == (2,)


def test_a_part_and_what_is_set_of_it_come_together():
    first, second = LogisticRegression(C=1.0), LogisticRegression(C=3.0)
    reader = segcap.GlyphReader("01", classifier=first)
    reader.set_params(classifier__C=2.0, classifier=second)
    assert (reader.classifier, second.C, first.C) == (second, 2.0, 1.0)
    bare = segcap.GlyphReader("01").set_params(classifier=first, classifier__C=5.0)
    assert bare.classifier.C == 5.0
    with pytest.raises(ParameterError, match="Got 'classifier__C'"):
        segcap.GlyphReader("01").set_params(classifier__C=2.0)
    for nothing in ("classifier__", "length__"):
        with pytest.raises(ParameterError, match=f"Got '{nothing}'"):
            reader.set_params(**{nothing: 3})
    with pytest.raises(ValueError, match="nothing"):
        reader.set_params(length=3, classifier__nothing=1)
    assert reader.length is None
