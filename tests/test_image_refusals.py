"""What is no image is refused in one sentence that names it."""

import struct
import subprocess
import sys
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_material import PNG, RGB, encoded
from PIL import Image

from segcap.core.errors import ImageError, SegcapWarning
from segcap.core.image import load_image


def png_announcing(width, height):
    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


NOISE = Image.fromarray(np.random.default_rng(0).integers(256, size=(40, 40), dtype=np.uint8))
NOISE_PNG, NOISE_JPEG = encoded(NOISE), encoded(NOISE, "JPEG")


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (
            np.array([[0, 256.5]], np.float32),
            r"in \[0, 255\] if one is above 1, where they are floats\..* from 0\.0 to 256\.5",
        ),
        (np.array([[0, np.nan]], np.float32), r"where they are floats\..* from nan to nan"),
        (
            np.array([[-1, 7]], np.int32),
            r"in \[0, 65535\] where they are integers\..* from -1 to 7",
        ),
    ],
)
def test_levels_of_a_file_outside_their_range(levels, message, tmp_path):
    Image.fromarray(levels).save(tmp_path / "levels.tif")
    with pytest.raises(ImageError, match=rf"^The levels of .*{message}") as raised:
        load_image(tmp_path / "levels.tif")
    assert "levels.tif' with levels" in str(raised.value)


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
        (encoded(Image.fromarray(np.full((2, 2), 256, np.float32)), "TIFF"), r"in \[0, 1\]"),
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
        (np.array([[0.0, 255.5]]), r"in \[0, 1\], or in \[0, 255\].*from 0\.0 to 255\.5"),
        ([[0, 255]], r"Got list instead: .* only an array says"),
        (np.array([[-1, 4]]), r"in \[0, 255\].*from -1 to 4"),
        (np.zeros((3, 8, 9), np.uint8), r"must have shape.*\(3, 8, 9\)"),
        (np.zeros((1, 8, 9, 3), np.uint8), "must have shape"),
        (np.zeros((0, 5), np.uint8), r"at least one pixel.*\(0, 5\)"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((2, 2), object), "object"),
        (np.full((2, 2), "a"), "bool, integer or float"),
        (Image.new("RGB", (0, 3)), "at least one pixel.*0 x 3"),
        ([[0, 1], [2, 3]], "Got list"),
    ],
)
def test_bad_source_raises(source, message):
    with pytest.raises(ImageError, match=message):
        load_image(source)


class BytesPath:
    def __fspath__(self):
        return b"image.png"


def test_a_released_memoryview():
    view = memoryview(PNG)
    view.release()
    with pytest.raises(ImageError, match="memoryview that was released"):
        load_image(view)


def test_a_path_of_bytes():
    with pytest.raises(ImageError, match=r"path must be text. Got b'image\.png'"):
        load_image(BytesPath())


def test_a_masked_array():
    masked = np.ma.masked_array(np.zeros((3, 4), np.uint8), mask=np.eye(3, 4))
    with pytest.raises(ImageError, match="Got a masked one"):
        load_image(masked)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", None])
def test_damaged_tiffs_write_nothing_to_standard_error(compression, capfd, recwarn):
    data = bytearray(
        encoded(NOISE, "TIFF", **({"compression": compression} if compression else {}))
    )
    for place in range(8, len(data), 97):
        damaged = bytearray(data)
        damaged[place : place + 4] = b"\xff\x00\xff\x7f"
        for source in (damaged, data[:place]):
            with suppress(ImageError):
                load_image(source)
    assert capfd.readouterr() == ("", "")
    assert [own for own in recwarn if not issubclass(own.category, SegcapWarning)] == []


def test_what_pillow_logs_is_not_printed(tmp_path):
    data = encoded(NOISE.convert("RGB"), "TIFF")
    samples = data.index(struct.pack("<HHL", 277, 3, 1)) + 8
    damaged = tmp_path / "damaged.tiff"
    damaged.write_bytes(data[:samples] + b"\x08" + data[samples + 1 :])
    code = (
        "import contextlib, sys, segcap.core.image as image\n"
        "with contextlib.suppress(image.ImageError):\n"
        "    image.load_image(sys.argv[1])"
    )
    ran = subprocess.run([sys.executable, "-c", code, damaged], capture_output=True, check=True)
    assert (ran.stdout, ran.stderr) == (b"", b"")


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
