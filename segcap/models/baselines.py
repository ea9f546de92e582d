"""Classical classifiers of glyphs: HOG with a support vector machine, and nearest neighbours."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BASELINES", "baseline_logits", "fit_baseline"]

BASELINES = ("hog_svm", "knn")

_LEAST_PROBABILITY = 1e-3


def fit_baseline(
    classifier: str, glyphs: NDArray[np.float32], labels: NDArray[np.integer], *, seed: int
) -> Any:
    """Fit a baseline.

    Parameters
    ----------
    classifier : {"hog_svm", "knn"}
        A support vector machine with a Gaussian kernel on histograms of oriented gradients, or
        three nearest neighbours among 40 principal components of the pixels.
    glyphs : (N, 28, 28, 1) float32 array
        In [0, 1].
    labels : (N,) int array
    seed : int

    Returns
    -------
    scikit-learn estimator

    References
    ----------
    Dalal, Triggs: Histograms of oriented gradients for human detection. CVPR 2005.
    """
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    features = _features(classifier, glyphs)
    if classifier == "hog_svm":
        estimator = SVC(C=10, gamma="scale", cache_size=1000)
    else:
        components = min(40, *features.shape)
        estimator = make_pipeline(
            PCA(components, svd_solver="randomized", random_state=seed),
            KNeighborsClassifier(min(3, len(features)), weights="distance", algorithm="brute"),
        )
    return estimator.fit(features, labels)


def baseline_logits(
    estimator: Any, classifier: str, glyphs: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Score glyphs with a fitted baseline, (N, C) float32."""
    if len(glyphs) == 0:
        return np.empty((0, len(estimator.classes_)), np.float32)
    features = _features(classifier, glyphs)
    if classifier == "hog_svm":
        scores = estimator.decision_function(features)
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        return scores.astype(np.float32)
    return np.log(
        np.maximum(estimator.predict_proba(features), _LEAST_PROBABILITY), dtype=np.float32
    )


def _features(classifier: str, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
    if classifier == "knn":
        return glyphs.reshape(len(glyphs), -1)
    from skimage.feature import hog

    return np.stack(
        [
            hog(glyph, orientations=9, pixels_per_cell=(7, 7), cells_per_block=(2, 2))
            for glyph in glyphs[..., 0]
        ]
    )
