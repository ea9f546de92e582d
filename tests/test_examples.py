import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted(Path(__file__).parent.parent.glob("examples/*.py"))
NUMBER = re.compile(r"\d+\.\d+")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
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
