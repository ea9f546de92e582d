"""Tasks by number, in one process or several."""

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import cv2

from segcap.core.batching import check_jobs, end_with_parent

__all__ = ["in_order"]

T = TypeVar("T")

_MOST_AT_ONCE = 128
_CHUNKS_A_WORKER = 4


def in_order(task: Callable[[int], T], indices: Sequence[int], *, n_jobs: int) -> Iterator[T]:
    """Return the results of a task in the order of its indices.

    Parameters
    ----------
    task : callable
        From an index to a result.
    indices : sequence of int
    n_jobs : int
        Worker processes; -1 for one per core.

    Raises
    ------
    ParameterError
        `n_jobs` is neither -1 nor at least 1.
    """
    check_jobs(n_jobs)
    if n_jobs == 1:
        return map(task, indices)
    from joblib import effective_n_jobs

    workers = min(effective_n_jobs(n_jobs), effective_n_jobs(-1))
    rate = -(-len(indices) // (_CHUNKS_A_WORKER * workers))
    step = max(1, min(_MOST_AT_ONCE, rate))
    chunks = [indices[start : start + step] for start in range(0, len(indices), step)]
    return _from_workers(task, chunks, workers)


def _from_workers(
    task: Callable[[int], T], chunks: Sequence[Sequence[int]], workers: int
) -> Iterator[T]:
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    parallel = Parallel(n_jobs=workers, return_as="generator", pre_dispatch="3*n_jobs")
    try:
        for results in parallel(delayed(_run_all)(task, chunk) for chunk in chunks):
            yield from results
    except BaseException:
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise


def _run_all(task: Callable[[int], T], indices: Sequence[int]) -> list[T]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is the main process' affair
    cv2.setNumThreads(1)
    end_with_parent()
    return [task(index) for index in indices]
