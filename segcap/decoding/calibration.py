"""Fit the temperature that makes confidence agree with accuracy."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from segcap.decoding.compose import log_softmax

__all__ = ["fit_temperature"]

_LOG_RANGE = (-4.0, 4.0)


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Find the temperature with the greatest likelihood of held-out labels.

    Parameters
    ----------
    logits : (N, C) float array
        Of samples that were not trained on.
    labels : (N,) int array
        Their classes.

    Returns
    -------
    float
        Between exp(-4) and exp(4).

    References
    ----------
    Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks. ICML 2017.
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        log_probabilities = log_softmax(logits, temperature=float(np.exp(log_temperature)))
        return -float(log_probabilities[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(negative_log_likelihood, bounds=_LOG_RANGE, method="bounded")
    return float(np.exp(found.x))
