"""Charts drawn by Matplotlib, as SVG that takes its colours and its font from the page."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape, unescape
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from segcap.benchmark.report.wording import shortened
from segcap.evaluate.plots import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MARKS", "Axis", "Chart", "Point", "Series", "bar_chart", "dot_chart", "line_chart"]

MARKS = "●■▲◆▼✚"
"""Each place's mark, as a legend has it."""

_MARKERS = "os^DvP"
_DASHES = ("-", "--", ":", "-.")
_MOST_MARKED = 12
_TICKS, _STEPS, _WIDE = 6, (1, 2, 5, 10), 1000
_ABOVE = 0.3
_WIDTH, _HEIGHT = 340, 240  # pixels of the narrowest page; an SVG of Matplotlib has 72 an inch
_ROW, _FOOT = 40, 50
# colours that a page takes for its own; black would be left out of the SVG
_SOFT, _LINE, _CARD = "#0000f0", "#0000f1", "#0000f2"
_PAGE = {_SOFT: "var(--soft)", _LINE: "var(--line)", _CARD: "var(--card)"}
_PAGE |= {f"#0000e{place}": f"var(--p{place})" for place in range(8)}
_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 12,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), _SOFT),
    **dict.fromkeys(("xtick.color", "ytick.color"), _SOFT),
    **dict.fromkeys((f"axes.spines.{side}" for side in ("left", "top", "right")), False),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor"), "none"),
    "ytick.major.size": 0,
    "grid.color": _LINE,
    "grid.linestyle": ":",
    "axes.axisbelow": True,
    "lines.markersize": 8,
    "lines.markeredgecolor": _CARD,
}


@dataclass(frozen=True, slots=True)
class Point:
    """Something measured, with its interval if it has one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None

    @property
    def reach(self) -> tuple[float, float]:
        """How far the interval goes below and above."""
        if self.low is None or self.high is None:
            return 0.0, 0.0
        return max(0.0, self.y - self.low), max(0.0, self.high - self.y)


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured of one method; its place among all gives colour, dashes and mark."""

    name: str
    place: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows.

    Attributes
    ----------
    shown : callable
        Gives a value as it is written.
    short : callable
        Gives a value as it stands at a tick.
    least, most : float
        What the axis does not go beyond.
    """

    title: str
    shown: Callable[[float], str]
    short: Callable[[float], str]
    least: float = -inf
    most: float = inf
    is_log: bool = False

    def said(self, point: Point) -> str:
        """Return a point's y and its interval as they are written."""
        if point.low is None or point.high is None:
            return self.shown(point.y)
        return f"{self.shown(point.y)} ({self.shown(point.low)} to {self.shown(point.high)})"


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and the same as a table.

    Attributes
    ----------
    title, axes, note : str
        What it shows, over which axes, and what to look at.
    svg : str
        Safe to stand in a page.
    legend : list of (int, str, str)
        Place of a colour, mark and name.
    head, rows : list
        The table.
    """

    title: str
    axes: str
    note: str
    svg: str
    legend: list[tuple[int, str, str]]
    head: list[str]
    rows: list[list[str]]


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
    """Draw curves over two axes.

    Parameters
    ----------
    series : sequence of Series
        With at least one point in all.
    is_joined : bool
        Whether a line goes through a series' points.
    front : sequence of Point
        A stair goes through these, from left to right.
    """
    with _drawing(title, _HEIGHT) as (axes, svg):
        for one in series:
            _draw_series(axes, x, y, one, is_joined=is_joined)
        axes.step(
            [p.x for p in front], [p.y for p in front], ":", where="post", color=_SOFT, zorder=1
        )
        axes.grid(axis="y")
        _lay_out(axes, "x", x)
        _lay_out(axes, "y", y)
        axes.set_xlabel(x.title)
    return Chart(
        title=title,
        axes=f"{y.title}, by {x.title}",
        note=note,
        svg=svg[0],
        legend=[(one.place % 8, MARKS[one.place % len(MARKS)], one.name) for one in series],
        head=["", x.title, y.title],
        rows=[[one.name, x.shown(p.x), y.said(p)] for one in series for p in one.points],
    )


def dot_chart(title: str, axis: Axis, series: Sequence[Series], *, note: str = "") -> Chart:
    """Draw one row for each series, its points' y on one axis that lies; x is not looked at."""
    with _drawing(title, _ROW * len(series) + _FOOT) as (axes, svg):
        for row, one in enumerate(series):
            for p in one.points:
                said = f"{one.name}: {axis.said(p)}"
                axes.errorbar(p.y, row, xerr=_reach(p), **_mark(one.place, said))
        _lay_out_rows(axes, axis, [one.name for one in series])
    return Chart(
        title=title,
        axes=axis.title,
        note=note,
        svg=svg[0],
        legend=[],
        head=["", axis.title],
        rows=[[one.name, axis.said(p)] for one in series for p in one.points],
    )


