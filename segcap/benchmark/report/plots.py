"""The charts of a result: each is left out where nothing was measured for it."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from segcap.benchmark.outcomes import MethodResult
from segcap.benchmark.report.charts import (
    Axis,
    Chart,
    Point,
    Series,
    bar_chart,
    dot_chart,
    line_chart,
)
from segcap.benchmark.report.wording import amount, count, milliseconds, percent, rounded_percent
from segcap.evaluate.abstention import CoverageCurve
from segcap.evaluate.metrics import Rate

__all__ = ["charts", "pareto_front"]

Methods: TypeAlias = Sequence[MethodResult]

_MOST_POINTS = 60
_EXACT = Axis("exact match", percent, rounded_percent, least=0, most=1)


def charts(methods: Methods) -> tuple[list[Chart], list[str]]:
    """Draw what was measured.

    Returns
    -------
    list of Chart
    list of str
        What nothing was measured for.
    """
    makers: dict[str, Callable[[Methods], Chart | None]] = {
        "accuracy": _accuracy,
        "latency": _pareto,
        "learning curves": _learning,
        "robustness": _robustness,
        "coverage": _coverage,
        "errors by position": _positions,
        "failure kinds": _failures,
    }
    made = {name: make(methods) for name, make in makers.items()}
    drawn = [chart for chart in made.values() if chart is not None]
    return drawn, [name for name, chart in made.items() if chart is None]


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other surpasses: no other is as far left and as high, or better.

    Returns
    -------
    list of Point
        From left to right.
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (p.x, -p.y)):
        if not front or point.y > front[-1].y:
            front.append(point)
    return front


def _accuracy(methods: Methods) -> Chart:
    series = [
        Series(one.name, place, (_interval(0, one.accuracy.exact),))
        for place, one in enumerate(methods)
    ]
    return dot_chart("Accuracy", _EXACT, series, note="Whole answers, with 95 % intervals.")


def _pareto(methods: Methods) -> Chart | None:
    series = [
        Series(
            one.name,
            place,
            (_interval(one.cost.latency_ms_p50, one.accuracy.exact),),
        )
        for place, one in enumerate(methods)
        if one.cost is not None and one.cost.latency_ms_p50 > 0
    ]
    if not series:
        return None
    front = pareto_front([point for one in series for point in one.points])
    return line_chart(
        "Latency against accuracy",
        Axis("latency of one image, median", milliseconds, milliseconds, is_log=True),
        _EXACT,
        series,
        note="Up and to the left is better; nothing surpasses those on the stair.",
        is_joined=False,
        front=front,
    )


def _learning(methods: Methods) -> Chart | None:
    def of(method: MethodResult) -> list[Point]:
        return [
            Point(step.labels, step.mean, step.low, step.high) for step in method.learning_curve
        ]

    axis = Axis("labelled images to train on", amount, amount, is_log=True)
    return _curves("Learning curves", axis, of, methods, note="Mean over seeds; bands are spread.")


def _robustness(methods: Methods) -> Chart | None:
    def of(method: MethodResult) -> list[Point]:
        return [_interval(step.difficulty, step.exact) for step in method.robustness]

    axis = Axis("difficulty of generated images", amount, amount)
    return _curves("Robustness", axis, of, methods, note="Bands are 95 % intervals.")


def _coverage(methods: Methods) -> Chart | None:
    def of(method: MethodResult) -> list[Point]:
        if method.calibration is None or not method.calibration.curve:
            return []
        curve = CoverageCurve(method.calibration.curve).thinned(_MOST_POINTS)
        return [Point(step.coverage, step.accuracy) for step in curve.points]

    answered = Axis("answered, the surest first", percent, rounded_percent, least=0, most=1)
    right = Axis("right of these", percent, rounded_percent, least=0, most=1)
    note = "What is gained by leaving what is unsure unanswered."
    return _curves("Coverage against accuracy", answered, of, methods, y=right, note=note)


def _positions(methods: Methods) -> Chart | None:
    def of(method: MethodResult) -> list[Point]:
        steps = method.errors_by_position or ()
        return [_interval(step.position + 1, step.wrong) for step in steps]

    place, wrong = (
        Axis("place in the text", amount, amount),
        Axis("wrong", percent, rounded_percent, least=0, most=1),
    )
    note = "Bands are 95 % intervals."
    return _curves("Errors by position", place, of, methods, y=wrong, note=note)


def _failures(methods: Methods) -> Chart | None:
    known = [(one.name, one.failures) for one in methods if one.failures is not None]
    if not known:
        return None
    kinds = list(dict.fromkeys(kind for _, failures in known for kind in failures))
    counts = [(name, [failures.get(kind, 0) for kind in kinds]) for name, failures in known]
    axis = Axis("images", count, count)
    return bar_chart("Kinds of failure", axis, counts, kinds, note="Of readers that segment.")


def _curves(
    title: str,
    x: Axis,
    of: Callable[[MethodResult], list[Point]],
    methods: Methods,
    *,
    y: Axis = _EXACT,
    note: str,
) -> Chart | None:
    series = [
        Series(one.name, place, tuple(of(one))) for place, one in enumerate(methods) if of(one)
    ]
    return line_chart(title, x, y, series, note=note) if series else None


def _interval(x: float, rate: Rate) -> Point:
    return Point(x, rate.value, rate.low, rate.high)
