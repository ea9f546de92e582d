"""Processes killed at random moments: resumed to the same end, and nothing is left behind.

`SEGCAP_KILLS=50 pytest -m slow tests/test_kills.py` kills each command 50 times, not three.
"""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for workers in /proc"),
]

KILLS = int(os.environ.get("SEGCAP_KILLS", "3"))
SAMPLES = Path(__file__).parents[1] / "data" / "samples"
CLI = [sys.executable, "-m", "segcap"]
COMMANDS = {
    "read --jobs": [*CLI, "read", "images", "--jobs", "2", "--out", "read.csv", "--resume"],
    "generate": [*CLI, "generate", "wordpress", "--n", "400", "--out", "drawn", "--resume"],
}


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A folder with images."""
    folder = tmp_path_factory.mktemp("material")
    (folder / "images").mkdir()
    names = sorted(SAMPLES.glob("*.png"))
    for number in range(200):
        shutil.copy(names[number % len(names)], folder / "images" / f"{number:03}.png")
    return folder


def processes_of(session):
    """Processes of a session that have not ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, own = status.read_text().rsplit(")", 1)[1].split()[:4]
        except OSError:
            continue
        if int(own) == session and state not in "ZX":
            found.append(int(status.parent.name))
    return found


def run(command, folder, *, kill_after=None):
    """Run a command, or kill it; give seconds. No process of it may outlive it by 20 seconds."""
    started = time.monotonic()
    with open(folder.parent / f"{folder.name}.log", "ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        seconds = time.monotonic() - started
        by = time.monotonic() + 20
        while processes_of(process.pid) and time.monotonic() < by:
            time.sleep(0.2)
        left = processes_of(process.pid)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    assert left == [], "workers were left behind"
    if kill_after is None:
        assert process.returncode in (0, 1), (folder.parent / f"{folder.name}.log").read_text()
    return seconds


def outcome(name, folder):
    """What a command has made, without clocks."""
    if name == "read --jobs":
        with open(folder / "read.csv", newline="") as file:
            return sorted(map(tuple, csv.reader(file)))
    made = folder / "drawn"
    files = (path for path in made.rglob("*") if path.is_file())
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_killed_goes_on_to_the_same_end(material, tmp_path, name):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    shutil.copytree(material, whole)
    shutil.copytree(material, cut)
    seconds = run(COMMANDS[name], whole)
    rng = random.Random(name)
    earliest = 0.7 if "--jobs" in name else 0.1  # a worker without a task yet waits five minutes
    for _ in range(KILLS):
        run(COMMANDS[name], cut, kill_after=rng.uniform(earliest, 1) * seconds)
    run(COMMANDS[name], cut)
    assert outcome(name, cut) == outcome(name, whole)
    names = [path.relative_to(cut) for path in cut.rglob("*")]
    assert {*names} == {path.relative_to(whole) for path in whole.rglob("*")}
    assert [path for path in names if path.name.startswith(".")] == []
