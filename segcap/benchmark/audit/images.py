"""The images of an audit: where they come from, how legible they are, and what changes do."""

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.benchmark.adapters import Method
from segcap.benchmark.answering import heard, replies_of
from segcap.benchmark.audit.findings import Change, Legibility
from segcap.benchmark.cache import Parts
from segcap.benchmark.cost import used_versions
from segcap.benchmark.split_task import SplitTask, drawn_truth
from segcap.benchmark.training import identity
from segcap.core.errors import DataError, ParameterError
from segcap.datasets.dataset import Dataset
from segcap.evaluate.agreement import agreement_between
from segcap.evaluate.metrics import character_accuracy, exact_match
from segcap.evaluate.paired import paired_difference
from segcap.generate import DIFFICULTIES, TextGenerator

__all__ = [
    "divided",
    "legibility",
    "listed",
    "moved",
    "one_look",
    "printed_images",
    "read_changed",
    "steps",
]

_STEP = 0.25
_RULE = "The command must be a program that prints a line an image: PATH, a tab and TEXT."


def printed_images(command: str) -> list[tuple[str, str]]:
    """Run a program, without a shell; return the absolute paths and the texts that it prints.

    Raises
    ------
    DataError
        The program cannot be started, fails, or prints something else or nothing.
    """
    try:
        run = subprocess.run(shlex.split(command), capture_output=True, check=False)
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{_RULE} Got {command!r}, which cannot be started: {error}.") from None
    if run.returncode:
        last = run.stderr.decode("utf-8", errors="replace").strip().rpartition("\n")[2]
        raise DataError(f"{_RULE} Got {command!r}, which failed with {run.returncode}: {last!r}.")
    listing = []
    for line in os.fsdecode(run.stdout).replace("\r\n", "\n").split("\n"):
        path, _, text = line.partition("\t")
        if line.strip() and not (text.strip() and os.path.isfile(path)):
            what = "whose file is missing" if text.strip() else "which has no text"
            raise DataError(f"{_RULE} Got the line {line[:80]!r}, {what}.")
        if line.strip():
            listing.append((os.path.abspath(path), text.strip()))
    if not listing:
        raise DataError(f"{_RULE} Got {command!r}, which prints none.")
    return listing


def listed(listing: Sequence[Sequence[str]]) -> Dataset:
    """Make a data set of paths and texts."""
    images = [Path(path) for path, _ in listing]
    labels = [text for _, text in listing]
    root = Path(os.path.commonpath([image.parent for image in images]))
    return Dataset("command", images, np.array(labels), root)


