"""What comes with an extra is asked for in one sentence, before any work."""

import sys
from pathlib import Path

import numpy as np
import pytest

from segcap import Reading, benchmark, to_frame
from segcap.core.errors import ParameterError
from segcap.core.extras import require
from segcap.evaluate import sample_page

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


@pytest.fixture
def without(monkeypatch):
    return lambda package: monkeypatch.setitem(sys.modules, package, None)


def test_what_is_there_may_be_used():
    require("json", "plot", "Drawing")


def test_the_extra_is_named(without):
    without("json")
    with pytest.raises(ParameterError, match=r"^Drawing needs .*: pip install 'segcap\[plot\]'\."):
        require("json", "plot", "Drawing")


@pytest.mark.parametrize("package", ["jinja2", "matplotlib.figure"])
def test_a_benchmark_asks_before_it_begins(package, without, split_task, tmp_path):
    without(package)
    with pytest.raises(ParameterError, match=r"report needs .* 'segcap\[report\]'"):
        benchmark.run({"knows": lambda image: "1"}, split_task, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_predictions_asks(without, tmp_path):
    without("jinja2")
    with pytest.raises(ParameterError, match=r"page of predictions needs .* 'segcap\[report\]'"):
        sample_page(tmp_path / "page.html", np.zeros((1, 8, 8), np.uint8), ["1"])


@pytest.mark.parametrize(
    ("package", "extra", "words"),
    [
        ("matplotlib.figure", "plot", ["odds", "--accuracy", 0.9, "--n", 1, "--plot", "odds.png"]),
        ("jinja2", "report", ["eval", "digits", "--data", SAMPLES, "--page", "page.html"]),
        ("flask", "label", ["label", SAMPLES]),
    ],
)
def test_commands_ask_before_they_begin(
    package, extra, words, command, without, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    without(package)
    status, out, err = command(*words)
    assert (status, out) == (2, "")
    assert f"pip install 'segcap[{extra}]'" in err
    assert err.count("\n") == 1


def test_a_data_frame_holds_texts_as_they_were_read():
    results = [Reading(text="0042", confidence=0.9), Reading.unreadable("Got none.")]
    frame = to_frame(results)
    assert frame["text"].tolist() == ["0042", ""]
    assert frame.columns.tolist() == list(results[0].to_dict())
    assert to_frame(iter([])).empty


def test_a_data_frame_asks_for_pandas(without):
    without("pandas")
    with pytest.raises(ParameterError, match=r"A data frame needs .* 'segcap\[pandas\]'"):
        to_frame([])
