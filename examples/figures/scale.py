"""Measure how reading grows: with images, with workers, by loky, Dask and Ray; and what 1e9 cost.

    python examples/figures/scale.py [--counts 1000 10000 100000 1000000] [--model digits]
        [--backends loky dask ray] [--jobs 1 2] [--out scale.png]

Rows of four digits of scikit-learn's handwriting are drawn once and read as often as it takes, from
tar shards or from single files. Every run is a `segcap read` of its own, on workers of its own; its
rate is that from its first record to its last, so that it leaves out what starting takes, which
stands in a column of its own. Memory is the most that the parent and any other of its processes
held at a time, pages that they share among it; the parent's time is that of its processor.
"""

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

import cv2
import psutil
from matplotlib.figure import Figure

import segcap
from segcap.benchmark import hardware
from segcap.datasets import load_uci_digits

DRAWN = 500
IN_A_SHARD = 10_000
IN_A_FOLDER = 1_000
AT_ONCE = 128
MIB = 2**20

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000])
parser.add_argument("--compared", type=int, help="images of all other rows; the most below 100,000")
parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
parser.add_argument("--backends", nargs="+", default=["loky", "dask", "ray"])
parser.add_argument("--model", default="digits")
parser.add_argument("--out", type=Path, default=Path("scale.png"))
args = parser.parse_args()


class Row(NamedTuple):
    """One run."""

    images: int
    source: str
    backend: str
    jobs: int
    rate: float
    starting: float
    parent: float
    worker: float
    parent_us: float


def drawn() -> list[bytes]:
    rows = segcap.generate.digit_sums(DRAWN, 4, seed=0, digits=load_uci_digits())
    return [cv2.imencode(".png", image)[1].tobytes() for image in rows.images]


def as_shards(images: list[bytes], count: int, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    for start in range(0, count, IN_A_SHARD):
        path = folder / f"{start // IN_A_SHARD:06}.tar"
        with tarfile.open(path, "w") as shard:
            for number in range(start, min(count, start + IN_A_SHARD)):
                image = images[number % DRAWN]
                about = tarfile.TarInfo(f"{number:09}.png")
                about.size = len(image)
                shard.addfile(about, io.BytesIO(image))
    return f"{folder}/*.tar"


def as_files(images: list[bytes], count: int, folder: Path) -> str:
    for number in range(count):
        path = folder / f"{number // IN_A_FOLDER:06}" / f"{number:09}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(images[number % DRAWN])
    return str(folder)


def watch(process: subprocess.Popen, stop: Event, peaks: dict[str, float]) -> None:
    """Keep the most memory of the parent, and of any process that it started and that works."""
    parent = psutil.Process(process.pid)
    while not stop.wait(0.25):
        try:
            peaks["seconds"] = sum(parent.cpu_times()[:2])
            peaks["parent"] = max(peaks["parent"], parent.memory_info().rss / MIB)
            for child in parent.children(recursive=True):
                peaks["worker"] = max(peaks["worker"], child.memory_info().rss / MIB)
        except psutil.NoSuchProcess:
            continue


def measured(count: int, name: str, source: str, backend: str, jobs: int) -> Row:
    command = ["-u", "-m", "segcap", "read", source, "--model", args.model, "--jobs", str(jobs)]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command, "--backend", backend, "--csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=2**20,
    )
    stop, peaks = Event(), {"parent": 0.0, "worker": 0.0, "seconds": 0.0}
    watching = Thread(target=watch, args=(process, stop, peaks))
    watching.start()
    first = last = begun
    spent = 0.0
    lines = 0
    for lines, _ in enumerate(process.stdout or ()):
        last = time.perf_counter()
        if lines == 1:
            first, spent = last, sum(psutil.Process(process.pid).cpu_times()[:2])
    process.wait()
    stop.set()
    watching.join()
    if process.returncode or lines != count:
        sys.exit(f"A run of {count} images ended with {process.returncode} after {lines}.")
    rate = (lines - jobs * AT_ONCE) / (last - first)  # the first batches were read before
    parent_us = 1e6 * (peaks.pop("seconds") - spent) / lines
    row = Row(count, name, backend, jobs, rate, first - begun, **peaks, parent_us=parent_us)
    print(
        f"{count:>9,} {name:<7} {backend:<6} {jobs:>4} {rate:>9,.0f} {row.starting:>8.1f} "
        f"{row.parent:>7.0f} {row.worker:>7.0f} {row.parent_us:>8.0f}",
        flush=True,
    )
    return row


