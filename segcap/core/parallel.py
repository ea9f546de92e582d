"""Jobs in this process, or in the workers that joblib's configuration names."""

import os
import pickle
import platform
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing
from functools import cache, partial
from hashlib import sha256
from importlib.metadata import version
from itertools import chain, islice
from typing import Any, TypeVar

import cv2
import numpy as np

from segcap.core.batching import batched, check_jobs
from segcap.core.errors import DataError, ParameterError

__all__ = ["are_processes", "run", "run_each"]

J = TypeVar("J")
R = TypeVar("R")

_MOST_LOSSES = 3
_MOST_TOGETHER = 128
_JOBS_A_WORKER = 4
_TASKS_KEPT = 4
_AT_ONCE_A_WORKER = 8  # where results do not come one by one
_SECONDS_BETWEEN_LOOKS = 1.0

_unpacked: dict[str, Any] = {}


def run(
    task: Callable[[J], R],
    jobs: Iterable[J],
    *,
    n_jobs: int | None = None,
    as_ready: bool = False,
) -> Iterator[R]:
    """Return the results of a task, a job after the other.

    Parameters
    ----------
    task : callable
        From a job to a result. It travels to each worker once, or once a job below 1 MB.
    jobs : iterable
        Taken as workers are free. A job whose worker died is done again.
    n_jobs : int, optional
        Workers; -1 for one per core. Unless given, what `joblib.parallel_config` says, else one:
        this process.
    as_ready : bool
        In the order in which they are ready, where the backend can; else of the jobs.

    Raises
    ------
    DataError
        Workers die again and again.
    ParameterError
        `n_jobs` is neither -1 nor at least 1, or workers have other versions than this process.
    """
    check_jobs(n_jobs)
    from joblib import effective_n_jobs

    waiting = iter(jobs)
    first = list(islice(waiting, 2))
    waiting = chain(first, waiting)
    if len(first) < 2 or effective_n_jobs(n_jobs) == 1:
        return map(task, waiting)
    return _from_workers(task, _Jobs(waiting), n_jobs, as_ready)


