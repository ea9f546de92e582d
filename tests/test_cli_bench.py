"""segcap bench: from a folder to a table, and from two results to an exit status."""

import pytest

import segcap
from segcap import benchmark
from segcap.benchmark import BenchmarkResult
from segcap.benchmark.split_task import SplitTask
from segcap.benchmark.tasks import task_readers
from segcap.cli import benching  # noqa: F401 registers the command
from segcap.core.errors import ParameterError

pytestmark = pytest.mark.usefixtures("quick_benchmarks")


@pytest.mark.slow
def test_a_folder_is_compared_on(command, drawn_folder, tmp_path):
    out = tmp_path / "out"
    options = ["--data", drawn_folder, "--out", out, "--quick", "--test", 0.3]
    status, printed, err = command("bench", "labelled", *options, "--readers", "digits", "mixed")
    assert status == 0
    result = BenchmarkResult.load(out / "results.json")
    assert printed == benchmark.table(result) + "\n"
    assert f"The report is '{out / 'report.html'}'." in err
    assert (out / "answers.csv").is_file()
    assert [method.name for method in result.methods] == ["digits", "mixed", "vote"]
    assert result.split.tested == 12
    assert result.title.endswith(", a quick look only")
    assert [point.difficulty for point in result.methods[0].robustness] == [0, 0.5, 1]
    first = result.methods[0].accuracy.exact
    reader = segcap.load("digits", length=4)
    dataset = segcap.datasets.load("labelled", drawn_folder)
    _, tested = dataset.split(0.3, 0)
    assert first.value == reader.score(tested.images, tested.labels.tolist())

    status, printed, err = command("bench", "labelled", *options, "--readers", "digits")
    assert (status, printed) == (2, "")
    assert err.count("\n") == 1
    assert "or be resumed or overwritten" in err
    options += ["--resume", "--labels", 5, 8, "--readers", "digits", "mixed"]
    status, printed, _ = command("bench", "labelled", *options)
    assert status == 0
    assert BenchmarkResult.load(out / "results.json") == result


@pytest.mark.slow
def test_two_results_are_compared(command, drawn_folder, tmp_path):
    dataset = segcap.datasets.load("labelled", drawn_folder)
    good = segcap.load("digits", length=4)
    blind = segcap.load("digits", length=4, allowlist="12")
    for name, reader in (("good", good), ("blind", blind)):
        benchmark.run({"mine": reader}, dataset, test=0.5).save(tmp_path / f"{name}.json")
    files = tmp_path / "good.json", tmp_path / "blind.json"
    status, printed, err = command("bench", "--compare", *files)
    assert (status, err) == (1, "")
    assert printed.startswith("mine: ")
    assert printed.endswith(": worse\n")
    assert command("bench", "--compare", *files[::-1])[0] == 0
    assert command("bench", "--compare", files[0], files[0])[0] == 0
    both = tmp_path / "both.json"
    benchmark.run({"mine": good, "other": blind}, dataset, test=0.5).save(both)
    status, _, err = command("bench", "--compare", both, files[0])
    assert status == 1
    assert f"'other' takes part in '{both}' alone." in err
    status, printed, err = command("bench", "--compare", files[0], tmp_path / "none.json")
    assert (status, printed) == (2, "")
    assert "must be a JSON file" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            [],
            "must be given its task, as its first word, or --data; and --out. Got no task",
        ),
        (["--data", "."], "or --data; and --out. Got labelled and no --out."),
        (["mnist", "--out", "o"], "The task of a benchmark must be one of"),
        (["wordpress", "--out", "o"], "To compare on 'wordpress', 'data' must be a folder."),
        (["wordpress", "--compare", "a", "b"], "To compare results, give --compare alone."),
        (["--compare", "a", "b", "--quick"], "give --compare alone. Got quick, too."),
        (["--compare", "a", "b", "--seed", "0", "--test", "0"], "alone. Got seed, test, too."),
        (["labelled", "--out", "o", "--data", "."], "A folder must hold at least one image"),
        (
            ["six-char", "--out", "o", "--pattern", "(?P<text>.)"],
            "A 'pattern' must be for the task labelled or named. Got it for 'six-char'.",
        ),
    ],
)
def test_wrong_use_is_one_sentence(command, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    status, printed, err = command("bench", *options)
    assert (status, printed) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_readers_are_told_what_is_known_of_the_texts(split_task, photos):
    known = {"length": 4, "allowlist": "0123456789X", "case": None}
    made = task_readers(split_task, ["glyphs", "crnn", "mixed"], known=known)
    charset = split_task.training.charset
    assert (made["glyphs"].length, made["glyphs"].allowlist) == (4, charset)
    assert made["crnn"].allowlist == charset
    assert (made["mixed"].reader.length, made["mixed"].reader.case) == (4, "fold")
    assert made["mixed"].reader.allowlist == "0123456789X"
    with pytest.raises(ParameterError, match=r"must be for a task of texts\. Got length"):
        task_readers(SplitTask.of(photos), ["end-to-end"], known={"length": 4})


def test_an_unknown_reader_is_named(command, drawn_folder, tmp_path):
    options = ["--data", drawn_folder, "--out", tmp_path / "out", "--readers", "sum_cnn"]
    status, _, err = command("bench", "labelled", *options)
    assert status == 2
    assert "must be one of glyphs, span_cnn, span_roi, end-to-end, crnn" in err
    assert "Got 'sum_cnn'." in err
    assert not (tmp_path / "out").exists()


def test_ctrl_c_says_how_to_go_on(command, drawn_folder, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(segcap.GlyphReader, "read_many", interrupt)
    options = ["--data", drawn_folder, "--out", tmp_path / "out", "--readers", "digits"]
    status, printed, err = command("bench", "labelled", *options)
    assert (status, printed) == (130, "")
    assert "with --resume goes on" in err


def test_a_reader_that_fails_makes_the_status_1(command, drawn_folder, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("out of ink")

    monkeypatch.setattr(segcap.GlyphReader, "read_many", fail)
    options = ["--data", drawn_folder, "--out", tmp_path / "out", "--readers", "digits", "--quick"]
    status, printed, _ = command("bench", "labelled", *options)
    assert status == 1
    assert "digits: ValueError: out of ink (first for 'images/" in printed
