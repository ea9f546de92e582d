"""Images come from files, bytes, arrays and PIL images, always as fresh RGB."""

import io
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_sample_image

from segcap.errors import ImageError, SegcapWarning
from segcap.image import image_size, load_image, load_small, source_name, to_grey

GREY = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
GREY_AS_RGB = np.repeat(GREY[..., None], 3, axis=2)
RGB = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def encoded(image, file_format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_announcing(width, height):
    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


PNG = encoded(Image.fromarray(RGB))
NOISE = Image.fromarray(np.random.default_rng(0).integers(256, size=(40, 40), dtype=np.uint8))
NOISE_PNG, NOISE_JPEG = encoded(NOISE), encoded(NOISE, "JPEG")


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


def test_sixteen_bit_image_that_holds_twelve_bits_is_told():
    levels = np.array([[0, 4095]], np.uint16)
    for source in (levels, encoded(Image.fromarray(levels))):
        with pytest.warns(SegcapWarning, match="such as of 12 bits, is read as nearly black"):
            assert load_image(source).max() == 16
    assert load_image(np.zeros((1, 2), np.uint16)).max() == 0
    bright = np.zeros((1, 9), np.uint16)
    bright[0, 8] = 8192
    assert load_image(bright).max() == 32


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        (
            np.array([[0, 2.5]], np.float32),
            r"in \[0, 1\] where they are floats\..* from 0\.0 to 2\.5",
        ),
        (np.array([[0, 300]], np.float32), r"where they are floats.* from 0\.0 to 300\.0"),
        (np.array([[0, np.nan]], np.float32), r"where they are floats\..* from nan to nan"),
        (
            np.array([[-1, 7]], np.int32),
            r"in \[0, 65535\] where they are integers\..* from -1 to 7",
        ),
        (np.array([[0, 70000]], np.int32), r"where they are integers\..* from 0 to 70000"),
    ],
)
def test_levels_of_a_file_outside_their_range(levels, told, tmp_path):
    Image.fromarray(levels).save(tmp_path / "levels.tif")
    with pytest.raises(ImageError, match=rf"^The levels of .*{told}") as raised:
        load_image(tmp_path / "levels.tif")
    assert "levels.tif' with levels" in str(raised.value)


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


def test_first_frame_of_an_animated_gif():
    first, second = (Image.new("RGB", (5, 4), colour) for colour in ("red", "blue"))
    image = load_image(encoded(first, "GIF", save_all=True, append_images=[second]))
    np.testing.assert_array_equal(image, np.full((4, 5, 3), [255, 0, 0]))


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


def test_float_tiff():
    levels = (GREY / 255).astype(np.float32)
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(levels), "TIFF")), GREY_AS_RGB)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [((10, 20, 30), 255), ((240, 250, 230), 0)],
    ids=["dark ink", "bright ink"],
)
def test_ink_on_transparent_ground_stays_visible(ink, paper):
    rgba = np.zeros((5, 5, 4), np.uint8)
    rgba[2, 1:4] = *ink, 255
    expected = np.full((5, 5, 3), paper)
    expected[2, 1:4] = ink
    np.testing.assert_array_equal(load_image(rgba), expected)
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(rgba))), expected)


def test_half_transparent_ink_is_blended():
    rgba = np.zeros((1, 1, 4), np.uint8)
    rgba[0, 0] = 55, 55, 55, 51
    np.testing.assert_array_equal(load_image(rgba), [[[215, 215, 215]]])


def test_fully_transparent_image_is_blank():
    assert np.unique(load_image(np.zeros((3, 3, 4), np.uint8))).tolist() == [255]


@pytest.mark.parametrize(
    "name", ["missing.png", "no folder/missing.png", "x" * 5000], ids=lambda name: name[:20]
)
def test_missing_path_raises(tmp_path, name):
    with pytest.raises(ImageError, match="must exist"):
        load_image(tmp_path / name)


