"""Settings and data that all tests share."""

import os

import cv2
import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import load_digits

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

settings.register_profile("segcap", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("segcap")


@pytest.fixture(scope="session")
def handwriting():
    """scikit-learn's handwritten digits, framed: (1797, 28, 28) uint8 and what they show."""
    digits = load_digits()
    levels = np.rint(digits.images / 16 * 255).astype(np.uint8)
    framed = [
        cv2.copyMakeBorder(
            cv2.resize(level, (20, 20), interpolation=cv2.INTER_CUBIC), 4, 4, 4, 4, 0
        )
        for level in levels
    ]
    return np.stack(framed), digits.target
