"""Read with your own classifier of glyphs: HOG with a support vector machine, nearest neighbours.

python examples/own_classifier.py [mnist.npz]
"""

import sys

import numpy as np
from skimage.feature import hog
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

import segcap
from segcap.datasets import load_mnist, load_uci_digits
from segcap.evaluate.metrics import expected_calibration_error, wilson
from segcap.segmentation.glyph_crops import frame_glyph


def gradients(glyphs):
    """Histograms of oriented gradients (Dalal and Triggs, 2005), 324 numbers a glyph."""
    cells = {"orientations": 9, "pixels_per_cell": (7, 7), "cells_per_block": (2, 2)}
    return np.stack([hog(glyph, **cells) for glyph in glyphs[..., 0]])


def framed(digits):
    """Digits as readers frame them, (N, 28, 28, 1) in [0, 1]."""
    return np.stack([frame_glyph(digit / np.float32(255)) for digit in digits])[..., None]


classifiers = {
    "hog_svm": make_pipeline(
        FunctionTransformer(gradients),
        CalibratedClassifierCV(SVC(C=10, cache_size=1000), cv=3, ensemble=False),
    ),
    "knn": make_pipeline(
        FunctionTransformer(lambda glyphs: glyphs.reshape(len(glyphs), -1)),
        PCA(40, svd_solver="randomized", random_state=0),
        KNeighborsClassifier(3, weights="distance", algorithm="brute"),
    ),
}
digits, labels = load_uci_digits()
train, test = (digits[:1300], labels[:1300]), (digits[1300:], labels[1300:])
if sys.argv[1:]:
    mnist = load_mnist(sys.argv[1])
    train, test = (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test)
rows = segcap.generate.digit_sums(200, 22, seed=1, digits=test)
for name, classifier in classifiers.items():
    classifier.fit(framed(train[0]), train[1])
    found = classifier.predict_proba(framed(test[0]))
    right = found.argmax(axis=1) == test[1]
    print(f"{name}: digits right {wilson(right.sum(), len(right))}")
    print(f"  calibration error {expected_calibration_error(found.max(axis=1), right):.4f}")
    reader = segcap.GlyphReader("0123456789", length=4, classifier=classifier)
    texts = ["".join(map(str, row)) for row in rows.labels]
    print(f"  rows of four right: {reader.score(rows.images, texts):.1%} of {len(texts)}")
