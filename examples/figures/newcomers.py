"""Time what three newcomers do with a folder of labelled images: each has one command to give.

    python examples/figures/newcomers.py FOLDER

A developer trains a reader of her own scheme, a student compares cutting with a network trained end
to end, an auditor asks how weak the scheme is. FOLDER is one of `segcap.datasets.load("labelled")`.
"""

import argparse
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

COMMANDS = {
    "developer": "train text --data {folder} --out {out}/mine.segcap",
    "student": "bench --data {folder} --out {out}/bench",
    "auditor": "audit --data {folder} --out {out}/audit",
}

print(f"{len(load('labelled', folder))} images of {folder.name}; {hardware()}")
with tempfile.TemporaryDirectory() as out:
    for user, command in COMMANDS.items():
        words = command.format(folder=folder, out=out).split()
        started = monotonic()
        ran = subprocess.run(
            [sys.executable, "-m", "segcap", *words], capture_output=True, text=True, check=True
        )
        print(f"{user:10} segcap {command.format(folder='FOLDER', out='OUT')}")
        print(f"{'':10} {(monotonic() - started) / 60:.1f} minutes", flush=True)
        print(*(f"{'':10} > {line}" for line in ran.stdout.splitlines()), sep="\n", flush=True)
