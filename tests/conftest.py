"""Settings and data that all tests share."""

import csv
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench_material import cut_photos, draw_texts, quick_costs, split_task_in
from browser_material import launched
from hypothesis import settings

from segcap import cli
from segcap.datasets import load_uci_digits

SAMPLES = Path(__file__).parent.parent / "data" / "samples"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

settings.register_profile("segcap", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("segcap")


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Let an epoch of few data have few steps in tests; fixtures train in full."""
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 4)
    monkeypatch.setattr("segcap.training.line_course._MOST_STEPS", 8)


@pytest.fixture(scope="session")
def handwriting():
    """scikit-learn's handwritten digits, framed: (1797, 28, 28) uint8 and what they show."""
    return load_uci_digits()


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line in this process, giving exit status, output and messages."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["segcap", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return call


@pytest.fixture
def samples(tmp_path):
    """Three samples beside their labels."""
    names = ["sum-apart-0.png", "sum-apart-1.png", "field-dark-0.png"]
    for name in names:
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    with (SAMPLES / "labels.csv").open() as file:
        rows = [row for row in csv.reader(file) if row[0] in ("file", *names)]
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path


@pytest.fixture
def no_room():
    """Let no file grow, as on a full disk, while a context lasts."""
    resource = pytest.importorskip("resource", reason="only Unix can bound the size of files")

    @contextmanager
    def bounded():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return bounded


@pytest.fixture(scope="session")
def tree():
    """Read all files of a folder: from their paths in it to their bytes."""

    def read(folder):
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return read


@pytest.fixture(scope="module")
def browser():
    """The browser, for a module's tests, which `needs_browser` marks."""
    with launched() as started:
        yield started


@pytest.fixture
def quick_benchmarks(monkeypatch):
    """Measure costs of few images."""
    quick_costs(monkeypatch)


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory):
    """Forty images of four digits, with labels.csv and a manifest."""
    return draw_texts(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def split_task(drawn_folder):
    """Half of them to train on, half to test on."""
    return split_task_in(drawn_folder)


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Parts of two photos, a class each."""
    return cut_photos(tmp_path_factory.mktemp("photos"))
