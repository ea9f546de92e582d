"""The tables of a result, in words and figures, and its confusion matrices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import ceil

from segcap.benchmark.outcomes import MethodResult
from segcap.benchmark.report.wording import (
    amount,
    bounded,
    bounded_points,
    compact,
    duration,
    milliseconds,
    percent,
)
from segcap.benchmark.results import BenchmarkResult, Pair

__all__ = ["Table", "cost_ratio", "matrix_of", "tables"]

_UNKNOWN = "–"
_SHADES = 5
_COSTS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("training", "training_seconds", duration),
    ("latency, median", "latency_ms_p50", milliseconds),
    ("latency, 95th percentile", "latency_ms_p95", milliseconds),
    ("images a second", "images_per_second", amount),
    ("peak memory", "peak_memory_mib", partial(amount, unit="MiB")),
    ("parameters", "parameters", compact),
    ("on disk", "bytes", partial(compact, unit="B")),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows begin with what they are about.

    Attributes
    ----------
    rows : list of list of str
        As long as `head` each.
    """

    title: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A count, whether it is of right answers, and its shade: 0 for none, 5 for a whole row."""

    count: int
    is_right: bool
    shade: int


@dataclass(frozen=True, slots=True)
class _MatrixTable:
    """Rows of a method's matrix for what occurs, each its label and a cell a column."""

    title: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[_Cell, ...]], ...]


def tables(result: BenchmarkResult) -> list[Table]:
    """Return tables of accuracy, of pairs of methods and of costs, as far as these are known."""
    methods, pairs = result.methods, result.pairs
    made = [_accuracy(methods)]
    if pairs:
        made += [_tests(pairs), _agreement(pairs)]
    made += [_costs(methods), _ratios(methods)]
    return [known for table in made if (known := _known(table)).rows]


def matrix_of(method: MethodResult) -> _MatrixTable:
    """Return a method's confusion matrix without the rows of what never occurs."""
    matrix = method.accuracy.matrix
    rows = tuple(
        (
            label,
            tuple(
                _Cell(count, column == row, ceil(_SHADES * count / sum(counts)))
                for column, count in enumerate(counts)
            ),
        )
        for row, (label, counts) in enumerate(zip(matrix.labels, matrix.counts, strict=True))
        if sum(counts)
    )
    return _MatrixTable(method.name, matrix.labels, rows)


def cost_ratio(one: MethodResult, other: MethodResult, key: str) -> float | None:
    """Return how many times the other's cost one has; None where either is unknown, or 0."""
    above, below = getattr(one.cost, key, None), getattr(other.cost, key, None)
    return above / below if above is not None and below else None


def _known(table: Table) -> Table:
    """Leave out rows and columns in which nothing is known."""
    rows = [row for row in table.rows if set(row[1:]) != {_UNKNOWN}]
    places = [
        place
        for place in range(len(table.head))
        if place == 0 or any(row[place] != _UNKNOWN for row in rows)
    ]
    head = [table.head[place] for place in places]
    return replace(table, head=head, rows=[[row[place] for place in places] for row in rows])


def _accuracy(methods: Sequence[MethodResult]) -> Table:
    depths = sorted({top.k for one in methods for top in one.accuracy.top})
    rows = []
    for one in methods:
        measured, calibration = one.accuracy, one.calibration
        tops = {top.k: top.exact for top in measured.top}
        rows.append(
            [
                one.name,
                bounded(measured.exact),
                bounded(measured.characters),
                percent(measured.character_error_rate),
                bounded(measured.length),
                *(bounded(tops.get(k)) for k in depths),
                bounded(one.ceiling),
                percent(calibration.expected_error if calibration else None),
            ]
        )
    head = [
        "",
        "exact match",
        "characters",
        "character error rate",
        "length",
        *(f"among the best {k}" for k in depths),
        "ceiling",
        "calibration error",
    ]
    note = "Rates with their 95 % intervals."
    if any(one.ceiling is not None for one in methods):
        note += " The ceiling is what a reader would reach if it always cut at the true places."
    return Table("Accuracy", head, rows, note)


def _tests(pairs: Sequence[Pair]) -> Table:
    rows = [
        [
            f"{pair.first} − {pair.second}",
            bounded_points(pair.difference),
            f"{pair.only_first:,}",
            f"{pair.only_second:,}",
            _probability(pair.p_value),
        ]
        for pair in pairs
    ]
    head = ["", "difference, points", "right by the first alone", "by the second alone", "p"]
    note = (
        "Exact match on the same images; intervals at 95 %. The p-value is McNemar's, of each pair "
        "for itself: it is not corrected for there being several."
    )
    return Table("Paired tests", head, rows, note)


def _agreement(pairs: Sequence[Pair]) -> Table:
    rows = []
    for pair in pairs:
        counts = pair.counts
        rates = (counts.both, counts.only_first + counts.only_second, counts.neither)
        rows.append(
            [
                f"{pair.first}, {pair.second}",
                *(percent(count / counts.n) for count in rates),
                bounded(counts.either),
            ]
        )
    head = ["", "both right", "one right", "none right", "one or both"]
    note = "One or both is what a vote that always chose rightly between the two would reach."
    return Table("Agreement", head, rows, note)


def _costs(methods: Sequence[MethodResult]) -> Table:
    rows = []
    for one in methods:
        known = (shown(getattr(one.cost, key, None)) for _, key, shown in _COSTS)
        rows.append([one.name, *known])
    return Table("Cost", ["", *(name for name, *_ in _COSTS)], rows, "All measured in one run.")


def _ratios(methods: Sequence[MethodResult]) -> Table:
    rows = [
        [
            f"{first.name} / {second.name}",
            *(_times(cost_ratio(first, second, key)) for _, key, _ in _COSTS),
        ]
        for first, second in combinations(methods, 2)
    ]
    note = "How many times the first's cost is of the second's."
    return Table("Ratios of cost", ["", *(name for name, *_ in _COSTS)], rows, note)


def _probability(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _times(ratio: float | None) -> str:
    return _UNKNOWN if ratio is None else f"{amount(ratio)}×"
