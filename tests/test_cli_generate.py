"""segcap generate passes its options on, and says in one line what it is not given."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import segcap.generate
from segcap import cli
from segcap.datasets.uci_digits import load_uci_digits
from segcap.generate import (
    DIFFICULTIES,
    TextGenerator,
    read_manifest,
    schemes,
    write_digit_sums,
    write_text,
)

FONTS = Path(segcap.generate.__file__).parent / "fonts"
ALL_BUT_WARP = {**dict.fromkeys(DIFFICULTIES, 1.0), "warp": 0.0}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the command in this process and in a folder of its own, giving status and messages."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["segcap", "generate", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        assert captured.out == ""
        return exit_.value.code, captured.err

    return call


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """A file as MNIST's, with twenty pictures of noise in either part."""
    file = tmp_path_factory.mktemp("mnist") / "mnist.npz"
    pictures = np.random.default_rng(0).integers(1, 256, (2, 20, 28, 28), dtype=np.uint8)
    labels = np.arange(20, dtype=np.uint8) % 10
    np.savez(file, x_train=pictures[0], y_train=labels, x_test=pictures[1], y_test=labels)
    return file


@pytest.fixture
def fonts(tmp_path):
    (tmp_path / "fonts").mkdir()
    shutil.copy(FONTS / "kalam-700.ttf", tmp_path / "fonts")
    return tmp_path / "fonts"


def part_of(mnist, part):
    with np.load(mnist) as arrays:
        return arrays[f"x_{part}"], arrays[f"y_{part}"]


@pytest.mark.parametrize("scheme", schemes())
def test_every_scheme_is_written(run, tmp_path, scheme, tree):
    assert run(scheme, "--n", 3, "--out", "out") == (0, "")
    write_text(TextGenerator(scheme), 3, tmp_path / "same")
    assert tree(tmp_path / "out") == tree(tmp_path / "same")


@pytest.mark.parametrize(
    ("arguments", "options", "written"),
    [
        (["--seed", 7], {}, {"seed": 7}),
        (["--charset", "ABC"], {"charset": "ABC"}, {}),
        (["--length", "3"], {"length": 3}, {}),
        (["--length", "2-7"], {"length": (2, 7)}, {}),
        (["--size", "260x64"], {"size": (260, 64)}, {}),
        (["--difficulty", 0.5], {"difficulty": 0.5}, {}),
        (["--difficulty", 0], {"difficulty": 0.0}, {}),
        (["--overlap", 1], {"difficulty": {"overlap": 1.0}}, {}),
        (["--warp", 1], {"difficulty": {"warp": 1.0}}, {}),
        (["--lines", 0.5], {"difficulty": {"lines": 0.5}}, {}),
        (["--noise", 0.25], {"difficulty": {"noise": 0.25}}, {}),
        (["--contrast", 0.5], {"difficulty": {"contrast": 0.5}}, {}),
        (["--warp", 0, "--difficulty", 1], {"difficulty": ALL_BUT_WARP}, {}),
        (["--masks"], {}, {"masks": True}),
        (["--jobs", 2], {}, {"n_jobs": 2}),
    ],
    ids=str,
)
@pytest.mark.parametrize("scheme", ["clean", "colour-lines"])
def test_every_option_reaches_the_generator(
    run, tmp_path, scheme, arguments, options, written, tree
):
    assert run(scheme, "--n", 4, "--out", "out", *arguments) == (0, "")
    write_text(TextGenerator(scheme, **options), 4, tmp_path / "same", **written)
    assert tree(tmp_path / "out") == tree(tmp_path / "same")


def test_fonts_reach_the_generator(run, tmp_path, fonts, tree):
    assert run("clean", "--n", 3, "--out", "out", "--fonts", fonts) == (0, "")
    write_text(TextGenerator("clean", fonts=fonts), 3, tmp_path / "same")
    assert tree(tmp_path / "out") == tree(tmp_path / "same")
    assert read_manifest(tmp_path / "out")[0]["parameters"]["fonts"][0] == "kalam-700"


