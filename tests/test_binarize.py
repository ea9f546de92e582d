"""Ink is found whatever its polarity, light and colour."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.filters import threshold_otsu, threshold_sauvola

from segcap.core.errors import ParameterError
from segcap.segmentation.binarize import (
    METHODS,
    adaptive,
    binarize,
    colour_clusters,
    ink_is_bright,
    otsu,
    sauvola,
)

CONCRETE = [method for method in METHODS if method != "auto"]
THRESHOLDS = [otsu, sauvola, adaptive]
PLUS = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ],
    bool,
)


def digits_mask(text="2048", height=48, width=120):
    canvas = np.zeros((height, width), np.uint8)
    cv2.putText(canvas, text, (12, height - 12), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 3)
    return canvas > 127


def painted(mask, ink, background):
    return np.where(mask[..., None], np.uint8(ink), np.uint8(background)).astype(np.uint8)


def grey_as_rgb(grey):
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("ink", "background"), [(20, 230), (230, 20)], ids=["dark", "bright"])
def test_small_golden_image(method, ink, background):
    image = painted(PLUS, [ink] * 3, [background] * 3)
    np.testing.assert_array_equal(binarize(image, method), PLUS)
    np.testing.assert_array_equal(binarize(image[..., 0], method), PLUS)


@pytest.mark.parametrize("method", METHODS)
def test_blank_images_hold_no_ink(method):
    for level in range(256):
        assert not binarize(np.full((9, 21, 3), level, np.uint8), method).any(), level
        assert not binarize(np.full((9, 21), level, np.uint8), method).any(), level


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 3), (2, 2), (1, 9), (9, 1)])
def test_tiny_blank_images_hold_no_ink(method, shape):
    for level in (0, 128, 255):
        ink = binarize(np.full((*shape, 3), level, np.uint8), method)
        assert ink.shape == shape
        assert ink.dtype == bool
        assert not ink.any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("width", range(2, 12))
def test_one_row_is_parted_into_ink_and_background(method, width):
    row = np.full((1, width, 3), 250, np.uint8)
    row[0, width // 2] = 5
    ink = binarize(row, method)
    assert ink.shape == (1, width)
    if width > 4:
        np.testing.assert_array_equal(np.flatnonzero(ink), [width // 2])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("ink", "background"), [(100, 108), (108, 100), (247, 255), (8, 0)])
def test_contrast_below_the_floor_is_no_ink(method, ink, background):
    image = painted(digits_mask(), [ink] * 3, [background] * 3)
    assert not binarize(image, method).any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("ink", "background"), [(40, 220), (220, 40), (0, 90), (255, 160)])
def test_drawn_digits(method, ink, background):
    mask = digits_mask()
    assert overlap(binarize(painted(mask, [ink] * 3, [background] * 3), method), mask) > 0.95


@given(
    ink=st.integers(0, 110),
    background=st.integers(140, 255),
    noise=st.integers(0, 10),
    seed=st.integers(0, 2**31),
)
def test_inverted_image_has_the_same_ink(ink, background, noise, seed):
    level = np.where(digits_mask(), ink, background).astype(int)
    level += np.random.default_rng(seed).integers(-noise, noise + 1, level.shape)
    grey = np.clip(level, 0, 255).astype(np.uint8)
    assert not ink_is_bright(grey)
    assert ink_is_bright(255 - grey)
    np.testing.assert_array_equal(binarize(255 - grey, "otsu"), binarize(grey, "otsu"))


def framed(mask):
    edged = mask.copy()
    edged[[0, -1]] = edged[:, [0, -1]] = True
    return edged


def tight(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize(
    "mask",
    [digits_mask(), framed(digits_mask()), tight(digits_mask()), tight(digits_mask("7"))],
    ids=["plain", "frame of 1 pixel", "tight crop", "tight single digit"],
)
def test_polarity(mask):
    dark_ink = np.where(mask, 30, 220).astype(np.uint8)
    assert not ink_is_bright(dark_ink)
    assert ink_is_bright(255 - dark_ink)


@pytest.mark.parametrize("axis", [0, 1])
def test_brightness_of_ink_is_found_in_long_narrow_images(axis):
    row = np.full(20_000, 30, np.uint8)
    row[::50] = 220
    grey = np.repeat(np.expand_dims(row, axis), 2, axis)
    assert ink_is_bright(grey)
    assert not ink_is_bright(255 - grey)


@pytest.mark.parametrize("axis", [0, 1], ids=["from above", "from the left"])
@pytest.mark.parametrize("rising", [True, False])
def test_polarity_on_a_gradient(axis, rising):
    mask = digits_mask()
    light = np.linspace(90, 240, mask.shape[axis])
    light = np.expand_dims(light if rising else light[::-1], 1 - axis)
    grey = np.where(mask, light - 70, light).astype(np.uint8)
    assert not ink_is_bright(grey)
    assert ink_is_bright(255 - grey)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (40, 40), (30, 90)])
def test_blank_images_have_no_bright_ink(shape):
    bright = [level for level in range(256) if ink_is_bright(np.full(shape, level, np.uint8))]
    assert bright == []


def test_sauvola_agrees_with_scikit_image_away_from_the_rim():
    light = np.linspace(60, 250, 120)[None]
    noise = np.random.default_rng(0).integers(-8, 9, (48, 120))
    grey = np.clip(np.where(digits_mask(), light * 0.4, light) + noise, 0, 255).astype(np.uint8)
    threshold = threshold_sauvola(grey, window_size=15, k=0.2, r=128)
    inner = np.zeros(grey.shape, bool)
    inner[8:-8, 8:-8] = True
    inner &= np.abs(grey - threshold) > 0.01
    assert inner.mean() > 0.5
    np.testing.assert_array_equal(sauvola(grey, window=15)[inner], (grey < threshold)[inner])


@pytest.mark.parametrize("seed", range(4))
def test_otsu_agrees_with_scikit_image(seed):
    rng = np.random.default_rng(seed)
    grey = np.where(digits_mask(), rng.normal(80, 20, (48, 120)), rng.normal(180, 25, (48, 120)))
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(otsu(grey), grey <= threshold_otsu(grey))


@pytest.mark.parametrize(
    ("ink", "found"), [(84, True), (85, False)], ids=["16 levels apart", "15 levels apart"]
)
def test_least_contrast_of_otsu(ink, found):
    grey = np.where(PLUS, ink, 100).astype(np.uint8)
    assert otsu(grey).any() == found


def test_colour_clusters_find_red_on_green_of_the_same_luminance():
    mask = digits_mask()
    image = painted(mask, [200, 0, 0], [0, 102, 0])
    assert not binarize(image, "otsu").any()
    np.testing.assert_array_equal(colour_clusters(image), mask)
    np.testing.assert_array_equal(binarize(image, "colour"), mask)
    np.testing.assert_array_equal(binarize(image, "auto"), mask)


def test_colour_clusters_find_ink_of_several_colours():
    mask = digits_mask()
    image = painted(mask, [200, 0, 0], [250, 250, 240])
    image[:, 60:] = painted(mask, [0, 0, 200], [250, 250, 240])[:, 60:]
    np.testing.assert_array_equal(colour_clusters(image), mask)


def test_auto_takes_sauvola_in_uneven_light():
    mask = digits_mask()
    light = np.linspace(60, 255, mask.shape[1])[None]
    grey = np.where(mask, light * 0.35, light).astype(np.uint8)
    ink = binarize(grey_as_rgb(grey))
    np.testing.assert_array_equal(ink, sauvola(grey))
    assert overlap(ink, mask) > 0.7
    assert overlap(binarize(grey, "otsu"), mask) < 0.7


def test_auto_takes_otsu_in_even_light():
    grey = np.where(digits_mask(), 60, 200).astype(np.uint8)
    grey[::2] += 8
    np.testing.assert_array_equal(binarize(grey_as_rgb(grey)), otsu(grey))


@pytest.mark.parametrize("method", METHODS)
def test_input_is_left_unchanged(method):
    image = painted(digits_mask(), [200, 210, 220], [10, 20, 30])
    before = image.copy()
    binarize(image, method)
    np.testing.assert_array_equal(image, before)


def test_wider_window_is_honoured():
    grey = np.full((40, 40), 200, np.uint8)
    grey[10:30, 10:30] = 80
    assert not sauvola(grey, window=9)[20, 20]
    assert sauvola(grey, window=39)[20, 20]


def test_unknown_method_raises():
    with pytest.raises(ParameterError, match="'method' of binarize must be one of auto, otsu"):
        binarize(np.zeros((3, 3), np.uint8), "niblack")


@pytest.mark.parametrize("threshold", [sauvola, adaptive])
@pytest.mark.parametrize("window", [1, 4])
def test_bad_window_raises(threshold, window):
    with pytest.raises(ParameterError, match=f"odd and at least 3. Got {window}"):
        threshold(np.zeros((9, 9), np.uint8), window=window)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((4, 5)),
        np.zeros(5, np.uint8),
        np.zeros((4, 5, 1), np.uint8),
        np.zeros((4, 5, 4), np.uint8),
    ],
)
def test_what_is_no_image_raises(image):
    with pytest.raises(ParameterError, match="uint8 array that is not empty"):
        binarize(image)
