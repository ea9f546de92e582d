"""The parts that schemes are made of: draws, typefaces, the setting of lines."""

import json
import shutil
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import segcap.generate
from segcap.core.errors import ParameterError
from segcap.generate import Difficulty
from segcap.generate.draws import Draws, between
from segcap.generate.page import Page
from segcap.generate.typefaces import Handwriting, able_to_draw, find_fonts, shipped_fonts
from segcap.generate.typesetting import (
    Style,
    check_room,
    elastic_field,
    resample,
    set_line,
    warp_masks,
)

FONTS = Path(segcap.generate.__file__).parent / "fonts"
LETTER = np.array([[9, 0, 0], [8, 0, 0], [7, 6, 5], [0, 0, 4]], np.uint8)


def draws():
    return Draws(1, 2)


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.floats(-5, 5), st.floats(0, 9))
def test_draws_are_within_their_ranges_and_remembered(seed, index, low, span):
    drawn = Draws(seed, index)
    value = drawn.uniform("a", low, low + span)
    values = drawn.uniforms("b", low, low + span, 4, scale=2.0)
    number, numbers = drawn.integer("c", 2, 4), drawn.integers("f", -1, 1, 3)
    name, names = drawn.choice("d", "xyz"), drawn.choices("e", ("u", "v"), 5)
    assert low - 1e-4 <= value <= low + span + 1e-4
    assert ((2 * low - 1e-4 <= values) & (values <= 2 * (low + span) + 1e-4)).all()
    assert number in (2, 3, 4)
    assert len(numbers) == 3
    assert set(numbers) <= {-1, 0, 1}
    assert name in "xyz"
    assert set(names) <= {"u", "v"}
    kept = {"a": value, "b": values.tolist(), "c": number, "d": name, "e": names, "f": numbers}
    assert json.loads(json.dumps(drawn.parameters)) == kept


def test_draws_use_their_whole_ranges():
    drawn = draws()
    assert {drawn.integer("n", 2, 4) for _ in range(60)} == {2, 3, 4}
    assert {drawn.choice("c", "abc") for _ in range(60)} == set("abc")
    assert np.ptp(drawn.uniforms("u", -1, 1, 200)) > 1.9


def test_draws_of_a_typeface_keep_its_name():
    drawn = draws()
    font = drawn.choice("font", shipped_fonts())
    assert drawn.parameters["font"] == font.name


def test_between():
    assert (between(3, 7, 0), between(3, 7, 1), between(3, 7, 0.25)) == (3, 7, 4)
    np.testing.assert_array_equal(between(np.array([0, 4]), np.array([8, 0]), 0.5), [4, 2])


def test_shipped_fonts_are_of_many_families_and_draw_all_of_ascii():
    fonts = shipped_fonts()
    assert len({font.name.rsplit("-", 1)[0] for font in fonts}) >= 6
    for font in fonts:
        assert all(map(font.can_draw, string.ascii_letters + string.digits + string.punctuation))
        assert not font.can_draw(" ")
        assert not font.can_draw("あ")


def test_every_shipped_font_is_named_by_a_licence():
    texts = [(FONTS / name).read_text() for name in ("OFL.txt", "APACHE-2.0.txt")]
    assert "SIL OPEN FONT LICENSE Version 1.1" in texts[0]
    assert "Apache License" in texts[1]
    named = "".join(texts).lower().replace("-", " ")
    for font in shipped_fonts():
        family, weight = font.name.rsplit("-", 1)
        assert family.replace("-", " ") in named
        assert weight.isdigit()


@pytest.mark.parametrize(("char", "above", "below"), [("H", 40, 0), ("g", 30, 11), (".", 9, 0)])
def test_marks_of_fonts_are_tight_and_stand_on_the_baseline(char, above, below):
    for font in shipped_fonts():
        coverage, over = font.mark(char, 40)
        under = len(coverage) - over
        assert all(edge.any() for edge in (coverage[0], coverage[-1], *coverage[:, [0, -1]].T))
        assert over == pytest.approx(above, abs=1 if char == "H" else 6)
        assert under == pytest.approx(below, abs=1 if below == 0 else 6)


