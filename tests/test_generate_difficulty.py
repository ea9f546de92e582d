"""Every difficulty does what its name says, more of it at higher values, and nothing else."""

from functools import cache

import cv2
import numpy as np
import pytest

from segcap.core.errors import ParameterError
from segcap.generate import DIFFICULTIES, Difficulty, TextGenerator, schemes

POSITIONS = (0, 0.25, 0.5, 0.75, 1)
AROUND = np.ones((5, 5), np.uint8)

OF_ANY_LOOK = ("wild", "seven-segment", "counter")
SCHEMES = [scheme for scheme in schemes() if scheme not in OF_ANY_LOOK]  # see test_wild.py
over_schemes = pytest.mark.parametrize("scheme", SCHEMES)


@cache
def images(scheme, difficulty, position):
    """The seed's first samples, one difficulty turned and the others at 0."""
    generator = TextGenerator(
        scheme, difficulty={**dict.fromkeys(DIFFICULTIES, 0), difficulty: position}
    )
    return generator.samples(20, seed=7)


def grey(sample):
    image = sample.image
    return (image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)).astype(float)


def background(sample):
    return cv2.dilate(sample.masks.any(axis=0).astype(np.uint8), AROUND) == 0


def shared_width(sample, _):
    return np.maximum(0, sample.boxes[:-1, 2] - sample.boxes[1:, 0]).mean()


def shared_part(sample, _):
    """Widths that neighbours share, in parts of the narrower one's; below 0 where apart."""
    x0, x1 = sample.boxes[:, 0], sample.boxes[:, 2]
    return ((x1[:-1] - x0[1:]) / np.minimum(x1 - x0, np.roll(x1 - x0, -1))[:-1]).mean()


def rotation(sample, _):
    return np.abs(sample.parameters["rotation"]).mean()


def marks_beside_the_text(sample, undisturbed):
    change = np.abs(grey(sample) - grey(undisturbed))
    return (change > 30)[background(undisturbed)].mean()


def dark_beside_the_text(sample, _):
    return (grey(sample) < 128)[background(sample)].sum()


def noise_beside_the_text(sample, undisturbed):
    return np.abs(grey(sample) - grey(undisturbed))[background(undisturbed)].mean()


def deviation_of_the_background(sample, _):
    return grey(sample)[background(sample)].std()


def lost_difference_of_ink_and_background(sample, _):
    tone = np.median(grey(sample)[background(sample)])
    return 255 - np.abs(grey(sample) - tone)[sample.masks.any(axis=0)].mean()


def effects(scheme, difficulty, measure):
    undisturbed = images(scheme, difficulty, 0)
    return [
        np.mean(list(map(measure, images(scheme, difficulty, position), undisturbed)))
        for position in POSITIONS
    ]


@over_schemes
@pytest.mark.parametrize(
    ("difficulty", "measure"),
    [
        ("overlap", shared_part),
        ("warp", rotation),
        ("lines", marks_beside_the_text),
        ("noise", noise_beside_the_text),
        ("contrast", lost_difference_of_ink_and_background),
    ],
)
def test_effect_grows_with_the_difficulty(scheme, difficulty, measure):
    assert (np.diff(effects(scheme, difficulty, measure)) > 0).all()


@over_schemes
def test_shared_width_never_falls(scheme):
    shared = effects(scheme, "overlap", shared_width)
    assert (np.diff(shared) >= 0).all()
    assert shared[0] == 0 < shared[-1]


@pytest.mark.parametrize("scheme", ["clean", "wordpress", "gradient-line"])
def test_lines_add_dark_pixels_beside_dark_text(scheme):
    assert (np.diff(effects(scheme, "lines", dark_beside_the_text)) > 0).all()


@over_schemes
def test_noise_adds_to_the_deviation_of_the_background(scheme):
    none, *some = effects(scheme, "noise", deviation_of_the_background)
    assert none < min(some)


@pytest.mark.parametrize("scheme", ["clean", "wordpress"])
def test_more_noise_adds_more_to_the_deviation_of_the_background(scheme):
    assert (np.diff(effects(scheme, "noise", deviation_of_the_background)) > 0).all()


@pytest.mark.parametrize("scheme", ["clean", "gradient-line", "colour-lines", "number-field"])
@pytest.mark.parametrize(("overlap", "least", "most"), [(0, -0.3, -0.15), (1, 0.3, 0.45)])
def test_neighbours_share_as_much_as_is_said(scheme, overlap, least, most):
    difficulty = {**dict.fromkeys(DIFFICULTIES, 0), "overlap": overlap}
    generator = TextGenerator(scheme, difficulty=difficulty, length=2, size=(600, 200))
    shared = [shared_part(sample, None) for sample in generator.samples(40)]
    assert min(shared) == pytest.approx(least, abs=0.03)
    assert max(shared) == pytest.approx(most, abs=0.03)


@over_schemes
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_a_difficulty_leaves_text_and_fonts_as_they_are(scheme, difficulty):
    for easy, hard in zip(
        images(scheme, difficulty, 0), images(scheme, difficulty, 1), strict=True
    ):
        assert easy.label == hard.label
        assert easy.image.shape == hard.image.shape
        for name in ("font", "fonts", "picks", "style", "drawn_as", "paper", "ink"):
            assert easy.parameters.get(name) == hard.parameters.get(name)
        moved = {name for name in DIFFICULTIES if easy.parameters[name] != hard.parameters[name]}
        assert moved == {difficulty}


@over_schemes
@pytest.mark.parametrize("difficulty", ["lines", "noise", "contrast"])
def test_a_difficulty_of_paint_leaves_the_characters_where_they_are(scheme, difficulty):
    for easy, hard in zip(
        images(scheme, difficulty, 0), images(scheme, difficulty, 1), strict=True
    ):
        moved = difficulty == "noise" and hard.parameters.get("style") in ("split", "wave")
        assert np.array_equal(easy.masks, hard.masks) != moved


def test_difficulties_are_numbers_from_0_to_1():
    assert Difficulty() == Difficulty(0, 0, 0, 0, 0)
    assert DIFFICULTIES == ("overlap", "warp", "lines", "noise", "contrast")
    for value in (-0.01, 1.01, float("nan"), True, "1", None):
        with pytest.raises(ParameterError, match=rf"'lines' must be in \[0, 1\]. Got {value!r}"):
            Difficulty(lines=value)


@pytest.mark.parametrize(
    ("difficulty", "turned"),
    [
        (None, Difficulty(warp=0.5)),
        (0, Difficulty()),
        (1, Difficulty(1, 1, 1, 1, 1)),
        ({}, Difficulty(warp=0.5)),
        ({"noise": 0.25}, Difficulty(warp=0.5, noise=0.25)),
        ({"warp": 1, "lines": 0.5}, Difficulty(warp=1, lines=0.5)),
    ],
)
def test_difficulties_are_turned_together_or_alone(difficulty, turned):
    assert Difficulty(warp=0.5).turned(difficulty) == turned


@pytest.mark.parametrize(
    ("difficulty", "message"),
    [
        (1.5, r"'overlap' must be in \[0, 1\]. Got 1.5"),
        ({"warp": 2}, r"'warp' must be in \[0, 1\]. Got 2"),
        ({"speed": 0.5}, "one of: overlap, warp, lines, noise, contrast. Got 'speed'"),
    ],
)
def test_difficulties_are_turned_within_their_range(difficulty, message):
    with pytest.raises(ParameterError, match=message):
        Difficulty().turned(difficulty)
