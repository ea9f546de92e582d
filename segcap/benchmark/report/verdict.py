"""Who wins, by how much: in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from segcap.benchmark.outcomes import EntrantResult
from segcap.benchmark.report.pairs import cost_ratio, difference_of, is_shown, turned
from segcap.benchmark.report.wording import amount, difference, interval, percent
from segcap.benchmark.results import BenchmarkResult, Pair

__all__ = ["Card", "cards", "verdict"]

_APPROACHES = {
    "segment": "segment, then classify",
    "end-to-end": "end to end",
    "peer": "another reader",
    "vote": "a vote of the others",
}


@dataclass(frozen=True, slots=True)
class Card:
    """An entrant's headline.

    Attributes
    ----------
    name, approach, description : str
    exact, interval : str
        Exact match and the ends of its interval.
    n : int
    words : str
        How it stands to the best, or the best to the next.
    is_best : bool
    place : int
        Among the entrants.
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


def cards(result: BenchmarkResult) -> list[Card]:
    """Give each entrant's headline, in the entrants' order."""
    entrants = result.entrants
    ranked = sorted(entrants, key=_exact, reverse=True)
    return [
        Card(
            one.name,
            _APPROACHES.get(one.approach, one.approach),
            one.description,
            percent(_exact(one)),
            interval(one.accuracy.exact),
            one.accuracy.exact.n,
            _standing(one, ranked, result.pairs),
            _exact(one) == _exact(ranked[0]) and len(ranked) > 1,
            place,
        )
        for place, one in enumerate(entrants)
    ]


def verdict(result: BenchmarkResult) -> list[str]:
    """Say which approach wins and at what cost, and what a vote gains, as far as is known."""
    entrants, pairs = result.entrants, result.pairs
    cutting, whole = (_best(entrants, approach) for approach in ("segment", "end-to-end"))
    said = []
    if cutting and whole:
        said.append(_between(cutting, whole, pairs))
        said += _costs(cutting, whole)
    for vote in (one for one in entrants if one.approach == "vote"):
        alone = [one for one in entrants if one.approach != "vote"]
        if alone:
            said.append(_gain(vote, max(alone, key=_exact), pairs))
    return said


def _exact(entrant: EntrantResult) -> float:
    return entrant.accuracy.exact.value


def _best(entrants: Sequence[EntrantResult], approach: str) -> EntrantResult | None:
    own = [one for one in entrants if one.approach == approach]
    return max(own, key=_exact, default=None)


def _standing(
    one: EntrantResult,
    ranked: Sequence[EntrantResult],
    pairs: Sequence[Pair],
) -> str:
    if len(ranked) < 2:
        return ""
    best = ranked[0]
    other = ranked[1] if one is best else best
    gap = difference_of(one.name, other.name, pairs)
    if gap is None:
        return ""
    if not is_shown(gap):
        return f"no difference from {other.name} shown: {difference(gap)}"
    if one is best:
        return f"wins over {other.name} by {difference(gap)}"
    return f"behind {other.name} by {difference(turned(gap))}"


def _between(cutting: EntrantResult, whole: EntrantResult, pairs: Sequence[Pair]) -> str:
    names = (
        f"segment-then-classify ({cutting.name}, {percent(_exact(cutting))})",
        f"end-to-end ({whole.name}, {percent(_exact(whole))})",
    )
    gap = difference_of(cutting.name, whole.name, pairs)
    if gap is None:
        return f"Best of either approach: {names[0]} and {names[1]}."
    if not is_shown(gap):
        return (
            f"No difference is shown between {names[0]} and {names[1]}: {difference(gap)} "
            "of exact match."
        )
    if gap.value < 0:
        names, gap = names[::-1], turned(gap)
    return f"The winner is {names[0]}, over {names[1]}, by {difference(gap)} of exact match."


def _costs(cutting: EntrantResult, whole: EntrantResult) -> list[str]:
    measured = (
        ("the time for an image", "latency_ms_p50"),
        ("the bytes on disk", "bytes"),
        ("the time to learn", "training_seconds"),
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


def _gain(vote: EntrantResult, best: EntrantResult, pairs: Sequence[Pair]) -> str:
    gap = difference_of(vote.name, best.name, pairs)
    if gap is None:
        return f"{vote.name} reaches {percent(_exact(vote))}."
    if not is_shown(gap):
        return f"{vote.name} shows no gain over {best.name}: {difference(gap)}."
    if gap.value < 0:
        return f"{vote.name} loses {difference(turned(gap))} to {best.name}."
    return f"{vote.name} gains {difference(gap)} over {best.name}."
