import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = sorted(Path(__file__).parent.parent.glob("examples/*.py"))
LEARNING = [path for path in EXAMPLES if "--quick" in path.read_text()]
ARCHIVES = {
    "captcha_v2": ("captcha-v2.tar", "samples"),
    "recaptcha_tiles": ("recaptcha-tiles.tar", "Large"),
    "cats_dogs": ("cats-dogs.tar", "train"),
}
LEAST = {
    "captcha_v2": ("characters", 90),
    "learn_new_scheme": ("characters", 90),
    "compare_approaches": ("glyphs", 60),
    "digit_sum_end_to_end": ("digit_heads", 60),
    "six_char_resnet50": ("characters", 60),
    "recaptcha_tiles": ("accuracy", 60),
    "cats_dogs": ("accuracy", 52),
}
NUMBER = re.compile(r"\d+\.\d+")


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


@pytest.mark.parametrize("example", LEARNING, ids=lambda path: path.stem)
def test_the_example_learns(example, tmp_path):
    folder = folder_of(example, tmp_path)
    run = subprocess.run(
        [sys.executable, "-W", "ignore", example, *folder, "--quick"],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
        cwd=tmp_path,
    )
    figure, least = LEAST[example.stem]
    right = re.search(rf"^{figure} +(\d+\.\d+)%", run.stdout, flags=re.MULTILINE)
    assert float(right[1]) > least


@pytest.mark.parametrize("example", sorted({*EXAMPLES} - {*LEARNING}), ids=lambda path: path.stem)
def test_the_example_prints_what_stands_beside_it(example):
    run = subprocess.run(
        [sys.executable, example], capture_output=True, text=True, check=True, timeout=300
    )
    kept = example.with_suffix(".txt").read_text()
    assert NUMBER.sub("#", run.stdout) == NUMBER.sub("#", kept)
    printed, expected = (list(map(float, NUMBER.findall(text))) for text in (run.stdout, kept))
    assert printed == pytest.approx(expected, rel=0.03, abs=0.02)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_is_short(example):
    assert len(example.read_text().splitlines()) <= 60