def divided(
    dataset: Dataset, title: str, *, images: int, labels: Sequence[int], least: int, seed: int
) -> tuple[SplitTask, tuple[int, ...]]:
    """Choose images to test on and, where labels are asked for, others to train on.

    Parameters
    ----------
    dataset : Dataset
        Of texts.
    images : int
        Most to test on; at most half of them where the others are too few for `labels`.
    labels : sequence of int
        How many to train on; for more than are left all that are left are taken.
    least : int
        How many are not too few.

    Returns
    -------
    split_task : SplitTask
        Its training part is as large as the largest number of labels.
    labels : tuple of int
        How many can be trained on, ascending.
    """
    rng = np.random.default_rng(seed)
    tested = min(images, max(len(dataset) // 2, len(dataset) - max(labels, default=0)))
    if not labels or len(dataset) - tested < least:
        chosen = dataset.subset(np.sort(rng.permutation(len(dataset))[:images]))
        names, known = tuple(chosen.ids), tuple(drawn_truth(chosen))
        nothing = dataset.subset([])
        return SplitTask(dataset.name, title, nothing, chosen, seed, names, known), ()
    split_task = SplitTask.of(dataset, test=tested, seed=seed)
    there = len(split_task.training)
    possible = sorted({min(own, there) for own in labels if own >= least})
    order = rng.permutation(there)[: max(possible, default=0)]
    training = split_task.training.subset(np.sort(order))
    return replace(split_task.trained_on(training), title=title), tuple(possible)


def one_look(generator: str | TextGenerator) -> TextGenerator:
    """Return a generator all of whose images have the same difficulties.

    Raises
    ------
    ParameterError
        The scheme is unknown, or each of its images has difficulties of its own.
    """
    drawn = generator if isinstance(generator, TextGenerator) else TextGenerator(generator)
    if None in drawn.settings()["difficulty"].values():
        raise ParameterError(
            "The 'generator' of an audit must draw with known difficulties, so that one can be "
            f"changed. Got '{drawn.scheme}', whose images each have their own."
        )
    return drawn


def steps(generator: TextGenerator) -> list[tuple[str, float, float]]:
    """List each difficulty's name and value, and the values a quarter below and above."""
    now = generator.settings()["difficulty"]
    return [
        (name, now[name], after)
        for name in DIFFICULTIES
        for after in (max(0.0, now[name] - _STEP), min(1.0, now[name] + _STEP))
        if after != now[name]
    ]


def moved(generator: TextGenerator, name: str, after: float) -> TextGenerator:
    """Return a generator with one difficulty changed; it draws the same texts."""
    other = copy(generator)
    other.difficulty = {**generator.settings()["difficulty"], name: after}
    return other


def legibility(image: NDArray[np.uint8], masks: NDArray[np.bool_]) -> Legibility:
    """Measure what can be measured of an image's legibility, given each character's true pixels.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8 array
        Grey or RGB.
    masks : (L, H, W) bool array

    Returns
    -------
    Legibility
        contrast: difference of the mean grey of ink and background, 1 for black and white;
        clutter: fraction of what looks like ink, by its grey, that is none; overlap: fraction of
        the ink that several characters share; value: contrast (1 - clutter) (1 - overlap), 1 for
        black on white, clear and apart. It does not see how far characters are bent.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    ink = masks.any(axis=0)
    if ink.all() or not ink.any():
        return Legibility(0.0, 0.0, 0.0, 0.0)
    inside, outside = float(grey[ink].mean()), float(grey[~ink].mean())
    looks = np.abs(grey - inside) < np.abs(grey - outside)
    contrast = abs(inside - outside) / 255
    clutter = float((looks & ~ink).sum() / max(1, looks.sum()))
    overlap = float((masks.sum(axis=0) > 1).sum() / ink.sum())
    return Legibility(contrast, clutter, overlap, contrast * (1 - clutter) * (1 - overlap))


def read_changed(
    generator: TextGenerator,
    method: Method,
    parts: Parts,
    task: SplitTask,
    *,
    on_step: Callable[[str], None],
) -> tuple[Legibility, tuple[Change, ...]]:
    """Let a reader read a scheme as it is, and with each difficulty moved."""
    answers, truths, before = _look(generator, method, parts, task)
    on_step("the scheme as it is")
    found = []
    for name, level, after in steps(generator):
        own, _, seen = _look(moved(generator, name, after), method, parts, task)
        rate, characters = exact_match(own, truths), character_accuracy(own, truths)
        effect = paired_difference(agreement_between(own, answers, truths))
        found.append(Change(name, level, after, rate, characters, effect, Legibility(*seen)))
        on_step(f"{name} {after:g}")
    return Legibility(*before), tuple(found)


def _look(
    generator: TextGenerator, method: Method, parts: Parts, task: SplitTask
) -> tuple[list[str | None], list[str], list[float]]:
    """Return answers, truths and mean legibility of a generator's images."""
    key = {
        "generator": generator.settings(),
        "method": identity(method),
        "versions": used_versions(),
        "images": len(task.tested),
        "seed": task.seed,
        "folded": task.folded,
    }

    def make() -> list[list[Any]]:
        samples = generator.samples(len(task.tested), seed=task.seed)
        with heard([]):
            replies = replies_of(method, [sample.image for sample in samples], folded=task.folded)
        seen = [legibility(sample.image, sample.masks) for sample in samples]
        return [
            [reply.value for reply in replies],
            task.as_compared([sample.label for sample in samples]),
            np.mean(seen, axis=0).tolist(),
        ]

    answers, truths, seen = parts.once("look", key, make)
    return answers, truths, seen
