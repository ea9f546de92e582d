"""Two entrants on the same images."""

from collections.abc import Sequence

from segcap.benchmark.outcomes import EntrantResult
from segcap.benchmark.results import Pair
from segcap.evaluate.agreement import Agreement
from segcap.evaluate.paired import ShareDifference, paired_difference

__all__ = ["cost_ratio", "difference_of", "is_shown", "pair_counts", "turned"]


def pair_counts(pair: Pair) -> Agreement:
    """Give how often both, one and none are right."""
    return Agreement(pair.both, pair.only_first, pair.only_second, pair.neither)


def difference_of(first: str, second: str, pairs: Sequence[Pair]) -> ShareDifference | None:
    """Give the first's exact match less the second's, whichever way round they were compared."""
    for pair in pairs:
        counts = pair_counts(pair)
        if (pair.first, pair.second) == (first, second):
            return paired_difference(counts)
        if (pair.first, pair.second) == (second, first):
            return turned(paired_difference(counts))
    return None


def is_shown(gap: ShareDifference) -> bool:
    """Tell whether the whole interval of a difference lies on one side of 0."""
    return gap.low > 0 or gap.high < 0


def turned(gap: ShareDifference) -> ShareDifference:
    """Give a difference the other way round."""
    return ShareDifference(-gap.value, -gap.high, -gap.low)


def cost_ratio(one: EntrantResult, other: EntrantResult, key: str) -> float | None:
    """Give how many times the other's cost one has; None where either is not known, or nothing."""
    above, below = getattr(one.cost, key, None), getattr(other.cost, key, None)
    return above / below if above is not None and below else None
