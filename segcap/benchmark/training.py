"""Train methods, each once, even if the benchmark is killed on the way."""

import time
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from segcap.benchmark.adapters import Method, Progress, ReaderMethod, TrainableMethod
from segcap.benchmark.answering import described, heard
from segcap.benchmark.cache import Parts
from segcap.benchmark.outcomes import Problem
from segcap.benchmark.plain import from_plain, to_plain
from segcap.core.errors import ParameterError
from segcap.core.files import write_atomically
from segcap.core.parallel import are_processes, run
from segcap.datasets.dataset import Dataset

__all__ = ["Clock", "Trained", "can_train", "identity", "train", "train_ahead"]


@dataclass(frozen=True, eq=False)
class Trained:
    """A method that is ready to answer, or not.

    Attributes
    ----------
    method : Method or None
        None where it raised an error in training.
    bundle : Path or None
        The file of a reader of segcap's.
    seconds : float or None
        Of training, over all runs; None where nothing was trained.
    error : str or None
        What it raised in training.
    """

    method: Method | None
    bundle: Path | None = None
    seconds: float | None = None
    problems: tuple[Problem, ...] = ()
    error: str | None = None


def can_train(method: Method) -> bool:
    """Return whether a method is trained here."""
    if isinstance(method, ReaderMethod):
        return not method.is_fitted
    return isinstance(method, TrainableMethod)


def identity(method: Method) -> dict[str, Any]:
    """Describe what a method's answers depend on, as far as it is known."""
    # not getattr with a default: an error in a property would pass for none
    own: Any = method
    known = own.identity if "identity" in dir(method) else {"description": method.description}
    return {"name": method.name, **known}


def train(
    method: Method,
    training: Dataset,
    parts: Parts,
    key: Mapping[str, Any],
    *,
    seed: int | None = None,
    on_progress: Progress | None = None,
) -> Trained:
    """Make a method ready to answer.

    A trained reader of segcap's is kept as a bundle, and one in training as a state; other methods
    are trained anew whenever they are needed.

    Parameters
    ----------
    training : Dataset
        Training images.
    key : mapping
        What the part depends on.
    seed : int, optional
        In place of the reader's own.
    on_progress : callable, optional
        Called with the number of epochs done, their total and a note.
    """
    if isinstance(method, ReaderMethod):
        path = parts.path(method.name, key, ".segcap")
        if method.is_fitted:
            try:
                if not path.exists():
                    method.save(path)
            except ParameterError:  # such as one with a segmenter of its own
                return Trained(method)
            return Trained(method, path)
        notes = parts.read(f"{method.name}.training", key)
        if notes is None or not path.exists():
            try:
                notes = _fit(method, training, parts, key, seed, on_progress)
            except (Exception, SystemExit) as error:  # noqa: BLE001 whatever a training raises
                return Trained(None, error=described(error))
        problems = tuple(from_plain(Problem, one) for one in notes["problems"])
        return Trained(method.opened(path), path, notes["seconds"], problems)
    if not isinstance(method, TrainableMethod):
        return Trained(method)
    pupil = deepcopy(method)
    found: list[Problem] = []
    started = time.perf_counter()
    try:
        with heard(found):
            pupil.fit(training)
    except (Exception, SystemExit) as error:  # noqa: BLE001 as above
        return Trained(None, problems=tuple(found), error=described(error))
    return Trained(pupil, None, time.perf_counter() - started, tuple(found))


def train_ahead(
    jobs: Sequence[tuple[Method, Dataset, Mapping[str, Any], int | None]], parts: Parts
) -> Iterator[None]:
    """Train methods in other processes, if any are configured; `train` finds what they have made.

    Workers must share the folder of the parts. What fails here is tried again, and reported, there.

    Parameters
    ----------
    jobs : sequence of tuple
        What `train` takes: method, training images, key and seed.

    Yields
    ------
    None
        Each time that one is trained.
    """
    if are_processes():
        yield from run(partial(_train_one, parts), jobs, as_ready=True)


def _train_one(parts: Parts, job: tuple[Method, Dataset, Mapping[str, Any], int | None]) -> None:
    method, training, key, seed = job
    train(method, training, parts, key, seed=seed)


def _fit(
    method: ReaderMethod,
    training: Dataset,
    parts: Parts,
    key: Mapping[str, Any],
    seed: int | None,
    on_progress: Progress | None,
) -> dict[str, Any]:
    state = parts.path(method.name, key, ".state")
    clock = Clock(parts.path(method.name, key, ".seconds"))

    def report(done: int, total: int, note: str) -> None:
        clock.keep()
        if on_progress is not None:
            on_progress(done, total, note)

    problems: list[Problem] = []
    with heard(problems):
        fitted = method.fitted(training, seed=seed, state=state, on_progress=report)
    fitted.save(parts.path(method.name, key, ".segcap"))
    notes = {"seconds": clock.seconds, "problems": to_plain(problems)}
    parts.keep(f"{method.name}.training", key, notes)
    for file in (*state.parent.glob(f"{state.name}*"), clock.path):
        file.unlink(missing_ok=True)
    return notes


class Clock:
    """Seconds of training, those of a killed run until its last epoch among them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._before = float(path.read_text())
        except (OSError, ValueError):
            self._before = 0.0
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._before + time.perf_counter() - self._started

    def keep(self) -> None:
        """Write them down, for a run that goes on after this one is killed."""
        write_atomically(self.path, str(self.seconds).encode())
