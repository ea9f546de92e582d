"""Spans get the same logits alone and among others, each strip seen once."""

import numpy as np
import pytest

import segcap
from segcap.core.image import load_image
from segcap.decoding.chains import Lattice
from segcap.generate import TextGenerator
from segcap.recognition.candidate_scores import span_logits
from segcap.segmentation.candidates import Layout
from segcap.segmentation.settings import SegmentationSettings
from segcap.segmentation.text_lines import Strip

CLASSES = 3


class Recording:
    """An engine that gives a strip's mean and a span's edges, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def logits(self, strips, spans):
        self.asked.append((strips, spans))
        mean = np.broadcast_to(strips.mean(axis=(1, 2, 3))[:, None, None], (*spans.shape[:2], 1))
        return np.concatenate([mean, spans], axis=2).astype(np.float32)


def layout_of(*lines):
    """A layout of lines, each given by its strip's width, its tone and its spans' columns."""
    strips = [Strip(np.full((32, width, 2), tone, np.uint8), 0.0, 1.0) for width, tone, _ in lines]
    columns = [np.reshape(spans, (-1, 2)).astype(np.float32) for _, _, spans in lines]
    line = np.repeat(np.arange(len(lines)), [len(own) for own in columns])
    nothing = Lattice(np.zeros((len(line), 2), np.int32), np.zeros((len(line), 4), np.int32), 0)
    edges = np.concatenate([np.empty((0, 2), np.float32), *columns])
    return Layout(nothing, strips, line, edges, [[]] * len(strips))


LAYOUTS = [
    layout_of((32, 51, [(0, 5), (5, 9), (0, 9)])),
    layout_of((64, 102, [(1, 2)]), (32, 153, [(3, 4), (4, 8)])),
    layout_of(),
    layout_of((32, 204, [(7, 9)])),
]
EXPECTED = [
    [[0.2, 0, 5], [0.2, 5, 9], [0.2, 0, 9]],
    [[0.4, 1, 2], [0.6, 3, 4], [0.6, 4, 8]],
    [],
    [[0.8, 7, 9]],
]


def test_golden_logits():
    found = span_logits(Recording(), LAYOUTS, CLASSES)
    for logits, expected in zip(found, EXPECTED, strict=True):
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, np.reshape(expected, (-1, CLASSES)), atol=1e-6)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1], [2, 0], [2]])
def test_any_order_and_choice(order):
    found = span_logits(Recording(), [LAYOUTS[index] for index in order], CLASSES)
    for logits, index in zip(found, order, strict=True):
        expected = np.reshape(EXPECTED[index], (-1, CLASSES))
        np.testing.assert_allclose(logits, expected, atol=1e-6)


def test_strips_of_one_width_go_together_and_none_is_padded():
    engine = Recording()
    span_logits(engine, LAYOUTS, CLASSES)
    shapes = sorted((strips.shape, spans.shape) for strips, spans in engine.asked)
    assert shapes == [((1, 32, 64, 2), (1, 1, 2)), ((3, 32, 32, 2), (3, 3, 2))]
    for strips, spans in engine.asked:
        assert (strips.dtype, spans.dtype) == (np.float32, np.float32)
        assert 0 <= strips.min() <= strips.max() <= 1


def test_a_call_takes_a_bounded_number_of_strips(monkeypatch):
    monkeypatch.setattr("segcap.recognition.candidate_scores.MOST_A_CALL", 5000)
    engine = Recording()
    layouts = [
        layout_of((16, index, [(index, index + 1)] * (1 + index % 3))) for index in range(150)
    ]
    found = span_logits(engine, layouts, CLASSES)
    assert all(
        strips.shape[0] * strips.shape[2] * spans.shape[1] <= 5000 for strips, spans in engine.asked
    )
    assert len(engine.asked) > 1
    for index, logits in enumerate(found):
        expected = [[index / 255, index, index + 1]] * (1 + index % 3)
        np.testing.assert_allclose(logits, expected, rtol=1e-5)


def test_the_spans_of_a_strip_that_has_many_go_in_turns(monkeypatch):
    layouts = [layout_of((32, index, [(3, 4), (5, 6), (7, 9)])) for index in range(2)]
    expected = span_logits(Recording(), layouts, CLASSES)
    monkeypatch.setattr("segcap.recognition.candidate_scores.MOST_A_CALL", 64)
    engine = Recording()
    np.testing.assert_array_equal(span_logits(engine, layouts, CLASSES), expected)
    assert [spans.shape[1] for _, spans in engine.asked] == [2, 1, 2, 1]


def test_nothing_to_classify():
    engine = Recording()
    assert span_logits(engine, [], CLASSES) == []
    (logits,) = span_logits(engine, [layout_of()], CLASSES)
    assert logits.shape == (0, CLASSES)
    assert engine.asked == []


def test_an_image_is_classified_alike_alone_and_among_others():
    context = segcap.load("mixed").context_
    engine = context.open("onnx")
    samples = [
        TextGenerator("clean", length=length).sample(index, seed=2)
        for index, length in enumerate((1, 4, 4, 7, 4))
    ]
    layouts = [SegmentationSettings().layout(load_image(sample.image)) for sample in samples]
    together = span_logits(engine, layouts, context.classes)
    assert len({strip.ink.shape for layout in layouts for strip in layout.strips}) > 1
    for layout, logits in zip(layouts, together, strict=True):
        (alone,) = span_logits(engine, [layout], context.classes)
        assert logits.shape == (len(layout.line), context.classes)
        assert logits.std() > 0.1
        np.testing.assert_allclose(alone, logits, atol=1e-4)
