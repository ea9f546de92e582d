"""Where two readers agree, and what several of them say together."""

import reprlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import NamedTuple, TypeAlias

import numpy as np

from segcap.core.errors import ParameterError
from segcap.core.validation import fractions, whole_number
from segcap.evaluate.labels import Label, Labels, paired_labels, plain_labels
from segcap.evaluate.metrics import Rate, wilson

__all__ = ["Agreement", "Ballot", "Vote", "agreement_between", "vote"]

Ballot: TypeAlias = Sequence[tuple[Label | None, float]]

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two readers are right on the same images.

    Parameters
    ----------
    both, only_first, only_second, neither : int
        Numbers of images, at least 0; at least one image in all.

    Raises
    ------
    ParameterError
        A number is outside its range, or all are 0.
    """

    both: int
    only_first: int
    only_second: int
    neither: int

    def __post_init__(self) -> None:
        for name, count in asdict(self).items():
            whole_number(name, count)
        if self.n == 0:
            raise ParameterError("The counts of an Agreement must hold at least one image. Got 0.")

    @property
    def n(self) -> int:
        """Number of images."""
        return sum(asdict(self).values())

    @property
    def first(self) -> Rate:
        """Fraction of images that the first reader reads right."""
        return wilson(self.both + self.only_first, self.n)

    @property
    def second(self) -> Rate:
        """Fraction of images that the second reader reads right."""
        return wilson(self.both + self.only_second, self.n)

    @property
    def either(self) -> Rate:
        """Fraction of images that at least one reads right: no choice between the two is better."""
        return wilson(self.n - self.neither, self.n)


class Vote(NamedTuple):
    """What several readers answer together.

    Attributes
    ----------
    value : str, int or None
        None where all abstain.
    confidence : float
        Mean probability that the readers that do not abstain give to the value, in [0, 1]; 0
        where all abstain.
    """

    value: Label | None
    confidence: float


def agreement_between(first: Labels, second: Labels, truths: Labels) -> Agreement:
    """Count on how many images both readers are right, one of them, or none.

    Parameters
    ----------
    first, second : (N,) sequence of str, int or None
        Answers; None for an image that has got none, which counts as wrong.
    truths : (N,) sequence of str or int

    Returns
    -------
    Agreement

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; a truth is None; or labels are of
        different types.

    Examples
    --------
    >>> agreement_between(["12", "34", None], ["12", "43", "56"], ["12", "34", "56"])
    Agreement(both=1, only_first=1, only_second=1, neither=0)
    """
    right = []
    for answers in (first, second):
        given, true = paired_labels(answers, truths, of="agreement_between")
        right.append(np.array([one == other for one, other in zip(given, true, strict=True)]))
    one, other = right
    return Agreement(
        both=int((one & other).sum()),
        only_first=int((one & ~other).sum()),
        only_second=int((~one & other).sum()),
        neither=int((~one & ~other).sum()),
    )


def vote(candidates: Sequence[Sequence[Ballot]]) -> list[Vote]:
    """Let several readers vote on each image, each with the probabilities it gives its answers.

    Parameters
    ----------
    candidates : (M, N) sequence of sequences of sequences of (str or int, float)
        For each of M >= 1 readers, for each of N images its most probable answers with calibrated
        probabilities, which sum to at most 1; one answer with its confidence is enough. A reader
        without answer abstains: it has no candidates, or None for an answer. For a reader that
        gives no confidence, its fraction of right answers to other images stands in.

    Returns
    -------
    list of Vote
        One for each image: the answer with the largest sum of probabilities; of several, the one
        that the first of the readers names first.

    Raises
    ------
    ParameterError
        Candidates are no pairs, there is no reader, readers have not as many images, probabilities
        are outside [0, 1] or sum to more than 1, or labels are of different types.

    Notes
    -----
    Probabilities are summed, not log-odds. Log-odds are the best weights of independent voters on
    two answers [1]_; of texts there are so many that wrong ones hardly ever coincide, and two
    doubtful readers that agree outdo a sure one, which log-odds would count below it. Besides, the
    log-odds of a probability close to 0 or 1 are large and least well known, and what a reader does
    not name would count infinitely against an answer; the sum, in which no reader weighs more than
    1, suffers least from errors of the probabilities [2]_. Where two readers name one answer each
    and differ, both rules choose the surer one.

    References
    ----------
    .. [1] Nitzan, Paroush: Optimal decision rules in uncertain dichotomous choice situations.
       International Economic Review 23 (1982), 289-297.
    .. [2] Kittler, Hatef, Duin, Matas: On combining classifiers. IEEE Transactions on Pattern
       Analysis and Machine Intelligence 20 (1998), 226-239.

    Examples
    --------
    >>> sure, doubtful = [[("12", 0.5), ("13", 0.25)]], [[("13", 0.5)]]
    >>> vote([sure, doubtful])
    [Vote(value='13', confidence=0.375)]
    """
    try:
        candidates = list(candidates)
        lengths = sorted({len(images) for images in candidates})
        named = [label for images in candidates for ballot in images for label, _ in ballot]
    except (TypeError, ValueError):
        raise ParameterError(
            "The 'candidates' of vote must be pairs of an answer and its probability, for each "
            f"image of each reader. Got {reprlib.repr(candidates)}."
        ) from None
    if len(lengths) != 1:
        raise ParameterError(
            "The 'candidates' of vote must be of as many images from each reader, of at least one "
            f"reader. Got {' and '.join(map(str, lengths)) or 'none'}."
        )
    plain_labels(named, name="candidates")
    return [_elected(ballots) for ballots in zip(*candidates, strict=True)]


def _elected(ballots: Sequence[Ballot]) -> Vote:
    given: dict[Label, list[float]] = defaultdict(list)
    readers = 0
    for ballot in ballots:
        named = [(label, probability) for label, probability in ballot if label is not None]
        _check_probabilities([probability for _, probability in named])
        readers += bool(named)
        for label, probability in named:
            given[label].append(probability)
    if not given:
        return Vote(None, 0.0)
    sums = {label: fsum(probabilities) for label, probabilities in given.items()}
    elected = max(sums, key=sums.__getitem__)
    (value,) = plain_labels([elected], name="candidates")
    return Vote(value, min(sums[elected] / readers, 1.0))


def _check_probabilities(probabilities: list[float]) -> None:
    total = float(fractions("candidates", probabilities).sum()) if probabilities else 0.0
    if total > 1 + _ROUNDING:
        raise ParameterError(
            "The 'candidates' of vote must have probabilities that sum to at most 1 for each "
            f"reader and image. Got {total:.6g}."
        )