def test_fonts_are_found_in_folders_below(tmp_path):
    (tmp_path / "z").mkdir()
    shutil.copy(FONTS / "anton-400.ttf", tmp_path / "z" / "a.TTF")
    shutil.copy(FONTS / "arimo-400.ttf", tmp_path / "b.ttf")
    shutil.copy(FONTS / "OFL.txt", tmp_path)
    assert [font.name for font in find_fonts(str(tmp_path))] == ["b", "a"]


def test_marks_of_handwriting_are_the_pictures():
    pictures = np.zeros((3, 28, 28), np.uint8)
    pictures[0, 4:24, 10:14], pictures[1, 4:24, 2:22], pictures[2, 14:24, 4:8] = 200, 100, 50
    hand = Handwriting(pictures, np.array([7, 7, 1]))
    assert [hand.can_draw(char) for char in "71aあ"] == [True, True, False, False]
    for char, pick, shape, level in (
        ("7", 0, (40, 8), 200),
        ("7", 1, (40, 40), 100),
        ("7", 4, (40, 8), 200),
        ("1", 5, (20, 8), 50),
    ):
        coverage, above = hand.mark(char, 40, pick)
        assert (coverage.shape, above) == (shape, shape[0])
        assert (coverage == level).all()


def test_typefaces_without_a_character_are_left_out():
    zeros, ones, both = (
        Handwriting(np.full((2, 28, 28), 255, np.uint8), np.array(labels))
        for labels in ([0, 0], [1, 1], [0, 1])
    )
    assert able_to_draw((zeros, both, ones), "01") == (both,)
    with pytest.raises(ParameterError, match=r"must have all of the characters. Got '01'"):
        able_to_draw((zeros, ones), "01")
    with pytest.raises(ParameterError, match=r"fonts, or in the handwriting. Got '2'"):
        able_to_draw((zeros, ones), "02")


def test_a_line_has_a_mask_for_every_character():
    masks = set_line(draws(), Page("A.B", (120, 40), shipped_fonts(), Difficulty()), Style())
    assert (masks.shape, masks.dtype) == ((3, 40, 120), np.uint8)
    assert masks.any(axis=(1, 2)).all()
    assert (masks > 0).sum(axis=0).max() == 1


def test_an_even_grid_moves_everything_alike():
    for level, moved in ((0, -3.0), (2**15, 0.0), (3 * 2**14, 1.5)):
        field = elastic_field(np.full((2, 4, 12), level, np.uint16), (50, 20), 3)
        assert (field.shape, field.dtype) == ((2, 20, 50), np.float32)
        assert (field == moved).all()


@given(st.integers(0, 2**31), st.floats(0.1, 20))
def test_elastic_fields_stay_within_reach_in_steps_of_a_32nd(seed, reach):
    grid = np.random.default_rng(seed).integers(2**16, size=(2, 4, 12), dtype=np.uint16)
    field = elastic_field(grid, (50, 20), reach)
    assert np.abs(field).max() <= reach + 1 / 64
    assert (field * 32 == np.rint(field * 32)).all()


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (2, 0), (0, -1), (-3, 2)])
def test_a_constant_field_shifts_masks(dx, dy):
    masks = np.zeros((2, 12, 14), np.uint8)
    masks[0, 4:8, 5:8], masks[1, 5:9, 6:9] = LETTER, LETTER[::-1]
    field = np.stack([np.full((12, 14), shift, np.float32) for shift in (dx, dy)])
    shifted = np.roll(masks, (-dy, -dx), axis=(1, 2))
    np.testing.assert_array_equal(warp_masks(masks, field), shifted)


