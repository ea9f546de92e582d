"""What paint does to a few pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.generate import Difficulty, paint
from segcap.generate.draws import Draws

SIZE = 60, 40


class Level(Draws):
    """Draws 0 for every number, so that light falls from the left to the right."""

    def uniform(self, name, low, high):
        return 0.0


def draws():
    return Draws(1, 2)


def floats(*rows):
    return np.array(rows, np.float32)


def ramp():
    """Tones that are their own column."""
    return np.broadcast_to(np.arange(60, dtype=np.float32), (40, 60)).copy()


@pytest.mark.parametrize(
    ("canvas", "cover", "tone", "expected"),
    [
        ([[0, 100, 200]], [[0, 0.5, 1]], 50, [[0, 75, 50]]),
        ([[0, 100, 200]], [[0.5, 0.5, 0.5]], [[100, 100, 0]], [[50, 100, 100]]),
        ([[[9, 8]]] * 3, [[1, 0]], [[[1]], [[2]], [[3]]], [[[1, 8]], [[2, 8]], [[3, 8]]]),
    ],
    ids=["tone", "tones", "colour"],
)
def test_blend(canvas, cover, tone, expected):
    blended = paint.blend(floats(*canvas), floats(*cover), np.array(tone))
    assert blended.dtype == np.float32
    np.testing.assert_array_equal(blended, expected)


@pytest.mark.parametrize(
    ("tone", "background", "contrast", "expected"),
    [
        (0, 200, 0, 0),
        (0, 200, 1, 170),
        (0, 200, 0.5, 85),
        (255, 55, 1, 85),
        (90, 90, 0.7, 90),
        ([[0], [100]], [0, 200], 1, [[0, 170], [15, 185]]),
    ],
)
def test_fade(tone, background, contrast, expected):
    np.testing.assert_allclose(paint.fade(tone, background, contrast), expected, rtol=1e-6)


def test_as_cover_as_levels_and_as_pixels():
    np.testing.assert_array_equal(
        paint.as_cover(np.array([[0, 51, 255]], np.uint8)), floats([0, 0.2, 1])
    )
    levels = paint.as_levels(floats([-5, 0.5, 1.5, 254.6, 300]))
    assert levels.dtype == np.uint8
    np.testing.assert_array_equal(levels, [[0, 0, 2, 255, 255]])
    np.testing.assert_array_equal(paint.as_pixels(floats([-5, 99.7])), [[0, 100]])
    colour = paint.as_pixels(floats([[1, 2]], [[3, 4]], [[5, 999]]))
    np.testing.assert_array_equal(colour, [[[1, 3, 5], [2, 4, 255]]])


def test_gradient_is_even_about_0():
    light = paint.gradient(Level(0, 0), (5, 2), 8)
    np.testing.assert_allclose(light, [[-4, -2, 0, 2, 4]] * 2, atol=1e-6)
    assert paint.gradient(draws(), (5, 2), 0).tolist() == [[0.0] * 5] * 2
    drawn = draws()
    assert abs(paint.gradient(drawn, SIZE, 50, name="lamp").mean()) < 1e-4
    assert 0 <= drawn.parameters["lamp"] <= 2 * np.pi


@pytest.mark.parametrize(
    ("difficulty", "expected"),
    [(0, [100, 100, 100]), (0.5, [100, 87.5, 75]), (1, [100, 75, 50])],
)
def test_shade_takes_half_the_light_at_most(difficulty, expected):
    shaded = paint.shade(Level(0, 0), np.full((2, 3), 100, np.float32), difficulty)
    np.testing.assert_allclose(shaded, [expected] * 2, rtol=1e-6)


def test_curves_are_as_many_as_the_difficulty_says():
    for difficulty, count in ((0, 0), (0.1, 1), (0.25, 1), (0.26, 2), (1, 4)):
        drawn = draws()
        cover = paint.curves(drawn, SIZE, difficulty, name="arcs")
        assert len(drawn.parameters["arcs"]) == count
        assert (cover.shape, cover.dtype) == ((40, 60), np.float32)
        assert cover.any() == (count > 0)
        assert cover.min() == 0
        assert cover.max() <= 1


def test_curves_are_longer_and_thicker_the_further_the_difficulty_is():
    covers = [
        paint.curves(draws(), (200, 100), difficulty, most=1) for difficulty in (0.1, 0.25, 0.5, 1)
    ]
    lengths = [cover.any(axis=0).sum() for cover in covers]
    assert lengths[0] < lengths[1] < lengths[2] == lengths[3] == 200
    thin, thick = (
        paint.curves(draws(), (200, 100), 1, most=1, thickness=(w, w)).sum() / 200 for w in (1, 5)
    )
    assert 1 <= thin < 4 <= thick < 9


def test_curves_stay_within_their_reach():
    cover = paint.curves(draws(), (200, 100), 1, thickness=(1, 1), reach=(0.25, 0.75))
    columns = np.flatnonzero(cover.any(axis=0))
    assert columns[[0, -1]] == pytest.approx([50, 150], abs=3)


def test_curves_take_as_many_draws_wherever_the_difficulty_is():
    rests = set()
    for difficulty in (0, 0.3, 1):
        drawn = draws()
        paint.curves(drawn, SIZE, difficulty)
        rests.add(drawn.uniform("next", 0, 1))
    assert len(rests) == 1


def test_polyline():
    cover = np.zeros((5, 7), np.uint8)
    paint.polyline(cover, np.array([1.0, 5.0]), np.array([2.0, 2.0]), 3)
    assert (cover[1:4, 1:6] > 140).all()
    assert (cover[2] == 255).all()
    assert (cover[[0, 4], 2:5] == cover[0, 3]).sum() >= 3


@given(st.integers(0, 2**31), st.floats(0, 0.25), st.integers(0, 2))
def test_specks_cover_their_fraction_at_most(seed, fraction, radius):
    strewn = paint.specks(Draws(seed, 0), (80, 50), fraction, radius)
    assert (strewn.shape, strewn.dtype) == ((50, 80), np.float32)
    assert set(np.unique(strewn)) <= {0, 1}
    wanted = fraction * 4000
    assert 0.6 * wanted - (1 + 2 * radius) ** 2 <= strewn.sum() <= wanted + (1 + 2 * radius) ** 2


def test_more_specks_are_the_same_and_others():
    few, many = (paint.specks(draws(), SIZE, fraction) for fraction in (0.02, 0.06))
    assert 40 <= few.sum() <= 48 < 120 <= many.sum() <= 144
    assert (many >= few).all()
    assert not paint.specks(draws(), SIZE, 0, radius=1).any()


@pytest.mark.parametrize("reach", [1, 5])
def test_scatter_takes_tones_from_near_by(reach):
    everywhere, left = np.ones((40, 60), np.float32), np.zeros((40, 60), np.float32)
    left[:, :30] = 1
    moved = np.abs(paint.scatter(draws(), ramp(), reach, everywhere) - ramp())
    assert moved.max() == reach
    assert moved.mean() > reach / 4
    moved = np.abs(paint.scatter(draws(), ramp(), reach, left) - ramp())
    assert moved[:, :30].any()
    assert not moved[:, 30:].any()
    np.testing.assert_array_equal(paint.scatter(draws(), ramp(), 0, everywhere), ramp())


def test_blur():
    point = np.zeros((5, 5), np.float32)
    point[2, 2] = 160
    soft = [[0] * 5, [0, 2, 13, 2, 0], [0, 13, 100, 13, 0], [0, 2, 13, 2, 0], [0] * 5]
    np.testing.assert_array_equal(paint.blur(point, 0.5), soft)
    np.testing.assert_array_equal(paint.blur(np.stack([point, 0 * point]), 0.5)[0], soft)
    assert paint.blur(point, 0.19) is point
    even = np.full((3, 4, 6), 77, np.float32)
    np.testing.assert_array_equal(paint.blur(even, 2.5), even)


def test_nothing_is_disturbed_at_0():
    canvas = np.random.default_rng(0).uniform(0, 255, (3, 40, 60)).astype(np.float32)
    np.testing.assert_array_equal(paint.disturb(draws(), canvas, Difficulty(), 0), canvas)


def test_noise_disturbs_by_specks_and_grain():
    background = np.full((200, 300), 128, np.float32)
    disturbed = paint.disturb(draws(), background, Difficulty(noise=1), 128)
    assert disturbed.mean() == pytest.approx(128, abs=0.5)
    assert disturbed.std() == pytest.approx(30, abs=0.5)
    assert paint.disturb(draws(), background, Difficulty(noise=1), 0).mean() == pytest.approx(
        120.5, abs=1
    )
    shaded = paint.disturb(Level(0, 0), background, Difficulty(contrast=1), 0)
    assert shaded[0, [0, -1]].tolist() == [128, 64]


def test_jpeg_keeps_an_even_picture_and_remembers_its_quality():
    drawn = draws()
    even = np.full((16, 24), 200, np.uint8)
    np.testing.assert_array_equal(paint.jpeg(drawn, even, (85, 95)), even)
    assert 85 <= drawn.parameters["quality"] <= 95
    noise = np.random.default_rng(0).integers(0, 256, (16, 24), dtype=np.uint8)
    poor, fine = (paint.jpeg(draws(), noise, (q, q)).astype(int) - noise for q in (5, 95))
    assert 0 < np.abs(fine).mean() < np.abs(poor).mean()
