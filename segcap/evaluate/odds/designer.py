"""The designer's questions: what accuracy a challenge stands, and how long it must be."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError
from segcap.core.validation import fractions, inner_fraction, whole_number
from segcap.evaluate.odds.challenge import pass_probability

__all__ = ["ItemsNeeded", "accuracy_limit", "accuracy_limit_of", "items_needed"]


@dataclass(frozen=True, slots=True)
class ItemsNeeded:
    """How long a challenge must be, and who passes it.

    Attributes
    ----------
    n : int
        Items of the challenge.
    attacker, human : float
        Probability that they pass it.
    """

    n: int
    attacker: float
    human: float


def accuracy_limit(target: ArrayLike, n: int, *, wrong_allowed: int = 0) -> NDArray[np.float64]:
    """Accuracy that an attacker must not exceed, so that he passes no more often than wanted.

    Parameters
    ----------
    target : float array
        Greatest probability of a pass that is tolerated, in [0, 1].
    n, wrong_allowed : int
        See `pass_probability`, whose inverse this is.

    Returns
    -------
    float64 array
        target ** (1 / n) where no item may be wrong.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Examples
    --------
    >>> round(float(accuracy_limit(1e-6, 12)), 4)
    0.3162
    """
    from scipy.special import betaincinv

    target = fractions("target", target)
    n = whole_number("n", n, least=1)
    wrong = whole_number("wrong_allowed", wrong_allowed, most=n - 1)
    return betaincinv(n - wrong, wrong + 1, target)


def accuracy_limit_of(chance: Callable[[float], ArrayLike], target: float) -> float:
    """Accuracy at which any chance that rises with it reaches what is tolerated.

    Parameters
    ----------
    chance : callable
        From an accuracy in [0, 1] to a probability, or to passes per hour; continuous and rising.
    target : float
        Greatest value that is tolerated.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ParameterError
        The target does not lie between the chances at accuracies of 0 and of 1.

    Examples
    --------
    >>> from segcap.evaluate.odds import partial_credit
    >>> round(accuracy_limit_of(lambda accuracy: partial_credit(accuracy, 12), 1e-3), 4)
    0.5586
    """
    from scipy.optimize import brentq

    least, most = float(chance(0.0)), float(chance(1.0))  # type: ignore[arg-type]
    if not least <= target <= most:
        raise ParameterError(
            "The 'target' must lie between the chances at accuracies of 0 and of 1, "
            f"{least:.4g} and {most:.4g}. Got {target!r}."
        )
    return float(brentq(lambda accuracy: float(chance(accuracy)) - target, 0.0, 1.0, xtol=1e-15))  # type: ignore[arg-type]


def items_needed(
    target: float, attacker: float, human: float, *, wrong_allowed: int = 0
) -> ItemsNeeded:
    """Shortest challenge that an attacker passes no more often than wanted.

    Parameters
    ----------
    target : float
        Greatest probability of a pass that is tolerated, in (0, 1).
    attacker : float
        The attacker's accuracy on one item, in [0, 1).
    human : float
        A person's, in [0, 1]. Where it is not above the attacker's, no length separates them.
    wrong_allowed : int
        As many items may be wrong, at least 0.

    Returns
    -------
    ItemsNeeded

    Raises
    ------
    ParameterError
        A number is outside its range.

    Examples
    --------
    >>> items_needed(1 / 4096, 0.5, 1.0)
    ItemsNeeded(n=12, attacker=0.000244140625, human=1.0)
    """
    target = inner_fraction("target", target)
    wrong = whole_number("wrong_allowed", wrong_allowed)
    if fractions("attacker", attacker) == 1:
        raise ParameterError("The 'attacker' must be less than 1. Got 1.")
    fractions("human", human)

    def is_enough(n: int) -> bool:
        return bool(pass_probability(attacker, n, wrong_allowed=wrong) <= target)

    enough = wrong + 1
    while not is_enough(enough):
        enough *= 2
    lengths = range(wrong + 1, enough + 1)
    n = lengths[bisect_left(lengths, True, key=is_enough)]
    passing = (float(pass_probability(who, n, wrong_allowed=wrong)) for who in (attacker, human))
    return ItemsNeeded(n, *passing)