@pytest.mark.parametrize("arguments", [[], ["--part", "train"], ["--part", "test"]])
def test_digits_of_mnist_reach_the_generator(run, tmp_path, mnist, arguments, tree):
    handwriting = part_of(mnist, "test" if "test" in arguments else "train")
    assert run("number-field", "--n", 3, "--out", "a", "--digits", mnist, *arguments) == (0, "")
    write_text(TextGenerator("number-field", handwriting=handwriting), 3, tmp_path / "same-a")
    assert tree(tmp_path / "a") == tree(tmp_path / "same-a")
    assert run("digit-sum", "--n", 3, "--out", "b", "--digits", mnist.parent, *arguments)[0] == 0
    write_digit_sums(3, tmp_path / "same-b", digits=handwriting)
    assert tree(tmp_path / "b") == tree(tmp_path / "same-b")


def test_digits_of_scikit_learn_reach_the_generator(run, tmp_path, tree):
    assert run("number-field", "--n", 3, "--out", "out", "--digits", "scikit-learn") == (0, "")
    generator = TextGenerator("number-field", handwriting=load_uci_digits())
    write_text(generator, 3, tmp_path / "same")
    assert tree(tmp_path / "out") == tree(tmp_path / "same")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (["--digits", "scikit-learn"], {}),
        (["--seed", 5], {"seed": 5}),
        (["--length", 3], {"count": 3}),
        (["--min-advance", 22], {"min_advance": 22}),
    ],
)
def test_digit_sums(run, tmp_path, arguments, options, tree):
    assert run("digit-sum", "--n", 6, "--out", "out", *arguments) == (0, "")
    write_digit_sums(6, tmp_path / "same", digits=load_uci_digits(), **options)
    assert tree(tmp_path / "out") == tree(tmp_path / "same")


def test_digits_of_scikit_learn_are_framed_as_mnist():
    pictures, labels = load_uci_digits()
    assert (pictures.shape, pictures.dtype, labels.shape) == ((1797, 28, 28), np.uint8, (1797,))
    assert set(labels.tolist()) == set(range(10))
    assert pictures.max() >= 250
    inside = pictures[:, 4:24, 4:24]
    assert inside.sum(dtype=int) == pictures.sum(dtype=int)
    assert inside.any(axis=(1, 2)).all()


