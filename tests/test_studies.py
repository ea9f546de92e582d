"""Searches that are ready to be made, on real photos and drawn texts."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

import segcap
from segcap.core.errors import ParameterError, SegcapWarning
from segcap.datasets import Dataset
from segcap.generate import TextGenerator, digit_sums
from segcap.recipes.end_to_end import measure
from segcap.recipes.objectives import Cutting, Fitting, configured, schedule_of
from segcap.recipes.studies import STUDIES, space_of
from segcap.segmentation.cut_candidates import CUTTERS
from segcap.training.tuning import search

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def photos():
    """Parts of two photos, 40 each, 12 x 12."""
    rng = np.random.default_rng(0)
    images, labels = [], []
    for name in ("flower", "china") * 40:
        y, x = rng.integers(0, 427 - 96), rng.integers(0, 640 - 96)
        images.append(load_sample_image(f"{name}.jpg")[y : y + 96 : 8, x : x + 96 : 8])
        labels.append(name)
    return Dataset("photos", np.stack(images), np.array(labels), HERE, classes=("china", "flower"))


@pytest.fixture(scope="module")
def texts(handwriting):
    """Twelve rows of four digits that touch."""
    rows = digit_sums(12, 12, seed=0, digits=handwriting)
    labels = np.array(["".join(map(str, row)) for row in rows.labels.tolist()])
    return Dataset("drawn", rows.images, labels, HERE, charset="0123456789")


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 4)


class Report:
    """A report that is only remembered."""

    seed = 11

    def __init__(self):
        self.curve, self.notes = [], {}

    def __call__(self, step, value):
        self.curve.append((step, value))

    def note(self, **notes):
        self.notes |= notes


def small(**settings):
    return segcap.ImageClassifier(
        "leaky_cnn", network={"conv_layers": 1, "filters": 4, "neurons": 4}, epochs=2, **settings
    )


def test_studies_of_networks_are_those_of_the_task():
    reader = segcap.ImageClassifier("leaky_cnn")
    optimizer = space_of("optimizer", reader)
    assert list(optimizer) == ["schedule__optimizer", "schedule__loss", "network__activation"]
    assert np.prod([len(values) for values in optimizer.values()]) == STUDIES["optimizer"].trials
    assert list(space_of("layers", reader)) == [
        f"network__{name}" for name in ("conv_layers", "filters", "dense_layers", "neurons")
    ]
    assert set(space_of("training", reader)) == {
        "schedule__learning_rate",
        "schedule__weight_decay",
        "schedule__batch_size",
        "network__dropout",
        "size",
        "augmentation",
    }


def test_readers_are_asked_for_what_they_have():
    cut = set(space_of("segmentation", segcap.load("mixed")))
    learned = set(space_of("segmentation", segcap.load("any")))
    assert cut - learned == {"binarization", "line_removal"}
    assert "network__activation" not in space_of("optimizer", segcap.ImageClassifier())
    columns = segcap.SequenceReader("01", classifier="crnn")
    places = segcap.SequenceReader("01", length=2, classifier="multihead")
    assert list(space_of("optimizer", columns)) == ["schedule__optimizer"]
    assert list(space_of("optimizer", places)) == ["schedule__optimizer", "schedule__loss"]
    glyphs = segcap.load("mixed")
    plain = space_of("segmentation", glyphs)
    assert {name for name in plain if name.startswith("cutters__")} == {
        f"cutters__{name}" for name in CUTTERS
    }
    assert set(space_of("segmentation", glyphs, wrong_cost=1)) - set(plain) == {"reject_below"}


@pytest.mark.parametrize(
    ("study", "reader", "message"),
    [
        ("chess", segcap.GlyphReader(), r"one of optimizer, layers, .* Got 'chess'"),
        (
            "layers",
            segcap.ImageClassifier(),
            r"'layers' must be .* Got a reader of type ImageClassifier",
        ),
        (
            "layers",
            segcap.SumClassifier(),
            r"'layers' must be .* Got a reader of type SumClassifier",
        ),
        (
            "training",
            segcap.GlyphReader(),
            r"'training' must be .* Got a reader of type GlyphReader",
        ),
        (
            "segmentation",
            segcap.SumClassifier(),
            r"'segmentation' must .* a reader of type SumClass",
        ),
    ],
)
def test_studies_that_a_reader_cannot_be_asked_for(study, reader, message):
    with pytest.raises(ParameterError, match=message):
        space_of(study, reader)


def test_settings_reach_reader_network_and_schedule():
    reader = small(balance="weights")
    settings = {
        "network__filters": 6,
        "network__activation": "elu",
        "size": 16,
        "augmentation": 0.5,
        "schedule__learning_rate": 0.01,
        "schedule__loss": "focal",
    }
    changed = configured(reader, settings)
    assert changed.get_params() == reader.get_params() | {
        "network": {"conv_layers": 1, "filters": 6, "neurons": 4, "activation": "elu"},
        "size": (16, 16),
        "augmentation": 0.5,
    }
    assert reader.get_params() == small(balance="weights").get_params()
    own, schedule = asdict(schedule_of(reader, {})), asdict(schedule_of(changed, settings))
    assert schedule == own | {"learning_rate": 0.01, "loss": "focal"}
    cutters = {f"cutters__{name}": name == "skeleton" for name in CUTTERS}
    assert configured(segcap.GlyphReader(), cutters).cutters == ("skeleton",)
    assert configured(segcap.GlyphReader(), {"cutters__skeleton": False}).cutters == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weather": 1}, r"parameter of ImageClassifier must be one of .* Got 'weather'"),
        ({"schedule__weather": 1}, r"setting of a Schedule must be one of .* Got 'weather'"),
        ({"schedule__ema": 2}, r"'ema' of a Schedule must be at least 0 and below 1\. Got 2"),
    ],
)
def test_settings_that_nothing_has(settings, message):
    with pytest.raises(ParameterError, match=message):
        schedule_of(configured(small(), settings), settings)


@pytest.mark.slow
def test_a_trial_trains_and_is_judged_by_what_it_has_not_seen(photos, few_steps, monkeypatch):
    shown = []
    fit = segcap.ImageClassifier.fit

    def watched(self, images, labels, **rest):
        shown.append((self.random_state, images, rest["schedule"], rest["groups"]))
        return fit(self, images, labels, **rest)

    monkeypatch.setattr(segcap.ImageClassifier, "fit", watched)
    objective, report = Fitting(small(), photos), Report()
    value = objective({"schedule__optimizer": "sgd", "network__filters": 5}, report)
    ((train, judges),) = objective.parts
    assert (len(train), len(judges)) == (64, 16)
    ((seed, images, schedule, groups),) = shown
    assert (seed, schedule.optimizer, schedule.epochs) == (11, "sgd", 2)
    np.testing.assert_array_equal(images, train.images)
    np.testing.assert_array_equal(groups, train.groups)
    assert (16 * value).is_integer()
    assert [step for step, _ in report.curve] == [1, 2]
    kernels = 3 * 9 * 5 + 5 * 4 + 4 * 2 + 2
    assert report.notes["parameters"] == kernels + 4 * (5 + 4)
    assert report.notes["bytes"] > 4 * kernels


@pytest.mark.slow
def test_folds_judge_by_every_image_once(photos, few_steps, monkeypatch):
    judged = []

    def measured(reader, tested):
        judged.append(tested.images)
        return measure(reader, tested)

    from segcap.recipes.objectives import measure

    monkeypatch.setattr("segcap.recipes.objectives.measure", measured)
    part = photos.subset(np.arange(40))
    objective, report = Fitting(small(), part, folds=2), Report()
    value = objective({}, report)
    assert sorted(np.concatenate(judged).tolist()) == sorted(part.images.tolist())
    assert [step for step, _ in report.curve] == [1, 2]
    assert report.curve[-1][1] == value


def test_an_objective_has_an_identity(photos):
    own = Fitting(small(), photos).identity
    for other in (
        Fitting(small(), photos, folds=2),
        Fitting(small(balance="weights"), photos),
        Fitting(small(), photos.subset([0, 1])),
    ):
        assert other.identity != own
    assert Fitting(small(), photos).identity == own


@pytest.mark.slow
def test_a_search_among_optimisers_and_what_comes_of_the_best(photos, few_steps, tmp_path):
    train, tested = photos.split(0.25)
    objective = Fitting(small(), train)
    space = {"schedule__optimizer": ["adam"], "network__activation": ["relu", "tanh"]}
    result = search(
        objective, space, trials=2, grid=True, identity=objective.identity, log=tmp_path
    )
    assert {one.state for one in result.trials} == {"complete"}
    assert {*result.trials[0].notes} == {"seed", "parameters", "bytes"}
    reader = objective.finish(result.best.settings, train, tested, epochs=3)
    assert reader.trained_.options["activation"] == result.best.settings["network__activation"]
    figures = reader.provenance_["figures"]
    assert (figures["epochs"], figures["test_n"]) == (3, 20)
    assert figures["test_accuracy"] == pytest.approx(reader.score(tested.images, tested.labels))
    split = {"learned": train.digest, "tested": tested.digest}
    assert reader.provenance_["data"]["split"] == split


@pytest.mark.slow
def test_networks_that_images_are_too_small_for_fail_alone(photos, few_steps):
    objective = Fitting(small(), photos)
    with pytest.warns(SegcapWarning, match=r"has failed: .* at least 8 x 8 .* Got 4 x"):
        result = search(objective, {"size": [4, 12]}, trials=2, grid=True)
    assert result.best.settings == {"size": 12}


def test_cuts_are_worth_what_they_let_a_reader_read(texts):
    reader, report = segcap.load("digits", length=4), Report()
    value = Cutting(reader, texts)({}, report)
    assert value == reader.score(texts.images, texts.labels) > 0
    assert [step for step, _ in report.curve] == [1, 2, 3, 4, 5]
    assert report.curve[-1][1] == value
    uncut = Cutting(reader, texts)({f"cutters__{name}": False for name in CUTTERS}, Report())
    changed = segcap.load("digits", length=4, cutters=())
    assert uncut == changed.score(texts.images, texts.labels) != value
    assert reader.cutters != ()


def test_wrong_readings_cost_and_rejected_ones_do_not(texts):
    reader = segcap.load("digits", length=4)
    labels = texts.labels.copy()
    labels[:4] = "0000"
    half = replace(texts, labels=labels)
    right = reader.score(half.images, half.labels)
    assert 0 < right < 1
    wrong = 1 - right
    assert Cutting(reader, half, 0.5)({}, Report()) == pytest.approx(right - 0.5 * wrong)
    assert Cutting(reader, half, 0.5)({"reject_below": 1.0}, Report()) == 0


@pytest.mark.slow
def test_a_search_among_cuts_and_what_comes_of_the_best(texts):
    objective = Cutting(segcap.load("digits", length=4), texts)
    before = dict(objective.reader.provenance_["figures"])
    space = {"binarization": ["auto", "otsu"], "cutters__projection": [False, True]}
    result = search(objective, space, trials=4, grid=True, identity=objective.identity)
    reader = objective.finish(result.best.settings, texts)
    assert reader.score(texts.images, texts.labels) == result.best.value
    assert reader.provenance_["figures"]["test_accuracy"] == pytest.approx(result.best.value)
    assert objective.reader.provenance_["figures"] == before != reader.provenance_["figures"]


def test_impossible_costs(texts):
    with pytest.raises(ParameterError, match=r"'wrong_cost' of Cutting must be a number of at"):
        Cutting(segcap.load("mixed"), texts, -1)


def test_nothing_to_read(texts):
    with pytest.raises(ParameterError, match=r"must hold at least one image\. Got none"):
        Cutting(segcap.load("mixed"), texts.subset([]))


def test_letters_of_either_case_are_right_where_they_are_one():
    generator = TextGenerator("wordpress", length=4)
    samples = generator.samples(5, seed=3)
    labels = np.array([sample.label for sample in samples])
    read = Dataset("drawn", [one.image for one in samples], labels, Path("drawn"), charset="a")
    reader = segcap.load("mixed", length=4, case="fold")
    value = Cutting(reader, read)({}, Report())
    assert value == reader.score(read.images, labels) == measure(reader, read).whole.value > 0
