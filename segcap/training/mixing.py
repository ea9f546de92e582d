"""Images are mixed and partly wiped out, so that a network relies on no single detail."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["along", "cut_out", "mix_up"]


def cut_out(
    images: NDArray[np.float32], fraction: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Wipe a square out of each image.

    The square's centre is any pixel, so that part of it may lie outside. It is filled with the
    image's mean colour, which is neither ink nor background.

    Parameters
    ----------
    images : (N, H, W, C) float32 array
    fraction : float
        Side of the square as a fraction of the shorter of H and W, in [0, 1]; at least one pixel.
    rng : numpy.random.Generator

    Returns
    -------
    (N, H, W, C) float32 array

    References
    ----------
    DeVries, Taylor: Improved regularization of convolutional neural networks with cutout.
    arXiv:1708.04552, 2017.
    """
    count, height, width, _ = images.shape
    side = max(1, round(fraction * min(height, width)))
    tops = rng.integers(0, height, count) - side // 2
    lefts = rng.integers(0, width, count) - side // 2
    rows, columns = np.arange(height), np.arange(width)
    in_rows = (rows >= tops[:, None]) & (rows < tops[:, None] + side)
    in_columns = (columns >= lefts[:, None]) & (columns < lefts[:, None] + side)
    wiped = in_rows[:, :, None, None] & in_columns[:, None, :, None]
    return np.where(wiped, images.mean(axis=(1, 2), keepdims=True), images)


def mix_up(
    images: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float32] | None,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None]:
    """Mix each image and its targets with those of another image of the batch.

    Image i becomes ``s x_i + (1 - s) x_j`` with s of Beta(alpha, alpha), one for each image. The
    cross-entropy of what is returned is ``s w_i CE(y_i) + (1 - s) w_j CE(y_j)``.

    Parameters
    ----------
    images : (N, H, W, C) float32 array
    targets : (N, ..., K) float32 array
        Probabilities of K classes.
    weights : (N,) or (N, ...) float32 array or None
        At least 0; all the same unless given.
    alpha : float
        Above 0.
    rng : numpy.random.Generator

    Returns
    -------
    images, targets, weights
        Of the same shapes.

    References
    ----------
    Zhang, Cisse, Dauphin, Lopez-Paz: mixup: beyond empirical risk minimization. ICLR 2018.
    """
    fraction = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    partner = rng.permutation(len(images))
    mixed = _mixed(images, fraction, partner)
    if weights is None:
        return mixed, _mixed(targets, fraction, partner), None
    total = _mixed(weights, fraction, partner)
    weighted = _mixed(targets * along(weights, targets), fraction, partner)
    counts = along(total, targets)
    # targets of a pair that does not count are any
    shares = np.divide(weighted, counts, out=targets.copy(), where=counts > 0)
    return mixed, shares, total


def _mixed(
    values: NDArray[np.float32], fraction: NDArray[np.float32], partner: NDArray[np.intp]
) -> NDArray[np.float32]:
    mixed = values[partner]
    mixed -= values
    mixed *= along(1 - fraction, values)
    mixed += values
    return mixed


def along(values: NDArray[np.float32], like: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reshape values to the dimensions of an array whose first ones they have."""
    return values.reshape(values.shape + (1,) * (like.ndim - values.ndim))
