"""Two methods on the same images."""

from collections.abc import Sequence

from segcap.benchmark.outcomes import MethodResult
from segcap.benchmark.results import Pair

__all__ = ["cost_ratio", "pair_of"]


def pair_of(first: str, second: str, pairs: Sequence[Pair]) -> Pair | None:
    """Return two methods' comparison, the first's first, whichever way round they were compared."""
    for pair in pairs:
        if (pair.first, pair.second) == (first, second):
            return pair
        if (pair.first, pair.second) == (second, first):
            return pair.turned()
    return None


def cost_ratio(one: MethodResult, other: MethodResult, key: str) -> float | None:
    """Return how many times the other's cost one has; None where either is unknown, or 0."""
    above, below = getattr(one.cost, key, None), getattr(other.cost, key, None)
    return above / below if above is not None and below else None
