"""Split work into batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from numbers import Integral
from typing import TypeVar

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number

__all__ = ["batched", "batched_by_size", "check_batching", "check_jobs"]

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Return lists of `size` items, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def batched_by_size(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """Return lists of items, each ended once its arrays have `most` bytes together."""
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += getattr(item, "nbytes", 0)
        if size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def check_batching(batch_size: int, n_jobs: int | None) -> None:
    """Check what `read_many` is given.

    Raises
    ------
    ParameterError
        `batch_size` is no integer or below 1, or `n_jobs` is neither at least 1 nor -1 nor None.
    """
    whole_number("batch_size", batch_size, least=1)
    check_jobs(n_jobs)


def check_jobs(n_jobs: int | None) -> None:
    """Check a number of worker processes.

    Raises
    ------
    ParameterError
        `n_jobs` is neither an integer of at least 1, nor -1, nor None.
    """
    if n_jobs is None:
        return
    if not isinstance(n_jobs, Integral) or n_jobs < -1 or n_jobs == 0:
        raise ParameterError(
            f"The 'n_jobs' must be at least 1, or -1 for one per core. Got {n_jobs!r}."
        )
