"""Time what three newcomers do with a folder of labelled images: each has one command to give.

    python examples/figures/newcomers.py FOLDER

A developer trains a reader of her own scheme, an auditor asks how weak the scheme is, a student
compares cutting with a network trained end to end, which takes longest. FOLDER is one of
`segcap.datasets.load("labelled")`.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from segcap.benchmark import hardware
from segcap.datasets import load

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
folder = parser.parse_args().folder

USERS = {
    "developer": ("train text", "mine.segcap"),
    "auditor": ("audit", "audit"),
    "student": ("bench", "bench"),
}


def cpu_minutes():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) / 60


print(f"{len(load('labelled', folder))} images of {folder.name}; {hardware()}")
with tempfile.TemporaryDirectory() as place:
    for user, (command, out) in USERS.items():
        options = ["--data", folder, "--out", Path(place, out)]
        started, before = monotonic(), cpu_minutes()
        ran = subprocess.run(
            [sys.executable, "-m", "segcap", *command.split(), *options],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        minutes = (monotonic() - started) / 60
        print(
            f"{user:10} segcap {command} --data FOLDER --out {out}: {minutes:.1f} minutes, "
            f"{cpu_minutes() - before:.1f} of a core"
        )
        print(*(f"{'':10} > {line}" for line in ran.stdout.splitlines()), sep="\n", flush=True)