def test_folder_raises(tmp_path):
    with pytest.raises(ImageError, match="must be a regular file"):
        load_image(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"just a text\n", "one of the formats PNG"),
        (b"", "must not be empty"),
        (PNG[:20], "in none|intact"),
        (NOISE_PNG[: len(NOISE_PNG) // 2], "must be intact"),
        (PNG[:50], "must be intact"),
        (PNG[:16] + b"\xff\xff" + PNG[18:], "in none|intact header"),
        (b"BM" + bytes(12) + struct.pack("<I", 999) + bytes(60), "intact header"),
        (png_announcing(50_000, 50_000), r"at most [0-9,]+ pixels.*header announces more"),
        (png_announcing(10_000, 10_000), r"at most [0-9,]+ pixels.*header announces more"),
        (png_announcing(0, 10), "."),
        (NOISE_JPEG[: len(NOISE_JPEG) * 2 // 3], "must be intact"),
        (encoded(Image.fromarray(np.full((2, 2), 7, np.float32)), "TIFF"), r"in \[0, 1\]"),
    ],
    ids=[
        "text",
        "empty",
        "header cut",
        "truncated",
        "truncated early",
        "damaged width",
        "unknown BMP header",
        "50,000 x 50,000",
        "10,000 x 10,000",
        "no width",
        "truncated JPEG",
        "float TIFF out of range",
    ],
)
def test_bad_file_raises(tmp_path, content, message):
    file = tmp_path / "image.png"
    file.write_bytes(content)
    for source in (file, content):
        with pytest.raises(ImageError, match=message):
            load_image(source)


def test_message_names_the_file(tmp_path):
    file = tmp_path / "broken.png"
    file.write_bytes(NOISE_PNG[:500])
    with pytest.raises(ImageError, match=r"broken\.png"):
        load_image(file)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.array([[0.5, np.nan]]), "without NaN"),
        (np.array([[0.0, 255.0]]), r"in \[0, 1\].*from 0\.0 to 255\.0"),
        (np.array([[-0.1, 0.5]]), r"in \[0, 1\]"),
        (np.array([[0.5, np.inf]]), r"in \[0, 1\]"),
        (np.array([[-1, 4]]), r"in \[0, 255\].*from -1 to 4"),
        (np.array([[256, 4]]), r"in \[0, 255\]"),
        (np.zeros((3, 8, 9), np.uint8), r"must have shape.*\(3, 8, 9\)"),
        (np.zeros((8, 9, 2), np.uint8), r"must have shape.*\(8, 9, 2\)"),
        (np.zeros(9, np.uint8), r"must have shape.*\(9,\)"),
        (np.zeros((1, 8, 9, 3), np.uint8), "must have shape"),
        (np.zeros((0, 5), np.uint8), r"at least one pixel.*\(0, 5\)"),
        (np.zeros((5, 0, 3)), "at least one pixel"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((2, 2), object), "object"),
        (np.full((2, 2), "a"), "bool, integer or float"),
        (Image.new("RGB", (0, 3)), "at least one pixel.*0 x 3"),
        (None, "Got NoneType"),
        (3, "Got int"),
        ([[0, 1], [2, 3]], "Got list"),
    ],
)
def test_bad_source_raises(source, message):
    with pytest.raises(ImageError, match=message):
        load_image(source)


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(
    st.sampled_from(["PNG", "GIF", "BMP", "TIFF", "JPEG", "PPM"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_damaged_bytes_load_or_raise_image_error(file_format, changes, kept):
    data = bytearray(encoded(Image.fromarray(RGB), file_format))
    for place, value in changes:
        data[int(place * len(data))] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)
        try:
            image = load_image(data[: int(kept * len(data)) + 1])
        except ImageError:
            return
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3


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
        assert image_size(source) == load_image(source).shape[:2]
    assert image_size(pixels) == image_size(pixels[..., 0]) == (4, 9)


def test_a_size_needs_no_more_than_the_header(tmp_path):
    path = tmp_path / "cut.png"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)
    path.write_bytes(encoded(Image.fromarray(noise), "PNG")[:1000])
    assert image_size(path) == (60, 80)
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
