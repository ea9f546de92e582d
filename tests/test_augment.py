import numpy as np
import pytest

from segcap.training.augment import Warp, warp_glyphs


@pytest.fixture
def glyphs(handwriting):
    pictures, names = handwriting
    return pictures[..., None].astype(np.float32) / 255, names


def test_warping_keeps_shape_range_and_input(glyphs):
    inputs = glyphs[0][:20]
    before = inputs.copy()
    warped = warp_glyphs(inputs, np.random.default_rng(0))
    np.testing.assert_array_equal(inputs, before)
    assert (warped.shape, warped.dtype) == (inputs.shape, np.float32)
    assert warped.min() >= 0
    assert warped.max() <= 1
    np.testing.assert_array_equal(warped, warp_glyphs(inputs, np.random.default_rng(0)))
    assert not np.array_equal(warped, warp_glyphs(inputs, np.random.default_rng(1)))


def test_no_warp_changes_nothing(glyphs):
    still = Warp(rotation=0, scale=0, shear=0, shift=0, elastic=0)
    warped = warp_glyphs(glyphs[0][:5], np.random.default_rng(0), still)
    np.testing.assert_allclose(warped, glyphs[0][:5], atol=1e-5)


def test_a_shift_alone_moves_the_centre_of_mass(glyphs):
    shift = Warp(rotation=0, scale=0, shear=0, shift=2, elastic=0)
    inputs = glyphs[0][:50]
    warped = warp_glyphs(inputs, np.random.default_rng(0), shift)
    columns = np.arange(28)
    before, after = (
        (x[..., 0].sum(axis=1) * columns).sum(axis=1) / x.sum(axis=(1, 2, 3))
        for x in (inputs, warped)
    )
    assert 0.5 < np.abs(after - before).max() <= 2.1
