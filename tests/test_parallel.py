"""Jobs are done in order, each once, wherever joblib's configuration says."""

import os
import signal
from pathlib import Path

import joblib
import numpy as np
import pytest

from segcap.core import parallel
from segcap.core.errors import DataError, ParameterError


class Counted:
    """A task of some weight that notes each time it arrives somewhere."""

    def __init__(self, notes):
        self.notes = notes
        self.weight = np.zeros(2_000_000, np.uint8)

    def __setstate__(self, state):
        self.__dict__ = state
        with open(self.notes, "a") as file:
            file.write(f"{os.getpid()}\n")

    def __call__(self, job):
        return job * 2


def die_once(folder, job):
    if job in (2, 5):
        mark = Path(folder) / str(job)
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return job


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("as_ready", [False, True])
def test_jobs_are_done_by_what_joblib_is_set_to(backend, as_ready):
    with joblib.parallel_config(backend=backend, n_jobs=2):
        places = list(parallel.run(lambda job: (job, os.getpid()), range(12), as_ready=as_ready))
    assert sorted(job for job, _ in places) == list(range(12))
    assert as_ready or [job for job, _ in places] == list(range(12))
    assert ({place for _, place in places} == {os.getpid()}) == (backend == "threading")


def test_without_configuration_jobs_are_done_here_as_they_are_asked_for():
    done = []
    results = parallel.run(done.append, iter(range(5)))
    next(results)
    assert len(done) == 1


def test_a_task_travels_once_to_each_worker(tmp_path):
    notes = tmp_path / "arrivals"
    assert list(parallel.run(Counted(notes), range(20), n_jobs=2)) == list(range(0, 40, 2))
    arrivals = notes.read_text().split()
    assert len(arrivals) == len(set(arrivals)) <= 2


def test_workers_have_one_thread():
    threads = parallel.run(lambda _: os.environ["OMP_NUM_THREADS"], range(4), n_jobs=2)
    assert set(threads) == {"1"}


def test_a_job_whose_worker_died_is_done_again(tmp_path):
    done = list(parallel.run(lambda job: die_once(tmp_path, job), range(9), n_jobs=2))
    assert done == list(range(9))


def test_a_job_that_always_ends_its_worker_is_named():
    def die(job):
        return os.kill(os.getpid(), signal.SIGKILL) if job == 3 else job

    results = parallel.run(die, range(9), n_jobs=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(DataError, match=r"must not end its worker\. Got 3 workers lost at 3: "):
        next(results)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_errors_come_from_task_and_source(backend):
    def jobs():
        yield from range(5)
        raise DataError("The folder is gone.")

    with joblib.parallel_config(backend=backend, n_jobs=2):
        results = parallel.run(abs, jobs())
        assert [next(results) for _ in range(5)] == list(range(5))
        with pytest.raises(DataError, match="folder is gone"):
            next(results)
        with pytest.raises(ZeroDivisionError):
            list(parallel.run(lambda job: 1 // job, range(3)))


def test_workers_of_other_versions_are_refused():
    content, digest, client, versions = parallel._pack(abs, "loky")
    assert parallel._run_there(content, digest, client, versions, 7, -1) == (7, 1)
    with pytest.raises(ParameterError, match=r"versions of who sends them work.*'segcap': '0'"):
        parallel._run_there(content, digest, client, {**versions, "segcap": "0"}, 7, -1)
