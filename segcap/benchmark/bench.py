"""Compare methods on one split: who is right how often, at what cost, and why not."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import segcap
from segcap.benchmark.adapters import VOTE, Method, Progress, ReaderMethod, as_methods
from segcap.benchmark.cache import Parts, alone_in
from segcap.benchmark.cost import hardware, together
from segcap.benchmark.outcomes import CANNOT_ANSWER, Cost, Judged, MethodResult, Problem
from segcap.benchmark.outputs import write_outputs
from segcap.benchmark.plain import to_plain
from segcap.benchmark.report import require_report
from segcap.benchmark.results import BenchmarkResult, ImageResult
from segcap.benchmark.scoring import judged, pairs, voted
from segcap.benchmark.split_task import SplitTask
from segcap.benchmark.stages import Plan, Stages
from segcap.benchmark.training import can_train
from segcap.core.errors import ParameterError
from segcap.core.validation import fractions, seed_number, whole_number
from segcap.datasets.dataset import Dataset

__all__ = ["DIFFICULTIES", "run"]

DIFFICULTIES = (0.0, 0.25, 0.5, 0.75, 1.0)
_DRAWN = 200
_OF_NO_TASK = (
    "MNIST x_train",
    "generated schemes and MNIST x_train",
    "wild and mixed images, handwriting of MNIST x_train",
)


def run(
    readers: Mapping[str, Any] | Sequence[Any],
    dataset: Dataset | SplitTask,
    *,
    out: str | os.PathLike[str] | None = None,
    test: float = 0.2,
    seed: int = 0,
    labels: Sequence[int] = (),
    seeds: int = 1,
    difficulties: Sequence[float] = DIFFICULTIES,
    drawn: int = _DRAWN,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: Progress | None = None,
) -> BenchmarkResult:
    """Compare readers on the same images, split once.

    Parameters
    ----------
    readers : mapping of str to reader, or sequence of reader
        Readers of segcap's, fitted (they are not trained here) or not, names of shipped ones, paths
        of bundles, functions from an (H, W, 3) uint8 RGB image to a text, or whatever follows
        `segcap.benchmark.Method`. A mapping names them.
    dataset : Dataset or SplitTask
        What is split; a SplitTask has been split already.
    out : path, optional
        Folder for results.json, answers.csv, report.html and the finished parts, from which a
        killed benchmark goes on. Nothing is kept without.
    test : float or int
        Rate or number of images to test on; see `segcap.datasets.Dataset.split`. With 1.0 all are,
        and readers must be fitted.
    seed : int
        Of the split, and of the images to train on for the learning curve; a SplitTask has its own.
    labels : sequence of int
        Train on so many images, too; what exceeds those that there are is left out.
    seeds : int
        Train so often for each point of the learning curve, with other images and seeds.
    difficulties : sequence of float
        At which difficulties to draw test images, if the task has a generator.
    drawn : int
        Images at each difficulty.
    resume, overwrite : bool
        Go on with the benchmark in `out`, or delete it first.
    on_progress : callable, optional
        Called with the number of parts that are done, their total, and a note.

    Returns
    -------
    BenchmarkResult

    Raises
    ------
    ParameterError
        A parameter is outside its range, something is no reader of what the data asks for, or `out`
        is given and Jinja or Matplotlib is not installed.
    DataError
        The data cannot be split, or `out` holds something else or is being written into.

    Notes
    -----
    Answers and the trainings of segcap's readers run in the workers that `joblib.parallel_config`
    names, which must share `out`; costs are measured in this process alone.

    An error that a method raises counts as a wrong answer and is listed among its problems; one
    that it raises in training, as wrong answers to all images.
    """
    if not isinstance(dataset, Dataset | SplitTask):
        raise ParameterError(
            "The 'dataset' of a benchmark must be a Dataset, see segcap.datasets.load, or a "
            f"SplitTask. Got {dataset!r}."
        )
    split_task = (
        dataset
        if isinstance(dataset, SplitTask)
        else SplitTask.of(dataset, test=test, seed=seed_number("seed", seed))
    )
    plan = Plan(
        tuple(as_methods(readers, split_task.asks)),
        tuple(_counts(labels, len(split_task.training))),
        whole_number("seeds", seeds, least=1),
        _difficulties(difficulties) if split_task.generator is not None else (),
        whole_number("drawn", drawn, least=1),
    )
    _check_trained(plan.methods, split_task)
    if out is not None:
        require_report()
        place = Path(out)
        with alone_in(place):
            result = _run(split_task, plan, place, on_progress, resume=resume, overwrite=overwrite)
            write_outputs(result, place, split_task.tested.images)
        return result
    with tempfile.TemporaryDirectory() as folder:
        return _run(split_task, plan, Path(folder), on_progress)


def _run(
    split_task: SplitTask,
    plan: Plan,
    folder: Path,
    on_progress: Progress | None,
    *,
    resume: bool = False,
    overwrite: bool = False,
) -> BenchmarkResult:
    identity = {"task": split_task.task, "split": to_plain(split_task.split())}
    parts = Parts(folder, identity, resume=resume, overwrite=overwrite)
    stages = Stages(split_task, plan, parts, on_progress)
    stages.train_ahead()
    replies = {method.name: stages.replies(method) for method in plan.methods}
    costs = stages.costs()
    found = [
        _method_result(split_task, stages, method, replies[method.name], costs[method.name])
        for method in plan.methods
    ]
    members = _voters(found)
    if len(members) > 1:
        replies[VOTE] = voted([replies[one.name] for one in members])
        found.append(_vote_result(split_task, members, replies[VOTE]))
    return BenchmarkResult(
        version=segcap.__version__,
        task=split_task.task,
        title=split_task.title,
        split=split_task.split(),
        hardware=hardware(),
        methods=tuple(found),
        pairs=pairs(split_task, replies),
        answers=tuple(_image_results(split_task, replies)),
    )


def _method_result(
    split_task: SplitTask, stages: Stages, method: Method, replies: list[Judged], cost: Cost | None
) -> MethodResult:
    found = judged(
        split_task,
        name=method.name,
        approach=method.approach,
        description=method.description,
        replies=replies,
        cost=cost,
        ceiling=stages.ceiling(method),
    )
    robustness = stages.robustness(method)
    curve = stages.curve(method, found.accuracy.exact.value)
    problems = (*_doubts(split_task, method), *stages.problems(method), *found.problems)
    return replace(found, robustness=robustness, learning_curve=curve, problems=problems)


def _doubts(split_task: SplitTask, method: Method) -> list[Problem]:
    """Report labels that a fitted reader cannot give, and that it may have seen tested images."""
    if not isinstance(method, ReaderMethod) or not method.is_fitted:
        return []
    known = split_task.tested.labels.tolist() if split_task.asks != "sums" else []
    forms = [
        (label, label.lower(), label.upper()) if split_task.folded else (label,) for label in known
    ]
    beyond = sum(not any(map(method.reader.can_answer, own)) for own in forms)
    doubts = [Problem(CANNOT_ANSWER, beyond)] if beyond else []
    data = method.reader.provenance_["data"]
    held_out = data.get("split", {}).get("tested") == split_task.split().tested_sha256
    if held_out or data["name"] in _OF_NO_TASK:
        return doubts
    return [
        *doubts,
        Problem("It was fitted before, and may have been trained on tested images.", 1),
    ]


def _check_trained(methods: Sequence[Method], split_task: SplitTask) -> None:
    """Refuse readers that are to be trained where all images are tested on."""
    untrained = [one.name for one in methods if can_train(one)]
    if untrained and not len(split_task.training):
        raise ParameterError(
            "Readers must be trained already where all images are tested on. "
            f"Got {', '.join(untrained)}."
        )


def _voters(found: Sequence[MethodResult]) -> list[MethodResult]:
    """Return the readers of both approaches that are right half as often as the best, or more."""
    members = [one for one in found if one.approach != "peer"]
    best = max((one.accuracy.exact.value for one in members), default=0.0)
    return [one for one in members if 0 < best <= 2 * one.accuracy.exact.value]


def _vote_result(
    split_task: SplitTask, members: Sequence[MethodResult], replies: list[Judged]
) -> MethodResult:
    costs = [one.cost for one in members]
    known = [cost for cost in costs if cost is not None]
    names = ", ".join(one.name for one in members)
    return judged(
        split_task,
        name=VOTE,
        approach="vote",
        description=f"{names}, weighted by their confidence: those right at least half as often as "
        "the best",
        replies=replies,
        cost=together(known) if len(known) == len(costs) else None,
    )


def _image_results(
    split_task: SplitTask, replies: Mapping[str, Sequence[Judged]]
) -> Iterator[ImageResult]:
    are_files = not isinstance(split_task.tested.images, np.ndarray)
    for index, (name, truth, known) in enumerate(
        zip(split_task.ids, split_task.truths, split_task.known, strict=True)
    ):
        yield ImageResult(
            name,
            truth,
            name if are_files else None,
            None if known is None else known.boxes,
            {method: own[index] for method, own in replies.items()},
        )


def _difficulties(values: Sequence[float]) -> tuple[float, ...]:
    array = fractions("difficulties", values)
    if array.ndim != 1:
        raise ParameterError(f"The 'difficulties' must be several numbers. Got {values!r}.")
    return tuple(array.tolist())


def _counts(labels: Sequence[int], most: int) -> list[int]:
    if not isinstance(labels, Iterable):
        raise ParameterError(f"The 'labels' must be several numbers of images. Got {labels!r}.")
    counts = {whole_number("labels", count, least=1) for count in labels}
    return sorted(count for count in counts if count < most)
