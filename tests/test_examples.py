import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

EXAMPLES = sorted(Path(__file__).parent.parent.glob("examples/*.py"))
LEARNING = [path for path in EXAMPLES if "--quick" in path.read_text()]
NEED_NOTHING = {"learn_new_scheme": [], "digit_sum_end_to_end": []}
LEAST = {
    "captcha_v2": ("characters", 90),
    "learn_new_scheme": ("characters", 90),
    "digit_sum_end_to_end": ("digit_heads", 60),
}
NUMBER = re.compile(r"\d+\.\d+")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders that examples want."""
    archive = Path(os.environ.get("SEGCAP_DATA", "")) / "captcha-v2.tar"
    if not archive.is_file():
        return NEED_NOTHING
    folder = tmp_path_factory.mktemp("captcha-v2")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return NEED_NOTHING | {"captcha_v2": [folder / "samples"]}


@pytest.mark.parametrize("example", LEARNING, ids=lambda path: path.stem)
def test_the_example_learns(example, folders, tmp_path):
    if example.stem not in folders:
        pytest.skip(f"SEGCAP_DATA names no folder with what {example.name} reads")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", example, *folders[example.stem], "--quick"],
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
    assert printed == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_is_short(example):
    assert len(example.read_text().splitlines()) <= 60
