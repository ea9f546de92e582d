"""Odds of choosing all tiles with X and no other."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError
from segcap.core.validation import fractions, inner_fraction, whole_number

__all__ = ["choose_tiles", "false_alarm_rate"]

_ROUNDING = 1e-9


def false_alarm_rate(
    recall: ArrayLike, precision: ArrayLike, prevalence: float
) -> NDArray[np.float64]:
    """Probability that a tile without X is chosen.

    Parameters
    ----------
    recall : float array
        Fraction of the tiles with X that are chosen, in [0, 1].
    precision : float array
        Fraction of the chosen tiles that show X, in (0, 1].
    prevalence : float
        Fraction of tiles with X among those that precision was measured on, in (0, 1).

    Returns
    -------
    float64 array
        recall (1 - precision) / precision * prevalence / (1 - prevalence).

    Raises
    ------
    ParameterError
        A number is outside its range, or the three contradict each other: more tiles would be
        chosen wrongly than there are.

    Examples
    --------
    >>> round(float(false_alarm_rate(0.9, 0.75, 0.25)), 4)  # 9 of 40 right, 3 of 40 - 10 wrong
    0.1
    """
    recall, precision = fractions("recall", recall), fractions("precision", precision)
    prevalence = inner_fraction("prevalence", prevalence)
    if not (precision > 0).all():
        raise ParameterError("The 'precision' must be greater than 0. Got 0.")
    rate = recall * (1 - precision) / precision * prevalence / (1 - prevalence)
    if (rate > 1 + _ROUNDING).any():
        raise ParameterError(
            "The false-alarm rate that follows from 'recall', 'precision' and 'prevalence' must "
            f"lie in [0, 1]. Got {rate.max():.4g}."
        )
    return np.minimum(rate, 1)


def choose_tiles(
    recall: ArrayLike,
    precision: ArrayLike,
    tiles: int,
    targets: int,
    *,
    prevalence: float | None = None,
) -> NDArray[np.float64]:
    """Probability to choose all tiles with X and no other, of a grid.

    Parameters
    ----------
    recall, precision : float array
        Of X, as `segcap.evaluate.classification_report` gives them; see `false_alarm_rate`.
    tiles : int
        Tiles of the grid, at least 1, or 2 unless `prevalence` is given.
    targets : int
        Tiles with X: 0 ... tiles, or 1 ... tiles - 1 unless `prevalence` is given, for precision
        says nothing about grids of one kind.
    prevalence : float, optional
        Fraction of tiles with X where precision was measured, in (0, 1). Unless given, precision is
        that on grids like this one: targets / tiles.

    Returns
    -------
    float64 array
        recall ** targets * (1 - false-alarm rate) ** (tiles - targets): errors on the tiles are
        taken to be independent.

    Raises
    ------
    ParameterError
        A number is outside its range, or precision contradicts recall and prevalence.

    Examples
    --------
    >>> round(float(choose_tiles(0.9, 0.75, 8, 2)), 6)  # 0.9 ** 2 * 0.9 ** 6
    0.430467
    """
    least = 0 if prevalence is not None else 1
    tiles = whole_number("tiles", tiles, least=1 + least)
    targets = whole_number("targets", targets, least=least, most=tiles - least)
    false_alarms = false_alarm_rate(
        recall, precision, targets / tiles if prevalence is None else prevalence
    )
    return fractions("recall", recall) ** targets * (1 - false_alarms) ** (tiles - targets)
