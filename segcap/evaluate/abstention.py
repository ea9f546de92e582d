"""How right answers are when a reader may abstain where it is in doubt."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from segcap.core.errors import ParameterError
from segcap.core.validation import fractions, whole_number

__all__ = ["CoverageCurve", "CoveragePoint", "coverage_curve"]


class CoveragePoint(NamedTuple):
    """What follows from one threshold.

    Attributes
    ----------
    coverage : float
        Fraction of images whose confidence is not below the threshold, in (0, 1].
    accuracy : float
        Fraction of right answers among them, in [0, 1].
    threshold : float
        In [0, 1].
    """

    coverage: float
    accuracy: float
    threshold: float


@dataclass(frozen=True, slots=True)
class CoverageCurve:
    """Accuracy against coverage, over all thresholds.

    Attributes
    ----------
    points : tuple of CoveragePoint
        In order of coverage; the last has coverage 1.
    """

    points: tuple[CoveragePoint, ...]

    @property
    def area(self) -> float:
        """Mean fraction of wrong answers over all coverages, in [0, 1]; the smaller, the better.

        The risk-coverage curve, a step for each threshold, is what is averaged (AURC).
        """
        coverages, accuracies, _ = np.array(self.points).T
        return float((1 - accuracies) @ np.diff(coverages, prepend=0.0))

    def widest(self, accuracy: float) -> CoveragePoint | None:
        """Return the point of largest coverage whose accuracy is not below the one asked for.

        Parameters
        ----------
        accuracy : float
            In [0, 1].

        Returns
        -------
        CoveragePoint or None
            None where no threshold above 0 reaches it: what has no confidence is rejected at any.
            Chosen on the images that it was measured on, a threshold promises a little more than it
            keeps: choose it on others than those whose figures are reported.

        Raises
        ------
        ParameterError
            `accuracy` is outside its range.
        """
        least = float(fractions("accuracy", accuracy))
        reached = [one for one in self.points if one.accuracy >= least and one.threshold > 0]
        return reached[-1] if reached else None

    def thinned(self, most: int) -> "CoverageCurve":
        """Keep points at about equal steps of coverage, the first and the last among them.

        Parameters
        ----------
        most : int
            Keep at most so many, at least 2.

        Returns
        -------
        CoverageCurve

        Raises
        ------
        ParameterError
            `most` is outside its range.
        """
        most = whole_number("most", most, least=2)
        if len(self.points) <= most:
            return self
        coverages = np.array(self.points)[:, 0]
        wanted = np.linspace(coverages[0], coverages[-1], most)
        kept = np.unique(np.searchsorted(coverages, wanted))
        return CoverageCurve(tuple(self.points[place] for place in kept))


def coverage_curve(confidences: ArrayLike, right: ArrayLike) -> CoverageCurve:
    """Measure accuracy and coverage at every threshold of confidence.

    Parameters
    ----------
    confidences : (N,) float array
        In [0, 1]; 0 for an image without answer.
    right : (N,) bool array
        N is at least 1.

    Returns
    -------
    CoverageCurve
        A point for each confidence that occurs: images of equal confidence are answered together.

    Raises
    ------
    ParameterError
        A confidence is outside [0, 1]; or `right` is no bool array, has another shape, or is
        empty.

    References
    ----------
    Geifman, El-Yaniv: Selective classification for deep neural networks. NeurIPS 2017.

    Examples
    --------
    >>> curve = coverage_curve([0.9, 0.5, 0.5, 0.2], [True, True, False, False])
    >>> [tuple(point) for point in curve.points]
    [(0.25, 1.0, 0.9), (0.75, 0.6666666666666666, 0.5), (1.0, 0.5, 0.2)]
    """
    sure, correct = fractions("confidences", confidences), np.asarray(right)
    if correct.dtype != bool or correct.shape != sure.shape or correct.ndim != 1 or not sure.size:
        raise ParameterError(
            "The 'right' of coverage_curve must be a bool array of the shape (N,) of its "
            f"confidences, N at least 1. Got {correct.dtype} of shape {correct.shape} and "
            f"confidences of shape {sure.shape}."
        )
    thresholds, group = np.unique(-sure, return_inverse=True)
    answered = np.cumsum(np.bincount(group))
    accuracies = np.cumsum(np.bincount(group, weights=correct)) / answered
    columns = (answered / sure.size, accuracies, -thresholds)
    return CoverageCurve(
        tuple(CoveragePoint(*map(float, row)) for row in zip(*columns, strict=True))
    )
