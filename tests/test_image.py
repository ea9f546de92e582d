"""Images come from files, bytes, arrays and PIL images, always as fresh RGB."""

import os
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from image_material import PNG, RGB, encoded
from PIL import Image
from sklearn.datasets import load_sample_image

from segcap.core.encoded import _quiet
from segcap.core.errors import ImageError, ParameterError, SegcapWarning
from segcap.core.image import image_size, load_image, load_small, source_name, to_grey

GREY = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
GREY_AS_RGB = np.repeat(GREY[..., None], 3, axis=2)


@pytest.mark.parametrize("as_path", [str, Path], ids=["str", "Path"])
def test_path(tmp_path, as_path):
    file = tmp_path / "a picture.png"
    file.write_bytes(PNG)
    np.testing.assert_array_equal(load_image(as_path(file)), RGB)


def test_format_is_judged_by_content_not_by_ending(tmp_path):
    file = tmp_path / "picture.jpg"
    file.write_bytes(PNG)
    np.testing.assert_array_equal(load_image(file), RGB)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(kind):
    np.testing.assert_array_equal(load_image(kind(PNG)), RGB)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, GREY_AS_RGB),
        (GREY[..., None], GREY_AS_RGB),
        (GREY_AS_RGB, GREY_AS_RGB),
        (GREY.astype(np.int64), GREY_AS_RGB),
        (GREY.astype(np.int16), GREY_AS_RGB),
        (GREY.astype(np.uint16) * 257, GREY_AS_RGB),
        ((GREY.astype(np.uint16) * 257).astype(">u2"), GREY_AS_RGB),
        (GREY / 255, GREY_AS_RGB),
        ((GREY / 255).astype(np.float32), GREY_AS_RGB),
        (GREY_AS_RGB / 255, GREY_AS_RGB),
        (np.array([[False, True]]), [[[0, 0, 0], [255, 255, 255]]]),
        (np.dstack([RGB, np.full((4, 6), 255, np.uint8)]), RGB),
        (RGB[:, ::-1], RGB[:, ::-1]),
        (GREY[::-1, ::2], GREY_AS_RGB[::-1, ::2]),
        (np.asfortranarray(RGB), RGB),
    ],
    ids=[
        "grey",
        "one channel",
        "rgb",
        "int64",
        "int16",
        "uint16",
        "big-endian uint16",
        "float64",
        "float32",
        "float rgb",
        "bool",
        "opaque rgba",
        "mirrored view",
        "strided view",
        "column-major",
    ],
)
def test_array(array, expected):
    image = load_image(array)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize(
    "source",
    [
        GREY.copy(),
        GREY[..., None].copy(),
        RGB.copy(),
        np.dstack([RGB, np.full((4, 6), 255, np.uint8)]),
        GREY / 255,
    ],
    ids=["grey", "one channel", "rgb", "rgba", "float"],
)
def test_result_is_a_copy(source):
    before = source.copy()
    image = load_image(source)
    assert not np.shares_memory(image, source)
    image[:] = 77
    np.testing.assert_array_equal(source, before)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.fromarray(RGB), RGB),
        (Image.fromarray(GREY), GREY_AS_RGB),
        (Image.fromarray(GREY).convert("LA"), GREY_AS_RGB),
        (Image.fromarray(GREY.astype(np.uint16) * 257), GREY_AS_RGB),
        (Image.fromarray(GREY.astype(np.int32) * 257), GREY_AS_RGB),
        (Image.fromarray((GREY / 255).astype(np.float32)), GREY_AS_RGB),
        (Image.new("1", (2, 1), 1), np.full((1, 2, 3), 255)),
    ],
    ids=["RGB", "L", "LA", "I;16", "I", "F", "1"],
)
def test_pil_image(image, expected):
    before = image.tobytes()
    loaded = load_image(image)
    np.testing.assert_array_equal(loaded, expected)
    loaded[:] = 77
    assert image.tobytes() == before


def test_sixteen_bit_png():
    levels = np.array([[0, 128, 129, 32768, 65535]], np.uint16)
    image = load_image(encoded(Image.fromarray(levels)))
    np.testing.assert_array_equal(image[..., 0], [[0, 0, 1, 128, 255]])


def test_sixteen_bit_image_that_holds_twelve_bits_is_reported():
    levels = np.array([[0, 4095]], np.uint16)
    for source in (levels, encoded(Image.fromarray(levels))):
        with pytest.warns(SegcapWarning, match="such as of 12 bits, is read as nearly black"):
            assert load_image(source).max() == 16
    assert load_image(np.zeros((1, 2), np.uint16)).max() == 0
    bright = np.zeros((1, 9), np.uint16)
    bright[0, 8] = 8192
    assert load_image(bright).max() == 32


def test_palette_png():
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    image = load_image(encoded(palette))
    np.testing.assert_array_equal(image, [[[10, 20, 30], [40, 50, 60]]])


