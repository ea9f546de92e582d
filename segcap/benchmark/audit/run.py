"""Audit a scheme: ready-made readers, trained ones, changes of the scheme, odds."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from segcap.benchmark.adapters import Method, Progress, ReaderMethod
from segcap.benchmark.audit.findings import (
    FRACTIONS,
    AuditResult,
    AuditTerms,
    Change,
    Legibility,
    Passes,
    best_of,
    labels_needed,
    passes,
)
from segcap.benchmark.audit.images import (
    divided,
    listed,
    one_look,
    printed_images,
    read_changed,
    steps,
)
from segcap.benchmark.audit.page import write_audit
from segcap.benchmark.bench import run
from segcap.benchmark.cache import Parts, alone_in
from segcap.benchmark.peers import PEERS, installed_peers
from segcap.benchmark.report import require_report
from segcap.benchmark.results import BenchmarkResult
from segcap.benchmark.split_task import SplitTask
from segcap.benchmark.tasks import common_length, inform, task_readers
from segcap.benchmark.training import Clock
from segcap.core.charset import Case, check_case
from segcap.core.errors import ParameterError
from segcap.core.validation import seed_number, whole_number
from segcap.datasets.catalogue import load as load_dataset
from segcap.datasets.dataset import Dataset
from segcap.evaluate.metrics import wilson
from segcap.generate import TextGenerator, write_text
from segcap.readers.glyph import GlyphReader
from segcap.readers.registry import load
from segcap.recognition.engines.networks import require_keras

__all__ = ["audit", "least_labels"]

_UNAWARE: Final = "any"
_INFORMED, _TRAINED = "any (charset known)", "any (trained)"
_OF_NO_SCHEME = {_UNAWARE: 0.0, "digits": 0.5, "mixed": 0.5}
"""Readers that were trained for no single scheme, and more than which part of the characters they
must know to take part."""
_MILLI = 1e3
_LEAST_LABELS = 16
_TOO_FEW = (
    "Training takes at least {} labelled images besides those tested on; smaller numbers of labels "
    "are left out."
)


def audit(
    out: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | Dataset | None = None,
    generator: str | TextGenerator | None = None,
    command: str | None = None,
    pattern: str | None = None,
    case: Case | None = None,
    images: int = 200,
    labels: Sequence[int] = (20, 100),
    end_to_end: bool = False,
    terms: AuditTerms | None = None,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> AuditResult:
    """Find out how weak a scheme of text images is, to which attack, and which change helps.

    Parameters
    ----------
    out : path
        Folder for audit.html, audit.json, the benchmark that they rest on (in "bench") and the
        finished parts. Empty or not there, or that of the same audit, which then goes on.
    data : path or Dataset, optional
        A folder with labels.csv, or of images named by their texts.
    generator : str or TextGenerator, optional
        A scheme whose images all have the same difficulties, or a generator; each difficulty is
        changed, too.
    command : str, optional
        A program that prints a line an image: its path, a tab and its text. What it prints is
        kept; an audit that goes on does not run it again.
    pattern : str, optional
        Where the files' names in the folder `data` have the texts, see
        `segcap.datasets.named.load_named`.
    case : {"keep", "fold"}, optional
        With "fold", letters of both cases are one to whoever checks answers; that is taken for
        granted where the texts have letters of one case only.
    images : int
        Most images to test on.
    labels : sequence of int
        Train on so many labels, as far as there are images; none trains nothing.
    end_to_end : bool
        Train the end-to-end network, too.
    terms : AuditTerms, optional
        What is taken for granted of an attacker.
    seed : int
    on_progress : callable, optional
        Called with the number of parts that are done, their total and a note.

    Returns
    -------
    AuditResult

    Raises
    ------
    ParameterError
        Not one of `data`, `generator` and `command` is given, a parameter is outside its range, or
        something that is needed is not installed.
    DataError
        The images are missing, the command fails or prints something else, or `out` holds
        something else or is being written into.
    """
    _check_source(data, generator, command, pattern)
    check_case(case)
    require_report()
    images, seed = whole_number("images", images, least=1), seed_number("seed", seed)
    wanted = sorted({whole_number("labels", own, least=1) for own in labels})
    if end_to_end and not wanted:
        raise ParameterError("To train end to end, an audit must be given 'labels'. Got none.")
    terms = terms or AuditTerms()
    passes("", wilson(0, 1), 0.0, terms)  # what it refuses is refused before the work
    place = Path(out)
    drawn: TextGenerator | None = None
    printed: list[tuple[str, str]] = []
    if data is not None:
        dataset = _texts(data, pattern)
        name = dataset.name if isinstance(data, Dataset) else Path(data).resolve().name
    elif command is not None:
        name = command
    else:
        drawn = one_look(generator or "")
        name = drawn.scheme
    if wanted:
        require_keras()
    if command is not None and not (place.is_dir() and any(place.iterdir())):
        printed = printed_images(command)  # before there is a folder to go on with
    with alone_in(place):
        parts = Parts(place, {"task": "audit", "split": name}, resume=True)
        if command is not None:
            dataset = listed(parts.once("images", {}, lambda: printed or printed_images(command)))
        elif drawn is not None:
            count = images + max(wanted, default=0)
            write_text(drawn, count, place / "images", seed=seed, resume=True)
            dataset = load_dataset("labelled", place / "images")
        least = least_labels(dataset.charset or "", end_to_end=end_to_end)
        task, possible = divided(
            dataset, f"Audit of {name}", images=images, labels=wanted, least=least, seed=seed
        )
        task = replace(task, folded=_is_folded(dataset, case))
        trainable = _trainable(task, end_to_end=end_to_end) if possible else {}
        too_few = wanted and min(wanted) < min(possible, default=max(wanted) + 1)
        problems = [_TOO_FEW.format(least)] if too_few else []
        result = _audited(task, possible, trainable, drawn, parts, terms, problems, on_progress)
        write_audit(result, place, task.tested.images, drawn)
        return result


def _check_source(data: Any, generator: Any, command: str | None, pattern: str | None) -> None:
    if sum(own is not None for own in (data, generator, command)) != 1:
        raise ParameterError(
            "An audit must be given one of 'data', 'generator' and 'command'. "
            f"Got {data!r}, {generator!r} and {command!r}."
        )
    if pattern is not None and (data is None or isinstance(data, Dataset)):
        raise ParameterError(
            f"A 'pattern' must be for a folder of images, 'data'. Got {pattern!r} without."
        )


def _is_folded(dataset: Dataset, case: Case | None) -> bool:
    """Whether a letter in either case is right: as asked for, or where texts have one case."""
    texts = "".join(map(str, dataset.labels))
    return case == "fold" or (case is None and texts in (texts.lower(), texts.upper()))


def _audited(
    task: SplitTask,
    labels: Sequence[int],
    trainable: Mapping[str, Any],
    drawn: TextGenerator | None,
    parts: Parts,
    terms: AuditTerms,
    problems: Sequence[str],
    on_progress: Progress | None,
) -> AuditResult:
    ready = {method.name: method for method in _ready(task)}
    clock = Clock(parts.path("audit", {}, ".seconds"))
    looks = 0 if drawn is None else 1 + len(steps(drawn))
    done = total = 0

    def report(now: int, of: int, note: str) -> None:
        nonlocal done, total
        done, total = now, of
        clock.keep()
        if on_progress is not None:
            on_progress(now, of, note)

    options: dict[str, Any] = {"labels": labels, "difficulties": (), "resume": True}
    options["on_progress"] = lambda now, of, note: report(now, of + looks, note)
    bench = run({**ready, **trainable}, task, out=parts.folder / "bench", **options)
    best = best_of(method for method in bench.methods if method.name in ready).name
    before: Legibility | None = None
    changes: tuple[Change, ...] = ()
    if drawn is not None:
        before, changes = read_changed(
            drawn,
            ready[best],
            parts,
            task,
            on_step=lambda note: report(done + 1, total, note),
        )
    return AuditResult(
        bench=bench,
        folded=task.folded,
        needed=_needed(bench, list(trainable)),
        changed_reader=None if drawn is None else best,
        legibility=before,
        changes=changes,
        terms=terms,
        passes=_passes(bench, [best, *trainable], terms),
        problems=(
            *problems,
            *(f"{own.name}: {one.message}" for own in bench.methods for one in own.problems),
        ),
        seconds=clock.seconds,
    )


def _passes(bench: BenchmarkResult, names: Sequence[str], terms: AuditTerms) -> tuple[Passes, ...]:
    return tuple(
        passes(own.name, own.accuracy.exact, own.cost.latency_ms_p50 / _MILLI, terms)
        for own in bench.methods
        if own.name in names and own.cost is not None
    )


def _needed(bench: BenchmarkResult, names: Sequence[str]) -> dict[str, dict[str, int | None]]:
    """Return labels for each of `FRACTIONS`, by reader; "any" begins with what it reads without."""
    rates = {own.name: own.accuracy.exact.value for own in bench.methods}
    start = max((rates[name] for name in (_UNAWARE, _INFORMED) if name in rates), default=0.0)
    needed: dict[str, dict[str, int | None]] = {}
    for own in bench.methods:
        if own.name in names:
            first = (0, start if own.name == _TRAINED else 0.0)
            curve = [first, *((point.labels, point.mean) for point in own.learning_curve)]
            needed[own.name] = {
                str(fraction): labels_needed(curve, fraction) for fraction in FRACTIONS
            }
    return needed


def least_labels(charset: str, *, end_to_end: bool) -> int:
    """Return how many labels a training takes: where characters are learned, one for each."""
    if not end_to_end and {*charset} <= {*load(_UNAWARE).charset_}:
        return _LEAST_LABELS
    return max(_LEAST_LABELS, len(charset))


def _texts(data: str | os.PathLike[str] | Dataset, pattern: str | None) -> Dataset:
    dataset = data if isinstance(data, Dataset) else load_dataset("labelled", data, pattern=pattern)
    if dataset.charset is None:
        raise ParameterError(f"The 'data' of an audit must show texts. Got {dataset!r}.")
    return dataset


def _ready(task: SplitTask) -> list[Method]:
    """Return the readers that are at hand: "any", given nothing and given much; others; peers."""
    charset, length = task.tested.charset or "", common_length(task.tested)
    known = {"allowlist": charset, "length": length, "case": "fold" if task.folded else "keep"}
    given = "the characters" if length is None else "the characters and the length"
    description = f"the shipped reader '{_UNAWARE}', given nothing"
    found: list[Method] = [ReaderMethod(_UNAWARE, load(_UNAWARE), "texts", description)]
    for name, least in _OF_NO_SCHEME.items():
        reader: Any = load(name)
        shown, own = map(set, task.as_compared([charset, reader.charset_]))
        if len(shown & own) > least * len(shown):
            inform(reader, known)
            description = f"the shipped reader '{name}', given {given} of the texts"
            method = _INFORMED if name == _UNAWARE else name
            found.append(ReaderMethod(method, reader, "texts", description))
    return [*found, *(PEERS[name](charset=charset) for name in installed_peers())]


def _trainable(task: SplitTask, *, end_to_end: bool) -> dict[str, Any]:
    """Return the readers that are trained: one that starts from "any", perhaps a network."""
    reader = GlyphReader(
        task.training.charset or "",
        length=common_length(task.training),
        classifier="span_roi",
        random_state=task.seed,
    )
    network = task_readers(task, ["end-to-end"], seed=task.seed) if end_to_end else {}
    return {_TRAINED: reader, **network}
