"""The page itself: a result turned into what its template shows."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from segcap.benchmark.outcomes import MethodResult
from segcap.benchmark.report.album import album, glyph_pictures
from segcap.benchmark.report.charts import MARKS
from segcap.benchmark.report.plots import charts
from segcap.benchmark.report.rows import listed, row
from segcap.benchmark.report.tables import Table, matrix_of, tables
from segcap.benchmark.report.verdict import cards, verdict
from segcap.benchmark.report.wording import percent
from segcap.benchmark.results import BenchmarkResult, ImageResult
from segcap.benchmark.split_task import Images
from segcap.core.extras import require
from segcap.core.files import write_atomically
from segcap.evaluate.page import page_templates

__all__ = ["render", "require_report", "write_report"]

MOST_ROWS = 10_000
ROOM = 11 * 2**20
_MOST_PAIRS = 6
_PER_PAIR = 6


def write_report(result: BenchmarkResult, path: str | os.PathLike[str], images: Images) -> None:
    """Write a benchmark's result as one HTML page that holds all it needs.

    Parameters
    ----------
    result : BenchmarkResult
        Of at least one method, each of which answers to every image.
    path : path
        HTML file, replaced if it exists. It loads nothing, from nowhere.
    images : (N,) sequence of path, bytes, array or PIL.Image.Image
        One for each of the result's answers, in their order. One that cannot be loaded is left
        out, and the page says so.

    Raises
    ------
    ParameterError
        Jinja or Matplotlib is not installed.
    FileError
        The folder is missing or cannot be written to.

    Notes
    -----
    The page lists 10,000 images at most, and pictures of 11 MiB at most besides those of confused
    glyphs; images that somebody read wrong go first, and the page says what was left out. The same
    input gives the same bytes.
    """
    require_report()
    page = render("report.html.j2", _view(result, images))
    write_atomically(path, page.encode("utf-8", errors="replace"))


def require_report() -> None:
    """Check that a report can be written.

    Raises
    ------
    ParameterError
        Jinja or Matplotlib is not installed.
    """
    for package in ("jinja2", "matplotlib.figure"):
        require(package, "report", "A benchmark's report")


def _view(result: BenchmarkResult, images: Images) -> dict[str, Any]:
    drawn, not_drawn = charts(result.methods)
    listing, notes = _listing(result, images)
    return {
        "title": result.title,
        "facts": _facts(result),
        "cards": cards(result),
        "verdict": verdict(result),
        "charts": drawn,
        "marks": MARKS,
        "not_drawn": not_drawn,
        "tables": tables(result),
        "confused": [_confused(one, result.answers, images) for one in result.methods],
        "classes": [_classes(one) for one in result.methods if one.accuracy.classes],
        "matrices": [matrix for one in result.methods if (matrix := matrix_of(one)).rows],
        "problems": [(one.name, one.problems) for one in result.methods],
        "listing": listing,
        "notes": notes,
        "n": len(result.answers),
    }


def _facts(result: BenchmarkResult) -> list[tuple[str, str]]:
    split = result.split
    return [
        ("task", result.task),
        ("trained on", f"{split.training:,} images, SHA-256 {split.training_sha256}"),
        ("tested on", f"{split.tested:,} images, SHA-256 {split.tested_sha256}"),
        ("seed of the split", str(split.seed)),
        ("hardware", str(result.hardware)),
        ("segcap", result.version),
    ]


def _confused(
    method: MethodResult, answers: Sequence[ImageResult], images: Images
) -> dict[str, Any]:
    name = method.name
    pairs = [
        {
            "true": pair.true,
            "read": pair.read,
            "count": pair.count,
            "rate": percent(pair.rate),
            "pictures": glyph_pictures(pair, name, answers, images, most=_PER_PAIR),
        }
        for pair in method.accuracy.confusions[:_MOST_PAIRS]
    ]
    return {"name": name, "pairs": pairs}


def _classes(method: MethodResult) -> Table:
    rows = [
        [
            one.label,
            *(f"{rate:.4f}" for rate in (one.precision, one.recall, one.f1)),
            f"{one.support:,}",
        ]
        for one in method.accuracy.classes
    ]
    return Table(method.name, ["", "precision", "recall", "F1", "occurs"], rows)


def _listing(result: BenchmarkResult, images: Images) -> tuple[dict[str, Any], list[str]]:
    """Return the table of images for the script, and what was left out of it."""
    answers, methods = result.answers, result.methods
    names = [method.name for method in methods]
    order = listed(answers, names, MOST_ROWS)
    pictures, damaged = album(images, order, ROOM)
    is_text = any(method.accuracy.characters is not None for method in methods)
    rows = [
        row(answers, number, names, pictures.get(number), is_text=is_text)
        for number in sorted(order)
    ]
    notes = []
    if len(rows) < len(answers):
        notes.append(
            f"The table has {len(rows):,} of {len(answers):,} images, first those that somebody "
            "read wrong; the rest were left out to keep the page usable."
        )
    if len(pictures) + len(damaged) < len(rows):
        notes.append(
            f"Pictures of {len(pictures):,} of {len(rows):,} images stand in the table, first of "
            "those that somebody read wrong; the rest were left out to keep the page small."
        )
    if damaged:
        notes.append(f"{len(damaged):,} images could not be loaded.")
    return {"names": names, "rows": rows}, notes


def render(template: str, view: Mapping[str, Any]) -> str:
    """Fill in one of the templates beside this module; the page may load nothing."""
    from markupsafe import Markup

    folder = resources.files("segcap.benchmark.report")
    styles, script = (
        folder.joinpath(name).read_text("utf-8") for name in ("report.css", "report.js")
    )
    environment = page_templates("segcap.benchmark.report")
    environment.policies["json.dumps_function"] = _dumped
    policy = (
        f"default-src 'none'; img-src data:; style-src {_source_of(styles)}; "
        f"script-src {_source_of(script)}; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(
        view,
        policy=policy,
        styles=Markup(styles),
        script=Markup(script),
    )


def _dumped(value: Any, **_: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _source_of(text: str) -> str:
    """Identify a script or a style sheet by its hash, as a content security policy does."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
