"""The command line: what it prints, in which form, and what it refuses."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import segcap
from segcap.generate import TextGenerator

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


@pytest.fixture
def run(command):
    return command


def test_read_prints_path_text_confidence_and_accuracy(run, samples):
    status, out, _ = run("read", samples)
    *lines, accuracy = out.splitlines()
    assert status == 0
    assert len(lines) == 3
    for line in lines:
        path, text, confidence = line.split()
        reading = segcap.load("digits").read(path)
        assert text == reading.text
        assert float(confidence) == pytest.approx(reading.confidence, abs=1e-4)
    assert accuracy.startswith("exact match")
    assert "n = 3" in accuracy


def test_warnings_are_reported_like_other_remarks(run, samples):
    (samples / "labels.csv").unlink()
    status, _, err = run("read", samples, "--model", "six-char")
    assert status == 0
    assert err == "segcap: Warning: Images of another size than 250 x 50 pixels are resized.\n"
    for number in range(64):
        (samples / f"{number}.png").write_bytes((SAMPLES / "field-dark-0.png").read_bytes())
    _, _, err = run("read", samples, "--model", "six-char", "--jobs", 2)
    assert "base.py" not in err


@pytest.mark.parametrize(("option", "value"), [("--length", 4), ("--reject-below", 0.5)])
def test_an_option_that_a_reader_has_not_is_named(run, samples, option, value):
    status, _, err = run("sum", samples, "--model", "digit-sum", option, value)
    assert status == 2
    assert err == f"segcap: The reader 'digit-sum' takes no {option}. Got {value}.\n"


def test_a_shell_completes_commands():
    code = "import sys; sys.argv = ['segcap']; from segcap.cli import main; main()"
    asked = {"_SEGCAP_COMPLETE": "complete_bash", "COMP_WORDS": "segcap t", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True
    )
    assert (sorted(done.stdout.split()), done.stderr) == (["threshold", "train"], "")


def test_the_version(run):
    assert run("--version")[:2] == (0, f"segcap {segcap.__version__}\n")


def test_json_lines(run, samples):
    status, out, err = run("read", samples, "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    fields = {"path", "text", "confidence", "status", "glyphs", "alternatives", "error"}
    fields |= {"turned"}
    assert fields == set(records[0])
    assert "exact match" in err


def test_csv(run, samples):
    _, out, _ = run("sum", samples, "--csv")
    rows = list(csv.DictReader(out.splitlines()))
    assert len(rows) == 3
    assert list(rows[0]) == ["path", "value", "confidence", "status", "error"]


def test_csv_has_boxes_on_request(run, samples):
    _, out, _ = run("read", samples, "--csv", "--boxes")
    rows = list(csv.DictReader(out.splitlines()))
    digits = segcap.load("digits")
    for row in rows:
        boxes = [tuple(map(int, box.split())) for box in row["boxes"].split("; ")]
        assert boxes == [glyph.box for glyph in digits.read(row["path"]).glyphs]
    _, out, _ = run("read", samples, "--json", "--boxes")
    assert "boxes" not in json.loads(out.splitlines()[0])
    for more in ([], ["--resume"]):
        words = ("read", samples, "--json", "--boxes", "--out", samples.parent / "r.jsonl", *more)
        status, _, err = run(*words)
        assert status == 0, err


def test_an_unreadable_image_among_others(run, samples):
    (samples / "text.png").write_text("no image")
    status, out, err = run("read", samples, samples / "missing.png")
    assert status == 1
    assert len(out.splitlines()) == 6
    assert sum(line.endswith("unreadable") for line in out.splitlines()) == 2
    assert "text.png" in err
    assert "missing.png" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["read", ""], "must not be empty"),
        (["read", "a" * 300], "A path must exist"),
        (["read", "{samples}", "--model", "a" * 300], "shipped readers"),
        (["read", "{samples}", "--out", "{empty}", "--resume"], "regular file"),
        (["read", "{samples}", "--jobs", "0"], "'n_jobs' must be"),
        (["read", "nowhere.png"], "A path must exist. Got 'nowhere.png'"),
        (["read", "{empty}"], "at least one image"),
        (["read", "{samples}", "--model", "nobody"], r"shipped readers"),
        (["read", "{samples}", "--json", "--csv"], "--json or as --csv. Got both"),
        (["read", "{samples}", "--resume"], "--out. Got none"),
        (["read", "{samples}", "--out", "{empty}/no/x.csv"], "can be written to"),
        (["train", "nothing", "--out", "x"], "must be one of: any, digits, mixed, text, "),
        (["train", "digits", "--out", "{empty}/x", "--data", "{empty}"], "mnist.npz"),
        (["train", "digits", "--out", "{empty}/no/x"], "folder that exists"),
        (["eval", "digits", "--data", "{empty}"], "at least one image"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(run, tmp_path, arguments, message):
    places = {"empty": str(tmp_path), "samples": str(SAMPLES)}
    status, out, err = run(*(argument.format(**places) for argument in arguments))
    assert status == 2
    assert out == ""
    assert message in err
    assert err.startswith("segcap: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [["read"], ["read", "x", "--length", "0"], ["read", "x", "--engine", "tpu"], ["no"]],
)
def test_wrong_options_are_status_2(run, arguments):
    assert run(*arguments)[0] == 2


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_a_killed_run_is_resumed(run, samples, tmp_path, form):
    whole, cut = tmp_path / "whole.txt", tmp_path / "cut.txt"
    assert run("read", samples, form, "--out", whole)[0] == 0
    lines = whole.read_text().splitlines(keepends=True)
    cut.write_text("".join(lines[:-2]) + lines[-2][:-9])
    status, out, err = run("read", samples, form, "--out", cut, "--resume")
    assert (status, out) == (0, "")
    assert sorted(cut.read_text().splitlines()) == sorted(whole.read_text().splitlines())
    assert "n = 3" in err
    assert "segcap: Images that were read before, perhaps by another model: 1." in err


def test_a_resumed_run_judges_what_is_asked_for_alone(run, samples, tmp_path):
    (samples / "field-dark-0.png").write_bytes(b"no image")
    out = tmp_path / "results.csv"
    assert run("read", samples, "--out", out)[0] == 1
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join([*lines, lines[-1]]))
    status, _, err = run("read", samples, "--out", out, "--resume")
    assert (status, err.count("field-dark-0.png', which is in none")) == (1, 1)
    assert "n = 3" in err
    (samples / "field-dark-0.png").unlink()
    status, _, err = run("read", samples, "--out", out, "--resume")
    assert status == 0
    assert "n = 2" in err


def test_results_are_never_overwritten(run, samples, tmp_path):
    out = tmp_path / "results.csv"
    out.write_text("precious\n")
    status, _, err = run("read", samples, "--out", out)
    assert (status, out.read_text()) == (2, "precious\n")
    assert "new file, or be resumed" in err
    status, _, err = run("read", samples, "--out", out, "--resume")
    assert (status, out.read_text()) == (2, "precious\n")
    assert "CSV file that segcap wrote" in err


def test_a_full_disk_is_reported(samples):
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "segcap", "read", samples],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert "must be written in full" in run.stderr


def test_a_name_that_is_no_unicode(run, samples, tmp_path):
    strange = os.fsencode(samples) + b"/\xff.png"
    with open(strange, "wb") as file:
        file.write((SAMPLES / "field-dark-0.png").read_bytes())
    for form in ("--json", "--csv"):
        out = tmp_path / f"out{form}"
        assert run("read", samples, form, "--out", out)[0] == 0
        assert run("read", samples, form, "--out", out, "--resume")[0] == 0
        assert len(out.read_bytes().splitlines()) == 4 + (form == "--csv")


def test_workers(run, samples):
    for number in range(70):
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(samples / f"blank-{number}.png")
    status, out, _ = run("read", samples, "--jobs", 2)
    assert status == 0
    assert out.count("empty") == 70


def test_eval_prints_both_accuracies(run):
    status, out, _ = run("eval", "digits", "--data", SAMPLES)
    assert status == 0
    assert "exact match" in out
    assert "character accuracy" in out
    assert "n = 48" in out


def test_models_names_each_with_its_figures(run):
    _, out, _ = run("models")
    for name in segcap.available():
        assert name in out
    assert "right of what was held out: 99.64%" in out
    assert "n = 10,000" in out


def test_info_names_versions_and_devices(run):
    status, out, _ = run("info")
    assert status == 0
    assert segcap.__version__ in out
    assert "devices: " in out
    assert re.search(r"^onnxruntime [\d.]+, device (cpu|cuda)$", out, re.MULTILINE)
    assert "backend" in out


def test_results_stay_on_standard_output_when_the_progress_bar_is_shown(samples):
    pty = pytest.importorskip("pty")
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "segcap", "read", samples, "--csv"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=its_end, text=True, check=True)
    assert len(run.stdout.splitlines()) == 4
    assert b"images" in os.read(terminal, 10_000)
    os.close(terminal)
    os.close(its_end)


def test_a_closed_pipe_is_no_traceback():
    command = f"{sys.executable} -m segcap read {SAMPLES} --json | head -c 1"
    run = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert "Traceback" not in run.stderr
    assert run.stdout == "{"


def test_texts_are_read_with_the_characters_and_the_case_that_are_known(run, tmp_path):
    sample = TextGenerator("clean", charset="ABC", length=4).sample(1, seed=3)
    Image.fromarray(sample.image).save(tmp_path / "text.png")
    options = ("--model", "mixed", "--allowlist", "ABC", "--case", "fold", "--csv")
    code, out, _ = run("read", tmp_path / "text.png", *options)
    assert code == 0
    assert sample.label in out


def test_a_reader_without_an_allowlist_refuses_one(run, samples):
    code, _, err = run("eval", "digit-sum", "--data", samples, "--allowlist", "1")
    assert code == 2
    assert "The reader 'digit-sum' takes no --allowlist. Got 1." in err


def test_one_image_is_read_from_standard_input(run, monkeypatch):
    image = io.BytesIO((SAMPLES / "sum-apart-0.png").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(image))
    status, out, err = run("read", "-", "--json")
    assert (status, err) == (0, "")
    record = json.loads(out)
    assert record["path"] == "-"
    assert record["text"] == segcap.load("digits").read(SAMPLES / "sum-apart-0.png").text


def test_standard_input_is_read_alone(run, samples):
    status, out, err = run("read", "-", samples)
    assert (status, out) == (2, "")
    assert err.startswith("segcap: Standard input, '-', must be read alone. Got")


def test_names_that_an_old_code_page_lacks_are_written(samples):
    (samples / "sum-apart-0.png").rename(samples / "\u65e5\u672c.png")
    command = [sys.executable, "-m", "segcap", "read", samples, "--csv"]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    run = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert b"\\u65e5\\u672c.png" in run.stdout
