"""Specks, frames and lines go; characters stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from segcap.segmentation.cleanup import clean, remove_border, remove_specks

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def drawn(*rows):
    return np.array([[char == "#" for char in row] for row in rows])


@pytest.mark.parametrize(
    ("min_area", "kept"),
    [(None, [9, 4]), (1, [9, 4, 3, 1]), (3, [9, 4, 3]), (5, [9]), (10, [])],
)
def test_specks_go_by_area(min_area, kept):
    ink = drawn(
        "###....##",
        "###....##",
        "###......",
        ".........",
        ".###....#",
    )
    areas = {9: np.s_[:3, :3], 4: np.s_[:2, 7:], 3: np.s_[4, 1:4], 1: np.s_[4, 8]}
    expected = np.zeros_like(ink)
    for area in kept:
        expected[areas[area]] = True
    np.testing.assert_array_equal(remove_specks(ink, min_area), expected)


def test_specks_are_measured_against_the_largest_component():
    ink = np.zeros((40, 60), bool)
    ink[:30, :30] = True
    ink[33:38, 40:49] = True
    ink[36:38, 50:60] = True
    cleaned = remove_specks(ink)
    assert cleaned[36, 42]
    assert not cleaned[36, 52]


def test_diagonal_neighbours_are_one_component():
    np.testing.assert_array_equal(remove_specks(np.eye(4, dtype=bool)), np.eye(4, dtype=bool))


@pytest.mark.parametrize("side", ["top", "bottom", "all", "broken"])
def test_frame_goes_and_the_character_stays(side):
    character = np.zeros((12, 30), bool)
    character[3:9, 10:14] = True
    sides = {"top": np.s_[0], "bottom": np.s_[-1], "left": np.s_[:, 0], "right": np.s_[:, -1]}
    ink = character.copy()
    for name, where in sides.items():
        if side in (name, "all", "broken"):
            ink[where] = True
    if side == "broken":
        ink[0, 7] = False
    np.testing.assert_array_equal(remove_border(ink), character)


def test_character_at_the_rim_is_no_frame():
    ink = np.zeros((12, 30), bool)
    ink[2:12, 4:9] = True
    np.testing.assert_array_equal(remove_border(ink), ink)


def test_side_inked_by_less_than_nine_tenths_is_no_frame():
    character = np.zeros((12, 20), bool)
    character[5:9, 10:14] = True
    ink = character.copy()
    ink[0, :17] = True
    np.testing.assert_array_equal(remove_border(ink), ink)
    ink[0, :18] = True
    np.testing.assert_array_equal(remove_border(ink), character)


@pytest.mark.parametrize("stroke", [np.s_[:, :3], np.s_[:3], np.s_[:3, 2:], np.s_[:]])
def test_a_tightly_cropped_character_stays(stroke):
    ink = np.zeros((12, 20), bool)
    ink[stroke] = True
    np.testing.assert_array_equal(remove_border(ink), ink)


def test_an_upright_stroke_at_the_side_of_a_tight_crop_is_no_frame():
    ink = np.zeros((12, 20), bool)
    ink[:, :2] = True
    ink[3:9, 10:14] = True
    np.testing.assert_array_equal(remove_border(ink), ink)


def test_clean_takes_frames_and_specks():
    character = np.zeros((20, 40), bool)
    character[5:15, 10:16] = True
    ink = character.copy()
    ink[[0, -1]] = ink[:, [0, -1]] = True
    ink[17, 30] = True
    np.testing.assert_array_equal(clean(ink), character)


@given(masks)
def test_clean_gives_a_new_subset(ink):
    before = ink.copy()
    cleaned = clean(ink)
    assert cleaned.shape == ink.shape
    assert cleaned.dtype == bool
    assert not (cleaned & ~ink).any()
    assert not np.shares_memory(cleaned, ink)
    np.testing.assert_array_equal(ink, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (6, 8)])
def test_blank_masks_stay_blank(shape):
    blank = np.zeros(shape, bool)
    assert not clean(blank).any()


def test_of_very_many_components_the_largest_stay():
    ink = np.zeros((100, 100), bool)
    ink[::2, ::3] = True
    ink[51:60, 51:60] = True
    kept = remove_specks(ink, min_area=1)
    assert kept[51:60, 51:60].all()
    assert kept.sum() < ink.sum()


@pytest.mark.parametrize("step", [clean, remove_specks, remove_border])
@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_a_mask_without_pixels(step, shape):
    assert step(np.zeros(shape, bool)).shape == shape
