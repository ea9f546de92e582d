"""Processes that are killed, and what is left of them."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

KILLS = int(os.environ.get("SEGCAP_KILLS", "1"))
HAS_PROC = Path("/proc/self/stat").exists()
needs_proc = pytest.mark.skipif(not HAS_PROC, reason="looks for processes in /proc")


def start(*command, stderr=subprocess.DEVNULL, **options):
    return subprocess.Popen(list(map(str, command)), stderr=stderr, **options)


def processes():
    """Those that have not ended: (number, parent, session) of each."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if state not in "ZX":
            yield int(stat.parent.name), int(parent), int(session)


def descendants(pid):
    parents = {one: parent for one, parent, _ in processes()}
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def of_session(pid):
    return [one for one, _, session in processes() if session == pid]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def kill(pid):
    """End a process at once; one that has ended by itself is left alone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def run_or_kill(command, folder, *, kill_after=None):
    """Run a command in a folder, or kill it; return its seconds.

    None of its processes may outlive it by 20 seconds, and it fails in no other way than by that
    kill. What it says goes to a file beside the folder.
    """
    log = folder.parent / f"{folder.name}.log"
    started = time.monotonic()
    with log.open("wb") as file:
        process = start(
            *command,
            cwd=folder,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            process.wait()
        seconds = time.monotonic() - started
        try:
            until(lambda: not of_session(process.pid), seconds=20)
        finally:
            for pid in of_session(process.pid):
                kill(pid)
    assert process.returncode in (0, -signal.SIGKILL), log.read_text()
    assert process.returncode == 0 or kill_after is not None
    return seconds
