"""The span network answers for each span alone, the same in Keras and in ONNX Runtime."""

import keras
import numpy as np
import pytest
from reader_material import as_trained

from segcap.models import build
from segcap.models.span_cnn import SpanSampling, span_cnn
from segcap.segmentation.text_lines import STRIP_HEIGHT

SIZES = [(1, 16, 1), (2, 48, 5), (3, 160, 40), (2, 64, 1)]


@pytest.fixture(scope="module")
def model():
    """An untrained network whose normalisations are those of none in particular."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    model = build("span_cnn", 5)
    for weight in model.weights:
        if weight.name in ("moving_mean", "beta"):
            weight.assign(rng.uniform(-0.1, 0.1, weight.shape))
        elif weight.name in ("moving_variance", "gamma"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return model


def given(count, width, spans, seed=0):
    rng = np.random.default_rng(seed)
    strips = rng.random((count, STRIP_HEIGHT, width, 2), np.float32)
    edges = np.sort(rng.uniform(-4, width + 4, (count, spans, 2)), axis=-1)
    return strips, edges.astype(np.float32)


def answer(model, strips, spans):
    return model.predict([strips, spans], verbose=0)


@pytest.mark.parametrize(("count", "width", "spans"), SIZES)
def test_every_span_of_every_strip_gets_its_logits(model, count, width, spans):
    logits = answer(model, *given(count, width, spans))
    assert logits.shape == (count, spans, 5)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    assert logits.std() > 0.01


def test_a_span_is_classified_alike_whatever_else_is_asked(model):
    strips, spans = given(2, 96, 12)
    together = answer(model, strips, spans)
    order = np.random.default_rng(1).permutation(12)
    np.testing.assert_allclose(
        answer(model, strips, spans[:, order]), together[:, order], atol=1e-5
    )
    for index in (0, 5, 11):
        alone = answer(model, strips, spans[:, index : index + 1])
        np.testing.assert_allclose(alone, together[:, index : index + 1], atol=1e-5)


def test_a_strip_is_classified_alike_whatever_stands_beside_it(model):
    strips, spans = given(3, 96, 12)
    together = answer(model, strips, spans)
    np.testing.assert_allclose(answer(model, strips[1:2], spans[1:2])[0], together[1], atol=1e-5)


def test_spans_differ_by_where_they_stand_and_how_wide_they_are(model):
    strips, _ = given(1, 96, 1)
    spans = np.float32([[[20, 40], [24, 44], [20, 44], [16, 40], [60, 80]]])
    (logits,) = answer(model, strips, spans)
    apart = np.abs(logits[:, None] - logits).max(axis=-1)
    assert (apart + np.eye(5) > 1e-3).all()


def test_what_is_far_away_does_not_matter_and_what_is_beside_does(model):
    strips, _ = given(1, 256, 1)
    spans = np.float32([[[20, 36]]])
    before = answer(model, strips, spans)
    far, beside = strips.copy(), strips.copy()
    far[:, :, 128:] = 0
    beside[:, :, 38:42] = 0
    np.testing.assert_allclose(answer(model, far, spans), before, atol=1e-5)
    assert np.abs(answer(model, beside, spans) - before).max() > 1e-3


def test_sampling_interpolates_between_columns():
    columns = np.float32([[[0, 10], [1, 20], [2, 40], [3, 80]]])
    spans = np.float32([[[2, 12], [6, 6]]])
    sampled = keras.ops.convert_to_numpy(SpanSampling()([columns, spans]))
    points = 2.5 * np.array([-0.3, 0, 0.2, 0.4, 0.6, 0.8, 1, 1.3])
    first = np.interp(points, np.arange(4), columns[0, :, 0])
    second = np.interp(points, np.arange(4), columns[0, :, 1])
    first[0], second[0] = 0, 10 * (1 - 0.75)  # before the first column everything fades to 0
    first[-1], second[-1] = 3 * 0.75, 80 * 0.75
    assert sampled.shape == (1, 2, 17)
    np.testing.assert_allclose(sampled[0, 0, :-1].reshape(8, 2), np.c_[first, second], atol=1e-5)
    np.testing.assert_allclose(sampled[0, 1, :-1].reshape(8, 2), [[1, 20]] * 8, atol=1e-5)
    np.testing.assert_allclose(sampled[0, :, -1], [2.5 / 8, 0], atol=1e-6)


def test_the_network_is_as_small_as_promised():
    network = span_cnn(63)
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert network.count_params() == 338_783
    assert len(convolutions) == 7
    assert network.name == "span_cnn"


def test_sizes_can_be_chosen():
    network = span_cnn(4, widths=(2, 3, 4, 5), features=6, dropout=0)
    assert network.output_shape == (None, None, 4)
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [2, 3, 3, 4, 4, 5, 6]


@pytest.mark.slow
def test_onnx_and_keras_give_the_same_logits(model):
    onnx, rebuilt = map(as_trained(model).open, ("onnx", "keras"))
    for count, width, spans in SIZES:
        inputs = given(count, width, spans)
        expected = answer(model, *inputs)
        np.testing.assert_allclose(onnx.logits(*inputs), expected, atol=1e-4)
        np.testing.assert_allclose(rebuilt.logits(*inputs), expected, atol=1e-4)