def test_palette_png_with_transparency_shows_its_dark_ink():
    palette = Image.new("P", (3, 1))
    palette.putpalette([0, 0, 0, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    image = load_image(encoded(palette, transparency=0))
    np.testing.assert_array_equal(image, [[[255, 255, 255], [40, 50, 60], [255, 255, 255]]])


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, RGB),
        (2, RGB[:, ::-1]),
        (3, RGB[::-1, ::-1]),
        (4, RGB[::-1]),
        (5, RGB.transpose(1, 0, 2)),
        (6, np.rot90(RGB, -1)),
        (7, RGB[::-1, ::-1].transpose(1, 0, 2)),
        (8, np.rot90(RGB)),
    ],
)
def test_exif_orientation(orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(
        load_image(encoded(Image.fromarray(RGB), "PNG", exif=exif)), upright
    )


def test_cmyk_jpeg():
    picture = Image.new("CMYK", (32, 16), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 16, 16))
    image = load_image(encoded(picture, "JPEG", quality=95))
    assert image.shape == (16, 32, 3)
    assert image[:, :14].max() < 20
    assert image[:, 18:].min() > 235


@pytest.mark.parametrize("white", [1, 255])
def test_float_tiff(white):
    levels = (GREY / 255 * white).astype(np.float32)
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(levels), "TIFF")), GREY_AS_RGB)


@pytest.mark.parametrize(
    ("ink", "background"),
    [((10, 20, 30), 255), ((240, 250, 230), 0)],
    ids=["dark ink", "bright ink"],
)
def test_ink_on_transparent_ground_stays_visible(ink, background):
    rgba = np.zeros((5, 5, 4), np.uint8)
    rgba[2, 1:4] = *ink, 255
    expected = np.full((5, 5, 3), background)
    expected[2, 1:4] = ink
    np.testing.assert_array_equal(load_image(rgba), expected)
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(rgba))), expected)


def test_half_transparent_ink_is_blended():
    rgba = np.zeros((1, 1, 4), np.uint8)
    rgba[0, 0] = 55, 55, 55, 51
    np.testing.assert_array_equal(load_image(rgba), [[[215, 215, 215]]])


def test_fully_transparent_image_is_blank():
    assert np.unique(load_image(np.zeros((3, 3, 4), np.uint8))).tolist() == [255]


def test_to_grey():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8)
    np.testing.assert_array_equal(to_grey(colours), [[76, 150, 29, 9]])


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a/b.png", "a/b.png"),
        (Path("a") / "b.png", f"a{os.sep}b.png"),
        (np.zeros((2, 5)), "an array of shape (2, 5)"),
        (b"abc", "3 given bytes"),
        (bytearray(4), "4 given bytes"),
        (Image.new("L", (1, 1)), "a Image"),
        (None, "a NoneType"),
    ],
)
def test_source_name(source, name):
    assert source_name(source) == name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_sizes_from_headers_are_those_of_loaded_images(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.zeros((4, 9, 3), np.uint8)
    for source in (encoded(Image.fromarray(pixels), kind, exif=exif), Image.fromarray(pixels)):
        assert image_size(source) == load_image(source).shape[1::-1]
    assert image_size(pixels) == image_size(pixels[..., 0]) == (9, 4)


def test_a_size_needs_no_more_than_the_header(tmp_path):
    path = tmp_path / "cut.png"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)
    path.write_bytes(encoded(Image.fromarray(noise), "PNG")[:1000])
    assert image_size(path) == (80, 60)
    with pytest.raises(ImageError, match="intact"):
        load_image(path)
    with pytest.raises(ImageError, match="must exist"):
        image_size(tmp_path / "none.png")
    with pytest.raises(ImageError, match="array must have shape"):
        image_size(np.zeros(3))


def test_a_photo_can_be_decoded_small():
    photo = load_sample_image("flower.jpg")
    jpeg = encoded(Image.fromarray(photo), "JPEG")
    small = load_small(jpeg, 64)
    assert 64 <= min(small.shape[:2]) < 150
    whole = to_grey(cv2.resize(photo, small.shape[1::-1], interpolation=cv2.INTER_AREA))
    assert np.corrcoef(to_grey(small).ravel(), whole.ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(load_small(photo, 64), photo)
    with pytest.raises(ImageError, match="in one of the formats"):
        load_small(encoded(Image.fromarray(photo), "PCX"), 64)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_above_one_are_levels_to_255(kind):
    levels = np.array([[0, 0.4, 127.6, 255]], kind)
    assert load_image(levels)[0, :, 0].tolist() == [0, 0, 128, 255]
    assert load_image(levels / 255)[0, :, 0].tolist() == [0, 0, 128, 255]
    assert load_image(Image.fromarray(levels.astype(np.float32)))[0, :, 0].tolist()[2:] == [
        128,
        255,
    ]


@pytest.mark.parametrize("channels", [3, 4])
def test_arrays_of_opencv_are_turned_to_rgb(channels):
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    bgr = rgb[..., [2, 1, 0, 3][:channels]]
    np.testing.assert_array_equal(load_image(bgr, channels="bgr"), load_image(rgb))
    file = encoded(Image.fromarray(rgb), "PNG")
    np.testing.assert_array_equal(load_image(file, channels="bgr"), load_image(file))
    grey = rgb[..., :1]
    np.testing.assert_array_equal(load_image(grey, channels="bgr"), load_image(grey[..., 0]))
    with pytest.raises(ParameterError, match=r"one of rgb, bgr\. Got 'hsv'"):
        load_image(rgb, channels="hsv")


def test_threads_that_overlap_leave_the_filters_of_warnings_as_they_were():
    before = list(warnings.filters)
    first, second = _quiet, _quiet
    first.__enter__()
    second.__enter__()
    first.__exit__()
    assert len(warnings.filters) == len(before) + 1
    second.__exit__()
    assert list(warnings.filters) == before
