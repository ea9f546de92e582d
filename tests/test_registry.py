"""The registry holds all that segcap knows of a network; a new one is one file and one entry."""

import subprocess
import sys
from inspect import signature

import numpy as np
import pytest

import segcap
from segcap.benchmark.tasks import default_readers
from segcap.core.bundle import read_bundle
from segcap.core.errors import ParameterError
from segcap.generate import digit_sums
from segcap.models import NETWORKS, Network, build, network, networks_for, register
from segcap.models.registry import resolve
from segcap.training import Schedule
from segcap.training.context import finish, inherit
from segcap.training.spans import SpanBatches
from segcap.training.synthetic import digit_lines, stacked

SAID_BY_READERS = {"classes", "height", "width", "channels", "length"}
TOY = """
import keras
from keras import layers


def toy(classes, *, height, width, filters=4):
    images = keras.Input((height, width, 1))
    x = layers.Conv2D(filters, 3, strides=4)(images)
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(x)), name="toy")
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A network of one file and one entry."""
    (tmp_path / "toy_network.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(NETWORKS)
    register(Network("toy", {"sums": "classes"}, function="toy_network:toy", least_side=8))
    yield "toy"
    NETWORKS.clear()
    NETWORKS.update(before)
    sys.modules.pop("toy_network", None)


@pytest.mark.slow
def test_a_network_is_one_file_and_one_entry(toy, tmp_path, handwriting):
    assert "toy_network" not in sys.modules
    rows = digit_sums(24, 28, seed=0, digits=handwriting, count=1)
    reader = segcap.SumClassifier(toy, digits=1, epochs=1).fit(rows.images, rows.labels.sum(axis=1))
    reader.save(tmp_path / "toy.segcap")
    copy = segcap.load(tmp_path / "toy.segcap")
    assert copy.classifier == "toy"
    np.testing.assert_array_equal(
        copy.predict_proba(rows.images[:3]), reader.predict_proba(rows.images[:3])
    )
    with pytest.raises(ParameterError, match=r"must be one of sum_cnn, .*, toy\. Got 'crnn'"):
        segcap.SumClassifier("crnn").fit(rows.images, [0] * 24)


def test_names_are_known_once(toy):
    with pytest.raises(ParameterError, match=r"name of its own\. Got 'toy' again"):
        register(network(toy))
    with pytest.raises(ParameterError, match=r"must be one of glyph_cnn, .* Got 'transformer'"):
        build("transformer", 10)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_entry_agrees_with_its_function(name):
    one = network(name)
    assert one.name == name
    function = resolve(f"segcap.models.{name}:{name}")
    parameters = signature(function).parameters
    assert set(one.options) == set(parameters) - SAID_BY_READERS
    given = {key: max(16, one.least_side) for key in ("height", "width") if key in parameters}
    if "positions" in one.tasks.values():
        given["length"] = 3
    model = build(name, 19, **given)
    assert model.name == name
    assert one.columns in [None, *(layer.name for layer in model.layers)]
    if "ctc" in one.tasks.values() and "width" in given:
        assert model.output_shape[1] == given["width"] // one.column_width
    for added in (one.auxiliary, *one.pretrained.values()):
        assert added is None or callable(resolve(added))
    for own in one.schedules.values():
        Schedule(**own)


def test_tasks_know_their_networks():
    assert list(networks_for("spans")) == ["span_cnn", "span_roi"]
    assert [name for name, one in NETWORKS.items() if one.has_boxes] == ["line_ctc", "crnn"]
    assert set(networks_for("texts")) & set(networks_for("photos")) == {"resnet50"}
    assert list(networks_for("ink")) == ["ink_unet"]
    assert default_readers("classes") == ["end-to-end"]


def test_the_registry_needs_no_keras():
    code = "import sys, segcap.models; sys.exit('keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_bundle_keeps_the_options_of_a_span_network(tmp_path, handwriting):
    lines = stacked(digit_lines(24, handwriting, min_advance=20, seed=0, count=2, n_jobs=1))
    options = {"widths": [4, 4, 8, 8], "features": 12, "dropout": 0.0}
    network = build("span_cnn", 12, **options)
    trained = finish(network, SpanBatches(lines, lines, 10), options)
    reader = segcap.load("digits")
    reader.context_ = trained
    reader.save(tmp_path / "small.segcap")
    bundle = read_bundle(tmp_path / "small.segcap")
    assert bundle.network == {f"context.{name}": value for name, value in options.items()}
    copy = segcap.load(tmp_path / "small.segcap")
    assert copy.context_.options == options
    given = np.zeros((1, 32, 64, 2), np.float32), np.array([[[8, 24]]], np.float32)
    onnx, keras = (copy.context_.open(engine).logits(*given) for engine in ("onnx", "keras"))
    np.testing.assert_allclose(keras, onnx, atol=1e-4)
    assert inherit(copy.context_, "0123456789", "01x").output_shape[-1] == 5


def test_a_span_network_starts_from_its_own_kind(handwriting):
    images, labels = [np.zeros((40, 60), np.uint8)] * 16, ["12"] * 16
    register(Network("other", {"spans": "classes"}, start="mixed"))
    try:
        with pytest.raises(ParameterError, match=r"'other' must start .* Got 'span_cnn' to start"):
            segcap.GlyphReader(classifier="other").fit(images, labels)
    finally:
        del NETWORKS["other"]


def test_a_frame_is_kept_in_a_bundle(tmp_path):
    for name in ("digits", "digit-sum", "six-char"):
        reader = segcap.load(name, frame="last")
        reader.save(tmp_path / "last.segcap")
        assert segcap.load(tmp_path / "last.segcap").frame == "last"
        reader.set_params(frame=np.int64(3)).save(tmp_path / "third.segcap")
        assert segcap.load(tmp_path / "third.segcap").frame == 3


def test_the_size_that_was_trained_may_be_asked_for():
    assert segcap.load("digit-sum", size=(168, 40)).size == (168, 40)
    with pytest.raises(ParameterError, match="'size' of a trained reader cannot change"):
        segcap.load("digit-sum", size=(160, 40))
