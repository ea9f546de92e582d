"""Photos are varied as far as the settings say, and no further."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from segcap.training.photos import Variation, augment_photos

NOTHING = Variation().times(0)


@pytest.fixture(scope="module")
def photos():
    """Eight parts of a photo, (8, 48, 64, 3) float32."""
    flower = load_sample_image("flower.jpg")[:384:4, :512:4] / np.float32(255)
    return flower.reshape(2, 48, 2, 64, 3).swapaxes(1, 2).reshape(4, 48, 64, 3).repeat(2, axis=0)


def rng():
    return np.random.default_rng(0)


def test_no_strength_changes_nothing_but_sides(photos):
    varied = augment_photos(photos, rng(), NOTHING)
    mirrored = [np.allclose(a, b[:, ::-1], atol=1e-5) for a, b in zip(varied, photos, strict=True)]
    same = [np.allclose(a, b, atol=1e-5) for a, b in zip(varied, photos, strict=True)]
    assert np.logical_xor(mirrored, same).all()
    assert 0 < sum(mirrored) < len(photos)
    still = augment_photos(photos, rng(), Variation(**vars(NOTHING) | {"mirror": False}))
    np.testing.assert_allclose(still, photos, atol=1e-5)


def test_the_same_seed_gives_the_same_and_input_is_left_alone(photos):
    before = photos.copy()
    first, second = augment_photos(photos, rng()), augment_photos(photos, rng())
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(photos, before)
    assert first.shape == photos.shape
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert np.abs(first - photos).mean(axis=(1, 2, 3)).min() > 0.01


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        ({"saturation": 0.9}, lambda p: p @ np.array([0.299, 0.587, 0.114])),
        ({"brightness": 0.05}, lambda p: p - p.mean(axis=(1, 2, 3), keepdims=True)),
        ({"contrast": 0.2}, lambda p: p.mean(axis=(1, 2, 3))),
    ],
)
def test_each_tone_changes_by_itself(photos, only, kept):
    muted = 0.4 + 0.2 * photos
    variation = Variation(**dict.fromkeys(vars(NOTHING), 0) | {"mirror": False} | only)
    varied = augment_photos(muted, rng(), variation)
    assert not np.allclose(varied, muted, atol=1e-3)
    np.testing.assert_allclose(kept(varied), kept(muted), atol=2e-3)


def test_shifts_move_and_borders_are_mirrored(photos):
    variation = Variation(**dict.fromkeys(vars(NOTHING), 0) | {"mirror": False, "shift": 0.2})
    ramp = np.tile(np.linspace(0.2, 0.8, 64, dtype=np.float32), (4, 48, 1))[..., np.newaxis]
    varied = augment_photos(ramp, rng(), variation)
    slopes = np.diff(varied[:, 24, :, 0], axis=1)
    assert varied.min() >= 0.2 - 1e-5
    assert np.allclose(np.abs(slopes[:, 20:40]), np.diff(ramp[0, 0, :, 0])[0], atol=1e-4)
    assert (np.abs(varied[:, 24, 32, 0] - ramp[0, 24, 32, 0]) > 1e-3).all()


def test_no_photos():
    assert augment_photos(np.empty((0, 8, 9, 3), np.float32), rng()).shape == (0, 8, 9, 3)
