"""How much memory a reader takes that is opened in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError

__all__ = ["MAXRSS_UNIT", "OPEN_READER", "peak_memory"]

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit of `ru_maxrss`."""
OPEN_READER = """
from segcap.readers.registry import load
path, asks, engine, device = options
reader = load(path, engine=engine, device=device)
(reader.digit_sums if asks == "sums" else reader.read_many)(images)
"""
"""Program that opens a bundle and reads; its options: path, what is asked for, engine, device."""
_BEFORE = """
import re, sys
import numpy as np
options, images = sys.argv[2:], []
for number in range(int(sys.argv[1])):
    images.append(np.load(options.pop(), allow_pickle=False))
"""
_AFTER = """
try:
    with open("/proc/self/status") as status:
        print(1024 * int(re.findall(r"VmHWM:\\s+(\\d+) kB", status.read())[0]))
except (OSError, IndexError):
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT)
"""
_MIB = 2**20
_MOST_IMAGES = 32


def peak_memory(program: str, options: Sequence[str], images: Sequence[NDArray[np.uint8]]) -> float:
    """Measure the most memory that a fresh Python process holds which runs a program.

    Parameters
    ----------
    program : str
        Python code, to which `options`, a list of str, and `images`, a list of arrays, are given.
    images : sequence of (H, W, 3) uint8 array
        The first 32 are used.

    Returns
    -------
    float
        MiB.

    Raises
    ------
    DataError
        The process fails.

    Notes
    -----
    On Linux the kernel's own mark of the process is read, "VmHWM": what `getrusage` gives counts
    the memory of the process that started this one, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, image in enumerate(images[:_MOST_IMAGES]):
            paths.append(str(Path(folder) / f"{number}.npy"))
            np.save(paths[-1], image)
        code = _BEFORE + program + _AFTER.replace("UNIT", str(MAXRSS_UNIT))
        command = [sys.executable, "-c", code, str(len(paths)), *options, *paths]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        last = run.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise DataError(
            f"A process of its own must be able to open a reader and read. Got: {last[0]}"
        )
    return int(run.stdout.split()[-1]) / _MIB
