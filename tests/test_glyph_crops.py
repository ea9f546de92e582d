"""Glyphs are framed as MNIST frames its digits."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.segmentation.glyph_crops import (
    GLYPH_SIZE,
    NO_GLYPHS,
    frame_glyph,
    frame_glyphs,
    turned_glyphs,
)

MIDDLE = GLYPH_SIZE / 2


def drawn_digit(text="3", size=40):
    canvas = np.zeros((size, size), np.uint8)
    cv2.putText(
        canvas, text, (size // 5, size * 4 // 5), cv2.FONT_HERSHEY_SIMPLEX, size / 36, 255, 3
    )
    return canvas


def extent(glyph):
    rows, columns = np.flatnonzero(glyph.any(axis=1)), np.flatnonzero(glyph.any(axis=0))
    return columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


def centre_of_mass(glyph):
    return (np.arange(GLYPH_SIZE) @ glyph.sum(axis=0)) / glyph.sum(), (
        np.arange(GLYPH_SIZE) @ glyph.sum(axis=1)
    ) / glyph.sum()


def check_framed(glyph):
    assert glyph.shape == (GLYPH_SIZE, GLYPH_SIZE)
    assert glyph.dtype == np.float32
    assert glyph.min() >= 0
    assert glyph.max() <= 1 + 1e-6
    assert max(extent(glyph)) == 20


@pytest.mark.parametrize(
    "shape", [(1, 1), (5, 5), (7, 3), (20, 20), (12, 28), (28, 12), (60, 45), (3, 90), (400, 200)]
)
def test_filled_rectangles(shape):
    glyph = frame_glyph(np.ones(shape, np.float32))
    check_framed(glyph)
    np.testing.assert_allclose(centre_of_mass(glyph), MIDDLE, atol=0.501)
    width, height = extent(glyph)
    ratio = min(shape) / max(shape)
    assert abs(min(width, height) - 20 * ratio) <= 2
    assert (width >= height) == (shape[1] >= shape[0])


@pytest.mark.parametrize("text", list("0123456789AgW"))
@pytest.mark.parametrize("size", [20, 40, 100])
def test_drawn_characters(text, size):
    glyph = frame_glyph(drawn_digit(text, size).astype(np.float32) / 255)
    check_framed(glyph)
    np.testing.assert_allclose(centre_of_mass(glyph), MIDDLE, atol=0.501)
    assert glyph.max() > 0.5


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    density=st.floats(0.02, 1),
    seed=st.integers(0, 999),
)
def test_any_ink_is_framed(height, width, density, seed):
    rng = np.random.default_rng(seed)
    ink = np.where(rng.random((height, width)) < density, rng.random((height, width)), 0)
    glyph = frame_glyph(ink.astype(np.float32))
    if not (ink > 0.1).any():
        assert not glyph.any()
        return
    assert np.isfinite(glyph).all()
    assert glyph.min() >= 0
    assert glyph.max() <= 1 + 1e-6
    assert 19 <= max(extent(glyph)) <= 20
    for position, side in zip(centre_of_mass(glyph), extent(glyph), strict=True):
        touches_the_rim = abs(position - MIDDLE) > 0.5 and side > 14
        assert abs(position - MIDDLE) <= 0.501 or touches_the_rim


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (28, 28), (5, 2)])
def test_blank_gives_zeros(shape):
    np.testing.assert_array_equal(frame_glyph(np.zeros(shape, np.float32)), np.zeros((28, 28)))


@pytest.mark.parametrize("at", [(0, 0), (4, 8), (2, 3)])
def test_one_pixel_is_a_full_square_wherever_it_lies(at):
    ink = np.zeros((5, 9), np.float32)
    ink[at] = 1
    expected = np.zeros((28, 28))
    expected[4:24, 4:24] = 1
    np.testing.assert_array_equal(frame_glyph(ink), expected)


@pytest.mark.parametrize("shape", [(1, 200), (200, 1)])
def test_long_thin_line_stays_visible(shape):
    glyph = frame_glyph(np.ones(shape, np.float32))
    check_framed(glyph)
    assert glyph.max() > 0.5
    np.testing.assert_allclose(centre_of_mass(glyph), MIDDLE, atol=0.501)


@pytest.mark.parametrize("thickness", [1, 2, 5])
def test_tall_thin_ring_stays_visible(thickness):
    canvas = np.zeros((402, 302), np.uint8)
    cv2.ellipse(canvas, (150, 200), (147, 197), 0, 0, 360, 255, thickness)
    glyph = frame_glyph(canvas.astype(np.float32) / 255)
    check_framed(glyph)
    assert glyph.max() > 0.5
    assert (glyph.max(axis=1) > 0.5).sum() == 20
    assert glyph[12:16, 12:16].max() == 0


@pytest.mark.parametrize("height", [1, 2, 3, 5, 40])
def test_two_columns_are_an_image_and_no_list_of_points(height):
    ink = np.zeros((height, 2), np.float32)
    ink[:, 0] = 1
    np.testing.assert_array_equal(
        frame_glyph(ink), frame_glyph(np.pad(ink, ((1, 1), (2, 2)), mode="constant"))
    )
    grey = np.full((height, 2), 200, np.uint8)
    grey[:, 0] = 20
    labels = (grey == 20).astype(np.int32)
    glyphs = frame_glyphs(
        grey, labels, boxes=np.array([[0, 0, 1, height]]), spans=np.array([[1, 2]])
    )
    np.testing.assert_array_equal(glyphs[0, ..., 0], frame_glyph(np.ones((height, 1), np.float32)))


def test_faint_rim_is_cropped():
    ink = np.full((12, 12), 0.05, np.float32)
    ink[4:8, 5:7] = 1
    np.testing.assert_array_equal(frame_glyph(ink), frame_glyph(ink[4:8, 5:7]))


@pytest.mark.parametrize("text", list("0123456789"))
def test_framed_glyph_is_left_nearly_unchanged(text):
    once = frame_glyph(drawn_digit(text).astype(np.float32) / 255)
    twice = frame_glyph(once)
    assert np.abs(twice - once).mean() < 0.02


def test_input_is_left_unchanged():
    ink = drawn_digit(size=100).astype(np.float32) / 255
    before = ink.copy()
    frame_glyph(ink)
    np.testing.assert_array_equal(ink, before)


def framed(grey, *masks):
    """Frame each mask's glyph, the masks being labelled 1, 2, ... in `grey`."""
    labels = np.zeros(grey.shape, np.int32)
    boxes = []
    for number, mask in enumerate(masks, start=1):
        labels[mask] = number
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        boxes.append((x, y, x + width, y + height))
    spans = [(number, number + 1) for number in range(1, len(masks) + 1)]
    return frame_glyphs(grey, labels, boxes=np.array(boxes), spans=np.array(spans))


