"""The span network of the reader for any scheme sees a span in its line and at its own height."""

import keras
import numpy as np
import pytest

from segcap.models import build
from segcap.models.span_roi import RegionSampling
from segcap.segmentation.text_lines import INK_STRIP_HEIGHT, span_rows


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return build("span_roi", 7)


def given(count, width, spans, seed=0):
    rng = np.random.default_rng(seed)
    strips = rng.random((count, INK_STRIP_HEIGHT, width, 4), np.float32)
    columns = np.sort(rng.uniform(0, width, (count, spans, 2)), axis=-1)
    rows = np.sort(rng.uniform(0, INK_STRIP_HEIGHT, (count, spans, 2)), axis=-1)
    return [strips, np.concatenate([columns, rows], axis=-1).astype(np.float32)]


def test_counts(model):
    assert model.count_params() == 1_272_679


@pytest.mark.parametrize(("count", "width", "spans"), [(1, 16, 1), (2, 48, 5), (2, 160, 3)])
def test_every_span_gets_its_logits(model, count, width, spans):
    logits = model.predict(given(count, width, spans), verbose=0)
    assert logits.shape == (count, spans, 7)
    assert np.isfinite(logits).all()


def test_the_rows_of_a_span_count(model):
    strips, spans = given(1, 96, 4)
    lower = spans.copy()
    lower[..., 2:] = [20, 38]
    upper = spans.copy()
    upper[..., 2:] = [2, 20]
    answers = [model.predict([strips, own], verbose=0) for own in (lower, upper)]
    assert np.abs(answers[0] - answers[1]).max() > 1e-4


def test_regions_are_sampled_by_interpolation():
    columns = np.arange(12, dtype=np.float32).reshape(1, 12, 1)
    plane = np.broadcast_to(np.arange(10, dtype=np.float32)[:, None, None], (10, 12, 1))[None]
    spans = np.array([[[8, 40, 4, 36]]], np.float32)
    in_line, in_box = (np.asarray(one) for one in RegionSampling(10)([columns, plane, spans]))
    points = np.array([0.04, 0.22, 0.41, 0.59, 0.78, 0.96])
    np.testing.assert_allclose(in_line[0, 0, 1:7], 1.5 + 8 * points, atol=1e-4)
    np.testing.assert_allclose(in_line[0, 0, 8:], np.array([32, 32, 4, 36]) / 40, atol=1e-6)
    down = np.array([0.04, 0.22, 0.41, 0.59, 0.78, 0.96])
    inside = in_box.reshape(6, 8)[:, 1:7]
    np.testing.assert_allclose(inside, np.repeat((0.5 + 8 * down)[:, None], 6, axis=1), atol=1e-4)


def test_rows_of_spans_are_those_of_their_ink():
    ink = np.zeros((40, 60), np.uint8)
    ink[5:15, 10:20] = 255
    ink[20:38, 30:40] = 255
    columns = np.array([[8, 22], [28, 42], [0, 8], [np.nan, np.nan], [-9, 99]])
    np.testing.assert_array_equal(
        span_rows(ink, columns), [[5, 15], [20, 38], [0, 40], [0, 40], [5, 38]]
    )
