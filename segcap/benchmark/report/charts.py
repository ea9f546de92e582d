"""Charts laid out: from what was measured to what a template draws."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from segcap.benchmark.report.drawn import Bar, BarChart, Chart, Curve, Dot, Row, Tick
from segcap.benchmark.report.scales import Scale, around
from segcap.benchmark.report.wording import shortened

__all__ = ["Axis", "Point", "Series", "bar_chart", "dot_chart", "line_chart"]

_WIDTH, _HEIGHT = 340.0, 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 324.0, 12.0, 196.0
_SIDE = 14.0
_ROW, _HEAD, _FOOT = 40.0, 18.0, 40.0


@dataclass(frozen=True, slots=True)
class Point:
    """Something measured, with its interval if it has one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured of one method, and its place among all."""

    name: str
    place: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows.

    Attributes
    ----------
    title : str
    shown : callable
        Gives a value as it is written.
    short : callable
        Gives a value as it stands at a tick.
    least, most : float
        What the axis does not go beyond.
    is_log : bool
    """

    title: str
    shown: Callable[[float], str]
    short: Callable[[float], str]
    least: float = -inf
    most: float = inf
    is_log: bool = False

    def scale(self, values: Iterable[float], start: float, end: float) -> Scale:
        """Lay the axis out for values, between two places."""
        low, high = around(values, least=self.least, most=self.most, is_log=self.is_log)
        return Scale(low, high, start, end, is_log=self.is_log)

    def ticks(self, scale: Scale) -> list[Tick]:
        """Return places on the axis and what stands there."""
        return [Tick(scale(value), self.short(value)) for value in scale.ticks()]

    def said(self, point: Point) -> str:
        """Return a point's y and its interval as they are written."""
        if point.low is None or point.high is None:
            return self.shown(point.y)
        return f"{self.shown(point.y)} ({self.shown(point.low)} to {self.shown(point.high)})"


def line_chart(
    title: str,
    x: Axis,
    y: Axis,
    series: Sequence[Series],
    *,
    note: str = "",
    is_joined: bool = True,
    front: Sequence[Point] = (),
) -> Chart:
    """Lay out curves over two axes.

    Parameters
    ----------
    title : str
    x, y : Axis
    series : sequence of Series
        With at least one point in all.
    note : str
    is_joined : bool
        Whether a line goes through a series' points.
    front : sequence of Point
        A stair goes through these, from left to right.

    Returns
    -------
    Chart
    """
    points = [point for one in series for point in one.points]
    across = x.scale([point.x for point in points], _LEFT, _RIGHT)
    upward = y.scale(_ends(points), _BOTTOM, _TOP)
    curves = []
    for one in series:
        dots = tuple(
            _dot(p, across(p.x), upward(p.y), upward, f"{one.name}: {x.shown(p.x)}, {y.said(p)}")
            for p in one.points
        )
        line, band = _outlines(dots) if is_joined else ("", "")
        curves.append(Curve(one.name, one.place, line, band, dots))
    return Chart(
        title=title,
        note=note,
        x_title=x.title,
        y_title=y.title,
        x_ticks=x.ticks(across),
        y_ticks=y.ticks(upward),
        curves=curves,
        front=_stair([(across(point.x), upward(point.y)) for point in front]),
        head=["", x.title, y.title],
        rows=[[one.name, x.shown(p.x), y.said(p)] for one in series for p in one.points],
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_RIGHT,
        top=_TOP,
        bottom=_BOTTOM,
    )


def dot_chart(title: str, axis: Axis, series: Sequence[Series], *, note: str = "") -> BarChart:
    """Lay out one row for each series, its points' y on one axis that lies; x is not looked at."""
    scale = axis.scale(_ends([p for one in series for p in one.points]), _SIDE, _WIDTH - _SIDE)
    lines = [
        Row(
            shortened(one.name),
            one.name,
            one.place,
            at,
            dots=tuple(
                _dot(p, scale(p.y), at, scale, f"{one.name}: {axis.said(p)}") for p in one.points
            ),
        )
        for one, at in zip(series, _levels(len(series)), strict=True)
    ]
    rows = [[one.name, axis.said(p)] for one in series for p in one.points]
    return _rows(title, note, axis, scale, lines, ["", axis.title], rows)


def bar_chart(
    title: str,
    axis: Axis,
    counts: Sequence[tuple[str, int, Sequence[int]]],
    kinds: Sequence[str],
    *,
    note: str = "",
) -> BarChart:
    """Lay out one row for each method, its counts of each kind as the pieces of one bar.

    Parameters
    ----------
    title : str
    axis : Axis
    counts : sequence of (str, int, sequence of int)
        A method's name, its place, and its count of each kind.
    kinds : sequence of str
    note : str

    Returns
    -------
    BarChart
    """
    most = max(sum(own) for _, _, own in counts)
    scale = Scale(0, max(1, most), _SIDE, _WIDTH - _SIDE)
    lines = []
    for (name, place, own), at in zip(counts, _levels(len(counts)), strict=True):
        bars, before = [], 0
        for kind, count in enumerate(own):
            left, right = scale(before), scale(before + count)
            if count:
                said = f"{name}: {kinds[kind]} {axis.shown(count)}"
                bars.append(Bar(left, round(right - left, 2), kind, said))
            before += count
        lines.append(Row(shortened(name), name, place, at, bars=tuple(bars)))
    head = ["", *kinds, "in all"]
    rows = [[name, *map(axis.shown, own), axis.shown(sum(own))] for name, _, own in counts]
    return _rows(title, note, axis, scale, lines, head, rows, kinds)


def _rows(
    title: str,
    note: str,
    axis: Axis,
    scale: Scale,
    lines: list[Row],
    head: list[str],
    rows: list[list[str]],
    kinds: Sequence[str] = (),
) -> BarChart:
    bottom = _HEAD + _ROW * len(lines)
    return BarChart(
        title=title,
        note=note,
        x_title=axis.title,
        x_ticks=axis.ticks(scale),
        lines=lines,
        head=head,
        rows=rows,
        width=_WIDTH,
        height=bottom + _FOOT,
        left=_SIDE,
        right=_WIDTH - _SIDE,
        bottom=bottom,
        kinds=list(kinds),
    )


def _levels(n: int) -> list[float]:
    return [_HEAD + _ROW * (place + 0.5) for place in range(n)]


def _ends(points: Iterable[Point]) -> list[float]:
    return [end for p in points for end in (p.low, p.y, p.high) if end is not None]


def _dot(point: Point, x: float, y: float, scale: Scale, said: str) -> Dot:
    """Place a point at x and y, and its interval on a scale."""
    low, high = (None if end is None else scale(end) for end in (point.low, point.high))
    return Dot(x, y, low, high, said)


def _outlines(dots: Sequence[Dot]) -> tuple[str, str]:
    """Return the line through dots, if they are several, and the outline of their intervals."""
    if len(dots) < 2:
        return "", ""
    above = [(dot.x, dot.high) for dot in dots if dot.high is not None]
    below = [(dot.x, dot.low) for dot in dots if dot.low is not None]
    return _places([(dot.x, dot.y) for dot in dots]), _places(above + below[::-1])


def _stair(places: Sequence[tuple[float, float]]) -> str:
    steps = list(places[:1])
    for x, y in places[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return _places(steps)


def _places(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)
