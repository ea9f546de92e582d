"""What a chart's template draws: ticks, curves, dots and bars at their places."""

from dataclasses import dataclass, field

__all__ = ["Bar", "BarChart", "Chart", "Curve", "Dot", "Row", "Tick"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A mark, the ends of its interval if it has one, and what it says."""

    x: float
    y: float
    low: float | None
    high: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Curve:
    """What belongs to one method: SVG's points of a line and of the band around it, and dots.

    Its place among all methods gives colour, dashes and mark.
    """

    name: str
    place: int
    line: str
    band: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over two axes, and the same as a table.

    Attributes
    ----------
    title, note, x_title, y_title : str
    x_ticks, y_ticks : list of Tick
    curves : list of Curve
    front : str
        SVG's points of the line through what nothing surpasses; empty for none.
    head, rows : list
        The table.
    width, height, left, right, top, bottom : float
        Of the drawing, and of the field between the axes.
    """

    title: str
    note: str
    x_title: str
    y_title: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    curves: list[Curve]
    front: str
    head: list[str]
    rows: list[list[str]]
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a row: from x, so wide, coloured by its kind."""

    x: float
    width: float
    kind: int
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a chart: a method's name, short and in full, above its dots or bars."""

    name: str
    full_name: str
    place: int
    at: float
    dots: tuple[Dot, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class BarChart:
    """Rows over one axis, and the same as a table; attributes as of `Chart`."""

    title: str
    note: str
    x_title: str
    x_ticks: list[Tick]
    lines: list[Row]
    head: list[str]
    rows: list[list[str]]
    width: float
    height: float
    left: float
    right: float
    bottom: float
    kinds: list[str] = field(default_factory=list)
