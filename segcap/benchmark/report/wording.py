"""Numbers and results as words."""

from segcap.evaluate.metrics import Rate
from segcap.evaluate.paired import RateDifference

__all__ = [
    "amount",
    "bounded",
    "bounded_points",
    "compact",
    "count",
    "difference",
    "duration",
    "interval",
    "milliseconds",
    "percent",
    "points",
    "rounded_percent",
    "shortened",
]

_NARROW = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_LONGEST = 40
_TIMES = ((3600, "h"), (60, "min"), (1, "s"))
_STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def percent(value: float | None) -> str:
    """Return a fraction in percent; a dash for None."""
    return "–" if value is None else f"{100 * value:.2f}{_NARROW}%"


def rounded_percent(value: float) -> str:
    """Return a round fraction in percent, without zeros behind the point."""
    return f"{100 * value:.4g}{_NARROW}%"


def count(value: float) -> str:
    """Return a number of things, with commas; nothing for what is no whole number."""
    return f"{value:,.0f}" if value == int(value) else ""


def interval(rate: Rate) -> str:
    """Return the ends of a rate's interval."""
    return f"{100 * rate.low:.2f} to {100 * rate.high:.2f}"


def bounded(rate: Rate | None) -> str:
    """Return a rate with its interval on a second line; a dash for None."""
    return "–" if rate is None else f"{percent(rate.value)}\n{interval(rate)}"


def points(value: float) -> str:
    """Return a difference of rates in points of a percent, with a true minus."""
    return f"{100 * value:.2f}".replace("-0.00", "0.00").replace("-", _MINUS)


def bounded_points(gap: RateDifference) -> str:
    """Return a difference of rates in points, with its interval on a second line."""
    return f"{points(gap.value)}\n{points(gap.low)} to {points(gap.high)}"


def difference(gap: RateDifference) -> str:
    """Return a difference of rates with its interval."""
    return f"{points(gap.value)} points ({points(gap.low)} to {points(gap.high)})"


def compact(value: float | None, unit: str = "") -> str:
    """Return a number in three figures, thousands as k, M and G; a dash for None."""
    if value is None:
        return "–"
    scale, letter = next((step for step in _STEPS if abs(value) >= 0.9995 * step[0]), (1, ""))
    space = _NARROW if unit else ""
    return f"{value / scale:.3g}{space}{letter}{unit}"


def amount(value: float | None, unit: str = "") -> str:
    """Return a number in three figures or, where it has more, whole; a dash for None."""
    if value is None:
        return "–"
    figures = f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"
    return f"{figures}{_NARROW}{unit}" if unit else figures


def duration(seconds: float | None) -> str:
    """Return a time in milliseconds, seconds, minutes or hours; a dash for None."""
    if seconds is None:
        return "–"
    length, unit = next((own for own in _TIMES if seconds >= own[0]), (0.001, "ms"))
    return amount(seconds / length, unit)


def milliseconds(value: float | None) -> str:
    """Return a time that is measured in milliseconds; see `duration`."""
    return duration(None if value is None else value / 1000)


def shortened(name: str) -> str:
    """Cut a long name off where a picture has no room for it."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