def bar_chart(
    title: str,
    axis: Axis,
    counts: Sequence[tuple[str, Sequence[int]]],
    kinds: Sequence[str],
    *,
    note: str = "",
) -> Chart:
    """Draw one row for each method, its counts of each kind as the pieces of one bar.

    Parameters
    ----------
    counts : sequence of (str, sequence of int)
        A method's name and its count of each kind.
    """
    with _drawing(title, _ROW * len(counts) + _FOOT) as (axes, svg):
        for row, (name, own) in enumerate(counts):
            starts = accumulate(own, initial=0)
            for kind, (count, start) in enumerate(zip(own, starts, strict=False)):
                if count:
                    said = f"{name}: {kinds[kind]} {axis.shown(count)}"
                    axes.barh(
                        row,
                        count,
                        0.35,
                        start,
                        color=_colour(kind),
                        edgecolor=_CARD,
                        gid=_said(said),
                    )
        _lay_out_rows(axes, axis, [name for name, _ in counts])
    return Chart(
        title=title,
        axes=axis.title,
        note=note,
        svg=svg[0],
        legend=[(kind % 8, "■", name) for kind, name in enumerate(kinds)],
        head=["", *kinds, "in all"],
        rows=[[name, *map(axis.shown, own), axis.shown(sum(own))] for name, own in counts],
    )


def _draw_series(axes: "Axes", x: Axis, y: Axis, one: Series, *, is_joined: bool) -> None:
    colour, across = _colour(one.place), [p.x for p in one.points]
    is_joined = is_joined and len(one.points) > 1
    if is_joined:
        dashes = _DASHES[one.place % 4]
        axes.plot(across, [p.y for p in one.points], dashes, color=colour, gid=_said(one.name))
        low, high = [p.y - p.reach[0] for p in one.points], [p.y + p.reach[1] for p in one.points]
        if low != high:
            axes.fill_between(across, low, high, color=colour, alpha=0.14, linewidth=0)
    if len(one.points) <= _MOST_MARKED:
        for p in one.points:
            reach = None if is_joined else _reach(p)
            said = f"{one.name}: {x.shown(p.x)}, {y.said(p)}"
            axes.errorbar(p.x, p.y, yerr=reach, **_mark(one.place, said))


def _reach(point: Point) -> list[list[float]] | None:
    return [[end] for end in point.reach] if any(point.reach) else None


def _mark(place: int, said: str) -> dict[str, Any]:
    return {
        "fmt": _MARKERS[place % len(_MARKERS)],
        "color": _colour(place),
        "markeredgecolor": _CARD,
        "clip_on": False,
        "gid": _said(said),
    }


def _said(text: str) -> str:
    """Return the identity of a thing whose title the text becomes, without any quote."""
    return f"said {escape(text)}"


def _colour(place: int) -> str:
    return f"#0000e{place % 8}"


@contextmanager
def _drawing(title: str, height: float) -> "Iterator[tuple[Axes, list[str]]]":
    """Let axes be drawn on; their SVG is in the list afterwards."""
    from matplotlib import style

    svg: list[str] = []
    with warnings.catch_warnings(), style.context(["default", {**_STYLE, "svg.hashsalt": title}]):
        # the browser has the characters that Matplotlib's own font lacks
        warnings.filterwarnings("ignore", r"Glyph .* missing", UserWarning)
        figure = new_figure(_WIDTH / 72, height / 72)
        yield figure.subplots(), svg
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
        svg.append(_of_the_page(content.getvalue(), title))


def _lay_out(axes: "Axes", which: Literal["x", "y"], axis: Axis) -> None:
    """Scale, bound and label one of two axes."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    along = axes.xaxis if which == "x" else axes.yaxis
    axes.set(**{f"{which}scale": "log" if axis.is_log else "linear"})
    low, high = along.get_view_interval()
    axes.set(**{f"{which}lim": (max(low, axis.least), min(high, axis.most))})
    steps = (1, 2, 5) if high < _WIDE * low else (1,)
    linear = MaxNLocator(_TICKS, steps=_STEPS)
    along.set_major_locator(LogLocator(subs=steps) if axis.is_log else linear)
    along.set_minor_locator(NullLocator())
    along.set_major_formatter(FuncFormatter(lambda value, _: axis.short(value)))


def _lay_out_rows(axes: "Axes", axis: Axis, names: Sequence[str]) -> None:
    """Name rows above what is drawn at 0, 1, 2, …, and lay out the axis below."""
    for row, name in enumerate(names):
        place: Any = ("axes fraction", "data")
        written = axes.annotate(shortened(name), (0, row - _ABOVE), xycoords=place)
        written.set(gid=_said(name), in_layout=False)  # it takes no width from what is drawn
    axes.set_ylim(len(names) - 1 + _ABOVE, -2 * _ABOVE)
    axes.set_yticks([])
    axes.grid(axis="x")
    _lay_out(axes, "x", axis)
    axes.set_xlabel(axis.title)


def _of_the_page(svg: str, title: str) -> str:
    """Make a file's SVG a part of a page that allows no styles but its own."""
    svg = re.sub(r"(?s)<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", "", svg)
    svg = re.sub(r"<[^>]+>", _tag, svg[svg.index("<svg") :])
    label = escape(f"{title}; the numbers stand below", quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _tag(match: re.Match[str]) -> str:
    """Turn styles into attributes, colours into the page's, and what is said into a title.

    Identities that other drawings have, too, go.
    """
    tag = re.sub(r' style="([^"]*)"', _attributes, match[0].replace("xlink:href", "href"))
    tag = re.sub(r' id="[\w.]+_\d+"', "", tag)
    for colour, own in _PAGE.items():
        tag = tag.replace(f'"{colour}"', f'"{own}"')
    return re.sub(r' id="said (.*)">', lambda own: f"><title>{unescape(own[1])}</title>", tag)


def _attributes(style: re.Match[str]) -> str:
    pairs = (pair.partition(":") for pair in style[1].split(";"))
    known = ((name.strip(), value.strip()) for name, _, value in pairs)
    # the font is the page's
    return "".join(f' {name}="{value}"' for name, value in known if name and "font" not in name)
