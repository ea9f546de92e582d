import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcap.training.mixing import cut_out, mix_up


@pytest.fixture
def digits(handwriting):
    pictures, names = handwriting
    targets = np.eye(10, dtype=np.float32)[names[:40]]
    return pictures[:40, 2:, :, None].astype(np.float32) / 255, targets


@given(st.floats(0, 1), st.integers(0, 99), st.tuples(st.integers(2, 12), st.integers(2, 12)))
def test_one_square_of_each_image_becomes_its_mean(fraction, seed, shape):
    images = np.random.default_rng(seed).random((3, *shape, 2)).astype(np.float32)
    before = images.copy()
    cut = cut_out(images, fraction, np.random.default_rng(seed))
    np.testing.assert_array_equal(images, before)
    assert (cut.shape, cut.dtype) == (images.shape, np.float32)
    side = max(1, round(fraction * min(shape)))
    for own, image in zip(cut, images, strict=True):
        rows, columns = np.nonzero((own != image).any(axis=-1))
        assert np.ptp(rows) < side
        assert np.ptp(columns) < side
        hole = own[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        np.testing.assert_allclose(hole, np.broadcast_to(image.mean((0, 1)), hole.shape), rtol=1e-5)


def test_a_square_of_known_place():
    image = np.float32([[0, 0, 0, 0], [0, 4, 4, 0], [0, 4, 4, 0]])[None, :, :, None]
    rng = np.random.default_rng(3)
    top, left = np.random.default_rng(3).integers(0, [3, 4])
    expected = image[0, :, :, 0].copy()
    expected[max(0, top - 1) : top + 1, max(0, left - 1) : left + 1] = 16 / 12
    np.testing.assert_allclose(cut_out(image, 0.67, rng)[0, :, :, 0], expected, rtol=1e-6)


def test_images_and_targets_are_mixed_by_the_same_fractions(digits):
    images, targets = digits
    mixed, wanted, weights = mix_up(images, targets, None, 0.5, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    fraction, partner = rng.beta(0.5, 0.5, 40), rng.permutation(40)
    for index in range(40):
        own, other = fraction[index], 1 - fraction[index]
        expected = own * images[index] + other * images[partner[index]]
        np.testing.assert_allclose(mixed[index], expected, atol=1e-6)
        expected = own * targets[index] + other * targets[partner[index]]
        np.testing.assert_allclose(wanted[index], expected, atol=1e-6)
    assert weights is None
    assert (mixed.dtype, wanted.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("places", [(), (3,)])
def test_weighted_losses_are_mixed_by_the_same_fractions(digits, places):
    images, targets = digits
    rng = np.random.default_rng(1)
    if places:
        targets = np.stack([targets, targets[::-1], np.roll(targets, 1, axis=0)], axis=1)
    weights = rng.uniform(0.2, 5, (40, *places)).astype(np.float32)
    logs = np.log(rng.dirichlet(np.ones(10), (40, *places)))
    _, wanted, total = mix_up(images, targets, weights, 0.4, np.random.default_rng(0))
    np.testing.assert_allclose(wanted.sum(axis=-1), 1, rtol=1e-5)
    again = np.random.default_rng(0)
    fraction, partner = again.beta(0.4, 0.4, 40), again.permutation(40)
    fraction = fraction.reshape(40, *[1] * len(places))

    def losses(targets):
        return -(targets * logs).sum(axis=-1)

    expected = fraction * weights * losses(targets)
    expected = expected + (1 - fraction) * weights[partner] * losses(targets[partner])
    np.testing.assert_allclose(total * losses(wanted), expected, rtol=1e-4)


def test_images_that_do_not_count_mix_to_numbers(digits):
    images, targets = digits
    weights = np.zeros(40, np.float32)
    weights[:5] = 1
    _, wanted, total = mix_up(images, targets, weights, 0.4, np.random.default_rng(0))
    assert (total == 0).any()
    np.testing.assert_allclose(wanted.sum(axis=-1), 1, rtol=1e-5)