def run_each(
    task: Callable[[J], R], items: Sequence[J], *, n_jobs: int | None = None
) -> Iterator[R]:
    """Return the results of a task that is quick, in the order of its items; see `run`."""
    check_jobs(n_jobs)
    from joblib import effective_n_jobs

    workers = effective_n_jobs(n_jobs)
    if workers == 1:
        return map(task, items)
    rate = -(-len(items) // (_JOBS_A_WORKER * workers))
    some = batched(items, max(1, min(_MOST_TOGETHER, rate)))
    return chain.from_iterable(run(partial(_each, task), some, n_jobs=n_jobs))


def _each(task: Callable[[J], R], items: Sequence[J]) -> list[R]:
    return [task(item) for item in items]


def are_processes(n_jobs: int | None = None) -> bool:
    """Whether so many workers, those of joblib's configuration for None, are other processes."""
    from joblib import effective_n_jobs
    from joblib.parallel import get_active_backend

    return effective_n_jobs(n_jobs) > 1 and not _are_threads(get_active_backend()[0])


def _are_threads(backend: Any) -> bool:
    return getattr(backend, "uses_threads", False)


class _Jobs(Iterator[tuple[int, Any]]):
    """Numbered jobs, to be taken by any thread, and again those that are not done."""

    def __init__(self, jobs: Iterable[Any]) -> None:
        self._jobs = enumerate(jobs)
        self._taken: dict[int, Any] = {}
        self._lock = threading.Lock()
        self.error: Exception | None = None

    def __next__(self) -> tuple[int, Any]:
        with self._lock:
            try:
                number, job = next(self._jobs)
            except StopIteration:
                raise
            except Exception as error:  # noqa: BLE001 joblib would wait forever in its thread
                self.error = error
                raise StopIteration from None
            self._taken[number] = job
            return number, job

    def done(self, number: int) -> None:
        """Forget a job."""
        del self._taken[number]

    def again(self) -> Any:
        """Hand out again what was taken and is not done; returns the first of it."""
        with self._lock:
            taken, self._taken = self._taken, {}
            self._jobs = chain(taken.items(), self._jobs)  # type: ignore[assignment]
            return next(iter(taken.values()), None)


def _from_workers(
    task: Callable[[J], R], jobs: _Jobs, n_jobs: int | None, as_ready: bool
) -> Iterator[R]:
    losses = 0
    while True:
        try:
            with closing(_outputs(task, jobs, n_jobs, as_ready)) as outputs:
                for number, result in outputs:
                    jobs.done(number)
                    losses = 0
                    yield result
            break
        except Exception as error:
            if not _is_loss(error):
                raise
            losses += 1
            job = jobs.again()
            if losses == _MOST_LOSSES:
                raise DataError(
                    "A job must not end its worker. "
                    f"Got {losses} workers lost at {str(job)[:200]}: {type(error).__name__}."
                ) from None
    if jobs.error is not None:
        raise jobs.error


def _is_loss(error: Exception) -> bool:
    """Whether a worker was lost, rather than an error raised in it."""
    engine = type(error).__module__.partition(".")[0]
    return isinstance(error, BrokenExecutor) or engine in ("distributed", "ray")


def _outputs(
    task: Callable[[J], R], jobs: _Jobs, n_jobs: int | None, as_ready: bool
) -> Generator[tuple[int, R], None, None]:
    from joblib import Parallel, delayed, effective_n_jobs
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    one_by_one = backend.supports_return_generator
    streamed = "generator_unordered" if as_ready else "generator"
    engine = type(backend).__module__
    own = {"initializer": _begin_child, "initargs": (os.getpid(),)} if "joblib._p" in engine else {}
    returned = streamed if one_by_one else "list"
    parallel = Parallel(n_jobs=n_jobs, return_as=returned, batch_size=1, **own)
    if _are_threads(backend):
        calls = (delayed(_run_here)(task, *job) for job in jobs)
    else:
        packed = _pack(task, engine)
        calls = (delayed(_run_there)(*packed, *job) for job in jobs)
    if one_by_one:
        yield from parallel(calls)
        return
    with parallel:
        at_once = _AT_ONCE_A_WORKER * effective_n_jobs(n_jobs)
        while some := list(islice(calls, at_once)):
            yield from parallel(some)


def _pack(task: Any, backend: str) -> tuple[Any, str, int, dict[str, str]]:
    """Prepare a task to be sent: an array is what joblib's engines send once."""
    import cloudpickle

    content = cloudpickle.dumps(task)
    array: Any = np.frombuffer(content, np.uint8)
    if backend.startswith("ray"):
        import ray

        array = ray.put(array)
    return array, sha256(content).hexdigest(), os.getpid(), _versions()


def _run_here(task: Callable[[J], R], number: int, job: J) -> tuple[int, R]:
    return number, task(job)


def _run_there(
    content: Any, digest: str, client: int, versions: dict[str, str], number: int, job: Any
) -> tuple[int, Any]:
    if versions != _versions():
        raise ParameterError(
            f"Workers must have the versions of who sends them work. Got {_versions()} in a "
            f"worker, and {versions} here."
        )
    from joblib import parallel_config

    if os.getpid() != client:
        _begin()
    if digest not in _unpacked:
        if not isinstance(content, np.ndarray):
            import ray

            content = ray.get(content)
        while len(_unpacked) >= _TASKS_KEPT:
            del _unpacked[next(iter(_unpacked))]
        _unpacked[digest] = pickle.loads(content)  # noqa: S301 of who started this worker
    with parallel_config(backend="sequential"):  # what the task may run is not to be spread, too
        return number, _unpacked[digest](job)


@cache
def _versions() -> dict[str, str]:
    python = ".".join(platform.python_version_tuple()[:2])
    return {"segcap": version("segcap"), "python": python, "numpy": np.__version__}


@cache
def _begin() -> None:
    """Give a worker one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"  # which new networks keep to
    cv2.setNumThreads(1)


def _begin_child(client: int) -> None:
    """Leave interruptions to the client, and end when it ends, however that is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":  # others do not forget a parent that ended
        threading.Thread(target=_end_with, args=(client,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
