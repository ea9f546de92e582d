"""What an audit finds, how its numbers come about, and the same in plain words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, expm1, isfinite, log1p
from typing import NamedTuple

from segcap.benchmark.adapters import VOTE
from segcap.benchmark.outcomes import LearningPoint, MethodResult
from segcap.benchmark.report.wording import amount, difference, rounded_percent
from segcap.benchmark.results import BenchmarkResult
from segcap.evaluate.metrics import Rate, wilson
from segcap.evaluate.odds import Odds, carried, passes_per_hour, price_per_pass
from segcap.evaluate.paired import RateDifference

__all__ = [
    "FRACTIONS",
    "AuditResult",
    "AuditTerms",
    "Change",
    "Legibility",
    "Passes",
    "best_of",
    "curve_point",
    "labels_needed",
    "passes",
]

FRACTIONS = (0.5, 0.9, 0.99)
"""Fractions of the texts: how many labels reading them takes."""

_BROKEN = 0.01


class Legibility(NamedTuple):
    """A stand-in for how well people read an image; see `segcap.benchmark.audit.images`."""

    contrast: float
    clutter: float
    overlap: float
    value: float


@dataclass(frozen=True, slots=True)
class Change:
    """One difficulty moved alone: what it does to the rate of a reader, and to legibility."""

    name: str
    before: float
    after: float
    exact: Rate
    characters: Rate
    effect: RateDifference
    legibility: Legibility


@dataclass(frozen=True, slots=True)
class AuditTerms:
    """What is taken for granted of an attacker; prices are in any currency.

    `price_per_hour` is that of a machine, while it reads.
    """

    attempts_per_hour: float = 60.0
    price_per_attempt: float = 0.001
    price_per_hour: float = 0.05


@dataclass(frozen=True, slots=True)
class Passes:
    """Passes of one address an hour, and the price of one: value, low, high; None is infinite."""

    name: str
    exact: Rate
    per_hour: Odds
    price: tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What an audit found.

    Attributes
    ----------
    bench : BenchmarkResult
        What the readers read, those that come as they are and those that were trained.
    folded : bool
        Whether a letter in either case counts as right.
    needed : mapping of str to mapping of str to (int or None)
        For each reader that was trained, labels for each of `FRACTIONS`; None where not reached.
    changed_reader : str or None
        Who read the changed scheme; None where it is not drawn here.
    legibility : Legibility or None
        Of the scheme as it is.
    changes : tuple of Change
    terms : AuditTerms
    passes : tuple of Passes
    problems : tuple of str
    seconds : float
    """

    bench: BenchmarkResult
    folded: bool
    needed: Mapping[str, Mapping[str, int | None]]
    changed_reader: str | None
    legibility: Legibility | None
    changes: tuple[Change, ...]
    terms: AuditTerms
    passes: tuple[Passes, ...]
    problems: tuple[str, ...]
    seconds: float

    @property
    def ready(self) -> list[MethodResult]:
        """The readers that were not trained here."""
        trained = (*self.needed, VOTE)
        return [method for method in self.bench.methods if method.name not in trained]

    @property
    def trained(self) -> list[MethodResult]:
        """The readers that were."""
        return [method for method in self.bench.methods if method.name in self.needed]

    @property
    def summary(self) -> list[str]:
        """What was found in plain words, the most important first."""
        return _summary(self)


def best_of(methods: Iterable[MethodResult]) -> MethodResult:
    """Return the one that reads most texts right, the first of several."""
    return max(methods, key=lambda method: method.accuracy.exact.value)


def labels_needed(points: Sequence[tuple[int, float]], wanted: float) -> int | None:
    """Find how many labels a rate takes, by points of (labels, rate), ascending.

    Returns
    -------
    int or None
        Where the rate is first reached, between two points by the logarithm of 1 + labels; None
        where it is not.
    """
    before: tuple[int, float] | None = None
    for labels, rate in points:
        if rate >= wanted and before is None:
            return labels
        if rate >= wanted and before is not None:
            place = (wanted - before[1]) / (rate - before[1])
            low, high = log1p(before[0]), log1p(labels)
            return min(labels, ceil(expm1(low + place * (high - low))))
        before = labels, rate
    return None


