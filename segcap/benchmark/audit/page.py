"""The page of an audit, and the file of its numbers."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from segcap.benchmark.audit.findings import (
    FRACTIONS,
    AuditResult,
    Change,
    best_of,
    curve_point,
)
from segcap.benchmark.audit.images import moved
from segcap.benchmark.plain import to_plain
from segcap.benchmark.report.charts import Axis, Chart, Point, Series, dot_chart, line_chart
from segcap.benchmark.report.page import render
from segcap.benchmark.report.tables import Table
from segcap.benchmark.report.wording import (
    amount,
    bounded,
    bounded_points,
    duration,
    milliseconds,
    percent,
    points,
    rounded_percent,
)
from segcap.benchmark.split_task import Images
from segcap.core.errors import ImageError
from segcap.core.files import write_atomically
from segcap.core.image import ImageSource
from segcap.evaluate.odds import Odds
from segcap.evaluate.pictures import data_uri
from segcap.generate import TextGenerator

__all__ = ["write_audit"]

_FORMAT = 1
_SHOWN = 12
_TEXTS = Axis("texts read right", percent, rounded_percent, least=0, most=1)
_LABELS = Axis("labelled images", amount, amount, is_log=True)
_EFFECT = Axis(
    "change of the rate, points", points, lambda gap: f"{100 * gap:.4g}", least=-1, most=1
)

_Picture: TypeAlias = tuple[str, str]
"""A data URI, and the words below it."""


def write_audit(
    result: AuditResult, folder: Path, images: Images, generator: TextGenerator | None
) -> None:
    """Write audit.json and audit.html, a page that loads nothing.

    Parameters
    ----------
    images : sequence of image
        One for each of the benchmark's answers.
    generator : TextGenerator, optional
        What drew them.

    Raises
    ------
    FileError
        The folder is missing or cannot be written to.
    """
    plain = {"format": _FORMAT, "summary": result.summary, **to_plain(result)}
    document = json.dumps(plain, ensure_ascii=False, indent=1)
    page = render("audit.html.j2", _view(result, images, generator))
    write_atomically(folder / "audit.json", document.encode("utf-8", errors="surrogateescape"))
    write_atomically(folder / "audit.html", page.encode("utf-8", errors="replace"))


def _view(result: AuditResult, images: Images, generator: TextGenerator | None) -> dict[str, Any]:
    bench, is_trained = result.bench, any(one.learning_curve for one in result.trained)
    broken, unbroken = _pictures(result, images)
    return {
        "title": bench.title,
        "facts": [
            ("tested on", f"{bench.split.tested:,} images, chosen by the seed {bench.split.seed}"),
            *([("letters", "either case counts as right")] if result.folded else []),
            ("took", f"{duration(result.seconds)} on {bench.hardware}"),
            ("segcap", bench.version),
        ],
        "summary": result.summary,
        "ready": _ready(result),
        "curves": _curves(result) if is_trained else None,
        "labels": [_needed(result), _trainings(result)] if result.trained else [],
        "effects": _effects(result.changes) if result.changes else None,
        "changes": _changes(result) if result.changes else None,
        "reader": result.changed_reader,
        "looks": [] if generator is None else _looks(result, generator),
        "passes": _passes(result),
        "terms": result.terms,
        "broken": broken,
        "unbroken": unbroken,
        "problems": result.problems,
    }


def _ready(result: AuditResult) -> Table:
    rows = [
        [
            one.name,
            bounded(one.accuracy.exact),
            bounded(one.accuracy.characters),
            milliseconds(None if one.cost is None else one.cost.latency_ms_p50),
        ]
        for one in result.ready
    ]
    head = ["", "texts", "characters", "an image takes"]
    return Table("Without a label", head, rows, "Rates with their 95 % (Wilson) intervals.")


def _curves(result: AuditResult) -> Chart:
    series = [
        Series(
            one.name,
            place,
            tuple(
                Point(own.labels, *curve_point(own, one.accuracy.exact.n)[:3])
                for own in one.learning_curve
            ),
        )
        for place, one in enumerate(result.trained)
    ]
    note = "One training each; bands are 95 % intervals of the images tested on."
    return line_chart("With labels", _LABELS, _TEXTS, series, note=note)


def _needed(result: AuditResult) -> Table:
    rows = []
    for one in result.trained:
        most = max((own.labels for own in one.learning_curve), default=0)
        missing = f"not reached with {most:,} labels" if most else "not trained"
        needed = result.needed[one.name].values()
        rows.append([one.name, *(missing if own is None else f"{own:,}" for own in needed)])
    head = ["", *(f"{rounded_percent(fraction)} of the texts" for fraction in FRACTIONS)]
    note = (
        "Interpolated by the logarithm of 1 + labels. “any” begins with what it reads without "
        "labels, a network that starts from nothing with 0."
    )
    return Table("Labels needed", head, rows, note)


def _trainings(result: AuditResult) -> Table:
    rows = [
        [
            f"{one.name}, {own.labels:,} labels",
            bounded(curve_point(own, one.accuracy.exact.n)),
            duration(own.seconds),
        ]
        for one in result.trained
        for own in one.learning_curve
    ]
    note = "Wall-clock time on this machine, all cores, other work included."
    return Table("Trainings", ["", "texts", "training"], rows, note)


def _step(change: Change) -> str:
    return f"{change.name} {change.before:g} → {change.after:g}"


def _effects(changes: Sequence[Change]) -> Chart:
    names = list(dict.fromkeys(one.name for one in changes))
    series = [
        Series(_step(one), names.index(one.name), (Point(0, *one.effect),)) for one in changes
    ]
    return dot_chart("What each change does", _EFFECT, series, note="Left of 0 it helps.")


def _changes(result: AuditResult) -> Table:
    rows = [
        [
            _step(one),
            bounded_points(one.effect),
            bounded(one.exact),
            percent(one.characters.value),
            *(f"{own:.2f}" for own in one.legibility),
        ]
        for one in sorted(result.changes, key=lambda one: one.effect.value)
    ]
    if result.legibility is not None:
        as_it_is = [f"{own:.2f}" for own in result.legibility]
        rows.append(["as it is", "", "", "", *as_it_is])
    head = ["", "points", "texts", "characters", "contrast", "clutter", "overlap", "legibility"]
    return Table("Changes, the most effective first", head, rows)


def _looks(result: AuditResult, generator: TextGenerator) -> list[_Picture]:
    """Draw the first image as it is, and with each change."""
    seed = result.bench.split.seed
    drawn = {"as it is": generator}
    drawn |= {_step(one): moved(generator, one.name, one.after) for one in result.changes}
    return [(data_uri(one.sample(seed=seed).image), words) for words, one in drawn.items()]


def _passes(result: AuditResult) -> Table:
    rows = [
        [
            one.name,
            bounded(one.exact),
            _odds(one.per_hour),
            "\n".join((_price(one.price[0]), " to ".join(map(_price, one.price[1:])))),
        ]
        for one in result.passes
    ]
    head = ["", "texts", "passes an hour", "price of a pass"]
    return Table("Odds", head, rows)


def _odds(odds: Odds) -> str:
    return f"{amount(odds.value)}\n{amount(odds.low)} to {amount(odds.high)}"


def _price(value: float | None) -> str:
    return "∞" if value is None else f"{value:.3g}"


def _pictures(result: AuditResult, images: Images) -> tuple[list[_Picture], list[_Picture]]:
    """Return images that a ready-made reader read, and images that no reader did."""
    ready = [one.name for one in result.ready]
    best = best_of(result.ready).name
    broken: list[_Picture] = []
    unbroken: list[_Picture] = []
    for answer, image in zip(result.bench.answers, images, strict=True):
        right = [name for name, own in answer.by.items() if own.value == answer.truth]
        readers = [name for name in ready if name in right]
        if readers and len(broken) < _SHOWN:
            _add(broken, image, f"{answer.truth}: {', '.join(readers)}")
        elif not right and len(unbroken) < _SHOWN:
            read = answer.by[best].value or "as nothing"
            _add(unbroken, image, f"{answer.truth}, read {read}")
    return broken, unbroken


def _add(pictures: list[_Picture], image: ImageSource, words: str) -> None:
    with suppress(ImageError):
        pictures.append((data_uri(image), words))
