"""Classes of unlike frequency count alike: by weights, or by how often their samples come."""

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.training.batching import shuffled_rounds

__all__ = ["balanced_order", "class_weights"]


def class_weights(classes: NDArray[np.integer], count: int) -> NDArray[np.float32]:
    """Weigh classes so that each counts alike: n / (k * count of the class).

    Weigh or balance after the data is split, from the part that is trained on alone.

    Parameters
    ----------
    classes : (N, ...) int array
        Of the samples, in 0 ... count - 1.
    count : int
        Number of classes to distinguish.

    Returns
    -------
    (count,) float32 array
        With a mean of 1 over the samples; 1 for a class without samples. k is the number of
        classes with samples.

    Raises
    ------
    ParameterError
        A class is outside its range, or there are none.

    References
    ----------
    King, Zeng: Logistic regression in rare events data. Political Analysis 9 (2001), 137-163.

    Examples
    --------
    >>> class_weights(np.array([0, 0, 0, 2, 2, 2, 2, 2, 2]), 3).tolist()
    [1.5, 1.0, 0.75]
    """
    from sklearn.utils.class_weight import compute_class_weight

    samples = np.asarray(classes).ravel()
    if not samples.size or samples.min() < 0 or samples.max() >= count:
        got = f"{samples.min()} to {samples.max()}" if samples.size else "none"
        raise ParameterError(
            f"The 'classes' of class_weights must lie in 0 to {count - 1}. Got {got}."
        )
    present = np.unique(samples)
    weights = np.ones(count, np.float32)
    weights[present] = compute_class_weight("balanced", classes=present, y=samples)
    return weights


def balanced_order(
    classes: NDArray[np.integer], draws: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw samples so that every class comes equally often, and within it every sample.

    Parameters
    ----------
    classes : (N,) int array
        Of the samples.
    draws : int
    rng : numpy.random.Generator

    Returns
    -------
    (draws,) int array
        Indices of samples. Of k classes that have samples, each comes once in every k draws.
    """
    members = [np.flatnonzero(classes == name) for name in np.unique(classes)]
    each = -(-draws // len(members))
    drawn = np.stack([own[shuffled_rounds(len(own), each, rng)] for own in members], axis=1)
    return rng.permuted(drawn, axis=1).ravel()[:draws]
