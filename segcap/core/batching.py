"""Split work into batches."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from multiprocessing import current_process
from numbers import Integral
from typing import TypeVar

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number

__all__ = ["batched", "check_batching", "check_jobs", "end_with_parent"]

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Return lists of `size` items, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def check_batching(batch_size: int, n_jobs: int) -> None:
    """Check what `read_many` and `read_files` are given.

    Raises
    ------
    ParameterError
        `batch_size` is no integer or below 1, or `n_jobs` is neither at least 1 nor -1.
    """
    whole_number("batch_size", batch_size, least=1)
    check_jobs(n_jobs)


def check_jobs(n_jobs: int) -> None:
    """Check a number of worker processes.

    Raises
    ------
    ParameterError
        `n_jobs` is neither an integer of at least 1, nor -1.
    """
    if not isinstance(n_jobs, Integral) or n_jobs < -1 or n_jobs == 0:
        raise ParameterError(
            f"The 'n_jobs' must be at least 1, or -1 for one per core. Got {n_jobs!r}."
        )


@cache
def end_with_parent() -> None:
    """Let a worker process end within a second of its parent: one that is killed cannot end it."""
    if current_process().name == "MainProcess":
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
