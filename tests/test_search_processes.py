"""Searches of processes that are killed, or that share one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from search_material import GRID, SPACE, climbed, hill, what_was_tried

from segcap.training.tuning import search

BEGIN = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from segcap.training.tuning import search, storage
from test_search import GRID, SPACE, climbed, hill
storage._BEAT = storage._GRACE = 1
place = Path({place!r})
"""
KILLED = """
def stuck(settings, report):
    begun.append(settings)
    if len(begun) == 12:
        (place / "stuck").touch()
        time.sleep(600)
    return climbed(settings, report)

begun = []
search(stuck, SPACE, trials=14, seed=5, storage=place / "kept.db")
"""
SHARED = """
def together(settings, report):
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < 2:
        time.sleep(0.05)
    report.note(process=os.getpid())
    time.sleep(0.1)
    return hill(settings, report)

search(together, GRID, trials=6, grid=True, storage={storage!r})
"""


def begun(code, place, **words):
    """Start a process that searches."""
    filled = (BEGIN + code).format(tests=str(Path(__file__).parent), place=str(place), **words)
    return subprocess.Popen([sys.executable, "-c", filled])


@pytest.mark.slow
def test_a_killed_search_loses_the_running_trial_alone(tmp_path, monkeypatch):
    process = begun(KILLED, tmp_path)
    while not (tmp_path / "stuck").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    monkeypatch.setattr("segcap.training.tuning.storage._BEAT", 1)
    monkeypatch.setattr("segcap.training.tuning.storage._GRACE", 1)
    time.sleep(2.5)
    begun_again = []
    result = search(
        lambda *given: begun_again.append(given) or climbed(*given),
        SPACE,
        trials=14,
        seed=5,
        storage=tmp_path / "kept.db",
    )
    assert what_was_tried(result) == what_was_tried(search(climbed, SPACE, trials=14, seed=5))
    assert len(begun_again) == 3


def share(storage, place):
    """Let two processes make the trials of a search together, and check what they have made."""
    search(hill, GRID, trials=1, grid=True, storage=storage)
    place.mkdir()
    processes = [begun(SHARED, place, storage=storage) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    result = search(hill, GRID, trials=6, grid=True, storage=storage)
    assert {one.state for one in result.trials} == {"complete"}
    assert {one.notes["process"] for one in result.trials if one.trial} == {
        process.pid for process in processes
    }
    tried = [tuple(one.settings.values()) for one in result.trials]
    assert {*tried} == {(x, kind) for x in (1, 2, 3) for kind in "ab"}
    assert len(tried) <= 6 + 1


@pytest.mark.slow
def test_two_processes_share_a_file(tmp_path):
    share(str(tmp_path / "kept.db"), tmp_path / "begun")


@pytest.mark.slow
def test_two_processes_share_a_server(tmp_path, postgres):
    share(postgres, tmp_path / "begun")


@pytest.fixture
def postgres(tmp_path):
    """The URL of an empty PostgreSQL database that listens to a socket alone."""
    pytest.importorskip("psycopg2", reason="Python reaches PostgreSQL by psycopg2")
    where = os.pathsep.join(
        (os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    )
    initdb, server = (shutil.which(name, path=where) for name in ("initdb", "postgres"))
    if initdb is None or server is None:
        pytest.skip("no PostgreSQL server is installed")
    owner = "postgres" if os.getuid() == 0 else None  # a server refuses to run as root
    with tempfile.TemporaryDirectory() as short:  # a socket's path has at most 107 characters
        place = Path(short)
        if owner is not None:
            shutil.chown(place, owner)
        options = ("-D", place / "data", "-U", "postgres", "-A", "trust", "--no-sync")
        subprocess.run(
            [initdb, *options], check=True, user=owner, cwd=place, stdout=subprocess.DEVNULL
        )
        running = subprocess.Popen(
            [server, "-D", place / "data", "-k", place, "-h", ""],
            user=owner,
            cwd=place,
            stderr=subprocess.DEVNULL,
        )
        while not (place / ".s.PGSQL.5432").exists():
            assert running.poll() is None
            time.sleep(0.05)
        yield f"postgresql+psycopg2://postgres@/postgres?host={place}"
        running.send_signal(signal.SIGINT)
        running.wait()
