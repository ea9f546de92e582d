import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bench_material import Nearest, quick_costs, truth_of

import segcap
from segcap import benchmark
from segcap.benchmark import BenchmarkResult
from segcap.benchmark.adapters import ReaderMethod, as_methods
from segcap.benchmark.outputs import answers_csv
from segcap.benchmark.results import Hardware
from segcap.core.errors import DataError, ParameterError
from segcap.datasets import load
from segcap.datasets.dataset import Dataset
from segcap.generate import TextGenerator

pytestmark = pytest.mark.usefixtures("quick_benchmarks")


@pytest.fixture(scope="module")
def found(split_task, tmp_path_factory):
    """A benchmark of two shipped readers and a function, with its folder."""
    out = tmp_path_factory.mktemp("bench") / "out"
    with pytest.MonkeyPatch.context() as patch:
        quick_costs(patch)
        readers = {
            "digits": segcap.load("digits", length=4),
            "mixed": segcap.load("mixed", length=4, allowlist="0123456789"),
            "knows": truth_of(split_task),
        }
        return benchmark.run(readers, split_task, out=out), out


def test_the_split_is_that_of_the_data_set(found, drawn_folder):
    result, _ = found
    train, tested = load("labelled", drawn_folder).split(0.5, 0)
    assert result.split.training_sha256 == train.digest
    assert result.split.tested_sha256 == tested.digest
    assert (result.split.training, result.split.tested) == (len(train), len(tested))


def test_the_figures_are_those_of_the_readers(found, split_task):
    result, _ = found
    digits, mixed, knows, vote = result.methods
    reader = segcap.load("digits", length=4)
    assert digits.accuracy.exact.value == reader.score(split_task.tested.images, split_task.truths)
    assert (digits.approach, mixed.approach) == ("segment", "segment")
    assert (knows.approach, vote.approach) == ("peer", "vote")
    assert knows.accuracy.exact.value == knows.accuracy.characters.value == 1
    assert knows.calibration is None
    assert digits.calibration.curve[-1].coverage == 1
    wrong = round((1 - digits.accuracy.exact.value) * len(split_task.tested))
    assert sum(digits.failures.values()) == wrong
    assert digits.ceiling.n == len(split_task.tested)
    assert [point.k for point in digits.accuracy.top] == [2, 3, 5]
    values = [point.exact.value for point in digits.accuracy.top]
    assert sorted(values) == values
    assert values[0] >= digits.accuracy.exact.value
    assert [own.position for own in digits.errors_by_position] == [0, 1, 2, 3]


@pytest.mark.slow
def test_costs_are_measured(found):
    result, out = found
    digits, mixed, knows, vote = (method.cost for method in result.methods)
    (bundle,) = (out / "parts").glob("digits-*.segcap")
    assert digits.bytes == bundle.stat().st_size
    assert digits.parameters > mixed.parameters > 300_000
    assert digits.peak_memory_mib > 30
    assert digits.training_seconds is None
    assert (knows.peak_memory_mib, knows.parameters, knows.bytes) == (None, None, None)
    assert vote.bytes == digits.bytes + mixed.bytes
    assert vote.latency_ms_p50 == digits.latency_ms_p50 + mixed.latency_ms_p50


def test_the_machine_is_described():
    machine = benchmark.hardware()
    assert machine.cores >= 1
    assert str(machine).startswith(f"{machine.processor}, {machine.cores} cores, ")
    described = str(Hardware("any", 2, 8.0, ("GPU:0",)))
    assert described == "any, 2 cores, 8 GiB of memory, GPU:0"


def test_pairs_and_answers(found, split_task):
    result, out = found
    names = ["digits", "mixed", "knows", "vote"]
    assert [(pair.first, pair.second) for pair in result.pairs] == [
        (first, second) for place, first in enumerate(names) for second in names[place + 1 :]
    ]
    for pair in result.pairs:
        assert pair.both + pair.only_first + pair.only_second + pair.neither == len(
            split_task.tested
        )
    row = result.answers[0]
    assert (row.image, row.truth) == (split_task.ids[0], split_task.truths[0])
    assert row.boxes == split_task.known[0].boxes
    assert row.by["knows"].value == row.truth
    assert len(row.by["mixed"].boxes) == 4
    lines = (out / "answers.csv").read_text().splitlines()
    assert lines[0].startswith("image,truth,digits,digits confidence,digits status,digits failure")
    assert len(lines) == 1 + len(split_task.tested)
    assert "\n".join(lines) + "\n" == answers_csv(result)


def test_results_come_back_as_they_were_written(found):
    result, out = found
    assert BenchmarkResult.load(out / "results.json") == result
    assert BenchmarkResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert (out / "report.html").stat().st_size > 10_000


def test_the_table_shows_all_methods(found):
    result, _ = found
    shown = benchmark.table(result)
    for method in result.methods:
        assert f"{method.accuracy.exact.value:.2%}" in shown
        assert f"\n{method.name}" in shown
    assert "digits - mixed" in shown
    assert "problems" not in shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "must be of format 1. Got a mapping of format 2"),
        ({"split": None}, "must follow their schema. Got a mapping, where data.split"),
        ({"methods": [{"name": "a"}]}, "must follow their schema"),
        ({"more": 1}, "must follow their schema"),
    ],
)
def test_other_documents_are_refused(found, change, message):
    result, _ = found
    with pytest.raises(DataError, match=message.replace("(", r"\(")):
        BenchmarkResult.from_json({**result.to_json(), **change})


