"""The command that shows what an accuracy means for a challenge: odds."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from segcap.cli.app import app
from segcap.core.errors import DataError, ParameterError
from segcap.core.extras import require
from segcap.core.validation import fractions, inner_fraction, number, whole_number
from segcap.evaluate.metrics import Rate, wilson
from segcap.evaluate.odds import (
    TokenBucket,
    accuracy_limit,
    accuracy_limit_of,
    carried,
    choose_tiles,
    items_needed,
    partial_credit,
    pass_probability,
    passes_per_hour,
    passes_per_hour_with_credit,
    plot_odds,
    price_per_pass,
    within_tries,
)
from segcap.evaluate.odds.challenge import rule_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SECONDS = 3600
_LABEL, _CELL = 40, 12
_COUNTED = 1000
_ROUNDING = 5e-4
_MOST_MEASURED = 10**12
_ENDINGS = (".pdf", ".png", ".svg")

_Chance: TypeAlias = Callable[[float], Any]


Accuracy = Annotated[float, typer.Option(help="Fraction of items answered right, 0 to 1.")]
Items = Annotated[
    int,
    typer.Option(
        "--n",
        help="Items of a challenge that the accuracy is of: photos, characters; 1 for whole texts.",
    ),
]
Measured = Annotated[
    int | None, typer.Option(help="Items that the accuracy was measured on; gives intervals.")
]
WrongAllowed = Annotated[int, typer.Option(help="Items that may be wrong.")]
Tries = Annotated[int | None, typer.Option(help="Tries, each with new images.")]
Tiles = Annotated[int | None, typer.Option(help="Tiles of a grid to choose from.")]
Targets = Annotated[int | None, typer.Option(help="Tiles that are to be chosen.")]
Precision = Annotated[
    float | None, typer.Option(help="Of tiles chosen; the accuracy is then their recall.")
]
AttemptsPerHour = Annotated[
    float | None, typer.Option(help="Attempts an hour from one address, refused ones, too.")
]
Capacity = Annotated[int | None, typer.Option(help="Tokens of an address's bucket.")]
RefillPerHour = Annotated[float | None, typer.Option(help="Tokens that come back.")]
SecondsPerAttempt = Annotated[
    float | None, typer.Option(help="Sets the attempts per hour, too, unless they are given.")
]
PricePerAttempt = Annotated[float, typer.Option(help="Of one attempt, such as of a new address.")]
PricePerHour = Annotated[float, typer.Option(help="Of one hour, such as of a machine.")]
Target = Annotated[float, typer.Option(help="Odds of a pass that are tolerated.")]
Human = Annotated[float | None, typer.Option(help="A person's accuracy on an item.")]
Plot = Annotated[Path | None, typer.Option(help="Draw the odds into a new PDF, PNG or SVG file.")]


@app.command()
def odds(
    accuracy: Accuracy,
    n: Items,
    measured: Measured = None,
    wrong_allowed: WrongAllowed = 0,
    tries: Tries = None,
    tiles: Tiles = None,
    targets: Targets = None,
    precision: Precision = None,
    attempts_per_hour: AttemptsPerHour = None,
    capacity: Capacity = None,
    refill_per_hour: RefillPerHour = None,
    seconds_per_attempt: SecondsPerAttempt = None,
    price_per_attempt: PricePerAttempt = 0.0,
    price_per_hour: PricePerHour = 0.0,
    target: Target = 1e-6,
    human: Human = None,
    plot: Plot = None,
) -> None:
    """Show what an accuracy means: odds of a pass, passes per hour, prices, lengths."""
    if plot is not None:
        _check_plot(plot)
    known = _known(accuracy, measured)
    rate = _attempts(attempts_per_hour, seconds_per_attempt, price_per_hour)
    rules = _rules(n, wrong_allowed, rate, _bucket(capacity, refill_per_hour, rate))
    plain, passed = next(iter(rules.items()))
    more: dict[str, _Chance] = {}
    if tries is not None:
        more[f"{plain}, in {tries} tries"] = _then(passed, partial(within_tries, tries=tries))
    if any(option is not None for option in (tiles, targets, precision)):
        more[f"the right {targets} of {tiles} tiles"] = _choice(precision, tiles, targets)
    lines = [f"accuracy {known if isinstance(known, Rate) else _shown(known)}", ""]
    lines += _section("passes per attempt", {**rules, **more}, known)
    if rate is not None:
        hourly = {name: _then(rule, rate.__mul__) for name, rule in rules.items()}
        lines += _section(f"passes per hour of {_shown(rate)} attempts", hourly, known)
    if price_per_attempt or price_per_hour:
        price = partial(price_per_pass, price_per_attempt=price_per_attempt)
        hour = {"seconds_per_attempt": seconds_per_attempt or 0.0, "price_per_hour": price_per_hour}
        prices = {name: _then(rule, partial(price, **hour)) for name, rule in rules.items()}
        lines += _section("price of a pass", prices, known)
    lines += _design(known, n, wrong_allowed, target, human)
    print("\n".join(lines))
    if plot is not None:
        figure = plot_odds(n, wrong_allowed=wrong_allowed, accuracy=known, target=target)
        _write_plot(figure, plot)


def _attempts(per_hour: float | None, seconds: float | None, price_per_hour: float) -> float | None:
    """Return the attempts per hour, where they are known."""
    if seconds is not None:
        number("seconds_per_attempt", seconds, above_zero=True)
    elif price_per_hour:
        raise ParameterError(
            f"A --price-per-hour needs --seconds-per-attempt. Got {price_per_hour} without."
        )
    rate = _SECONDS / seconds if per_hour is None and seconds else per_hour
    return None if rate is None else number("attempts_per_hour", rate, above_zero=True)


def _write_plot(figure: "Figure", path: Path) -> None:
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise DataError(
            f"A plot must go where it can be written. Got '{path}': {error.strerror}."
        ) from None


def _rules(
    n: int, wrong_allowed: int, rate: float | None, bucket: TokenBucket | None
) -> dict[str, _Chance]:
    """Functions from an accuracy to passes per attempt, by rule; the plain challenge is first."""
    plain = rule_name(n, wrong_allowed)
    passed = partial(pass_probability, n=n, wrong_allowed=wrong_allowed)
    has_credit = n > 1 and not wrong_allowed
    rules: dict[str, _Chance] = {plain: passed}
    if has_credit:
        rules["partial credit"] = partial(partial_credit, n=n)
    if bucket is not None and rate is not None:
        rules[f"{plain}, token bucket"] = _then(
            passed, lambda accuracy: passes_per_hour(accuracy, rate, bucket) / rate
        )
        if has_credit:
            rules["partial credit, token bucket"] = lambda accuracy: (
                passes_per_hour_with_credit(accuracy, n, rate, bucket) / rate
            )
    return rules


def _design(
    known: Rate | float, n: int, wrong_allowed: int, target: float, human: float | None
) -> list[str]:
    target = inner_fraction("target", target)
    value = known.value if isinstance(known, Rate) else known
    person = value if human is None else float(fractions("human", human))
    needed = items_needed(target, value, person, wrong_allowed=wrong_allowed) if value < 1 else None
    limit = float(accuracy_limit(target, n, wrong_allowed=wrong_allowed))
    lines = [f"at most one pass in {_shown(1 / target)} attempts"]
    lines.append(_line("accuracy up to", _shown(limit)))
    if n > 1 and not wrong_allowed:
        limit = accuracy_limit_of(partial(partial_credit, n=n), target)
        lines.append(_line("accuracy up to, partial credit", _shown(limit)))
    if needed is not None:
        lines.append(_line("items against this accuracy", f"{needed.n:,}"))
        if human is not None:
            lines.append(_line("passes of a person, as many items", _shown(needed.human)))
    return lines


def _section(title: str, rows: Mapping[str, _Chance], known: Rate | float) -> list[str]:
    if not isinstance(known, Rate):
        lines = [_line(name, _shown(float(rule(known)))) for name, rule in rows.items()]
        return [title, *lines, ""]
    lines = [f"{title:<{_LABEL}}{'':>{_CELL}}{'low':>{_CELL}}{'high':>{_CELL}}"]
    for name, rule in rows.items():
        odds = carried(rule, known)
        lines.append(_line(name, *map(_shown, (odds.value, odds.low, odds.high))))
    return [*lines, ""]


def _line(name: str, *cells: str) -> str:
    return f"  {name:<{_LABEL - 2}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if _COUNTED <= value < math.inf else f"{value:.4g}"


def _then(rule: _Chance, change: _Chance) -> _Chance:
    return lambda accuracy: change(rule(accuracy))


def _known(accuracy: float, measured: int | None) -> Rate | float:
    value = float(fractions("accuracy", accuracy))
    if measured is None:
        return value
    measured = whole_number("measured", measured, least=1, most=_MOST_MEASURED)
    right = round(value * measured)
    if abs(right / measured - value) > _ROUNDING:
        raise ParameterError(
            "The --accuracy must be a fraction of the --measured items, such as "
            f"{right / measured:.4g}. Got {value} of {measured}."
        )
    return wilson(right, measured)


def _bucket(
    capacity: int | None, refill_per_hour: float | None, rate: float | None
) -> TokenBucket | None:
    if capacity is None and refill_per_hour is None:
        return None
    if capacity is None or refill_per_hour is None or rate is None:
        raise ParameterError(
            "A token bucket needs --capacity, --refill-per-hour and --attempts-per-hour. "
            f"Got {capacity}, {refill_per_hour} and {rate}."
        )
    return TokenBucket(capacity, refill_per_hour)


def _choice(precision: float | None, tiles: int | None, targets: int | None) -> _Chance:
    if precision is None or tiles is None or targets is None:
        raise ParameterError(
            "Tiles to choose need --tiles, --targets and --precision. "
            f"Got {tiles}, {targets} and {precision}."
        )
    return partial(choose_tiles, precision=precision, tiles=tiles, targets=targets)


def _check_plot(path: Path) -> None:
    require("matplotlib.figure", "plot", "Drawing")
    if path.suffix.lower() not in _ENDINGS or path.exists() or not path.parent.is_dir():
        raise DataError(
            "A plot must go to a new .pdf, .png or .svg file in a folder that exists. "
            f"Got '{path}'."
        )