@pytest.mark.parametrize("scheme", ["wordpress", "digit-sum"])
def test_a_begun_folder_is_resumed(run, tmp_path, scheme, tree):
    assert run(scheme, "--n", 5, "--out", "whole") == (0, "")
    assert run(scheme, "--n", 2, "--out", "cut") == (0, "")
    status, err = run(scheme, "--n", 5, "--out", "cut")
    assert (status, "empty or not there" in err) == (2, True)
    assert run(scheme, "--n", 5, "--out", "cut", "--resume") == (0, "")
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")
    status, err = run(scheme, "--n", 5, "--out", "cut", "--resume", "--seed", 1)
    assert (status, "seed 1 for" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "one of: digit-sum, clean, wordpress, .*wild. Got 'nobody'"),
        (["clean", "--size", "200"], "--size must be like 200x50. Got '200'"),
        (["clean", "--size", "-5x50"], "--size must be like 200x50. Got '-5x50'"),
        (["clean", "--size", "5x5"], "'width' must be .* Got 5"),
        (["clean", "--size", "٣٠x٣٠"], "--size must be like 200x50. Got '٣٠x٣٠'"),
        (["clean", "--length", "few"], "--length must be like 5 or 4-6. Got 'few'"),
        (["clean", "--length", "4-"], "--length must be like 5 or 4-6. Got '4-'"),
        (["clean", "--length", "6-4"], "'length' must be .* Got (6, 4)"),
        (["clean", "--length", "0"], "'length' must be .* Got 0"),
        (["clean", "--length", "90"], "must fit into its image .* for 200 x 50"),
        (["clean", "--part", "test"], "--part must be of --digits mnist.npz. Got 'test'"),
        (["clean", "--difficulty", "1.2"], "'overlap' must be in [0, 1]. Got 1.2"),
        (["clean", "--warp", "nan"], "'warp' must be in [0, 1]. Got nan"),
        (["clean", "--n", "-1"], "'n' must be .*at least 0. Got -1"),
        (["clean", "--jobs", "0"], "'n_jobs' must be at least 1.*Got 0"),
        (["clean", "--charset", "ABA"], "Got 'ABA', which repeats 'A'"),
        (["clean", "--charset", "あ"], "fonts, or in the handwriting. Got 'あ'"),
        (["clean", "--charset", "AB", "--digits", "scikit-learn"], "handwriting. Got 'A'"),
        (["wordpress", "--charset", "A?"], "letters and digits. Got '?'"),
        (["clean", "--fonts", "nowhere"], "font folder must be there. Got 'nowhere'"),
        (["clean", "--fonts", ".", "--digits", "scikit-learn"], "Got both"),
        (["clean", "--digits", "nowhere"], "file 'mnist.npz'. Got 'nowhere'"),
        (["clean", "--digits", "notes.txt"], "must be an .npz file .* Got 'notes.txt'"),
        (["clean", "--digits", "scikit-learn", "--part", "all"], "train or test. Got 'all'"),
        (["clean", "--min-advance", "15"], "'clean' takes no --min-advance. Got '15'"),
        (["digit-sum", "--charset", "12"], "'digit-sum' takes no --charset. Got '12'"),
        (["digit-sum", "--charset", ""], "'digit-sum' takes no --charset. Got ''"),
        (["digit-sum", "--size", "99x99"], "'digit-sum' takes no --size. Got '99x99'"),
        (["digit-sum", "--fonts", "."], "'digit-sum' takes no --fonts. Got '.'"),
        (["digit-sum", "--warp", "0"], "'digit-sum' takes no --warp. Got '0.0'"),
        (["digit-sum", "--masks"], "'digit-sum' takes no --masks"),
        (["digit-sum", "--jobs", "2"], "'digit-sum' takes no --jobs. Got '2'"),
        (["digit-sum", "--backend", "threading"], "takes no --backend. Got 'threading'"),
        (["digit-sum", "--length", "0"], "'count' must be .*at least 1. Got 0"),
        (["digit-sum", "--length", "4-6"], "--length must be like 4. Got '4-6'"),
        (["digit-sum", "--min-advance", "41"], "'min_advance' must be at most 40"),
        (["digit-sum", "--difficulty", "0.5"], "'digit-sum' takes no --difficulty. Got '0.5'"),
        (["clean", "--out", "notes.txt"], "empty or not there.* Got 'notes.txt'"),
        (["clean", "--out", "notes.txt/below"], "can be written to. Got 'notes.txt/below'"),
        (["clean", "--out", "."], "empty or not there.* Got '.'"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(run, tmp_path, arguments, message):
    (tmp_path / "notes.txt").write_text("precious")
    status, err = run(arguments[0], "--n", 2, "--out", "out", *arguments[1:])
    assert status == 2
    for part in message.split(".*"):
        assert part.strip() in err
    assert err.startswith("segcap: ")
    assert len(err.splitlines()) == 1
    assert (tmp_path / "notes.txt").read_text() == "precious"
    assert not (tmp_path / "out").exists()


def test_a_folder_of_fonts_with_too_long_a_name_is_reported_as_such(run):
    status, err = run("clean", "--n", 2, "--out", "out", "--fonts", "a" * 300)
    assert status == 2
    assert "must be written in full" not in err


@pytest.mark.parametrize("arguments", [[], ["clean"], ["clean", "--n", "x", "--out", "out"]])
def test_missing_and_misspelt_arguments_are_status_2(run, arguments):
    assert run(*arguments)[0] == 2


def test_the_command_is_installed(tmp_path):
    command = [sys.executable, "-m", "segcap", "generate", "clean", "--n", "2", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    records = (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()
    assert [json.loads(line)["index"] for line in records] == [0, 1]


@pytest.mark.parametrize(
    ("raised", "status", "message"),
    [(KeyboardInterrupt, 130, "Interrupted"), (MemoryError, 2, "must fit into memory")],
)
def test_what_stops_a_command_is_one_sentence(monkeypatch, run, raised, status, message):
    def stop(*_, **__):
        raise raised

    monkeypatch.setattr("segcap.cli.generating.write_text", stop)
    code, err = run("clean", "--n", 2, "--out", "out")
    assert code == status
    assert message in err
    assert err.count("\n") == 1
