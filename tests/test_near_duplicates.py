"""Photos that look alike, images of one content."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from segcap.core.errors import ImageError, ParameterError
from segcap.core.image import load_image, load_small
from segcap.datasets import near_duplicates
from segcap.datasets.near_duplicates import identical, numbered, perceptual_hash


@pytest.fixture(scope="module")
def photos():
    """Parts of three photographs that do not overlap, (30, 120, 120, 3)."""
    tiles = []
    for photo in (data.astronaut(), data.chelsea(), data.coffee()):
        rows, columns = photo.shape[0] // 120, photo.shape[1] // 120
        tiles += [
            photo[120 * row : 120 * (row + 1), 120 * column : 120 * (column + 1)]
            for row in range(rows)
            for column in range(columns)
        ]
    return np.stack(tiles[:30])


def as_jpeg(photo, quality):
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def grey_ramp():
    return np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))


def test_the_hash_of_a_ramp_has_its_sine_waves_alone():
    bits = perceptual_hash(grey_ramp()[:, ::-1]).reshape(8, 8)
    np.testing.assert_array_equal(np.argwhere(bits)[:5], [[0, 0], [0, 1], [0, 3], [0, 5], [0, 7]])


def test_the_hash_of_an_image_that_is_blank_has_no_waves():
    for level, shape in ((0, (1, 1)), (255, (40, 168)), (9, (300, 20))):
        assert perceptual_hash(np.full(shape, level, np.uint8))[1:].sum() == 0


def test_the_hash_stays_when_an_image_is_resized_and_brightened(photos):
    for photo in photos[:5, ..., 0]:
        other = np.asarray(Image.fromarray(photo).resize((200, 77))) // 2 + 50
        assert (perceptual_hash(photo) != perceptual_hash(other.astype(np.uint8))).sum() <= 6


def test_photos_stand_alone_and_compressed_ones_with_their_originals(photos):
    assert near_duplicates(photos).tolist() == list(range(30))
    images = [*photos, *(as_jpeg(photo, 40) for photo in photos[::-1])]
    assert near_duplicates(images).tolist() == [*range(30), *reversed(range(30))]


def test_files_are_grouped_as_the_arrays_that_they_hold(photos, tmp_path):
    for place, photo in enumerate(photos):
        large = Image.fromarray(photo).resize((480, 360))
        large.save(tmp_path / f"{place:02}{'.jpg' if place % 2 else '.png'}")
    files = sorted(tmp_path.iterdir())
    assert near_duplicates([*photos, *files]).tolist() == [*range(30), *range(30)]


def test_neighbours_of_neighbours_are_of_one_group(photos):
    hashes = np.array([perceptual_hash(photo[..., 0]) for photo in photos])
    apart = (hashes[:, None] != hashes[None]).sum(axis=2)
    for distance in (14, 20, 64):
        groups = near_duplicates(photos[..., 0], distance=distance)
        reached = np.linalg.matrix_power((apart <= distance).astype(object), len(photos)) > 0
        np.testing.assert_array_equal(groups[:, None] == groups[None], reached)


def test_distance_0_takes_equal_hashes_alone(photos):
    groups = near_duplicates([photos[0], photos[1], photos[0] // 2 * 2], distance=0)
    assert groups[0] != groups[1]


def test_images_that_cannot_be_read_stand_alone(photos, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("no image")
    images = [tmp_path / "a.png", photos[0], tmp_path / "b.png", tmp_path / "c.png", photos[0]]
    assert near_duplicates(images).tolist() == [0, 1, 2, 3, 1]
    assert near_duplicates(images[:1]).tolist() == [0]


def test_images_of_more_pixels_than_allowed_are_not_decoded(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        Image.new("L", (15, 10)).save(tmp_path / name)
    files = sorted(tmp_path.iterdir())
    assert near_duplicates(files).tolist() == [0, 0]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert near_duplicates(files).tolist() == [0, 1]


def test_no_images():
    assert near_duplicates([]).shape == (0,)
    assert identical([]).shape == (0,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distance": 65}, r"'distance' .* Got 65\."),
        ({"n_jobs": 0}, "'n_jobs' must be"),
    ],
)
def test_options_outside_their_range(options, message):
    with pytest.raises(ParameterError, match=message):
        near_duplicates([grey_ramp()], **options)


def test_files_of_one_content(tmp_path):
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in ("a", "none", "b", "c", "nothing")]
    assert identical(files).tolist() == [0, 1, 2, 0, 3]


def test_rows_of_one_content(handwriting):
    digits = handwriting[0]
    assert identical(digits[[4, 2, 4, 0]]).tolist() == [0, 1, 0, 2]


@given(st.lists(st.integers(0, 5)))
def test_numbers_are_counted_from_0_and_equal_where_keys_are(keys):
    numbers = numbered(keys).tolist()
    assert [a == b for a in keys for b in keys] == [a == b for a in numbers for b in numbers]
    assert list(dict.fromkeys(numbers)) == list(range(len(set(keys))))


def test_a_photo_with_a_preview_is_the_photo(photos, tmp_path):
    photo, preview = (Image.fromarray(one) for one in photos[:2])
    photo.resize((1600, 1200)).save(tmp_path / "a.jpg")
    photo.resize((1600, 1200)).save(
        tmp_path / "b.mpo", save_all=True, append_images=[preview.resize((320, 240))]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain, with_preview = (load_image(tmp_path / name) for name in ("a.jpg", "b.mpo"))
        assert load_small(tmp_path / "b.mpo", 64).shape[0] < 1200
    np.testing.assert_array_equal(with_preview, plain)
    assert near_duplicates([tmp_path / "b.mpo", tmp_path / "a.jpg"]).tolist() == [0, 0]


def test_a_reduced_look_is_refused_where_the_whole_is(tmp_path, monkeypatch):
    Image.new("RGB", (400, 300)).save(tmp_path / "large.jpg")
    monkeypatch.setattr("segcap.core.image.MOST_PIXELS", 100_000)
    with pytest.raises(ImageError, match="at most 100,000 pixels"):
        load_small(tmp_path / "large.jpg", 16)


def test_one_path_is_not_many_images():
    with pytest.raises(ParameterError):
        near_duplicates("photo")
