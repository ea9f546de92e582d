"""Divide numbered groups of images, all images of a group on one side."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError, ParameterError
from segcap.core.validation import is_number, seed_number, whole_number

__all__ = ["Parts", "divide", "folds"]

Parts: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]


def divide(groups: NDArray[np.intp], labels: NDArray | None, *, test: float, seed: int) -> Parts:
    """Divide images in two.

    Parameters
    ----------
    groups : (N,) int array
        Number of each image's group.
    labels : (N,) array or None
        Classes whose fractions shall be the same on both sides, as far as there are enough groups;
        a group counts as of its first image's class.
    test : float or int
        A fraction of the groups in (0, 1), or a number of images in 1 ... N - 1, turned into
        such a fraction; where groups are of unlike size, the number of images may be another.
    seed : int
        In 0 ... 2**32 - 1.

    Returns
    -------
    train, test : (M,) int array
        Indices of images, ascending.

    Raises
    ------
    ParameterError
        `test` or `seed` is outside its range.
    DataError
        There are fewer than 2 groups.
    """
    fraction, seed = _checked_fraction(test, len(groups)), seed_number("seed", seed)
    from sklearn.model_selection import train_test_split

    units, firsts = _units(groups, least=2)
    count = min(max(round(fraction * len(units)), 1), len(units) - 1)
    strata = _strata(labels, firsts, least=2)
    if min(count, len(units) - count) < len(np.unique(strata)):
        strata = np.zeros(len(units), np.intp)
    _, chosen = train_test_split(units, test_size=count, random_state=seed, stratify=strata)
    return _sides(groups, chosen)


def folds(
    groups: NDArray[np.intp], labels: NDArray | None, *, k: int, seed: int
) -> Iterator[Parts]:
    """Divide images `k` times, each image being in exactly one test part.

    Parameters
    ----------
    groups, labels, seed
        As of `divide`.
    k : int
        At least 2.

    Returns
    -------
    iterator of (train, test)
        As of `divide`.

    Raises
    ------
    ParameterError
        `k` or `seed` is outside its range.
    DataError
        There are fewer than `k` groups.
    """
    k, seed = whole_number("k", k, least=2), seed_number("seed", seed)
    from sklearn.model_selection import StratifiedKFold

    units, firsts = _units(groups, least=k)
    splitter = StratifiedKFold(k, shuffle=True, random_state=seed)
    parts = splitter.split(units, _strata(labels, firsts, least=k))
    return (_sides(groups, units[chosen]) for _, chosen in parts)


def _units(groups: NDArray[np.intp], *, least: int) -> Parts:
    """Return the groups' numbers, and each group's first image."""
    units, firsts = np.unique(groups, return_index=True)
    if len(units) < least:
        raise DataError(
            f"Images must be of at least {least} groups without near duplicates to be divided. "
            f"Got {len(groups)} images of {len(units)}."
        )
    return units, firsts


def _strata(labels: NDArray | None, firsts: NDArray[np.intp], *, least: int) -> NDArray[np.intp]:
    """Return the groups' class numbers; those of fewer than `least` groups go with the largest."""
    if labels is None:
        return np.zeros(len(firsts), np.intp)
    _, strata, counts = np.unique(labels[firsts], return_inverse=True, return_counts=True)
    return np.where(counts[strata] < least, counts.argmax(), strata)


def _sides(groups: NDArray[np.intp], chosen: NDArray[np.intp]) -> Parts:
    tested = np.isin(groups, chosen)
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def _checked_fraction(test: Any, n: int) -> float:
    if is_number(test):
        fraction = float(test) / max(n, 1) if isinstance(test, Integral) else float(test)
        if 0 < fraction < 1:
            return fraction
    raise ParameterError(
        "The 'test' of a split must be a fraction in (0, 1), or a whole number of images, at least "
        f"1 and below their number. Got {test!r} for {n} images."
    )
