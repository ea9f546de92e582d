"""Odds of a pass: single challenges, several tries, partial credit."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.validation import fractions, whole_number

__all__ = [
    "near_miss",
    "partial_credit",
    "partial_credit_within",
    "pass_probability",
    "rule_name",
    "within_tries",
]


def pass_probability(accuracy: ArrayLike, n: int, *, wrong_allowed: int = 0) -> NDArray[np.float64]:
    """Probability that of n items enough are right: of photos to name, or characters to read.

    Parameters
    ----------
    accuracy : float array
        Probability that one item is right, in [0, 1].
    n : int
        Items of a challenge, at least 1.
    wrong_allowed : int
        As many may be wrong, 0 ... n - 1.

    Returns
    -------
    float64 array
        accuracy ** n where none may be wrong, else the binomial distribution's sum, in the shape
        of `accuracy`.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Notes
    -----
    The sum is the regularised incomplete beta function I(accuracy; n - wrong_allowed,
    wrong_allowed + 1), which keeps its digits where the odds are tiny.

    References
    ----------
    Golle: Machine learning attacks against the Asirra CAPTCHA. CCS 2008, 535-542; a classifier
    of 82.7 % passes a challenge of 12 photos in 10.3 % of attempts.

    Examples
    --------
    >>> float(1 / pass_probability(0.5, 12)).__round__()
    4096
    >>> float(1 / pass_probability(0.6, 12)).__round__()
    459
    """
    right = fractions("accuracy", accuracy)
    n = whole_number("n", n, least=1)
    wrong = whole_number("wrong_allowed", wrong_allowed, most=n - 1)
    if wrong == 0:
        return right**n
    from scipy.special import betainc

    return betainc(n - wrong, wrong + 1, right)


def rule_name(n: int, wrong_allowed: int = 0) -> str:
    """Describe when a challenge is passed, in a table or legend."""
    return f"at most {wrong_allowed} of {n} wrong" if wrong_allowed else f"all {n} right"


def near_miss(accuracy: ArrayLike, n: int) -> NDArray[np.float64]:
    """Probability that exactly one of n items is wrong.

    Parameters
    ----------
    accuracy, n
        See `pass_probability`.

    Returns
    -------
    float64 array
        n (1 - accuracy) accuracy ** (n - 1).

    Raises
    ------
    ParameterError
        A number is outside its range.
    """
    right = fractions("accuracy", accuracy)
    n = whole_number("n", n, least=1)
    return n * (1 - right) * right ** (n - 1)


def within_tries(passed: ArrayLike, tries: int) -> NDArray[np.float64]:
    """Probability of at least one pass in several tries, each with new images.

    Parameters
    ----------
    passed : float array
        Probability that one try passes, in [0, 1]: a reader's exact match, or what
        `pass_probability` makes of its character accuracy.
    tries : int
        At least 1.

    Returns
    -------
    float64 array
        1 - (1 - passed) ** tries.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Examples
    --------
    >>> float(within_tries(0.5, 3))
    0.875
    """
    passed = fractions("passed", passed)
    tries = whole_number("tries", tries, least=1)
    with np.errstate(divide="ignore"):
        return -np.expm1(tries * np.log1p(-passed))


def partial_credit(accuracy: ArrayLike, n: int) -> NDArray[np.float64]:
    """Return passes per challenge, in the long run, where a near miss earns partial credit.

    The rule: whoever has n of n items right has passed. Whoever has one wrong has got credit, and
    passes the next challenge with at most one wrong. More wrong than that lose the credit, and a
    pass uses it up.

    Parameters
    ----------
    accuracy : float array
        Probability that one item is right, in [0, 1].
    n : int
        Items of a challenge, at least 2.

    Returns
    -------
    float64 array
        (p + q (p + q)) / (1 + q), p and q being the odds of no and of one item wrong. Its
        inverse is the expected number of challenges up to a pass.

    Raises
    ------
    ParameterError
        A number is outside its range.

    Notes
    -----
    After a challenge with credit there is none, whatever comes out. So the odds of having credit
    are q times those of having none, and their sum is 1.

    References
    ----------
    Elson, Douceur, Howell, Saul: Asirra: a CAPTCHA that exploits interest-aligned manual image
    categorization. CCS 2007, 366-374.

    Examples
    --------
    >>> round(float(partial_credit(0.5, 2)), 4)  # p = 1/4, q = 1/2
    0.4167
    """
    perfect, near = _outcomes(accuracy, n)
    return np.minimum((perfect + near * (perfect + near)) / (1 + near), 1)


def partial_credit_within(accuracy: ArrayLike, n: int, challenges: int) -> NDArray[np.float64]:
    """Probability of a pass within some challenges, beginning without credit.

    Parameters
    ----------
    accuracy, n
        See `partial_credit`, which has the rule, too.
    challenges : int
        At least 1.

    Returns
    -------
    float64 array

    Raises
    ------
    ParameterError
        A number is outside its range.

    Examples
    --------
    >>> float(partial_credit_within(0.5, 2, 2))  # 1/4, then 1/4 * 1/4 and 1/2 * 3/4
    0.6875
    """
    perfect, near = _outcomes(accuracy, n)
    challenges = whole_number("challenges", challenges, least=1)
    passed, without, having = np.zeros_like(perfect), np.ones_like(perfect), np.zeros_like(perfect)
    for _ in range(challenges):
        passed = passed + without * perfect + having * (perfect + near)
        failed = np.maximum(1 - perfect - near, 0)
        without, having = (without + having) * failed, without * near
    return np.minimum(passed, 1)


def _outcomes(accuracy: ArrayLike, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = whole_number("n", n, least=2)
    return pass_probability(accuracy, n), near_miss(accuracy, n)
