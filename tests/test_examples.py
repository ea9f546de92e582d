"""The examples run, and say what they should."""

import os
import re
import runpy
import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("quick_benchmarks"),
]

EXAMPLES = sorted(Path(__file__).parent.parent.glob("examples/*.py"))
TRAINING = [path for path in EXAMPLES if "--quick" in path.read_text()]
ARCHIVES = {
    "captcha_v2": ("captcha-v2.tar", "samples"),
    "recaptcha_tiles": ("recaptcha-tiles.tar", "Large"),
    "cats_dogs": ("cats-dogs.tar", "train"),
}
LEAST = {
    "captcha_v2": ("characters", 90),
    "train_new_scheme": ("characters", 90),
    "compare_approaches": ("glyphs", 60),
    "digit_sum_end_to_end": ("digit_heads", 60),
    "six_char_resnet50": ("characters", 60),
    "recaptcha_tiles": ("accuracy", 60),
    "cats_dogs": ("accuracy", 52),
    "own_networks": ("texts", 30),
}
FROM_A_START = {"captcha_v2", "train_new_scheme", "compare_approaches"}
NUMBER = re.compile(r"\d+\.\d+")


@pytest.fixture(autouse=True)
def few_steps():
    """Leave steps as they are: most of what is trained here starts from nothing."""


@pytest.fixture
def run(monkeypatch, capsys):
    """Run an example in this process, giving what it prints."""

    def call(example, *arguments):
        monkeypatch.setattr(sys, "argv", [str(example), *map(str, arguments)])
        runpy.run_path(str(example), run_name="__main__")
        return capsys.readouterr().out

    return call


def folder_of(example, extracted):
    """The folder that an example wants, extracted from its archive; none if it wants none."""
    if example.stem not in ARCHIVES:
        return []
    name, inside = ARCHIVES[example.stem]
    archive = Path(os.environ.get("SEGCAP_DATA", "")) / name
    if not archive.is_file():
        pytest.skip(f"SEGCAP_DATA names no folder with {name}, which {example.name} reads")
    with tarfile.open(archive) as tar:
        tar.extractall(extracted, filter="data")
    return [extracted / inside]


@pytest.mark.parametrize("example", TRAINING, ids=lambda path: path.stem)
def test_the_example_trains(example, run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    if example.stem in FROM_A_START:
        monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 8)
        monkeypatch.setattr("segcap.training.text_stages.REPLAY_LINES", 120)
    printed = run(example, *folder_of(example, tmp_path), "--quick")
    figure, least = LEAST[example.stem]
    right = re.search(rf"^{figure} +(\d+\.\d+)%", printed, flags=re.MULTILINE)
    assert float(right[1]) > least
    kept = example.with_suffix(".txt")
    if kept.exists():  # of a longer training: the same figures have other values
        assert re.findall(r"^  \w+:", kept.read_text(), re.M) == re.findall(
            r"^  \w+:", printed, re.M
        )


@pytest.mark.parametrize("example", sorted({*EXAMPLES} - {*TRAINING}), ids=lambda path: path.stem)
def test_the_example_prints_what_stands_beside_it(example, run):
    output, kept = run(example), example.with_suffix(".txt").read_text()
    assert NUMBER.sub("#", output) == NUMBER.sub("#", kept)
    printed, expected = (list(map(float, NUMBER.findall(text))) for text in (output, kept))
    assert printed == pytest.approx(expected, rel=0.03, abs=0.02)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_is_short(example):
    assert len(example.read_text().splitlines()) <= 60
