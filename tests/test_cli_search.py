"""segcap search: from a folder to a table, pictures and a reader."""

import csv

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

import segcap
from segcap.generate import TextGenerator, write_text
from segcap.recipes.tasks import END_TO_END
from segcap.training.tuning import SearchResult, Tried


@pytest.fixture
def run(monkeypatch, command):
    """Run the command line, training less."""
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 3)
    quick = END_TO_END["cats-dogs"]._replace(epochs=1, settings={"size": (12, 12)})
    monkeypatch.setitem(END_TO_END, "cats-dogs", quick)
    return command


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Parts of two photos in the layout of cats-dogs, 40 each."""
    folder = tmp_path_factory.mktemp("photos") / "train"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for kind, name in (("cat", "flower"), ("dog", "china")):
        picture = load_sample_image(f"{name}.jpg")
        for number in range(40):
            y, x = rng.integers(0, 427 - 96), rng.integers(0, 640 - 96)
            part = Image.fromarray(picture[y : y + 96 : 4, x : x + 96 : 4])
            part.save(folder / f"{kind}.{number}.jpg")
    return folder.parent


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Twenty images of three digits, named by them."""
    folder = tmp_path_factory.mktemp("texts")
    write_text(TextGenerator("gradient-line", charset="0123456789", length=3), 20, folder)
    return folder


def of_photos(photos, out, *more):
    return ("cats-dogs", "--data", photos, "--out", out, "--epochs", 1, *more)


@pytest.mark.slow
def test_a_search_goes_on_and_trains_the_best(run, photos, tmp_path):
    out = tmp_path / "found"
    status, shown, err = run("search", *of_photos(photos, out, "--trials", 1))
    assert status == 0, err
    assert "at least 2 different values of complete trials. Got 1" in err
    first, _ = (out / "trials.csv").read_text().splitlines(), shown
    assert len(first) == 2
    status, shown, err = run("search", *of_photos(photos, out, "--trials", 2, "--train-best"))
    assert status == 0, err
    rows = list(csv.DictReader((out / "trials.csv").read_text().splitlines()))
    assert (out / "trials.csv").read_text().splitlines()[:2] == first
    assert [row["trial"] for row in rows] == ["0", "1"]
    lines = shown.splitlines()
    assert lines[0].split()[:5] == ["trial", "state", "value", "seconds", "schedule__optimizer"]
    assert sum(line.startswith("importance ") for line in lines) == 3
    figures = dict(line.rsplit(" ", 1) for line in lines[lines.index("", 5) + 1 :])
    best = segcap.load(out / "best.segcap")
    winner = max(rows, key=lambda row: float(row["value"]))
    assert best.network == {"activation": winner["network__activation"]}
    assert float(figures["test_accuracy"]) == best.provenance_["figures"]["test_accuracy"]
    assert int(figures["test_n"]) + int(figures["trained_on"]) + int(figures["validated_on"]) == 80
    assert {path.name for path in out.iterdir()} == {
        "search.db",
        "trials.csv",
        "importance.png",
        "parallel.png",
        "log",
        "best",
        "best.segcap",
    }
    assert {path.name for path in (out / "log").iterdir()} == {"trial-0000", "trial-0001"}


@pytest.mark.slow
def test_a_search_among_cuts(run, texts, tmp_path):
    status, shown, err = run(
        "search",
        "labelled",
        "--data",
        texts,
        "--study",
        "segmentation",
        "--wrong-cost",
        0.5,
        "--no-prune",
        "--trials",
        4,
        "--train-best",
        "--out",
        tmp_path,
    )
    assert status == 0, err
    header, *rows = csv.reader((tmp_path / "trials.csv").read_text().splitlines())
    assert len(rows) == 4
    assert {"binarization", "line_removal", "cutters__skeleton", "reject_below"} <= set(header)
    assert "test_n 4" in shown.splitlines()
    assert isinstance(segcap.load(tmp_path / "best.segcap"), segcap.GlyphReader)


