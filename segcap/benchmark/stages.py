"""The stages of a benchmark, each made of parts that are kept once they are finished."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import parallel_config

from segcap.benchmark.adapters import Method, Progress, ReaderMethod
from segcap.benchmark.answering import described, heard, replies_of, with_failures
from segcap.benchmark.cache import Parts
from segcap.benchmark.ceiling import ceiling
from segcap.benchmark.cost import measured_cost, used_versions
from segcap.benchmark.outcomes import (
    Cost,
    Judged,
    LearningPoint,
    Problem,
    RobustnessPoint,
)
from segcap.benchmark.plain import from_plain, to_plain
from segcap.benchmark.scoring import learning_point, right
from segcap.benchmark.split_task import ImageGenerator, SplitTask
from segcap.benchmark.training import Trained, can_train, identity, train, train_ahead
from segcap.datasets.dataset import Dataset
from segcap.evaluate.metrics import Rate

__all__ = ["Plan", "Stages"]

_DRAWN_SEED = 1_000_003


@dataclass(frozen=True, eq=False)
class Plan:
    """Who takes part, and what is measured of them besides their answers.

    Attributes
    ----------
    labels : tuple of int
        Fewer images to train on, for the learning curve.
    seeds : int
        How often to train for each of its points.
    difficulties : tuple of float
        At which difficulties to draw test images.
    drawn : int
        Images at each difficulty.
    """

    methods: tuple[Method, ...]
    labels: tuple[int, ...] = ()
    seeds: int = 1
    difficulties: tuple[float, ...] = ()
    drawn: int = 200

    @property
    def parts(self) -> int:
        """How many parts there are; costs are one, as they are measured in one run."""
        trainable = sum(can_train(method) for method in self.methods)
        points = (len(self.labels) + 1) * self.seeds
        answered = len(self.methods) * (1 + len(self.difficulties))
        return 1 + answered + trainable * points


class Stages:
    """What a benchmark does, one method after the other.

    Parameters
    ----------
    on_progress : callable, optional
        Called with the number of parts that are done, their total, and a note.
    """

    def __init__(
        self, split_task: SplitTask, plan: Plan, parts: Parts, on_progress: Progress | None
    ) -> None:
        self._split_task = split_task
        self._plan = plan
        self._parts = parts
        self._on_progress = on_progress
        self._done = 0
        self._trained: dict[str, Trained] = {}
        self._problems: dict[str, list[Problem]] = {one.name: [] for one in plan.methods}
        self._images: dict[float, Any] = {}
        self._answered: dict[str, list[int]] = {}
        self._versions = used_versions()
        self._known = hashlib.sha256(json.dumps(to_plain(split_task.known)).encode()).hexdigest()

    def train_ahead(self) -> None:
        """Do the trainings of segcap's readers side by side, if there are workers."""
        jobs: list[tuple[Method, Dataset, dict[str, Any], int | None]] = []
        for method in self._plan.methods:
            if not (isinstance(method, ReaderMethod) and can_train(method)):
                continue
            jobs.append((method, self._split_task.training, self._key(method), None))
            for count, seed in self._points():
                key = self._point_key(method, count, seed)
                if self._parts.read(f"{method.name}.curve", key) is None:
                    own_seed = self._split_task.seed + seed
                    jobs.append((method, self._fewer(count, seed), key, own_seed))
        for done, _ in enumerate(train_ahead(jobs, self._parts), start=1):
            self._report(f"{done} of {len(jobs)} trainings are done")

    def replies(self, method: Method) -> list[Judged]:
        """Train a method and read all test images."""
        trained = self.trained(method)
        if can_train(method):
            self._step(f"{method.name} is trained")
        count = len(self._split_task.tested)
        if trained.method is None:
            self._step(f"{method.name} failed")
            return [Judged(None, 0.0, "failed", error=trained.error)] * count
        ready = trained.method

        def make() -> dict[str, Any]:
            problems: list[Problem] = []
            with heard(problems):
                given = replies_of(
                    ready,
                    self._split_task.tested.images,
                    ranked=True,
                    folded=self._split_task.folded,
                    on_progress=lambda done: self._report(f"{method.name} answers {done}/{count}"),
                )
                judged = with_failures(ready, self._split_task, given)
            return {"replies": to_plain(judged), "problems": to_plain(problems)}

        kept = self._parts.once(f"{method.name}.answers", self._key(method), make)
        self._problems[method.name] += [from_plain(Problem, one) for one in kept["problems"]]
        self._step(f"{method.name} has answered")
        replies = [from_plain(Judged, one) for one in kept["replies"]]
        self._answered[method.name] = [
            index for index, reply in enumerate(replies) if reply.status != "failed"
        ]
        return replies

    def trained(self, method: Method) -> Trained:
        """Train a method on all training images, once."""
        if method.name not in self._trained:
            self._report(f"{method.name} is being trained")
            found = train(
                method,
                self._split_task.training,
                self._parts,
                self._key(method),
                on_progress=self._epochs(method.name),
            )
            self._trained[method.name] = found
            self._problems[method.name] += found.problems
        return self._trained[method.name]

    def costs(self) -> dict[str, Cost | None]:
        """Measure what all answers cost, in one run."""
        names = [method.name for method in self._plan.methods]
        key = {"methods": [self._key(method) for method in self._plan.methods]}

        def make() -> dict[str, Any]:
            return {name: self._cost(name) for name in names}

        kept = self._parts.once("costs", key, make)
        for name in names:
            self._problems[name] += [from_plain(Problem, one) for one in kept[name]["problems"]]
        self._step("costs are measured")
        measured = {name: kept[name]["cost"] for name in names}
        return {name: own and from_plain(Cost, own) for name, own in measured.items()}

    def ceiling(self, method: Method) -> Rate | None:
        """Measure what a segmenting reader would reach with true boxes, where they are known."""
        ready = self.trained(method).method
        if not isinstance(ready, ReaderMethod) or ready.approach != "segment":
            return None
        rate = self._parts.once(
            f"{method.name}.ceiling",
            self._key(method),
            lambda: {"rate": to_plain(ceiling(ready.reader, self._split_task))},
        )["rate"]
        return None if rate is None else from_plain(Rate, rate)

    def robustness(self, method: Method) -> tuple[RobustnessPoint, ...]:
        """Measure a trained method on images drawn at each difficulty."""
        ready, generator = self.trained(method).method, self._split_task.generator
        points = []
        for difficulty in self._plan.difficulties:
            if ready is not None and generator is not None:
                rate = self._rate_at(method, ready, generator, difficulty)
                points.append(RobustnessPoint(difficulty, from_plain(Rate, rate)))
            self._step(f"{method.name} at difficulty {difficulty:g}")
        return tuple(points)

    def curve(self, method: Method, all_right: float) -> tuple[LearningPoint, ...]:
        """Measure a method that was trained on fewer images, and again with other seeds."""
        if not can_train(method):
            return ()
        whole = len(self._split_task.training)
        points = []
        for count in (*self._plan.labels, whole):
            seeds = [seed for own, seed in self._points() if own == count]
            scores = [self._score(method, count, seed) for seed in seeds]
            known = [score for score in scores if score is not None]
            spent = [self._seconds(method, count, seed) for seed in seeds]
            if count == whole and self.trained(method).method is not None:
                known.insert(0, all_right)
                spent.insert(0, self.trained(method).seconds)
            if known:
                times = [seconds for seconds in spent if seconds is not None]
                points.append(learning_point(count, known, times))
        return tuple(points)

    def problems(self, method: Method) -> list[Problem]:
        """Return what a method met with, and what it could not help."""
        shared = self._split_task.problems if can_train(method) else ()
        return [*(Problem(message, 1) for message in shared), *self._problems[method.name]]

    def _points(self) -> list[tuple[int, int]]:
        """Numbers of images and seeds of the learning curve, less all images of the first seed."""
        whole = len(self._split_task.training)
        counts = (*self._plan.labels, whole)
        return [
            (count, seed)
            for count in counts
            for seed in range(1 if count == whole else 0, self._plan.seeds)
        ]

    def _rate_at(
        self, method: Method, ready: Method, generator: ImageGenerator, difficulty: float
    ) -> dict[str, Any]:
        key = {
            **self._key(method),
            "generator": generator.name,
            "difficulty": difficulty,
            "n": self._plan.drawn,
        }

        def make() -> Any:
            if difficulty not in self._images:
                self._images[difficulty] = generator.draw(difficulty, self._plan.drawn)
            images, truths = self._images[difficulty]
            with heard([]):
                given = replies_of(ready, images, folded=self._split_task.folded)
            return to_plain(right(given, self._split_task.as_compared(truths)))

        return self._parts.once(f"{method.name}.robustness", key, make)

    def _score(self, method: Method, count: int, seed: int) -> float | None:
        note = f"{method.name}, {count} labels, seed {seed}"
        key = self._point_key(method, count, seed)
        kept = self._parts.read(f"{method.name}.curve", key)
        if kept is None:
            own_seed = self._split_task.seed + seed
            report = self._epochs(note)
            part = self._fewer(count, seed)
            found = train(method, part, self._parts, key, seed=own_seed, on_progress=report)
            if found.method is None:
                self._problems[method.name] += [
                    *(Problem(f"{note}: {one.message}", one.count) for one in found.problems),
                    Problem(f"{note}: {found.error}", 1),
                ]
                self._step(note)
                return None
            with heard([]):
                given = replies_of(
                    found.method, self._split_task.tested.images, folded=self._split_task.folded
                )
            kept = right(given, self._split_task.truths).value
            self._parts.keep(f"{method.name}.curve", key, kept)
            if found.bundle is not None:
                found.bundle.unlink(missing_ok=True)
        self._step(note)
        return float(kept)

    def _seconds(self, method: Method, count: int, seed: int) -> float | None:
        notes = self._parts.read(f"{method.name}.training", self._point_key(method, count, seed))
        return None if notes is None else float(notes["seconds"])

    def _point_key(self, method: Method, count: int, seed: int) -> dict[str, Any]:
        return {**self._key(method), "labels": count, "own_seed": seed}

    def _fewer(self, count: int, seed: int) -> Dataset:
        """Choose images to train on; more of one seed hold fewer of it."""
        rng = np.random.default_rng(self._split_task.seed + _DRAWN_SEED * seed)
        order = rng.permutation(len(self._split_task.training))
        return self._split_task.training.subset(np.sort(order[:count]))

    def _cost(self, name: str) -> dict[str, Any]:
        trained = self._trained[name]
        if trained.method is None or not self._answered[name]:
            return {"cost": None, "problems": []}
        self._report(f"{name} is timed")
        images = self._split_task.tested.images
        try:
            with heard([]), parallel_config(backend="sequential"):
                cost = measured_cost(
                    trained.method,
                    [images[index] for index in self._answered[name]],
                    training_seconds=trained.seconds,
                    bundle=trained.bundle,
                )
        except (Exception, SystemExit) as error:  # noqa: BLE001 as they like
            problem = Problem(f"No cost is known. {described(error)}", 1)
            return {"cost": None, "problems": [to_plain(problem)]}
        return {"cost": to_plain(cost), "problems": []}

    def _key(self, method: Method) -> dict[str, Any]:
        return {
            "method": identity(method),
            "training": self._split_task.training.content_digest if can_train(method) else None,
            "tested": self._split_task.tested.content_digest,
            "known": self._known,
            "folded": self._split_task.folded,
            "versions": self._versions,
        }

    def _epochs(self, name: str) -> Progress:
        return lambda done, total, note: self._report(f"{name}: epoch {done}/{total}, {note}")

    def _step(self, note: str) -> None:
        self._done += 1
        self._report(note)

    def _report(self, note: str) -> None:
        if self._on_progress is not None:
            self._on_progress(self._done, self._plan.parts, note)