@pytest.mark.parametrize("content", [None, "{", "[1]"])
def test_other_files_are_refused(tmp_path, content):
    file = tmp_path / "results.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DataError, match="Results of a benchmark must"):
        BenchmarkResult.load(file)


def test_a_reader_that_raises_is_counted_wrong_and_named(split_task):
    known = truth_of(split_task)

    def fails_on_ones(image):
        text = known(image)
        if "1" in text:
            raise ValueError(f"no {text[0]}\n1 wanted")
        return text

    result = benchmark.run({"fails": fails_on_ones, "knows": known}, split_task)
    with_one = ["1" in truth for truth in split_task.truths]
    fails, knows = result.methods
    assert fails.accuracy.exact.value == 1 - np.mean(with_one)
    assert knows.accuracy.exact.value == 1
    assert sum(problem.count for problem in fails.problems) == sum(with_one)
    first = split_task.ids[with_one.index(True)]
    assert f"(first for '{first}')" in fails.problems[0].message
    assert fails.problems[0].message.startswith("ValueError: no ")
    row = result.answers[with_one.index(True)]
    assert row.by["fails"].status == "failed"
    assert row.by["fails"].value is None
    assert "problems" in benchmark.table(result)


@pytest.mark.slow
def test_a_method_that_cannot_train_is_wrong_everywhere(photos):
    class Broken(Nearest):
        name = "broken"

        def fit(self, train):
            raise RuntimeError("no room")

    result = benchmark.run([Broken(), Nearest()], photos, labels=[4])
    broken, nearest = result.methods  # no vote with a reader that is never right
    assert broken.accuracy.exact.value == 0
    assert broken.cost is None
    assert broken.learning_curve == ()
    (failed, fewer) = broken.problems[-1], broken.problems[:-1]
    assert failed.message.startswith("RuntimeError: no room (first for ")
    assert failed.count == len(result.answers)
    assert [one.message for one in fewer] == ["broken, 4 labels, seed 0: RuntimeError: no room"]
    assert nearest.accuracy.exact.value > 0.5


@pytest.mark.slow
def test_a_learning_curve_has_a_score_for_each_seed(photos):
    result = benchmark.run([Nearest()], photos, test=0.5, labels=[4, 12, 10_000], seeds=3)
    (nearest,) = result.methods
    assert [point.labels for point in nearest.learning_curve] == [4, 12, 30]
    for point in nearest.learning_curve:
        assert len(point.scores) == 3
        assert point.low == min(point.scores) <= point.mean <= max(point.scores) == point.high
    assert nearest.learning_curve[-1].scores[0] == nearest.accuracy.exact.value
    assert nearest.cost.training_seconds > 0
    assert nearest.failures is None
    assert nearest.accuracy.characters is None
    assert nearest.errors_by_position is None


@pytest.mark.slow
def test_readers_of_whole_texts_have_second_thoughts_too():
    images, labels, _ = TextGenerator("six-char").arrays(24, seed=11)
    texts = Dataset(
        "six", images, labels, Path("drawn"), charset="".join(sorted({*"".join(labels)}))
    )
    (whole,) = benchmark.run(["six-char"], texts, test=0.5).methods
    assert whole.approach == "end-to-end"
    assert whole.failures is None
    rates = [point.exact.value for point in whole.accuracy.top]
    assert whole.accuracy.exact.value <= rates[0] <= rates[1] <= rates[2]
    method = ReaderMethod("six-char", segcap.load("six-char"), "texts")
    (reply,) = method.ranked(list(images[:1]))
    assert reply.alternatives[0][1] <= reply.confidence
    assert reply.glyphs == ()
    (plain,) = method.answer(list(images[:1]))
    assert (plain.answer, plain.glyphs) == (reply.answer, ())


def test_readers_must_be_readers_with_names_of_their_own(split_task):
    digits = segcap.load("digits")
    for readers, message in (
        ([], "at least one, each with a name of its own other than 'vote'. Got none"),
        ([digits, digits], "Got glyphs, glyphs"),
        ({"vote": digits}, "Got vote"),
        ([3], "a bundle's path or a function of an image. Got int"),
        (
            {"sums": segcap.SumClassifier()},
            "must be a reader of texts. Got a reader of type SumClassifier",
        ),
    ):
        with pytest.raises(ParameterError, match=message):
            benchmark.run(readers, split_task)
    names = [one.name for one in as_methods(["digits", digits, str.upper, Nearest()], "texts")]
    assert names == ["digits", "glyphs", "upper", "nearest"]
    for options in ({"labels": [0]}, {"seeds": 0}, {"drawn": 0}):
        with pytest.raises(ParameterError, match="must be an integer of at least 1"):
            benchmark.run([digits], split_task, **options)


@pytest.mark.slow
def test_the_script_prints_and_draws_what_was_found(found, tmp_path):
    result, out = found
    script = Path(__file__).parent.parent / "examples" / "figures" / "benchmark.py"
    plot = tmp_path / "plot.png"
    run = subprocess.run(
        [sys.executable, script, out / "results.json", "--plot", plot],
        capture_output=True,
        text=True,
        check=True,
    )
    for one in result.methods:
        assert f"| {one.name} | {one.accuracy.exact.value:.2%} (" in run.stdout
    assert plot.stat().st_size > 5000
