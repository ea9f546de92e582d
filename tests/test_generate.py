"""Rows of digits are what their labels and boxes say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from segcap.core.errors import ParameterError
from segcap.generate import digit_sums


def scanned_digits():
    """Real digits of 8 x 8 pixels, three times as large in a frame of 28 x 28."""
    scans = load_digits()
    levels = np.minimum(scans.images[:200] * 16, 255).astype(np.uint8)
    pictures = np.pad(np.kron(levels, np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
    return pictures, scans.target[:200]


def plain_digits(side=28):
    """Full squares, the digit d of brightness 100 + 10 d."""
    levels = np.arange(100, 200, 10, dtype=np.uint8)
    return np.repeat(np.repeat(levels[:, None, None], side, axis=1), side, axis=2), np.arange(10)


SCANNED, PLAIN = scanned_digits(), plain_digits()


@pytest.mark.parametrize("digits", [SCANNED, PLAIN], ids=["scanned", "plain"])
def test_shapes_and_types(digits):
    images, labels, boxes = digit_sums(7, digits=digits)
    assert images.shape == (7, 40, 168)
    assert labels.shape == (7, 4)
    assert boxes.shape == (7, 4, 4)
    assert (images.dtype, labels.dtype, boxes.dtype) == (np.uint8, np.uint8, np.int32)
    assert set(np.unique(labels)) <= set(range(10))


@pytest.mark.parametrize("count", [1, 2, 3, 10])
@pytest.mark.parametrize(("side", "min_advance"), [(28, 15), (20, 10)])
def test_image_grows_with_the_number_of_digits(count, side, min_advance):
    images, labels, boxes = digit_sums(
        3, min_advance, count=count, digits=plain_digits(side), seed=1
    )
    assert images.shape == (3, side + 12, count * (side + 14))
    assert labels.shape == (3, count)
    assert boxes.shape == (3, count, 4)


def test_no_images():
    images, labels, boxes = digit_sums(0, digits=PLAIN)
    assert images.shape == (0, 40, 168)
    assert labels.shape == (0, 4)
    assert boxes.shape == (0, 4, 4)


def test_same_seed_gives_the_same_bytes_and_another_seed_others():
    one, again, other = (digit_sums(20, seed=seed, digits=SCANNED) for seed in (5, 5, 6))
    for first, second, third in zip(one, again, other, strict=True):
        assert first.tobytes() == second.tobytes()
        assert first.tobytes() != third.tobytes()


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 6))
def test_images_are_made_of_their_labels_and_boxes(seed, min_advance, count):
    images, labels, boxes = digit_sums(4, min_advance, seed=seed, count=count, digits=PLAIN)
    for image, row, row_boxes in zip(images, labels, boxes, strict=True):
        expected = np.zeros_like(image)
        for digit, (x0, y0, x1, y1) in zip(row.tolist(), row_boxes.tolist(), strict=True):
            assert (x1 - x0, y1 - y0) == (28, 28)
            area = expected[y0:y1, x0:x1]
            np.maximum(area, 100 + 10 * digit, out=area)
        np.testing.assert_array_equal(image, expected)


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 6))
def test_places_are_in_their_ranges(seed, min_advance, count):
    images, _, boxes = digit_sums(4, min_advance, seed=seed, count=count, digits=PLAIN)
    left, top = boxes[..., 0], boxes[..., 1]
    assert left[:, 0].min() >= 0
    assert left[:, 0].max() <= 24
    assert boxes[..., 2].max() <= images.shape[2]
    assert top.min() >= 0
    assert top.max() <= 12
    advances = np.diff(left, axis=1)
    assert (advances >= min_advance).all()
    assert (advances <= 40).all()


def test_places_use_their_whole_ranges():
    _, labels, boxes = digit_sums(2000, 15, digits=PLAIN)
    advances = np.diff(boxes[..., 0], axis=1)
    assert set(np.unique(labels)) == set(range(10))
    assert set(np.unique(boxes[..., 1])) == set(range(13))
    assert set(np.unique(boxes[:, 0, 0])) == set(range(25))
    assert set(np.unique(advances)) == set(range(15, 41))


def test_boxes_are_tight_around_the_ink():
    images, _, boxes = digit_sums(50, 28, digits=SCANNED)
    for image, row in zip(images, boxes.tolist(), strict=True):
        outside = image.copy()
        for x0, y0, x1, y1 in row:
            ink = image[y0:y1, x0:x1] > 0
            assert ink[0].any()
            assert ink[-1].any()
            assert ink[:, 0].any()
            assert ink[:, -1].any()
            outside[y0:y1, x0:x1] = 0
        assert not outside.any()


def test_labels_name_the_pictures():
    pictures, _ = PLAIN
    images, labels, _ = digit_sums(30, digits=(pictures, np.arange(10)[::-1]), count=1)
    np.testing.assert_array_equal(
        labels[:, 0], 9 - (images.max(axis=(1, 2)).astype(int) - 100) // 10
    )


def test_digits_are_left_unchanged():
    pictures, names = plain_digits()
    digit_sums(20, 5, digits=(pictures, names))
    np.testing.assert_array_equal(pictures, PLAIN[0])


@pytest.mark.parametrize(
    ("start", "n"), [(0, 3), (2, 250), (255, 2), (256, 44), (299, 1), (7, 0), (280, 0)]
)
def test_rows_are_the_same_wherever_one_begins(start, n):
    whole = digit_sums(300, seed=4, digits=SCANNED)
    part = digit_sums(n, seed=4, digits=SCANNED, start=start)
    for some, all_ in zip(part, whole, strict=True):
        np.testing.assert_array_equal(some, all_[start : start + n])
    np.testing.assert_array_equal(part.chosen, whole.chosen[start : start + n])
    np.testing.assert_array_equal(part.corners, whole.corners[start : start + n])
    if n:
        np.testing.assert_array_equal(part.masks(n - 1), whole.masks(start + n - 1))


def test_rows_of_all_blocks_differ():
    assert len({image.tobytes() for image in digit_sums(600, digits=SCANNED).images}) == 600


@pytest.mark.parametrize("count", [1, 4])
def test_chosen_pictures_lie_at_their_corners(count):
    pictures, names = SCANNED
    rows = digit_sums(30, 10, seed=3, digits=SCANNED, count=count)
    assert (rows.chosen.shape, rows.corners.shape) == ((30, count), (30, count, 2))
    np.testing.assert_array_equal(rows.labels, names[rows.chosen])
    for image, chosen, corners in zip(rows.images, rows.chosen, rows.corners, strict=True):
        expected = np.zeros_like(image)
        for which, (x, y) in zip(chosen, corners, strict=True):
            area = expected[y : y + 28, x : x + 28]
            np.maximum(area, pictures[which], out=area)
        np.testing.assert_array_equal(image, expected)


@given(st.integers(0, 2**31), st.integers(1, 22), st.integers(1, 5))
def test_masks_are_the_ink_in_the_boxes(seed, min_advance, count):
    rows = digit_sums(3, min_advance, seed=seed, digits=SCANNED, count=count)
    for index, (image, boxes) in enumerate(zip(rows.images, rows.boxes.tolist(), strict=True)):
        masks = rows.masks(index)
        assert (masks.shape, masks.dtype) == ((count, *image.shape), bool)
        np.testing.assert_array_equal(masks.any(axis=0), image > 0)
        for mask, box in zip(masks, boxes, strict=True):
            down, across = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            assert box == [across[0], down[0], across[-1] + 1, down[-1] + 1]


@pytest.mark.parametrize(("start", "n"), [(256, 0), (512, 0)])
def test_no_rows_from_anywhere(start, n):
    assert digit_sums(n, digits=PLAIN, start=start).images.shape == (0, 40, 168)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, "'n' must be .*at least 0. Got -1"),
        ({"seed": -1}, "'seed' must be .*at least 0. Got -1"),
        ({"count": 0}, "'count' must be .*in 1 ... 100. Got 0"),
        ({"min_advance": 0}, "'min_advance' must be .*at least 1. Got 0"),
        ({"min_advance": 41}, "'min_advance' must be at most 40.*Got 41"),
        ({"min_advance": 30, "digits": plain_digits(8)}, "'min_advance' must be.* fit into 88"),
        ({"digits": (PLAIN[0], np.arange(9))}, r"\(10, 28, 28\) uint8 and \(9,\)"),
        ({"digits": (PLAIN[0][:0], np.arange(0))}, "at least one picture"),
    ],
)
def test_bad_arguments_raise(arguments, message):
    with pytest.raises(ParameterError, match=message):
        digit_sums(**{"n": 2, "digits": PLAIN, **arguments})
