"""The stages of a benchmark, each made of parts that are kept once they are finished."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from segcap.benchmark.adapters import Entrant, Progress, ReaderEntrant
from segcap.benchmark.answering import described, heard, replies_of, with_failures
from segcap.benchmark.cache import Parts
from segcap.benchmark.ceiling import ceiling
from segcap.benchmark.cost import measured_cost, used_versions
from segcap.benchmark.learning import Learned, can_learn, identity, learn
from segcap.benchmark.outcomes import (
    Cost,
    Judged,
    LearningPoint,
    Problem,
    RobustnessPoint,
)
from segcap.benchmark.plain import from_plain, to_plain
from segcap.benchmark.scoring import learning_point, right
from segcap.benchmark.split_task import Contest, Dial
from segcap.datasets.dataset import Dataset
from segcap.evaluate.metrics import Share

__all__ = ["Plan", "Stages"]

_DRAWN_SEED = 1_000_003


@dataclass(frozen=True, eq=False)
class Plan:
    """Who takes part, and what is measured of them besides their answers.

    Attributes
    ----------
    entrants : tuple of Entrant
    labels : tuple of int
        Fewer images to learn from, for the learning curve.
    seeds : int
        How often to learn for each of its points.
    difficulties : tuple of float
        Where to turn the contest's dial.
    drawn : int
        Images at each difficulty.
    """

    entrants: tuple[Entrant, ...]
    labels: tuple[int, ...] = ()
    seeds: int = 1
    difficulties: tuple[float, ...] = ()
    drawn: int = 200

    @property
    def parts(self) -> int:
        """How many parts there are; costs are one, as they are measured in one run."""
        learners = sum(can_learn(entrant) for entrant in self.entrants)
        points = (len(self.labels) + 1) * self.seeds
        answered = len(self.entrants) * (1 + len(self.difficulties))
        return 1 + answered + learners * points


class Stages:
    """What a benchmark does, one entrant after the other.

    Parameters
    ----------
    contest : Contest
    plan : Plan
    parts : Parts
    on_progress : callable, optional
        Called with the number of parts that are done, their total, and a note.
    """

    def __init__(
        self, contest: Contest, plan: Plan, parts: Parts, on_progress: Progress | None
    ) -> None:
        self._contest = contest
        self._plan = plan
        self._parts = parts
        self._on_progress = on_progress
        self._done = 0
        self._learned: dict[str, Learned] = {}
        self._problems: dict[str, list[Problem]] = {one.name: [] for one in plan.entrants}
        self._images: dict[float, Any] = {}
        self._answered: dict[str, list[int]] = {}
        self._versions = used_versions()
        self._known = hashlib.sha256(json.dumps(to_plain(contest.known)).encode()).hexdigest()

    def replies(self, entrant: Entrant) -> list[Judged]:
        """Let an entrant learn and answer to all tested images."""
        learned = self.learned(entrant)
        if can_learn(entrant):
            self._step(f"{entrant.name} has learned")
        count = len(self._contest.tested)
        if learned.entrant is None:
            self._step(f"{entrant.name} failed")
            return [Judged(None, 0.0, "failed", error=learned.error)] * count
        ready = learned.entrant

        def make() -> dict[str, Any]:
            problems: list[Problem] = []
            with heard(problems):
                given = replies_of(
                    ready,
                    self._contest.tested.images,
                    ranked=True,
                    on_progress=lambda done: self._tell(f"{entrant.name} answers {done}/{count}"),
                )
                judged = with_failures(ready, self._contest, given)
            return {"replies": to_plain(judged), "problems": to_plain(problems)}

        kept = self._parts.once(f"{entrant.name}.answers", self._key(entrant), make)
        self._problems[entrant.name] += [from_plain(Problem, one) for one in kept["problems"]]
        self._step(f"{entrant.name} has answered")
        replies = [from_plain(Judged, one) for one in kept["replies"]]
        self._answered[entrant.name] = [
            index for index, reply in enumerate(replies) if reply.status != "failed"
        ]
        return replies

    def learned(self, entrant: Entrant) -> Learned:
        """Let an entrant learn from all there is to learn from, once."""
        if entrant.name not in self._learned:
            self._tell(f"{entrant.name} learns")
            found = learn(
                entrant,
                self._contest.learned,
                self._parts,
                self._key(entrant),
                on_progress=self._epochs(entrant.name),
            )
            self._learned[entrant.name] = found
            self._problems[entrant.name] += found.problems
        return self._learned[entrant.name]

    def costs(self) -> dict[str, Cost | None]:
        """Measure what all answers cost, in one run."""
        names = [entrant.name for entrant in self._plan.entrants]
        key = {"entrants": [self._key(entrant) for entrant in self._plan.entrants]}

        def make() -> dict[str, Any]:
            return {name: self._cost(name) for name in names}

        kept = self._parts.once("costs", key, make)
        for name in names:
            self._problems[name] += [from_plain(Problem, one) for one in kept[name]["problems"]]
        self._step("costs are measured")
        measured = {name: kept[name]["cost"] for name in names}
        return {name: own and from_plain(Cost, own) for name, own in measured.items()}

    def ceiling(self, entrant: Entrant) -> Share | None:
        """Measure what a segmenting reader would reach with true boxes, where they are known."""
        ready = self.learned(entrant).entrant
        if not isinstance(ready, ReaderEntrant) or ready.approach != "segment":
            return None
        share = self._parts.once(
            f"{entrant.name}.ceiling",
            self._key(entrant),
            lambda: {"share": to_plain(ceiling(ready.reader, self._contest))},
        )["share"]
        return None if share is None else from_plain(Share, share)

    def robustness(self, entrant: Entrant) -> tuple[RobustnessPoint, ...]:
        """Measure a trained entrant on images drawn at each difficulty."""
        ready, dial = self.learned(entrant).entrant, self._contest.dial
        points = []
        for difficulty in self._plan.difficulties:
            if ready is not None and dial is not None:
                share = self._share_at(entrant, ready, dial, difficulty)
                points.append(RobustnessPoint(difficulty, from_plain(Share, share)))
            self._step(f"{entrant.name} at difficulty {difficulty:g}")
        return tuple(points)

    def curve(self, entrant: Entrant, all_right: float) -> tuple[LearningPoint, ...]:
        """Measure an entrant that has learned from fewer images, and again with other seeds."""
        if not can_learn(entrant):
            return ()
        whole = len(self._contest.learned)
        points = []
        for count in (*self._plan.labels, whole):
            seeds = range(1 if count == whole else 0, self._plan.seeds)
            scores = [self._score(entrant, count, seed) for seed in seeds]
            known = [score for score in scores if score is not None]
            if count == whole and self.learned(entrant).entrant is not None:
                known.insert(0, all_right)
            if known:
                points.append(learning_point(count, known))
        return tuple(points)

    def problems(self, entrant: Entrant) -> list[Problem]:
        """Give what an entrant met with, and what it could not help."""
        shared = self._contest.problems if can_learn(entrant) else ()
        return [*(Problem(message, 1) for message in shared), *self._problems[entrant.name]]

    def _share_at(
        self, entrant: Entrant, ready: Entrant, dial: Dial, difficulty: float
    ) -> dict[str, Any]:
        key = {
            **self._key(entrant),
            "dial": dial.name,
            "difficulty": difficulty,
            "n": self._plan.drawn,
        }

        def make() -> Any:
            if difficulty not in self._images:
                self._images[difficulty] = dial.draw(difficulty, self._plan.drawn)
            images, truths = self._images[difficulty]
            with heard([]):
                return to_plain(right(replies_of(ready, images), truths))

        return self._parts.once(f"{entrant.name}.robustness", key, make)

    def _score(self, entrant: Entrant, count: int, seed: int) -> float | None:
        note = f"{entrant.name}, {count} labels, seed {seed}"
        key = {**self._key(entrant), "labels": count, "own_seed": seed}
        kept = self._parts.read(f"{entrant.name}.curve", key)
        if kept is None:
            own_seed = self._contest.seed + seed
            tell = self._epochs(note)
            part = self._fewer(count, seed)
            found = learn(entrant, part, self._parts, key, seed=own_seed, on_progress=tell)
            if found.entrant is None:
                self._problems[entrant.name] += [
                    *(Problem(f"{note}: {one.message}", one.count) for one in found.problems),
                    Problem(f"{note}: {found.error}", 1),
                ]
                self._step(note)
                return None
            with heard([]):
                given = replies_of(found.entrant, self._contest.tested.images)
            kept = right(given, self._contest.truths).value
            self._parts.keep(f"{entrant.name}.curve", key, kept)
            if found.bundle is not None:
                found.bundle.unlink()
        self._step(note)
        return float(kept)

    def _fewer(self, count: int, seed: int) -> Dataset:
        """Choose images to learn from; more of one seed hold fewer of it."""
        rng = np.random.default_rng(self._contest.seed + _DRAWN_SEED * seed)
        order = rng.permutation(len(self._contest.learned))
        return self._contest.learned.subset(np.sort(order[:count]))

    def _cost(self, name: str) -> dict[str, Any]:
        learned = self._learned[name]
        if learned.entrant is None or not self._answered[name]:
            return {"cost": None, "problems": []}
        self._tell(f"{name} is timed")
        images = self._contest.tested.images
        try:
            with heard([]):
                cost = measured_cost(
                    learned.entrant,
                    [images[index] for index in self._answered[name]],
                    training_seconds=learned.seconds,
                    bundle=learned.bundle,
                )
        except (Exception, SystemExit) as error:  # noqa: BLE001 as they like
            problem = Problem(f"No cost is known. {described(error)}", 1)
            return {"cost": None, "problems": [to_plain(problem)]}
        return {"cost": to_plain(cost), "problems": []}

    def _key(self, entrant: Entrant) -> dict[str, Any]:
        return {
            "entrant": identity(entrant),
            "learned": self._contest.learned.content_digest if can_learn(entrant) else None,
            "tested": self._contest.tested.content_digest,
            "known": self._known,
            "versions": self._versions,
        }

    def _epochs(self, name: str) -> Progress:
        return lambda done, total, note: self._tell(f"{name}: epoch {done}/{total}, {note}")

    def _step(self, note: str) -> None:
        self._done += 1
        self._tell(note)

    def _tell(self, note: str) -> None:
        if self._on_progress is not None:
            self._on_progress(self._done, self._plan.parts, note)
