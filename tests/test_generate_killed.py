"""Processes killed at random moments: resumed to the same end, and nothing is left behind.

`SEGCAP_KILLS=50 pytest -m slow tests/test_generate_killed.py` kills 50 times, not three.
"""

import os
import random
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
CLI = [sys.executable, "-m", "segcap"]
DRAW = "generate", "wordpress", "--n", "400", "--out", "drawn", "--resume"
COMMANDS = {
    "generate": [*CLI, *DRAW],
    "generate --jobs": [*CLI, *DRAW, "--jobs", "2"],
}


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
        assert process.returncode == 0, (folder.parent / f"{folder.name}.log").read_text()
    return seconds


def outcome(folder):
    """What a command has made."""
    made = folder / "drawn"
    files = (path for path in made.rglob("*") if path.is_file())
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_killed_goes_on_to_the_same_end(tmp_path, name):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    seconds = run(COMMANDS[name], whole)
    rng = random.Random(name)
    for _ in range(KILLS):
        run(COMMANDS[name], cut, kill_after=rng.uniform(0.1, 1) * seconds)
    run(COMMANDS[name], cut)
    assert outcome(cut) == outcome(whole)
    names = [path.relative_to(cut) for path in cut.rglob("*")]
    assert {*names} == {path.relative_to(whole) for path in whole.rglob("*")}
    assert [path for path in names if path.name.startswith(".")] == []