def test_trials_never_see_the_images_of_the_test(run, texts, tmp_path, monkeypatch):
    def searched(objective, space, **options):
        parts.append(objective.data)
        return SearchResult("one", {}, (Tried(0, {}, "complete", 1.0, 1.0),))

    def tested(self, settings, test):
        parts.append(test)
        raise KeyboardInterrupt

    parts = []
    monkeypatch.setattr("segcap.training.search", searched)
    monkeypatch.setattr("segcap.cli.searching._show", lambda *_: None)
    monkeypatch.setattr("segcap.recipes.objectives.Cutting.finish", tested)
    place = ("--data", texts, "--out", tmp_path)
    run("search", "labelled", *place, "--study", "segmentation", "--train-best")
    tried, held_out = ({*map(str, part.images)} for part in parts)
    assert len(tried) == 16
    assert len(held_out) == 4
    assert not tried & held_out


def test_a_pattern_gives_the_texts_to_search_on(run, tmp_path, monkeypatch):
    def searched(objective, space, **options):
        labels.extend(objective.data.labels.tolist())
        raise KeyboardInterrupt

    labels = []
    monkeypatch.setattr("segcap.training.search", searched)
    for number in range(4):
        image = TextGenerator("clean", charset="12", length=3).sample(number).image
        Image.fromarray(image).save(tmp_path / f"{number}={number}21.png")
    place = ("--data", tmp_path, "--out", tmp_path / "out", "--pattern", r"\d=(?P<text>\d+)")
    run("search", "labelled", *place, "--study", "segmentation")
    assert set(labels) < {f"{number}21" for number in range(4)}
    assert len(labels) == 3
    status, _, err = run("search", "cats-dogs", *place)
    assert status == 2
    assert "must be for labelled or named, or for the study 'segmentation'. Got it for" in err
    status, _, err = run("search", *place, "--length", 3)
    assert status == 2
    assert "The --length must be for the study 'segmentation'. Got it for 'optimizer'." in err
    cutting = ("--study", "segmentation", "--folds", 2)
    status, _, err = run("search", *place, *cutting)
    assert status == 2
    assert "The --folds must be for another study than 'segmentation'." in err


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(run, photos, tmp_path, monkeypatch):
    def interrupted(self, settings, report):
        raise KeyboardInterrupt

    monkeypatch.setattr("segcap.recipes.objectives.Fitting.__call__", interrupted)
    status, shown, err = run("search", *of_photos(photos, tmp_path))
    assert (status, shown) == (130, "")
    assert "goes on after the last trial that has ended" in err


@pytest.mark.slow
def test_a_folder_of_another_search(run, texts, tmp_path):
    def call(*more):
        return run(
            "search",
            "labelled",
            "--data",
            texts,
            "--study",
            "segmentation",
            "--trials",
            1,
            "--out",
            tmp_path,
            *more,
        )

    assert call()[0] == 0
    status, shown, err = call("--fraction", 0.5)
    assert (status, shown) == (2, "")
    assert "a search of another data." in err
    assert "a search of another seed, another data" in call("--seed", 1)[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cats-dogs", "--study", "weather"], "--study must be one of optimizer, layers, training"),
        (["cats-dogs", "--fraction", "0"], "--fraction must be above 0 and at most 1. Got 0.0"),
        (["cats-dogs", "--fraction", "nan"], "--fraction must be above 0 and at most 1. Got nan"),
        (["cats-dogs", "--minutes", "0"], "--minutes must be a number above 0. Got 0.0"),
        (["cats-dogs", "--minutes", "nan"], "--minutes must be a number above 0. Got nan"),
        (["cats-dogs", "--classifier", "nope"], "must be one of leaky_cnn, resnet_small"),
        (["chess"], "task must be one of digit-sum, "),
        (["cats-dogs", "--study", "segmentation"], "must be of texts, and of a reader that cuts"),
        (
            ["cats-dogs", "--study", "layers", "--classifier", "resnet_small"],
            "'layers' must be of a reader that has its settings. Got a reader of type Im",
        ),
    ],
)
def test_wrong_use_is_one_sentence(run, photos, tmp_path, arguments, message):
    status, shown, err = run("search", *arguments, "--data", photos, "--out", tmp_path / "new")
    assert (status, shown) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_place_that_does_not_exist(run, photos, tmp_path):
    (tmp_path / "file").touch()
    for out in (tmp_path / "a" / "b", tmp_path / "file"):
        status, _, err = run("search", "cats-dogs", "--data", photos, "--out", out)
        assert status == 2
        assert f"must go to a folder in one that exists. Got '{out}'" in err