@pytest.mark.parametrize(
    ("matrix", "pivot", "origin", "expected"),
    [
        (((1, 0), (0, 1)), (0, 0), (0, 0), LETTER),
        (((1, 0), (0, 1)), (0, 0), (1, 2), LETTER[2:, 1:]),
        (((0, -1), (1, 0)), (2, 0), (0, 0), np.rot90(LETTER)),
        (((0, -1), (1, 0)), (1, 1.5), (-1.5, -1), np.rot90(LETTER)),
        (((-1, 0), (0, -1)), (2, 3), (0, 0), np.rot90(LETTER, 2)),
        (((0, 1), (-1, 0)), (0, 3), (0, 0), np.rot90(LETTER, 3)),
        (((0.5, 0), (0, 1)), (0, 0), (0, 0), [[9, 5, 0, 0], [8, 4, 0, 0], [7, 7, 6, 6]]),
    ],
    ids=["identity", "crop", "90", "90 about the middle", "180", "270", "twice as wide"],
)
def test_resample(matrix, pivot, origin, expected):
    size = np.shape(expected)[::-1]
    result = resample(LETTER, matrix, pivot=pivot, origin=origin, size=size)
    np.testing.assert_array_equal(result, expected)


@given(st.integers(0, 2**31), st.integers(1, 6), st.sampled_from([(0, 0), (0.2, 0), (0, 0.1)]))
def test_no_ink_leaves_the_image_or_enters_the_reserve(seed, n, reserve):
    page = Page("W" * n, (160, 40), shipped_fonts(), Difficulty(warp=1))
    masks = set_line(Draws(seed, 0), page, Style(reserve=reserve))
    x, y = (1 + int(fraction * 40) for fraction in reserve)
    inside = np.zeros((40, 160), bool)
    inside[y:-y, x:-x] = True
    assert masks.any(axis=(1, 2)).all()
    assert not masks[:, ~inside].any()


@given(st.integers(0, 2**31))
def test_characters_are_turned_and_sheared_as_the_parameters_say(seed):
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[0, 4:24, 12:16] = 255
    page = Page("1", (300, 250), (Handwriting(bar, np.array([1])),), Difficulty(warp=1))
    drawn = Draws(seed, 0)
    (mask,) = set_line(drawn, page, Style(size=(0.4, 0.4), elastic=0))
    (angle,), (shear,) = np.deg2rad(drawn.parameters["rotation"]), drawn.parameters["shear"]
    rows, columns = np.nonzero(mask)
    middle = abs(rows - rows.mean()) < 20
    lean = np.polyfit(rows[middle], columns[middle], 1)[0]
    wanted = (np.sin(angle) - shear * np.cos(angle)) / (np.cos(angle) + shear * np.sin(angle))
    assert lean == pytest.approx(wanted, abs=0.05)
    assert mask.sum(dtype=float) / 255 == pytest.approx(100 * 20, rel=0.04)


def has_room(length, size):
    try:
        check_room("1.Wg", length, size, shipped_fonts())
    except ParameterError:
        return False
    return True


@given(st.integers(0, 2**31), st.integers(1, 6), st.integers(10, 90), st.integers(10, 40))
def test_what_has_room_is_drawn_with_capitals_of_5_pixels(seed, length, width, height):
    assume(has_room(length, (width, height)))
    text = "".join(np.random.default_rng(seed).choice(list("1.Wg"), length))
    drawn = Draws(seed, 0)
    set_line(drawn, Page(text, (width, height), shipped_fonts(), Difficulty()), Style())
    assert drawn.parameters["capitals"] >= min(5, int(0.45 * height))


@pytest.mark.parametrize("size", [(30, 40), (200, 9)])
def test_what_has_no_room_is_reported(size):
    with pytest.raises(ParameterError, match=f"'WWWW' for {size[0]} x {size[1]} pixels"):
        check_room("1.Wg", 4, size, shipped_fonts())