def passes(name: str, exact: Rate, seconds: float, terms: AuditTerms) -> Passes:
    """Carry a rate through to passes an hour, and to the price of one at so many seconds each."""
    per_hour = carried(partial(passes_per_hour, attempts_per_hour=terms.attempts_per_hour), exact)
    price = carried(
        partial(
            price_per_pass,
            price_per_attempt=terms.price_per_attempt,
            seconds_per_attempt=seconds,
            price_per_hour=terms.price_per_hour,
        ),
        exact,
    )
    value, low, high = (
        own if isfinite(own) else None for own in (price.value, price.low, price.high)
    )
    return Passes(name, exact, per_hour, (value, low, high))


def _summary(result: AuditResult) -> list[str]:
    best = best_of(result.ready)
    attack = max(result.passes, key=lambda one: one.exact.value, default=None)
    sentences = [
        f"Trained on no image of this scheme, the reader “{best.name}” reads "
        f"{_rate(best.accuracy.exact)} of the texts. {_verdict(best.accuracy.exact)}",
        *_of_labels(result),
    ]
    if result.legibility is not None:
        sentences.append(_of_changes(result.changes, result.legibility))
    if attack is not None:
        terms, price = result.terms, attack.price[0]
        sentences.append(
            f"At {amount(terms.attempts_per_hour)} attempts an hour one address passes "
            f"{_within(attack.per_hour)} times an hour by “{attack.name}”. As assumed here, "
            + ("no price buys a pass." if price is None else f"a pass costs {amount(price)}.")
        )
    return sentences


def _verdict(exact: Rate) -> str:
    """Say whether a scheme is broken, as Bursztein, Martin and Mitchell (CCS 2011) define it."""
    rule = "A scheme counts as broken where a program reads 1 % of it:"
    if exact.low > _BROKEN:
        return f"{rule} this one is broken, by a program that has seen none of it."
    if exact.high < _BROKEN:
        return f"{rule} this one is not, by programs that have seen none of it."
    return f"{rule} these images are too few to tell."


def _of_labels(result: AuditResult) -> Iterator[str]:
    for one in result.trained:
        for point in one.learning_curve[-1:]:
            shares = "; ".join(
                f"{rounded_percent(float(share))} of the texts {_taking(count, point.labels)}"
                for share, count in result.needed[one.name].items()
            )
            rate = _rate(curve_point(point, one.accuracy.exact.n))
            yield f"Trained on {point.labels:,} labels, “{one.name}” reads {rate}: {shares}."


def _taking(count: int | None, most: int) -> str:
    if count is None:
        return f"are not reached with {most:,}"
    return f"take {count:,} labels" if count else "take no label"


def _of_changes(changes: Sequence[Change], before: Legibility) -> str:
    helping = [one for one in changes if one.effect.high < 0]
    if not helping:
        return "No single change that was tried lowers the rate by more than chance explains."
    best = min(helping, key=lambda one: one.effect.value)
    return (
        f"Of the changes tried, {best.name} from {best.before:g} to {best.after:g} helps most: "
        f"{difference(best.effect)}. Legibility, as far as it is measured, goes from "
        f"{before.value:.2f} to {best.legibility.value:.2f}."
    )


def curve_point(point: LearningPoint, tested: int) -> Rate:
    """Return the rate at a point of a learning curve, with its interval."""
    return wilson(round(point.mean * tested), tested)


def _rate(rate: Rate) -> str:
    return f"{100 * rate.value:.0f} % (95 % interval {100 * rate.low:.0f} to {100 * rate.high:.0f})"


def _within(odds: Odds) -> str:
    return f"{odds.value:.3g} ({odds.low:.3g} to {odds.high:.3g})"
