"""How good answers are, with intervals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.core.validation import fractions, inner_fraction, whole_number
from segcap.evaluate.labels import Labels, paired_texts

__all__ = [
    "Rate",
    "character_accuracy",
    "edit_distance",
    "exact_match",
    "expected_calibration_error",
    "wilson",
]


class Rate(NamedTuple):
    """A fraction of n trials with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        In [0, 1].
    n : int
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.2%} (95 % interval {self.low:.2%} to {self.high:.2%}, n = {self.n:,})"


def wilson(successes: int, n: int, *, level: float = 0.95) -> Rate:
    """Return a rate with its Wilson interval.

    Parameters
    ----------
    successes, n : int
        0 <= successes <= n, n at least 1.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    Rate

    Raises
    ------
    ParameterError
        A number is outside its range.

    References
    ----------
    Wilson: Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22 (1927), 209-212.
    """
    from scipy.stats import binomtest

    level = inner_fraction("level", level)
    n = whole_number("n", n, least=1)
    successes = whole_number("successes", successes, most=n)
    interval = binomtest(successes, n).proportion_ci(level, method="wilson")
    return Rate(successes / n, float(interval.low), float(interval.high), n)


def exact_match(answers: Sequence[object], truths: Sequence[object]) -> Rate:
    """Fraction of whole answers that are right.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none.
    """
    _check_paired(answers, truths)
    return wilson(sum(a == t for a, t in zip(answers, truths, strict=True)), len(truths))


def character_accuracy(answers: Labels, truths: Labels) -> Rate:
    """Fraction of the true characters that were read: 1 - edit distance / length, not below 0.

    None, for an image without answer, counts as a text without characters. The interval takes
    characters to be independent; those of one text are not quite, so that it is somewhat short.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, something is no text, or there is no true
        character at all.
    """
    pairs = paired_texts(answers, truths, of="character_accuracy")
    wrong = sum(min(edit_distance(read, true), len(true)) for read, true in pairs)
    total = sum(len(true) for _, true in pairs)
    return wilson(total - wrong, total)


def edit_distance(one: str, other: str) -> int:
    """Least number of insertions, deletions and substitutions from one text to the other.

    References
    ----------
    Levenshtein: Binary codes capable of correcting deletions, insertions and reversals. Soviet
    Physics Doklady 10 (1966), 707-710.

    Examples
    --------
    >>> edit_distance("1234", "134")
    1
    """
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(one, other)


def expected_calibration_error(
    confidences: NDArray[np.floating], right: NDArray[np.bool_], *, bins: int = 15
) -> float:
    """Mean distance of confidence from accuracy over equally wide bins of confidence.

    Parameters
    ----------
    confidences : (N,) float array
        In [0, 1].
    right : (N,) bool array
    bins : int
        At least 1.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ParameterError
        There are not as many truths as confidences, or none, no bins, or a confidence is outside
        its range.

    References
    ----------
    Naeini, Cooper, Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning.
    AAAI 2015.
    """
    _check_paired(confidences, right)
    confidences, right = fractions("confidences", confidences), np.asarray(right, bool)
    bins = whole_number("bins", bins, least=1)
    bin_of = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=confidences - right.astype(float), minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))


def _check_paired(answers: Sequence[object] | NDArray, truths: Sequence[object] | NDArray) -> None:
    if len(answers) != len(truths) or len(truths) == 0:
        raise ParameterError(
            "A measure needs as many truths as answers, at least one. "
            f"Got {len(answers)} answers and {len(truths)} truths."
        )
