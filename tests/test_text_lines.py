"""Lines of text become strips of one height, in whatever colours and sizes they come."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.core.image import load_image
from segcap.generate import TextGenerator
from segcap.segmentation.binarize import binarize
from segcap.segmentation.text_lines import (
    STRIP_HEIGHT,
    Strip,
    line_strip,
    soft_ink,
    strip_channels,
    strip_rows,
    tone,
)


@pytest.fixture(scope="module")
def text():
    """Dark text on bright background, (H, W, 3) uint8, and its ink."""
    image = load_image(TextGenerator("clean", length=5, difficulty=0).sample(seed=0).image)
    return image, binarize(image)


@st.composite
def blocks(draw):
    """A block of ink somewhere in an image, at least 9 pixels tall: mask and x0, y0, x1, y1."""
    height, width = draw(st.integers(9, 90)), draw(st.integers(2, 120))
    above, below, left, right = (draw(st.integers(0, 30)) for _ in range(4))
    ink = np.zeros((above + height + below, left + width + right), bool)
    ink[above : above + height, left : left + width] = True
    return ink, (left, above, left + width, above + height)


def on_background(ink, colour=(0, 0, 0), background=(255, 255, 255)):
    return np.where(ink[..., None], np.uint8(colour), np.uint8(background))


def shown_twice(ink):
    return np.repeat(255 * ink.view(np.uint8)[..., None], 2, axis=2)


def strip_of(image, ink):
    return line_strip(strip_channels(image, ink), ink)


def test_bright_ink_is_as_good_as_dark_ink(text):
    image, ink = text
    dark, bright = soft_ink(image, ink), soft_ink(255 - image, ink)
    np.testing.assert_allclose(bright.astype(int), dark, atol=1)
    assert dark.dtype == np.uint8
    assert dark[ink].mean() > 200
    assert dark[~ink].mean() < 5


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("by", [-60, 60])
def test_ink_counts_by_the_channel_in_which_it_differs_most(text, channel, by):
    _, ink = text
    colour = np.full(3, 128)
    colour[channel] += by
    soft = soft_ink(on_background(ink, colour, (128, 128, 128)), ink)
    np.testing.assert_array_equal(soft, 255 * ink)


def test_ink_of_several_colours_counts_alike(text):
    _, ink = text
    image = on_background(ink, (188, 128, 128), (128, 128, 128))
    image[:, image.shape[1] // 2 :][ink[:, image.shape[1] // 2 :]] = 188
    np.testing.assert_array_equal(soft_ink(image, ink), 255 * ink)


def test_ink_of_the_background_s_luminance_is_ink(text):
    _, ink = text
    image = on_background(ink, (200, 60, 60), (60, 132, 60))
    assert np.ptp(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) <= 2
    np.testing.assert_array_equal(soft_ink(image, ink), 255 * ink)


def test_background_may_change_along_the_line(text):
    _, ink = text
    height, width = ink.shape
    background = np.tile(np.linspace(120, 240, width), (height, 1))
    grey = (background - 100 * ink).astype(np.uint8)
    soft = soft_ink(np.repeat(grey[..., None], 3, axis=2), ink)
    assert soft[~ink].mean() < 15
    assert soft[ink].min() > 150


def test_faint_noise_without_contrast_is_not_blown_up():
    ink = np.zeros((20, 40), bool)
    ink[5:15, 10:20] = True
    soft = soft_ink(on_background(ink, (198,) * 3, (200,) * 3), ink)
    assert soft.max() < 40


@pytest.mark.parametrize(
    ("ink", "soft"),
    [
        (np.ones((3, 5), bool), 255),
        (np.ones((1, 1), bool), 255),
        (np.zeros((3, 5), bool), 0),
        (np.zeros((1, 1), bool), 0),
    ],
    ids=["all ink", "one pixel of ink", "blank", "one pixel of background"],
)
def test_soft_ink_without_contrast(ink, soft):
    found = soft_ink(np.full((*ink.shape, 3), 90, np.uint8), ink)
    assert (found.shape, found.dtype) == (ink.shape, np.uint8)
    assert (found == soft).all()


def test_tone_is_bright_where_ink_is(text):
    image, ink = text
    dark, bright = tone(image, ink), tone(255 - image, ink)
    assert dark.dtype == np.uint8
    np.testing.assert_allclose(bright.astype(int), dark, atol=2)
    assert np.median(dark[ink]) == 255
    assert np.median(dark[~ink]) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_tone_spans_percentiles_as_numpy_s(seed, height, width):
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    low, high = np.percentile(grey, [1, 99])
    span = max(high - low, 16)
    expected = (grey - np.float32(low)).astype(np.float32) * np.float32(255 / span)
    image = np.repeat(grey[..., np.newaxis], 3, axis=2)
    found = tone(image, np.zeros(grey.shape, bool))
    np.testing.assert_array_equal(found, np.clip(expected, 0, 255).astype(np.uint8))


def test_tone_shows_what_is_inverted_on_its_ground():
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 40:] = 200
    image[15:25, 10:20], image[15:25, 60:70] = 200, 0
    ink = np.zeros((40, 80), bool)
    ink[15:25, 60:70] = True
    shown = tone(image, ink)
    assert shown[15:25, 60:70].min() == 255
    assert shown[15:25, 10:20].max() == 0
    assert shown[:, :10].min() == 255
    assert shown[:, 50:60].max() == 0


@pytest.mark.parametrize(("dark", "contrast"), [(100, 0), (92, 127), (84, 255), (20, 255)])
def test_sixteen_levels_or_more_fill_the_tone(dark, contrast):
    image = np.full((20, 20, 3), 100, np.uint8)
    ink = np.zeros((20, 20), bool)
    ink[5:15, 5:15] = True
    image[ink] = dark
    assert np.ptp(tone(image, ink)) == contrast


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 5)])
@pytest.mark.parametrize("value", [False, True])
def test_tone_without_ink_or_background(shape, value):
    found = tone(np.full((*shape, 3), 90, np.uint8), np.full(shape, value))
    assert (found.shape, found.dtype) == (shape, np.uint8)


def test_strips_show_soft_ink_and_tone_in_one_place(text):
    image, ink = text
    strip = strip_of(image, ink)
    assert strip.pixels.shape == (*strip.ink.shape, 2)
    np.testing.assert_array_equal(strip.ink, strip.pixels[..., 0])
    shown = strip.pixels.reshape(-1, 2).astype(float).T
    assert np.corrcoef(shown)[0, 1] > 0.98


@pytest.mark.parametrize(
    ("counts", "rows"),
    [
        ([1], (0, 1)),
        ([0, 0, 1, 0], (2, 3)),
        ([5, 5, 5], (0, 3)),
        ([0, 5, 0, 5, 0], (1, 4)),
        ([1, 40, 40, 40, 1], (1, 4)),
        ([1, 1, 40, 40, 1], (1, 4)),
        ([1, 0, 0, 20, 20], (0, 5)),
        ([20, 20, 0, 0, 1], (0, 5)),
    ],
)
def test_rows_of_a_line_without_its_outliers(counts, rows):
    ink = np.arange(40) < np.array(counts)[:, None]
    padded = np.pad(ink, ((len(ink), len(ink)), (0, 0)))
    assert strip_rows(padded) == (rows[0] + len(ink), rows[1] + len(ink))


def bars(size):
    return np.broadcast_to(np.arange(size[1]) // 3 % 2 == 0, size)


def chessboard(size):
    return np.add.outer(np.arange(size[0]) // 10, np.arange(size[1]) // 10) % 2 == 0


@pytest.mark.parametrize("pattern", [bars, chessboard])
def test_rows_of_letters_in_a_pattern(pattern):
    letters = binarize(TextGenerator("six-char", difficulty=0).sample(seed=0).image)
    top, bottom = strip_rows(letters)
    first, last = strip_rows(pattern(letters.shape) ^ letters)
    assert abs(first - top) <= 5
    assert abs(last - bottom) <= 5


@pytest.mark.parametrize("seed", range(8))
def test_text_that_fills_its_image_is_no_pattern(seed):
    generator = TextGenerator("clean", charset="ABCDEFGH0235689", length=6)
    ink = binarize(generator.sample(seed, seed=1).image)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    expected = np.array(strip_rows(ink)) - rows[0]
    assert np.abs(strip_rows(tight) - expected).max() == 0


@pytest.mark.parametrize("size", [(1, 9), (2, 9), (5, 40), (50, 250)])
def test_rows_of_ink_alone(size):
    top, bottom = strip_rows(np.ones(size, bool))
    assert top == 0
    assert size[0] - bottom <= 1


def test_narrow_ink_that_fills_its_image_is_no_pattern():
    stem = np.zeros((40, 30), bool)
    stem[:5] = True
    stem[:, 12:17] = True
    assert strip_rows(stem) == (0, 39)


@given(blocks())
def test_strips_have_one_height_and_show_the_ink_where_columns_say(block):
    ink, (x0, _, x1, _) = block
    strip = line_strip(shown_twice(ink), ink)
    assert strip.ink.dtype == np.uint8
    assert strip.ink.shape[0] == STRIP_HEIGHT == 32
    assert strip.ink.shape[1] % 16 == 0
    shown = strip.ink > 127
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert abs(len(rows) - 26) <= 1
    assert abs(rows[0] - (31 - rows[-1])) <= 2
    first, last = strip.columns([x0, x1])
    assert abs(columns[0] - first) <= 1
    assert abs(columns[-1] + 1 - last) <= 1
    assert first >= 3
    assert last + 3 <= strip.ink.shape[1]


@given(blocks())
def test_columns_map_linearly_and_back(block):
    ink, _ = block
    strip = line_strip(shown_twice(ink), ink)
    xs = np.array([0, 1, 7, ink.shape[1]])
    columns = strip.columns(xs)
    assert columns.dtype == np.float32
    np.testing.assert_allclose(columns / strip.scale + strip.left, xs, atol=1e-3)


def test_golden_columns():
    strip = Strip(np.zeros((32, 16, 2), np.uint8), -3.0, 2.0)
    np.testing.assert_array_equal(strip.columns([[-3, 0], [1.5, 5]]), [[0, 6], [9, 16]])


@pytest.mark.parametrize("scale", [0.5, 1, 1.5, 3, 5])
def test_text_is_26_tall_whatever_the_size_of_its_image(text, scale):
    image = cv2.resize(text[0], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = binarize(image)
    top, bottom = strip_rows(ink)
    strip = strip_of(image, ink)
    first, last = strip_rows(strip.ink > 127)
    assert abs(last - first - 26) <= (3 if scale < 1 else 1)
    assert strip.scale == pytest.approx(26 / (bottom - top), rel=0.1)


def test_a_line_shows_all_soft_ink_that_stands_in_it(text):
    image, ink = text
    only_first = ink.copy()
    only_first[:, ink.shape[1] // 2 :] = False
    channels = strip_channels(image, ink)
    part = line_strip(channels, only_first)
    right = np.flatnonzero(only_first.any(axis=0))[-1] + 1
    assert part.ink[:, : int(part.columns(right))].max() > 200
    assert part.ink.shape[1] < line_strip(channels, ink).ink.shape[1]


def test_one_pixel_of_ink():
    ink = np.zeros((9, 13), bool)
    ink[4, 6] = True
    strip = strip_of(on_background(ink), ink)
    assert strip.ink.shape == (32, 32)
    shown = np.argwhere(strip.ink > 127)
    np.testing.assert_allclose(shown.mean(axis=0), [15.5, strip.columns(6.5) - 0.5], atol=0.5)


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (40, 80)])
def test_images_of_ink_alone(shape):
    ink = np.ones(shape, bool)
    strip = strip_of(np.zeros((*shape, 3), np.uint8), ink)
    assert strip.ink.shape[0] == 32
    first, last = strip.columns([0, shape[1]]).round().astype(int)
    assert strip.ink[16, first:last].min() > 127
    assert strip.ink[:, 0].max() == 0


def test_very_long_lines_are_bounded():
    ink = np.zeros((20, 6000), bool)
    ink[5:15, ::7] = True
    strip = line_strip(shown_twice(ink), ink)
    assert 2500 < strip.ink.shape[1] <= 26 * 100 + 16
    assert strip.columns(np.array([5999])) < strip.ink.shape[1]
    assert strip.scale == pytest.approx(2600 / 6000, rel=0.01)
