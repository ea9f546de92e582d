"""What is left of a bulk reading when processes are killed.

`SEGCAP_KILLS=20 pytest -m slow tests/test_killed.py` kills each victim 20 times, not once.
"""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import KILLS, command_of, descendants, kill, needs_proc, start, until

from segcap.cli.record_table import RecordTable

SAMPLE = Path(__file__).parent.parent / "data" / "samples" / "field-dark-0.png"

pytestmark = needs_proc


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A thousand images, and what is read of them."""
    place = tmp_path_factory.mktemp("many")
    for number in range(1000):
        (place / f"{number}.png").symlink_to(SAMPLE)
    out = place.parent / "whole.csv"
    assert begin(place, out).wait() == 0
    return place, out


def begin(folder, out, *options):
    return start(sys.executable, "-m", "segcap", "read", folder, "--out", out, *options)


def paths_in(out):
    """Of the images in a file or a table of results."""
    if out.is_dir():
        return sorted(record["path"] for record in RecordTable(out, ["path"]).resume())
    return sorted(line.split(",")[0] for line in out.read_text().splitlines()[1:])


def workers_of(pid):
    return [one for one in descendants(pid) if b"Loky" in command_of(one)]


def lines_in(out):
    return out.read_text().count("\n") if out.exists() else 0


@pytest.mark.parametrize("begun", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_workers_end_with_their_parent(folder, tmp_path, begun):
    out = tmp_path / "out.csv"
    parent = begin(folder[0], out, "--jobs", 2)
    until(lambda: lines_in(out) > 1 if begun else len(workers_of(parent.pid)) == 2)
    there = descendants(parent.pid)
    kill(parent.pid)
    parent.wait()
    until(lambda: not any(command_of(one) for one in there), seconds=20)
    if begun:
        assert begin(folder[0], out, "--resume").wait() == 0
        assert sorted(out.read_text().splitlines()) == sorted(folder[1].read_text().splitlines())


@pytest.mark.slow
def test_what_a_killed_worker_had_is_read_again(folder, tmp_path):
    out = tmp_path / "out.csv"
    parent = begin(folder[0], out, "--jobs", 2)
    until(lambda: lines_in(out) > 1)
    kill(workers_of(parent.pid)[0])
    assert parent.wait() == 0
    assert out.read_text() == folder[1].read_text()


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "parent"])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_killed_at_random_nothing_is_lost_or_twice(folder, tmp_path, victim, out):
    if out.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    choose = random.Random(0)
    for turn in range(KILLS):
        place = tmp_path / f"{turn}-{out}"
        parent = begin(folder[0], place, "--jobs", 2)
        until(lambda parent=parent: workers_of(parent.pid))
        time.sleep(2 * choose.random())
        there = descendants(parent.pid)
        alive = workers_of(parent.pid)
        if victim == "parent":
            kill(parent.pid)
        elif alive:
            kill(choose.choice(alive))
        if victim == "worker":
            assert parent.wait() == 0
        else:
            parent.wait()
            until(lambda there=there: not any(map(command_of, there)), seconds=20)
            assert begin(folder[0], place, "--resume").wait() == 0
        assert paths_in(place) == paths_in(folder[1])


def cluster(known):
    """A scheduler of Dask and its two workers; its address."""
    dask = (sys.executable, "-m")
    scheduler = start(
        *(*dask, "distributed.cli.dask_scheduler", "--port", 0, "--no-dashboard"),
        *("--scheduler-file", known),
    )
    until(lambda: known.exists() and known.read_text().rstrip().endswith("}"))
    address = json.loads(known.read_text())["address"]
    workers = start(
        *(*dask, "distributed.cli.dask_worker", address, "--no-dashboard"),
        *("--nworkers", 2, "--nthreads", 1),
    )
    return scheduler, workers, address


@pytest.mark.slow
def test_a_scheduler_that_is_killed_is_named_and_nothing_is_lost(folder, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "3s")
    choose = random.Random(0)
    for turn in range(KILLS):
        place = tmp_path / f"{turn}.csv"
        scheduler, workers, address = cluster(tmp_path / f"{turn}.json")
        try:
            parent = start(
                *(sys.executable, "-m", "segcap", "read", folder[0], "--out", place),
                *("--backend", "dask", "--scheduler", address),
                stderr=subprocess.PIPE,
            )
            until(lambda place=place: lines_in(place) > 1)
            time.sleep(0.5 * choose.random())
            kill(scheduler.pid)
            _, said = parent.communicate()
            assert parent.returncode == 2
            assert f"Got '{address}', which was lost.".encode() in said
        finally:
            workers.kill()
            scheduler.kill()
        assert begin(folder[0], place, "--resume").wait() == 0
        assert paths_in(place) == paths_in(folder[1])
