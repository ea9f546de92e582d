"""The handwritten digits that come with scikit-learn."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["load_uci_digits"]


def load_uci_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Load scikit-learn's 8 x 8 digits, enlarged and framed as MNIST frames its own.

    Returns
    -------
    pictures : (1797, 28, 28) uint8 array
        Bright on black, 20 pixels high.
    labels : (1797,) int array

    References
    ----------
    Alpaydin, Kaynak: Optical recognition of handwritten digits. UCI Machine Learning Repository,
    1998. CC BY 4.0.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    levels = np.rint(digits.images / 16 * 255).astype(np.uint8)
    pictures = np.zeros((len(levels), 28, 28), np.uint8)
    for picture, level in zip(pictures, levels, strict=True):
        larger = Image.fromarray(level).resize((20, 20), Image.Resampling.BICUBIC)
        picture[4:24, 4:24] = np.asarray(larger)
    return pictures, digits.target
