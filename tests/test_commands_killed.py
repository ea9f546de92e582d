"""Commands that make something, killed at random moments, go on to the same end.

`SEGCAP_KILLS=50 pytest -m slow tests/test_commands_killed.py` kills each 50 times, not once.
"""

import csv
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from bench_material import cut_photos, draw_texts
from killing import KILLS, needs_proc, run_or_kill

import segcap
from segcap.benchmark import BenchmarkResult
from segcap.core.bundle import read_bundle

pytestmark = [pytest.mark.slow, needs_proc]

TESTS = str(Path(__file__).parent)
HURRIED = f"""
import os
import sys
import pytest
# with more threads, sums are taken in another order from run to run
os.environ |= dict.fromkeys(["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"], "1")
sys.path.insert(0, {TESTS!r})
import segcap
from bench_material import quick_costs
from segcap.training import fit, line_course
from segcap.training.tuning import storage
from segcap.cli import main
quick_costs(pytest.MonkeyPatch())
storage._BEAT = storage._GRACE = 1
fit.LEAST_STEPS, line_course._MOST_STEPS = 8, 4
"""
CLI = sys.executable, "-c", f"{HURRIED}\nmain()"
DRAW = "generate", "wordpress", "--n", "400", "--out", "made", "--resume"
SEARCH = "search", "labelled", "--data", "../texts", "--study", "segmentation", "--model", "digits"
BENCH = "bench", "labelled", "--data", "../texts", "--out", "made", "--quick", "--resume"
TRAIN = "train", "text", "--data", "../texts", "--epochs", "2", "--out", "made.segcap"
FIT = """
known = segcap.datasets.load("labelled", "../texts")
reader = segcap.SequenceReader("0123456789", classifier="crnn", epochs=4)
reader.fit(known.images, known.labels, state="made.state").save("made.segcap")
os.remove("made.state")
"""
COMMANDS = {
    "generate": [*CLI, *DRAW],
    "generate --jobs": [*CLI, *DRAW, "--jobs", "2"],
    "balance": [*CLI, "balance", "../photos", "--out", "made", "--per-class", "400", "--resume"],
    "search": [*CLI, *SEARCH, "--trials", "12", "--out", "made"],
    "bench": [*CLI, *BENCH, "--readers", "digits", "mixed", "--test", "0.5"],
    "train": [*CLI, *TRAIN],
    "fit": [sys.executable, "-c", f"{HURRIED}{FIT}"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with forty texts and sixty photos."""
    place = tmp_path_factory.mktemp("killed")
    (place / "texts").mkdir()
    (place / "photos").mkdir()
    draw_texts(place / "texts")
    cut_photos(place / "photos")
    return place


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def outcome(name, folder):
    """What a command has made: all that does not depend on the clock."""
    if name == "search":
        rows = csv.DictReader((folder / "made" / "trials.csv").read_text().splitlines())
        return [{key: own for key, own in row.items() if key != "seconds"} for row in rows]
    if name == "bench":
        result = BenchmarkResult.load(folder / "made" / "results.json")
        return replace(result, methods=[replace(one, cost=None) for one in result.methods])
    if name in ("train", "fit"):  # graphs for ONNX come out with their nodes in another order
        bundle = read_bundle(folder / "made.segcap")
        weights = {part: own for part, own in bundle.parts.items() if part.endswith("safetensors")}
        return weights, bundle.settings, bundle.provenance
    return {path.relative_to(folder): content for path, content in files(folder).items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_killed_goes_on_to_the_same_end(place, name):
    whole, cut = place / f"{name} whole", place / f"{name} cut"
    whole.mkdir()
    cut.mkdir()
    seconds = run_or_kill(COMMANDS[name], whole)
    rng = random.Random(name)
    for _ in range(KILLS):
        moment = rng.uniform(0.2, 1) * seconds
        run_or_kill(COMMANDS[name], cut, kill_after=moment)
        if name == "search":
            time.sleep(2.5)  # until the trial that ran has missed its signs of life
        if (made := cut / "made.segcap").exists():  # whole, or it would not be there
            segcap.load(made)
            made.unlink()
    run_or_kill(COMMANDS[name], cut)
    assert outcome(name, cut) == outcome(name, whole)
    names = [path.relative_to(cut) for path in cut.rglob("*")]
    assert [path for path in names if path.name.startswith(".")] == []
    if name != "search":  # its log, which TensorBoard reads, keeps what was tried in vain
        assert {*names} == {path.relative_to(whole) for path in whole.rglob("*")}