@pytest.mark.parametrize("text", list("0123456789"))
def test_polarity_makes_no_difference(text):
    level = cv2.GaussianBlur(drawn_digit(text, 60), (3, 3), 0)
    bright_on_dark = (20 + level * (200 / 255)).astype(np.uint8)
    mask = level > 127
    one, other = framed(bright_on_dark, mask), framed(255 - bright_on_dark, mask)
    assert one.shape == (1, 28, 28, 1)
    assert one.dtype == np.float32
    assert one.max() > 0.9
    np.testing.assert_allclose(one, other, atol=0.02)


def test_soft_edges_are_kept():
    level = cv2.GaussianBlur(drawn_digit("0", 28), (3, 3), 0)
    glyph = framed(level, level > 127)[0, ..., 0]
    assert ((glyph > 0.2) & (glyph < 0.8)).sum() > 20


def test_the_ink_of_a_neighbour_is_in_no_glyph():
    grey = np.full((30, 40), 240, np.uint8)
    one, other = np.zeros((30, 40), bool), np.zeros((30, 40), bool)
    one[5:25, 5:12] = True
    one[5:9, 5:24] = True
    other[11:25, 14:20] = True
    grey[one | other] = 15
    together = framed(grey, one, other)
    alone = np.full((30, 40), 240, np.uint8)
    alone[one] = 15
    np.testing.assert_allclose(together[0], framed(alone, one)[0], atol=1e-3)
    alone = np.full((30, 40), 240, np.uint8)
    alone[other] = 15
    np.testing.assert_allclose(together[1], framed(alone, other)[0], atol=1e-3)


def test_span_takes_the_ink_of_its_labels_within_its_box():
    grey = np.full((20, 30), 250, np.uint8)
    labels = np.zeros((20, 30), np.int32)
    for number, x in enumerate((4, 10, 16), start=1):
        labels[4:16, x : x + 6] = number
    grey[labels > 0] = 0
    whole = np.ones((12, 12), np.float32)
    glyphs = frame_glyphs(
        grey,
        labels,
        boxes=np.array([(4, 4, 16, 16), (10, 4, 22, 16)]),
        spans=np.array([(1, 3), (2, 4)]),
    )
    np.testing.assert_allclose(glyphs[0, ..., 0], frame_glyph(whole), atol=1e-3)
    np.testing.assert_allclose(glyphs[1, ..., 0], frame_glyph(whole), atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (9, 2), (12, 30)])
def test_image_full_of_ink_has_no_background(shape):
    grey = np.full(shape, 90, np.uint8)
    glyph = framed(grey, np.ones(shape, bool))[0, ..., 0]
    np.testing.assert_array_equal(glyph, frame_glyph(np.ones(shape, np.float32)))


def test_ink_at_the_rim_of_the_image():
    grey = np.full((12, 10), 230, np.uint8)
    mask = np.zeros((12, 10), bool)
    mask[:, :4] = True
    grey[mask] = 10
    np.testing.assert_allclose(
        framed(grey, mask)[0, ..., 0], frame_glyph(np.ones((12, 4), np.float32)), atol=1e-3
    )


@pytest.mark.filterwarnings("error")
def test_ink_as_grey_as_the_background_is_framed():
    mask = np.zeros((20, 20), bool)
    mask[4:16, 6:12] = True
    glyph = framed(np.full((20, 20), 60, np.uint8), mask)[0, ..., 0]
    assert np.isfinite(glyph).all()
    assert glyph.max() > 0.5


def test_no_boxes_give_no_glyphs():
    glyphs = frame_glyphs(
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5), np.int32),
        boxes=np.empty((0, 4), np.int32),
        spans=np.empty((0, 2), np.int32),
    )
    assert glyphs.shape == NO_GLYPHS == (0, 28, 28, 1)


def test_glyphs_are_turned_about_their_middle():
    glyph = np.zeros((1, 28, 28, 1), np.float32)
    glyph[0, 4:24, 13:15] = 1
    before = glyph.copy()
    np.testing.assert_allclose(turned_glyphs(glyph, 0), glyph, atol=1e-6)
    np.testing.assert_allclose(turned_glyphs(glyph, 90)[0, ..., 0], glyph[0, ..., 0].T, atol=1e-4)
    one, other = turned_glyphs(glyph, 8), turned_glyphs(glyph, -8)
    np.testing.assert_allclose(one[:, :, ::-1], other, atol=1e-4)
    top = (one[0, 5, :, 0] * np.arange(28)).sum() / one[0, 5, :, 0].sum()
    assert top < 13.5
    np.testing.assert_array_equal(glyph, before)
    assert turned_glyphs(glyph[:0], 8).shape == (0, 28, 28, 1)
