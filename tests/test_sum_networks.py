"""Networks that classify sums: their sizes, and the exact sum of digits' distributions."""

import itertools

import keras
import numpy as np
import pytest
from reader_material import as_trained

from segcap.models import build, networks_for
from segcap.models.digit_heads import DigitSum

SIZE = {"height": 40, "width": 168}


@pytest.mark.parametrize(
    ("classifier", "parameters", "trainable", "layers"),
    [
        ("sum_cnn", 516_173, 515_277, 22),
        ("lenet5", 1_112_321, 1_112_321, 9),
        ("plain_cnn", 1_817_893, 1_817_893, 12),
        ("digit_heads", 452_814, 451_454, 35),
    ],
)
def test_counts(classifier, parameters, trainable, layers):
    model = build(classifier, 37, **SIZE)
    assert model.name == classifier
    assert model.count_params() == parameters
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == trainable
    assert len(model.layers) == layers


@pytest.mark.slow
@pytest.mark.parametrize("classifier", networks_for("sums"))
def test_keras_and_onnx_agree(classifier):
    keras.utils.set_random_seed(0)
    model = build(classifier, 19, height=44, width=90)
    images = np.random.default_rng(0).random((3, 44, 90, 1), np.float32)
    options = {"height": 44, "width": 90}
    network = as_trained(model, options)
    logits = {engine: network.open(engine).logits(images) for engine in ("onnx", "keras")}
    assert logits["onnx"].shape == (3, 19)
    np.testing.assert_allclose(logits["onnx"], logits["keras"], atol=1e-3)
    np.testing.assert_allclose(logits["keras"], model.predict(images, verbose=0), atol=1e-4)


@pytest.mark.parametrize("places", [1, 2, 3])
def test_sums_are_the_convolution_of_the_digits(places):
    logits = np.random.default_rng(places).normal(0, 2, (2, places, 10)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    expected = np.zeros((2, 9 * places + 1))
    for digits in itertools.product(range(10), repeat=places):
        expected[:, sum(digits)] += np.prod(
            [probabilities[:, place, digit] for place, digit in enumerate(digits)], axis=0
        )
    found = keras.ops.convert_to_numpy(DigitSum()(logits))
    assert found.shape == (2, 9 * places + 1)
    np.testing.assert_allclose(np.exp(found), expected, atol=1e-5)


def test_certain_digits_have_a_certain_sum():
    logits = 60 * np.eye(10, dtype=np.float32)[[[3, 9, 0, 7]]]
    found = keras.ops.convert_to_numpy(DigitSum()(logits))[0]
    assert found.argmax() == 19
    assert found[19] == pytest.approx(0, abs=1e-6)
    assert np.isfinite(found).all()


def test_places_are_looked_for_from_left_to_right():
    model = build("digit_heads", 37, **SIZE)
    prior = model.get_layer("places").weights[0].numpy()
    assert prior.shape == (42, 4)
    assert (np.diff(prior.argmax(axis=0)) > 5).all()
