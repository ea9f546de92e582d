"""Workers of Dask, Ray or joblib's own, for as long as a context lasts."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, TypeAlias, get_args

from segcap.core.batching import check_jobs
from segcap.core.errors import ParameterError
from segcap.core.extras import require

__all__ = ["Backend", "workers"]

Backend: TypeAlias = Literal["loky", "threading", "dask", "ray"]

_PATIENCE = 30.0
_GRACE = 5.0


@contextmanager
def workers(
    backend: Backend = "loky", *, n_jobs: int | None = None, scheduler: str | None = None
) -> Iterator[None]:
    """Let `read_many`, `score`, `TextGenerator.arrays` and their like run in these workers.

    Parameters
    ----------
    backend : {"loky", "threading", "dask", "ray"}
        Processes, threads, or what Dask or Ray starts or has started.
    n_jobs : int, optional
        Workers; -1 for one per core; all that a scheduler has, if there is one, else one.
    scheduler : str, optional
        Where Dask's scheduler or Ray's head answers; both start workers on this machine without.

    Raises
    ------
    ParameterError
        The scheduler does not answer within half a minute, is lost, or is of neither Dask nor Ray;
        the extra 'scale' is not installed; a parameter is outside its range.

    Examples
    --------
    >>> with workers("dask", scheduler="tcp://head:8786"):  # doctest: +SKIP
    ...     readings = segcap.load("any").read_many(paths)
    """
    from joblib import parallel_config

    if backend not in get_args(Backend):
        raise ParameterError(
            f"A backend must be one of {', '.join(get_args(Backend))}. Got {backend!r}."
        )
    check_jobs(n_jobs)
    if backend in ("loky", "threading"):
        if scheduler is not None:
            raise ParameterError(
                f"A scheduler must be one of Dask's or Ray's. Got '{scheduler}' for '{backend}'."
            )
        with parallel_config(backend=backend, n_jobs=n_jobs):
            yield
        return
    started = _dask if backend == "dask" else _ray
    with started(n_jobs, scheduler), parallel_config(backend=backend, n_jobs=n_jobs or -1):
        yield


@contextmanager
def _dask(n_jobs: int | None, scheduler: str | None) -> Iterator[None]:
    require("distributed", "scale", "The backend 'dask'")
    from distributed import Client

    own: dict[str, Any] = {
        "n_workers": None if n_jobs == -1 else n_jobs or 1,
        "threads_per_worker": 1,
        "dashboard_address": None,
    }
    with ExitStack() as stack:
        try:
            client = Client(scheduler, timeout=_PATIENCE) if scheduler else Client(**own)
            stack.callback(client.close)
            client.wait_for_workers(1, timeout=_PATIENCE)
            if scheduler is not None:
                _wait_for_second(client)
        except (OSError, ValueError) as error:
            raise _no_answer(scheduler, error) from None
        try:
            yield
        except Exception:
            if client.status == "running":
                raise
            raise ParameterError(
                "A scheduler must be there until the work is done. "
                f"Got '{scheduler or 'one on this machine'}', which was lost."
            ) from None


def _wait_for_second(client: Any) -> None:
    """Give a second worker some time to come up: of one alone joblib makes no use."""
    until = time.monotonic() + _GRACE
    while sum(client.ncores().values()) == 1 and time.monotonic() < until:
        time.sleep(0.2)


@contextmanager
def _ray(n_jobs: int | None, scheduler: str | None) -> Iterator[None]:
    require("ray", "scale", "The backend 'ray'")
    import ray
    from ray.util.joblib import register_ray

    own = {"num_cpus": None if n_jobs == -1 else n_jobs or 1, "include_dashboard": False}
    try:
        if scheduler is not None:
            _wait_for(scheduler)
        ray.init(
            scheduler or "local",
            log_to_driver=False,
            logging_level="error",
            **({} if scheduler else own),
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise _no_answer(scheduler, error) from None
    register_ray()
    try:
        yield
    finally:
        ray.shutdown()


def _wait_for(scheduler: str) -> None:
    """Wait until something answers there: Ray itself would wait longer."""
    host, _, port = scheduler.rpartition("//")[2].rpartition(":")
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _no_answer(scheduler: str | None, error: Exception) -> ParameterError:
    reason = " ".join(str(error).split())
    return ParameterError(
        f"A scheduler must answer within {_PATIENCE:g} seconds. "
        f"Got '{scheduler or 'one on this machine'}': {reason}."
    )
