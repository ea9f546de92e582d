"""Span networks are trained on lines whose characters' places move with their ink."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.core.image import load_image
from segcap.generate import digit_sums
from segcap.segmentation.binarize import binarize
from segcap.segmentation.text_lines import Strip, line_strip, strip_channels
from segcap.training import spans as spans_module
from segcap.training.augment import Warp, augment_strips
from segcap.training.spans import LabelledStrips, SpanBatches, own_columns, stack_strips

REJECT, BLANK = 10, 11
STILL = Warp(rotation=0, scale=0, shear=0, shift=0, elastic=0)
NAN = np.nan


def boxes_of(*columns):
    return np.array([(x0, 3, x1, 20) for x0, x1 in columns], np.int32).reshape(-1, 4)


def strip_of(width, value=255):
    return Strip(np.full((32, width, 2), value, np.uint8), 0.0, 1.0)


@pytest.fixture(scope="module")
def lines(handwriting):
    """Rows of three and of four digits, (24, 32, W)."""
    strips, spans, classes = [], [], []
    for count in (3, 4):
        rows = digit_sums(12, 18, seed=count, digits=handwriting, count=count)
        for pixels, labels, boxes in zip(*rows, strict=True):
            image = load_image(pixels)
            ink = binarize(image)
            strips.append(line_strip(strip_channels(image, ink), ink))
            spans.append(strips[-1].columns(own_columns(boxes)))
            classes.append(labels.astype(np.intp))
    return stack_strips(strips, spans, classes)


@pytest.fixture
def unmoved(monkeypatch):
    """BatchSource without augmentation."""
    monkeypatch.setattr(spans_module, "augment_strips", lambda pixels, spans, rng: (pixels, spans))


@pytest.mark.parametrize(
    ("columns", "parted"),
    [
        ([], []),
        ([(3, 9)], [(3, 9)]),
        ([(0, 5), (5, 9)], [(0, 5), (5, 9)]),
        ([(0, 5), (7, 9)], [(0, 5), (7, 9)]),
        ([(0, 6), (4, 9)], [(0, 5), (5, 9)]),
        ([(0, 7), (4, 9)], [(0, 5.5), (5.5, 9)]),
        ([(0, 6), (4, 10), (9, 12)], [(0, 5), (5, 9.5), (9.5, 12)]),
        ([(4, 5)], [(4, 6)]),
        ([(0, 4), (1, 9)], [(0, 2.5), (2.5, 9)]),
        ([(0, 20), (5, 10)], [(0, 7.5), (7.5, 10)]),
    ],
)
def test_own_columns(columns, parted):
    boxes = boxes_of(*columns)
    before = boxes.copy()
    found = own_columns(boxes)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.reshape(parted, (-1, 2)))
    np.testing.assert_array_equal(boxes, before)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 15)), max_size=6))
def test_own_columns_are_ordered_and_never_empty(steps):
    lefts = np.cumsum([step for step, _ in steps], dtype=int)
    rights = np.maximum.accumulate(lefts + [width for _, width in steps]) if steps else lefts
    found = own_columns(boxes_of(*zip(lefts, rights, strict=True)))
    assert found.shape == (len(steps), 2)
    assert (found[:, 1] - found[:, 0] >= 2).all()
    assert (np.diff(found[:, 0]) >= 0).all()


def test_lines_are_padded_to_one_width_and_number_of_characters():
    lines = stack_strips(
        [strip_of(16), strip_of(48, 100)],
        [np.float32([[1, 5], [6, 9]]), np.float32([[4, 40]])],
        [np.array([3, 0]), np.array([2])],
    )
    assert (lines.pixels.dtype, lines.spans.dtype, lines.classes.dtype) == (
        np.uint8,
        np.float32,
        np.intp,
    )
    assert lines.pixels.shape == (2, 32, 48, 2)
    assert (lines.pixels[0, :, :16] == 255).all()
    assert (lines.pixels[0, :, 16:] == 0).all()
    assert (lines.pixels[1] == 100).all()
    np.testing.assert_array_equal(lines.spans, [[[1, 5], [6, 9]], [[4, 40], [NAN, NAN]]])
    np.testing.assert_array_equal(lines.classes, [[3, 0], [2, -1]])


def test_no_lines():
    lines = stack_strips([], [], [])
    assert lines.pixels.shape == (0, 32, 0, 2)
    assert lines.spans.shape == (0, 0, 2)
    assert lines.classes.shape == (0, 0)


@pytest.mark.parametrize("kept", [[2, 0], [], [True, False, True] + [False] * 21])
def test_a_part_of_the_lines(lines, kept):
    kept = np.array(kept, bool if True in kept else int)
    part = lines.part(kept)
    assert isinstance(part, LabelledStrips)
    for one, whole in zip(part, lines, strict=True):
        np.testing.assert_array_equal(one, whole[kept])


def test_what_is_drawn_has_two_spans_a_character(lines):
    batches = SpanBatches(lines, lines.part(np.arange(5)), 10)
    order = np.array([20, 3, 3, 7, 0])
    (ink, spans), classes, weights = batches.draw(order, np.random.default_rng(1))
    assert len(batches) == 24
    assert (ink.shape[:2], ink.shape[3]) == ((5, 32), 2)
    assert ink.shape[2] <= lines.pixels.shape[2]
    assert (ink.dtype, spans.dtype, weights.dtype) == (np.float32,) * 3
    assert spans.shape == (5, 8, 2)
    assert classes.shape == weights.shape == (5, 8)
    assert ink.min() == 0
    assert 0.9 < ink.max() <= 1
    known = lines.classes[order] >= 0
    np.testing.assert_array_equal(classes[:, :4], np.where(known, lines.classes[order], REJECT))
    np.testing.assert_array_equal(weights[:, :4], known)
    assert set(np.unique(classes[:, 4:][weights[:, 4:] > 0])) == {REJECT, BLANK}
    assert set(np.unique(weights[:, 4:])) == {0, 0.5}
    assert not weights[:, 4:][~known].any()
    assert np.isfinite(spans).all()
    assert not spans[weights == 0].any()
    assert (spans[weights > 0] != 0).any(axis=1).all()


def test_a_seed_draws_the_same_and_changes_nothing(lines):
    before = [array.copy() for array in lines]
    batches = SpanBatches(lines, lines, 10)
    order = np.arange(24)
    one, again, other = (batches.draw(order, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for first, second in zip(
        (*one.inputs, one.classes, one.weights),
        (*again.inputs, again.classes, again.weights),
        strict=True,
    ):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(one.inputs[0], other.inputs[0])
    assert not np.array_equal(one.inputs[1], other.inputs[1])
    for array, copy in zip(lines, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_same_line_is_shown_anew_each_time(lines):
    batches = SpanBatches(lines, lines, 10)
    (ink, spans), _, _ = batches.draw(np.array([5, 5]), np.random.default_rng(0))
    assert not np.array_equal(ink[0], ink[1])
    assert not np.array_equal(spans[0], spans[1])


def test_characters_are_shown_with_edges_moved_a_little(lines, unmoved):
    batches = SpanBatches(lines, lines, 10)
    order = np.tile(np.arange(24), 20)
    (ink, spans), _, weights = batches.draw(order, np.random.default_rng(0))
    np.testing.assert_allclose(ink[:24], lines.pixels / 255, atol=1e-6)
    known = weights[:, :4] > 0
    truth = lines.spans[order][known]
    moved = (spans[:, :4][known] - truth) / (truth[:, 1:] - truth[:, :1])
    assert moved.std() == pytest.approx(0.08, rel=0.1)
    assert abs(moved.mean()) < 0.01


def test_what_is_no_character_has_no_character_s_place(lines, unmoved):
    blotted = lines.pixels.copy()
    blotted[:, 10:20, -3:] = 255  # something after the last character
    batches = SpanBatches(lines._replace(pixels=blotted), lines, 10)
    order = np.tile(np.arange(24), 40)
    (_, spans), classes, weights = batches.draw(order, np.random.default_rng(0))
    wrong, counted = spans[:, 4:], weights[:, 4:] > 0
    begin, end = np.moveaxis(wrong[:, :, None], -1, 0)
    left, right = np.moveaxis(lines.spans[order][:, None], -1, 0)
    shared = np.nan_to_num(np.maximum(np.minimum(end, right) - np.maximum(begin, left), 0))
    likeness = np.nan_to_num(shared / (np.maximum(end, right) - np.minimum(begin, left)))
    is_blank = (classes[:, 4:] == BLANK) & counted
    is_rejected = (classes[:, 4:] == REJECT) & counted
    assert (wrong[counted][:, 1] - wrong[counted][:, 0] >= 2 - 1e-4).all()
    assert wrong.min() >= -2
    assert wrong.max() <= lines.pixels.shape[2] + 2
    assert likeness[is_rejected].max() < 0.7
    assert shared[is_blank].max() < 1e-3
    assert (shared[is_rejected].max(axis=1) > 1).all()
    width = right - left
    first, last = np.nanmin(left, axis=(1, 2))[:, None], np.nanmax(right, axis=(1, 2))[:, None]
    of_each_kind = {
        "fragment": is_rejected & ((shared > 0).sum(axis=2) == 1),
        "parts of two": is_rejected & ((shared > 0.2 * width).sum(axis=2) >= 2),
        "pair": is_rejected & ((shared > 0.68 * width).sum(axis=2) == 2),
        "before": is_blank & (wrong[..., 1] <= first + 1e-3),
        "after": is_blank & (wrong[..., 0] >= last - 1e-3),
        "between": is_blank & (wrong[..., 0] > first) & (wrong[..., 1] < last),
    }
    assert all(chosen.any() for chosen in of_each_kind.values())


def test_lines_of_one_character(lines):
    one = LabelledStrips(lines.pixels, lines.spans[:, :1], lines.classes[:, :1])
    (_, spans), classes, weights = SpanBatches(one, one, 10).draw(
        np.arange(24), np.random.default_rng(0)
    )
    assert spans.shape == (24, 2, 2)
    assert (classes[:, 1] >= REJECT).all()
    assert (weights[:, 0] == 1).all()
    assert 0 < np.count_nonzero(weights[:, 1]) < 24


def test_the_digest_is_of_the_data(lines):
    halves = lines.part(np.arange(12)), lines.part(np.arange(12, 24))
    digest = SpanBatches(*halves, 10).digest
    assert SpanBatches(*halves, 10).digest == digest
    assert SpanBatches(*halves[::-1], 10).digest != digest
    renamed = halves[0]._replace(classes=halves[0].classes[::-1])
    assert SpanBatches(renamed, halves[1], 10).digest != digest
    assert SpanBatches(halves[0], renamed, 10).digest not in (
        digest,
        SpanBatches(halves[0], halves[0], 10).digest,
    )


def test_a_batch_is_as_wide_as_its_widest_line_and_some_room():
    lines = stack_strips(
        [strip_of(32), strip_of(160), strip_of(48)],
        [np.float32([[1, 30]]), np.float32([[4, 150]]), np.float32([[3, 40]])],
        [np.array([0])] * 3,
    )
    batches = SpanBatches(lines, lines, 10)
    np.testing.assert_array_equal(batches.sizes, [32, 160, 48])
    for order, width in (([0], 48), ([0, 2], 64), ([1, 0], 160)):
        pixels, _ = batches.draw(np.array(order), np.random.default_rng(0)).inputs
        assert pixels.shape == (len(order), 32, width, 2)


class Constant:
    """A network that gives all spans the same logits."""

    def __init__(self, logits):
        self.logits = np.float32(logits)

    def predict(self, inputs, batch_size, verbose):
        ink, spans = inputs
        assert ink.shape[0] == spans.shape[0]
        assert ink.max() <= 1
        return np.tile(self.logits, (*spans.shape[:2], 1))


def test_batches_are_evaluated_on_what_is_not_trained_on(lines):
    train, validation = lines.part(np.arange(12)), lines.part(np.arange(12, 24))
    batches = SpanBatches(train, validation, 10)
    alike = Constant(np.zeros(12))
    logits, classes = batches.validation_logits(alike)
    assert logits.shape == (len(classes), 12)
    counts = np.bincount(validation.classes.ravel(), minlength=10)
    np.testing.assert_array_equal(np.bincount(classes, minlength=12)[:10], counts)
    assert np.count_nonzero(classes >= REJECT) < counts.sum()  # there was not room for all
    fraction = (classes == REJECT).mean()
    assert fraction > 0.1
    assert batches.evaluate(alike)[0] == pytest.approx(np.log(12), abs=1e-5)
    assert batches.evaluate(Constant(5 * np.eye(12)[REJECT]))[1] == pytest.approx(fraction)
    again = SpanBatches(train, validation, 10).validation_logits(alike)[1]
    np.testing.assert_array_equal(again, classes)


def bars(count=150, width=320):
    """Lines of upright bars, 12 wide, every 40 columns; their places."""
    lefts = np.arange(20, 280, 40)
    spans = np.stack([lefts, lefts + 12], axis=1).astype(np.float32)
    ink = np.zeros((count, 32, width, 2), np.uint8)
    inked = np.isin(np.arange(width), np.add.outer(lefts, np.arange(12)))
    ink[:, 3:29] = 255 * inked[:, None]
    return ink, np.tile(spans, (count, 1, 1))


def test_spans_move_with_the_ink():
    ink, spans = bars()
    warped, moved = augment_strips(ink, spans, np.random.default_rng(0))
    assert (warped.shape, warped.dtype) == (ink.shape, np.uint8)
    assert (moved.shape, moved.dtype) == (spans.shape, np.float32)
    assert np.abs(moved - spans).max() > 15
    columns = np.arange(320) + 0.5
    for line, places in zip(warped, moved, strict=True):
        dark = (line[..., 0] >= 128).sum(axis=0)
        for first, last in places:
            near = abs(columns - (first + last) / 2) <= 18
            centre = (dark * columns)[near].sum() / dark[near].sum()
            assert abs(centre - (first + last) / 2) <= 2
            inside = (columns >= first - 3) & (columns <= last + 3)
            assert dark[near & inside].sum() >= 0.95 * dark[near].sum()


def test_a_seed_augments_the_same_and_changes_nothing():
    ink, spans = bars(10)
    before = ink.copy(), spans.copy()
    one, again, other = (
        augment_strips(ink, spans, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    for first, second, third in zip(one, again, other, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, third)
    np.testing.assert_array_equal(ink, before[0])
    np.testing.assert_array_equal(spans, before[1])


def test_without_a_warp_ink_stays_in_place():
    ink, spans = bars(60)
    warped, moved = augment_strips(ink, spans, np.random.default_rng(0), STILL)
    np.testing.assert_array_equal(moved, spans)
    assert ((warped >= 128) != (ink >= 128)).mean() < 0.01
    unchanged = [np.array_equal(*pair) for pair in zip(warped, ink, strict=True)]
    assert 0.35 < np.mean(unchanged) < 0.75


def test_the_tone_of_soft_edges_changes():
    ink = np.full((40, 32, 32, 2), 128, np.uint8)
    warped, _ = augment_strips(ink, np.full((40, 1, 2), NAN), np.random.default_rng(0), STILL)
    tones = np.median(warped, axis=(1, 2, 3))
    assert tones.min() < 110
    assert tones.max() > 146


def test_places_of_no_character_stay_none():
    ink, spans = bars(3)
    spans[1, 4:] = NAN
    _, moved = augment_strips(ink, spans, np.random.default_rng(0))
    np.testing.assert_array_equal(np.isnan(moved), np.isnan(spans))


@pytest.mark.parametrize("shape", [(0, 32, 64, 2), (1, 32, 16, 2), (2, 32, 400, 2)])
def test_blank_lines_of_any_width(shape):
    spans = np.full((shape[0], 2, 2), NAN, np.float32)
    warped, moved = augment_strips(np.zeros(shape, np.uint8), spans, np.random.default_rng(3))
    assert warped.shape == shape
    assert moved.shape == spans.shape
    assert (warped < 128).all()
