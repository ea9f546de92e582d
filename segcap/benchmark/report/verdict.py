"""Who wins, by how much: in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from segcap.benchmark.outcomes import CANNOT_ANSWER, MethodResult
from segcap.benchmark.report.tables import cost_ratio
from segcap.benchmark.report.wording import amount, difference, interval, percent
from segcap.benchmark.results import BenchmarkResult, Pair

__all__ = ["cards", "verdict"]

_APPROACHES = {
    "segment": "segment, then classify",
    "end-to-end": "end to end",
    "peer": "another reader",
    "vote": "a vote of the others",
}
_SEVERAL = {"segment": "segmenting", "end-to-end": "end-to-end"}


@dataclass(frozen=True, slots=True)
class _Card:
    """A method's headline.

    Attributes
    ----------
    exact, interval : str
        Exact match and the ends of its interval.
    words : str
        How it stands to the best, or the best to the next.
    place : int
        Among the methods.
    """

    name: str
    approach: str
    description: str
    exact: str
    interval: str
    n: int
    words: str
    is_best: bool
    place: int


def cards(result: BenchmarkResult) -> list[_Card]:
    """Return each method's headline, in the methods' order."""
    methods = result.methods
    ranked = sorted(filter(_can_answer, methods), key=_exact, reverse=True)
    return [
        _Card(
            one.name,
            _APPROACHES.get(one.approach, one.approach),
            one.description,
            percent(_exact(one)),
            interval(one.accuracy.exact),
            one.accuracy.exact.n,
            _standing(one, ranked, result.pairs),
            len(ranked) > 1 and _exact(one) == _exact(ranked[0]),
            place,
        )
        for place, one in enumerate(methods)
    ]


def verdict(result: BenchmarkResult) -> list[str]:
    """State which approach wins and at what cost, and what a vote gains, as far as is known.

    Readers that cannot give most of the labels were trained for something else, and win or lose
    nothing.
    """
    methods, pairs = [one for one in result.methods if _can_answer(one)], result.pairs
    cutting, whole = (_best(methods, approach) for approach in ("segment", "end-to-end"))
    said = []
    if cutting and whole:
        said.append(_between(cutting, whole, pairs))
        said += _chosen(methods)
        said += _costs(cutting, whole)
    for vote in (one for one in methods if one.approach == "vote"):
        alone = [one for one in methods if one.approach != "vote"]
        if alone:
            said.append(_gain(vote, max(alone, key=_exact), pairs))
    return said


def _can_answer(method: MethodResult) -> bool:
    cannot = sum(own.count for own in method.problems if own.message == CANNOT_ANSWER)
    return 2 * cannot <= method.accuracy.exact.n


def _exact(method: MethodResult) -> float:
    return method.accuracy.exact.value


def _best(methods: Sequence[MethodResult], approach: str) -> MethodResult | None:
    own = [one for one in methods if one.approach == approach]
    return max(own, key=_exact, default=None)


def _pair(first: MethodResult, second: MethodResult, pairs: Sequence[Pair]) -> Pair | None:
    """Return two methods' comparison, the first's first, whichever way round they were compared."""
    for pair in pairs:
        if (pair.first, pair.second) == (first.name, second.name):
            return pair
        if (pair.first, pair.second) == (second.name, first.name):
            return pair.turned()
    return None


def _standing(
    one: MethodResult,
    ranked: Sequence[MethodResult],
    pairs: Sequence[Pair],
) -> str:
    if not _can_answer(one):
        return "cannot give most of the labels: it was trained for something else"
    if len(ranked) < 2:
        return ""
    best = ranked[0]
    other = ranked[1] if one is best else best
    pair = _pair(one, other, pairs)
    if pair is None:
        return ""
    if not pair.is_shown:
        return f"no difference from {other.name} shown: {difference(pair.difference)}"
    if one is best:
        return f"wins over {other.name} by {difference(pair.difference)}"
    return f"behind {other.name} by {difference(pair.turned().difference)}"


def _between(cutting: MethodResult, whole: MethodResult, pairs: Sequence[Pair]) -> str:
    names = (
        f"segment-then-classify ({cutting.name}, {percent(_exact(cutting))})",
        f"end-to-end ({whole.name}, {percent(_exact(whole))})",
    )
    pair = _pair(cutting, whole, pairs)
    if pair is None:
        return f"Best of either approach: {names[0]} and {names[1]}."
    if not pair.is_shown:
        return (
            f"No difference is shown between {names[0]} and {names[1]}: "
            f"{difference(pair.difference)} of exact match."
        )
    if pair.difference.value < 0:
        names, pair = names[::-1], pair.turned()
    gap = difference(pair.difference)
    return f"The winner is {names[0]}, over {names[1]}, by {gap} of exact match."


def _chosen(methods: Sequence[MethodResult]) -> list[str]:
    """Warn where the best of several was chosen by the answers that it is judged by."""
    counts = {kind: sum(one.approach == kind for one in methods) for kind in _SEVERAL}
    return [
        f"The best of {counts[kind]} {word} readers was chosen on the tested images, which "
        "favours it."
        for kind, word in _SEVERAL.items()
        if counts[kind] > 1
    ]


def _costs(cutting: MethodResult, whole: MethodResult) -> list[str]:
    measured = (
        ("the time for an image", "latency_ms_p50"),
        ("the bytes on disk", "bytes"),
        ("the training time", "training_seconds"),
    )
    ratios = [
        f"{amount(times)} times {name}"
        for name, key in measured
        if (times := cost_ratio(cutting, whole, key)) is not None
    ]
    if not ratios:
        return []
    listed = " and ".join(filter(None, [", ".join(ratios[:-1]), ratios[-1]]))
    return [f"Against {whole.name}, {cutting.name} takes {listed}."]


def _gain(vote: MethodResult, best: MethodResult, pairs: Sequence[Pair]) -> str:
    pair = _pair(vote, best, pairs)
    if pair is None:
        return f"{vote.name} reaches {percent(_exact(vote))}."
    if not pair.is_shown:
        return f"{vote.name} shows no gain over {best.name}: {difference(pair.difference)}."
    if pair.difference.value < 0:
        return f"{vote.name} loses {difference(pair.turned().difference)} to {best.name}."
    return f"{vote.name} gains {difference(pair.difference)} over {best.name}."
