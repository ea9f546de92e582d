"""Images of any size become one array, decoded a few at a time."""

import errno
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from segcap.core.errors import DataError, SegcapWarning
from segcap.core.image import load_image
from segcap.recognition.whole_image import augmented_for_test, stack_images, text_augmented_for_test
from segcap.training import pictures
from segcap.training.pictures import most_common, stack_usable


@pytest.fixture
def files(tmp_path):
    """Three files of 10 x 12 and one of 20 x 12, in colours."""
    paths = []
    for index, height in enumerate((10, 10, 20, 10)):
        pixels = np.full((height, 12, 3), (40 * index, 90, 200), np.uint8)
        paths.append(tmp_path / f"{index}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.mark.parametrize("colour", [True, False])
def test_they_are_what_loading_and_scaling_them_gives(files, colour):
    pixels, kept, are_alike = stack_usable(files, (12, 10), colour=colour)
    expected = stack_images([load_image(file) for file in files], (12, 10), colour=colour)
    np.testing.assert_array_equal(pixels, expected)
    np.testing.assert_array_equal(kept, range(4))
    assert not are_alike
    assert stack_usable(files[:2], (12, 10), colour=colour)[2]


def test_what_is_large_lies_in_a_file(files, monkeypatch):
    expected, _, _ = stack_usable(files, (12, 10), colour=True)
    monkeypatch.setattr(pictures, "MOST_IN_MEMORY", 100)
    pixels, _, _ = stack_usable(files, (12, 10), colour=True)
    assert isinstance(pixels, np.memmap)
    np.testing.assert_array_equal(pixels, expected)


def test_what_is_large_must_find_room(files, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pictures, "MOST_IN_MEMORY", 100)
    monkeypatch.setattr(pictures.shutil, "disk_usage", lambda _: SimpleNamespace(free=2**29))
    assert len(stack_usable(files, (12, 10), colour=True)[0]) == 4
    with monkeypatch.context() as patch:
        patch.setattr(pictures.os, "posix_fallocate", refuse, raising=False)
        with pytest.raises(DataError, match="must find room"):
            stack_usable(files, (12, 10), colour=True)
    monkeypatch.setattr(pictures.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(DataError, match=r"must find room in '.*'. Got 0.0 GiB for 0.0 GiB"):
        stack_usable(files, (12, 10), colour=True)


def test_more_than_one_chunk_keeps_the_order(monkeypatch):
    monkeypatch.setattr(pictures, "TOGETHER", 3)
    images = [np.full((4, 5), value, np.uint8) for value in range(10)]
    pixels, _, _ = stack_usable(images, (5, 4), colour=False)
    np.testing.assert_array_equal(pixels[:, 0, 0, 0], range(10))


def test_what_cannot_be_loaded_is_named_and_left_out(files, tmp_path):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(files[0].read_bytes()[:45])
    with pytest.warns(SegcapWarning, match=r"2 of 4 images were left out.*damaged\.png"):
        pixels, kept, _ = stack_usable([files[0], damaged, b"", files[1]], (10, 12), colour=True)
    assert kept.tolist() == [0, 3]
    assert len(pixels) == 2


def test_the_most_common_size(files):
    assert most_common(files) == (12, 10)
    assert most_common([*files, b"no image"]) == (12, 10)
    with pytest.raises(
        DataError, match=r"that can be read\. Got 2 that cannot, the first because: .*empty"
    ):
        most_common([b"", "nowhere.png"])
    with pytest.raises(DataError, match=r"that can be read\. Got none\."):
        most_common([])


def test_a_text_augmented_for_test_is_whole_and_a_little_closer():
    image = np.arange(50 * 250, dtype=np.uint16).reshape(50, 250)
    as_it_is, larger = [version for (version,) in text_augmented_for_test([image], 2)]
    np.testing.assert_array_equal(as_it_is, image)
    np.testing.assert_array_equal(larger, image[1:-1, 6:-6])
    assert len(list(text_augmented_for_test([image], 1))) == 1


def test_an_image_augmented_for_test_is_mirrored_and_closer():
    image = np.arange(200, dtype=np.uint8).reshape(10, 20)
    for count, expected in (
        (1, [image]),
        (2, [image, image[:, ::-1]]),
        (4, [image, image[:, ::-1], image[1:9, 2:18], image[1:9, 17:1:-1]]),
    ):
        versions = [version for (version,) in augmented_for_test([image], count)]
        assert len(versions) == count
        for version, own in zip(versions, expected, strict=True):
            np.testing.assert_array_equal(version, own)
    tiny = np.zeros((1, 1, 3), np.uint8)
    assert [version.shape for (version,) in augmented_for_test([tiny], 4)] == [(1, 1, 3)] * 4
    assert [list(version) for version in augmented_for_test([], 4)] == [[]] * 4