def runs(folder: Path) -> list[Row]:
    images = drawn()
    most = max(args.jobs)
    compared = args.compared or max([c for c in args.counts if c < 100_000], default=args.counts[0])
    rows = []
    for count in args.counts:
        shards = as_shards(images, count, folder / f"shards{count}")
        wanted = [("loky", jobs) for jobs in args.jobs if jobs == most or count == compared]
        if count == compared:
            wanted += [(backend, most) for backend in args.backends if backend != "loky"]
        rows += [measured(count, "shards", shards, *one) for one in wanted]
        if count == compared:
            files = as_files(images, count, folder / f"files{count}")
            rows.append(measured(count, "files", files, "loky", most))
    return rows


def draw(rows: list[Row]) -> None:
    figure = Figure(figsize=(8, 4), layout="constrained")
    growing, beside = figure.subplots(1, 2)
    most = max(args.jobs)
    one = [row for row in rows if (row.source, row.backend, row.jobs) == ("shards", "loky", most)]
    growing.semilogx([row.images for row in one], [row.rate for row in one], "o-")
    top = 1.1 * max(row.rate for row in rows)
    growing.set(xlabel="images", ylabel="images a second", ylim=(0, top))
    growing.set_title(f"{most} workers of loky, from shards", loc="left")
    compared = [row for row in rows if row.images == rows_of_all(rows)]
    names = [f"{row.backend}, {row.jobs}\n{row.source}" for row in compared]
    beside.barh(names[::-1], [row.rate for row in compared][::-1])
    beside.set(xlabel="images a second")
    beside.set_title(f"{rows_of_all(rows):,} images", loc="left")
    figure.savefig(args.out, dpi=150)


def rows_of_all(rows: list[Row]) -> int:
    """The number of images that every backend read."""
    counts = [row.images for row in rows]
    return max(set(counts), key=counts.count)


def on_paper(rows: list[Row], images: float = 1e9, machines: int = 100, cores: int = 16) -> None:
    """Compute what many images cost on many machines, and what is short first."""
    same = [row for row in rows if row.images == rows_of_all(rows) and row.source == "shards"]
    best = max((row for row in same if row.backend == "loky"), key=lambda row: row.jobs)
    a_core = best.rate / best.jobs
    rate = a_core * machines * cores
    hours = images / a_core / 3600
    size = sum(map(len, drawn())) / DRAWN
    parent = 1e6 / best.parent_us
    print(
        f"""
{images:,.0f} images on {machines} machines of {cores} such cores, if all grows alike:
  {a_core:,.0f} images a second a core, {rate:,.0f} in all: {images / rate / 3600:.2f} h
  {hours:,.0f} core hours; {0.04 * hours:,.0f} dollars where one costs 4 cents
  storage gives {rate * size / 1e6:,.0f} MB/s; of single files, {rate:,.0f} requests a second
  a scheduler hands out {rate / AT_ONCE:,.0f} batches of {AT_ONCE} a second
  a parent feeds and writes at most {parent:,.0f} images a second: {rate / parent:.1f} are needed
  results are {70 * images / 1e9:,.0f} GB of CSV"""
    )


print(hardware())
print("   images source  by     jobs  images/s start, s  parent  worker MiB  parent, us an image")
with tempfile.TemporaryDirectory() as place:
    found = runs(Path(place))
draw(found)
on_paper(found)
