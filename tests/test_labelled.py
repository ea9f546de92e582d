"""Images and labels are checked before anything is trained on them."""

import re

import cv2
import numpy as np
import pytest

from segcap.core.charset import Charset
from segcap.core.errors import DataError, ParameterError
from segcap.training.labelled import encoded_labels, usable_images

IMAGE = np.zeros((4, 6), np.uint8)
AB = Charset("ab")


@pytest.fixture
def folder(tmp_path):
    """Three image files of different tones, a damaged one, and one that is missing."""
    paths = [tmp_path / f"{name}.png" for name in ("one", "two", "three", "damaged", "missing")]
    for tone, path in enumerate(paths[:3]):
        cv2.imwrite(str(path), np.full((4, 6 + tone), 100 + tone, np.uint8))
    paths[3].write_bytes(b"no image")
    return paths


@pytest.mark.parametrize(
    ("labels", "length", "classes"),
    [
        (["ab", "b"], None, [[0, 1], [1]]),
        (["ab", "bb"], 2, [[0, 1], [1, 1]]),
        (np.array(["a", "b"]), 1, [[0], [1]]),
    ],
)
def test_labels_become_classes(labels, length, classes):
    found = encoded_labels([IMAGE] * 2, labels, charset=AB, length=length)
    assert [one.tolist() for one in found] == classes
    assert all(one.dtype == np.intp for one in found)


def test_no_labels():
    assert encoded_labels([], [], charset=AB, length=3) == []


def test_numbers_are_taken_as_their_digits():
    (classes,) = encoded_labels([IMAGE], [407], charset=Charset("0123456789"), length=3)
    assert classes.tolist() == [4, 0, 7]


@pytest.mark.parametrize("check", [encoded_labels, usable_images])
@pytest.mark.parametrize(
    ("images", "labels", "length", "error", "message"),
    [
        (
            [IMAGE] * 2,
            ["ab"],
            None,
            DataError,
            "Training needs as many labels as images. Got 2 images and 1 labels.",
        ),
        (
            [],
            ["ab", "b"],
            None,
            DataError,
            "Training needs as many labels as images. Got 0 images and 2 labels.",
        ),
        (
            ["one.png", "two.png"],
            ["ab", "axe"],
            None,
            ParameterError,
            "Every label must hold characters of 'ab' only. Got 'axe' with 'x' of two.png.",
        ),
        (
            ["one.png", "two.png"],
            ["ab", ""],
            None,
            ParameterError,
            "Every label must have at least one character. Got none for two.png.",
        ),
        (
            ["one.png", IMAGE],
            ["ab", ""],
            2,
            ParameterError,
            "Every label must have at least one character. Got none for an array of shape (4, 6).",
        ),
        (
            ["one.png", "two.png"],
            ["ab", "bab"],
            2,
            ParameterError,
            "Every label must have the 'length' 2. Got 'bab' of two.png.",
        ),
        (
            [IMAGE],
            ["b"],
            2,
            ParameterError,
            "Every label must have the 'length' 2. Got 'b' of an array of shape (4, 6).",
        ),
        (
            ["one.png"],
            [np.nan],
            None,
            ParameterError,
            "Every label must be a text. Got nan of one.png.",
        ),
        (
            ["one.png"],
            [None],
            None,
            ParameterError,
            "Every label must be a text. Got None of one.png.",
        ),
        pytest.param(
            ["one.png"],
            np.array(["b"]),
            2,
            ParameterError,
            "Every label must have the 'length' 2. Got 'b' of one.png.",
        ),
    ],
    ids=[
        "too few labels",
        "too few images",
        "outside the charset",
        "empty",
        "empty, of an array",
        "too long",
        "too short",
        "not a number",
        "none",
        "numpy's own strings",
    ],
)
def test_labels_that_are_refused(check, images, labels, length, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check(images, labels, charset=AB, length=length)


def test_images_are_loaded_as_colours(folder):
    images, classes = usable_images(folder[:3], ["a", "b", "ab"], charset=AB, length=None)
    assert [image.shape for image in images] == [(4, 6, 3), (4, 7, 3), (4, 8, 3)]
    assert [image[0, 0, 0] for image in images] == [100, 101, 102]
    assert [one.tolist() for one in classes] == [[0], [1], [0, 1]]


def test_images_may_come_one_by_one(folder):
    images, _ = usable_images(iter(folder[:2]), ["a", "b"], charset=AB, length=1)
    assert len(images) == 2


@pytest.mark.parametrize("bad", [3, 4], ids=["damaged", "missing"])
def test_an_unreadable_image_is_named_and_left_out(folder, bad):
    sources = [folder[0], folder[bad], folder[2]]
    with pytest.warns(UserWarning, match="were left out") as caught:
        images, classes = usable_images(sources, ["a", "b", "ba"], charset=AB, length=None)
    (warning,) = caught
    assert str(warning.message).startswith(
        "1 of 3 images were left out, the first because: An image"
    )
    assert str(folder[bad]) in str(warning.message)
    assert [image[0, 0, 0] for image in images] == [100, 102]
    assert [one.tolist() for one in classes] == [[0], [1, 0]]


def test_of_several_unreadable_images_the_first_is_named(folder):
    with pytest.warns(UserWarning, match=r"^2 of 4 images were left out.*missing\.png") as caught:
        usable_images([folder[0], folder[4], folder[3], folder[1]], ["a"] * 4, charset=AB, length=1)
    assert len(caught) == 1
    assert "damaged.png" not in str(caught[0].message)


@pytest.mark.parametrize(("count", "charset"), [(0, "a"), (2, "abc"), (1, "ab")])
def test_fewer_images_than_characters(count, charset):
    message = (
        rf"^Training on {len(charset)} characters needs at least {len(charset)} usable images\. "
        rf"Got {count}\.$"
    )
    with pytest.raises(DataError, match=message):
        usable_images([IMAGE] * count, ["a"] * count, charset=Charset(charset), length=1)


def test_images_that_are_left_out_do_not_count(folder):
    with (
        pytest.warns(UserWarning, match="1 of 2 images were left out"),
        pytest.raises(DataError, match=r"Got 1\."),
    ):
        usable_images([folder[0], folder[3]], ["a", "b"], charset=AB, length=1)


@pytest.mark.parametrize(("label", "is_said"), [("448", True), (448, True), ("44888", False)])
def test_numbers_that_lost_their_zeros_are_said_to(label, is_said):
    with pytest.raises(ParameterError, match=r"'length' 4\. Got '448") as raised:
        encoded_labels([IMAGE], [label], charset=Charset("0123456789"), length=4)
    assert ("leading zeros were lost" in str(raised.value)) == is_said
