"""Commands that write: full disks, folders that cannot be written to, closed pipes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segcap.generate import TextGenerator, write_text

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
READ = ["{samples}", "--model", "digits"]
WRITING = {
    "read": ["read", *READ, "--out", "{out}"],
    "sum": ["sum", *READ, "--json", "--out", "{out}"],
    "value": ["value", *READ, "--out", "{out}"],
    "classify": ["classify", "{photos}", "--model", "cats-dogs", "--out", "{out}"],
    "generate": ["generate", "clean", "--n", "2", "--out", "{out}"],
    "generate sums": ["generate", "digit-sum", "--n", "2", "--out", "{out}"],
    "balance": ["balance", "{photos}", "--per-class", "4", "--out", "{out}"],
    "predictions": ["eval", "digits", "--data", "{samples}", "--predictions", "{out}"],
    "page": ["eval", "digits", "--data", "{samples}", "--page", "{out}.html"],
    "odds": ["odds", "--accuracy", "0.9", "--n", "3", "--plot", "{out}.svg"],
}
WRITING_SLOWLY = {
    "train": ["train", "text", "--data", "{texts}", "--epochs", "1", "--out", "{out}"],
    "search": ["search", "labelled", "--data", "{texts}", "--study", "segmentation",
               "--trials", "1", "--out", "{out}"],
    "bench": ["bench", "labelled", "--data", "{texts}", "--quick", "--test", "0.3",
              "--readers", "digits", "--out", "{out}"],
    "audit": ["audit", "--data", "{texts}", "--labels", "0", "--out", "{out}"],
}  # fmt: skip
QUICK = "read", "generate", "odds"
EACH = [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
    for name in [*WRITING, *WRITING_SLOWLY]
]
PRINTING = {
    "read": ["read", *READ],
    "sum": ["sum", *READ],
    "value": ["value", *READ],
    "classify": ["classify", "{photos}", "--model", "cats-dogs"],
    "eval": ["eval", "digits", "--data", "{samples}"],
    "threshold": ["threshold", "digits", "--data", "{samples}"],
    "models": ["models"],
    "info": ["info"],
    "odds": ["odds", "--accuracy", "0.9", "--n", "3"],
    "generate": ["generate", "clean", "--n", "2", "--out", "{out}"],
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Few samples with labels, photos of two classes, texts with labels."""
    folder = tmp_path_factory.mktemp("places")
    samples, photos = folder / "samples", folder / "photos"
    samples.mkdir()
    for name in ("field-dark-0", "field-dark-1"):
        (samples / f"{name}.png").write_bytes((SAMPLES / f"{name}.png").read_bytes())
    (samples / "labels.csv").write_text("file,label\nfield-dark-0.png,1\nfield-dark-1.png,2\n")
    rng = np.random.default_rng(0)
    for kind in ("Bus", "Car"):
        (photos / kind).mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 256, (40, 40, 3), np.uint8)
            Image.fromarray(pixels).save(photos / kind / f"{number}.png")
    write_text(TextGenerator("clean", charset="0123", length=2), 12, folder / "texts")
    return {"samples": samples, "photos": photos, "texts": folder / "texts"}


def filled(arguments, places, out):
    return [argument.format(**places, out=out) for argument in arguments]


def check_refusal(status, err):
    assert status == 2, err
    assert "Traceback" not in err
    *_, last = err.strip().splitlines()
    assert last.startswith("segcap: ")
    assert last.endswith(".")


@pytest.mark.parametrize("name", EACH)
def test_a_full_disk_is_one_sentence(command, places, tmp_path, no_room, name):
    arguments = filled({**WRITING, **WRITING_SLOWLY}[name], places, tmp_path / "out")
    with no_room():
        status, _, err = command(*arguments)
    check_refusal(status, err)
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name.startswith(".")]
    assert left == []


@pytest.mark.skipif(sys.platform != "linux", reason="/sys takes no files, not even root's")
@pytest.mark.parametrize("name", EACH)
def test_a_folder_that_cannot_be_written_to_is_one_sentence(command, places, name):
    arguments = filled({**WRITING, **WRITING_SLOWLY}[name], places, "/sys/segcap")
    status, _, err = command(*arguments)
    check_refusal(status, err)


@pytest.mark.skipif(sys.platform == "win32", reason="shells differ")
@pytest.mark.parametrize(("closed", "status"), [(">&-", 2), ("2>&-", 0), ("<&-", 0)])
def test_closed_standard_streams_are_no_traceback(closed, status):
    command = f"{sys.executable} -m segcap models {closed}"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert ran.returncode == status
    said = "segcap: Standard output must be open for results. Got a closed one.\n"
    assert ran.stderr == (said if status else "")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ")
@pytest.mark.parametrize("name", PRINTING)
def test_a_closed_pipe_is_no_traceback(command, places, tmp_path, monkeypatch, name):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        status, _, err = command(*filled(PRINTING[name], places, tmp_path / "out"))
        assert status in (0, 1, 2)
        assert "Traceback" not in err
        with open(os.devnull, "w") as nothing:  # what is still to be written goes nowhere
            os.dup2(nothing.fileno(), write)
