"""The tasks trained end to end: what is split, and what a bundle says of it."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import segcap
from segcap.core.errors import ParameterError
from segcap.datasets import Dataset
from segcap.generate import TextGenerator, write_digit_sums, write_text
from segcap.models import networks_for
from segcap.recipes.end_to_end import end_to_end_reader, measure, task_data
from segcap.recipes.tasks import END_TO_END
from segcap.training import Schedule


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Sixty images in the layout of captcha-v2, with three digits each."""
    folder = tmp_path_factory.mktemp("captcha-v2")
    generator = TextGenerator("gradient-line", charset="0123456789", length=3, size=(90, 32))
    write_text(generator, 60, folder)
    return folder


@pytest.mark.parametrize("task", ["captcha-v2", "recaptcha-tiles", "cats-dogs"])
def test_what_cannot_be_drawn_needs_a_folder(task):
    with pytest.raises(ParameterError, match=rf"To train '{task}', 'data' must be a folder"):
        task_data(task, None)


def test_an_unknown_task():
    with pytest.raises(ParameterError, match=r"one of digit-sum, captcha-v2, .* Got 'chess'"):
        task_data("chess", None)


def test_a_split_and_folds_test_each_image_once(texts):
    ((train, tested),) = task_data("captcha-v2", texts, seed=3)
    assert len(train) + len(tested) == 60
    assert 9 <= len(tested) <= 15
    folds = task_data("captcha-v2", texts, folds=3)
    assert all(17 <= len(tested) <= 23 for _, tested in folds)
    assert len({image for _, tested in folds for image in tested.images}) == 60


def test_sums_come_from_their_published_layout(tmp_path, handwriting):
    write_digit_sums(50, tmp_path, digits=handwriting)
    ((train, tested),) = task_data("digit-sum", tmp_path)
    assert (len(train), len(tested)) == (40, 10)
    assert train.images.shape[1:] == (40, 168)
    mnist = tmp_path / "mnist.npz"
    np.savez(mnist, x_train=[0], y_train=[0], x_test=[0], y_test=[0])
    with pytest.raises(ParameterError, match=r"digits must be tested on those of x_test"):
        task_data("digit-sum", mnist, folds=5)


def test_readers_fit_what_the_labels_are(texts):
    ((train, _),) = task_data("captcha-v2", texts)
    reader = end_to_end_reader("captcha-v2", train, epochs=2, seed=5)
    assert isinstance(reader, segcap.SequenceReader)
    assert (reader.length, reader.charset, reader.classifier) == (3, "0123456789", "crnn")
    assert (reader.epochs, reader.random_state) == (2, 5)
    sums = Dataset("digit-sum", np.zeros((2, 40, 168), np.uint8), np.array([3, 4]), texts)
    adder = end_to_end_reader("digit-sum", sums)
    assert isinstance(adder, segcap.SumClassifier)
    assert (adder.classifier, adder.epochs) == ("digit_heads", 36)
    photos = Dataset("x", [texts] * 2, np.array(["a", "b"]), texts, classes=("a", "b"))
    named = end_to_end_reader("cats-dogs", photos, classifier="leaky_cnn")
    assert isinstance(named, segcap.ImageClassifier)
    assert (named.classes, named.classifier) == (("a", "b"), "leaky_cnn")
    assert (named.schedule, named.tta) == (None, 1)
    usual = end_to_end_reader("cats-dogs", photos)
    task = END_TO_END["cats-dogs"]
    assert usual.get_params().items() >= (task.settings | task.own).items()
    own = segcap.ImageClassifier(epochs=task.epochs)._schedule()
    assert usual._schedule() == replace(own, **task.own["schedule"]) != own


def test_texts_of_unlike_lengths_have_none(texts):
    labels = np.array(["12", "123"])
    mixed = Dataset("captcha-v2", [texts] * 2, labels, texts, charset="123")
    assert end_to_end_reader("captcha-v2", mixed).length is None


@pytest.mark.slow
def test_what_cannot_be_loaded_counts_as_wrong(texts, tmp_path):
    ((train, tested),) = task_data("captcha-v2", texts)
    reader = end_to_end_reader("captcha-v2", train, classifier="multihead", epochs=1)
    reader.fit(train.images[:20], train.labels[:20], schedule=Schedule(epochs=1, batch_size=4))
    damaged = tmp_path / "123.png"
    damaged.write_text("no image")
    worse = replace(
        tested, images=[*tested.images, damaged], labels=np.append(tested.labels, "123")
    )
    whole, characters = measure(reader, worse)
    assert whole.n == len(tested) + 1
    assert whole.value * whole.n == measure(reader, tested).whole.value * len(tested)
    assert characters.n == 3 * whole.n


@pytest.mark.parametrize("task", list(END_TO_END))
def test_every_task_takes_every_network_of_its_reader(task, texts):
    labels = {"digit-sum": [3, 4], "six-char": ["ABCDEF"] * 2, "captcha-v2": ["22222"] * 2}
    answers = {
        "recaptcha-tiles": {"classes": ("Bus", "Car")},
        "cats-dogs": {"classes": ("cat", "dog")},
        "six-char": {"charset": "ABCDEF"},
        "captcha-v2": {"charset": "2"},
    }
    known = np.array(labels.get(task, ["a", "b"]))
    images = Dataset(task, [texts] * 2, known, texts, **answers.get(task, {}))
    usual = end_to_end_reader(task, images)
    assert usual.classifier == END_TO_END[task].classifier
    for classifier in networks_for(usual.task):
        reader = end_to_end_reader(task, images, classifier=classifier)
        assert (type(reader), reader.classifier) == (type(usual), classifier)
    assert 0 < END_TO_END[task].test < 0.5


@pytest.mark.slow
def test_the_command_line_trains_on_a_task_and_the_bundle_has_its_test(command, texts, tmp_path):
    out = tmp_path / "texts.segcap"
    options = ["--classifier", "multihead", "--epochs", 1, "--log", tmp_path / "log"]
    status, printed, _ = command("train", "captcha-v2", "--data", texts, "--out", out, *options)
    assert status == 0
    assert (tmp_path / "log" / "history.csv").read_text().count("\n") == 2
    with zipfile.ZipFile(out) as archive:
        provenance = json.loads(archive.read("bundle.json"))["provenance"]
    ((train, tested),) = task_data("captcha-v2", texts)
    assert provenance["data"]["split"] == {"learned": train.digest, "tested": tested.digest}
    figures = provenance["figures"]
    measured = measure(segcap.load(out), tested)
    assert (figures["test_n"], figures["test_accuracy"]) == (
        len(tested),
        round(measured.whole.value, 6),
    )
    assert f"test_accuracy {figures['test_accuracy']}" in printed
    assert not list(tmp_path.glob("*.state"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["captcha-v2", "--length", 5],
            "To train 'captcha-v2', --length must not be given",
        ),
        (["mixed", "--log", "x"], "To train 'mixed', --log must not be given"),
        (["mixed", "--classifier", "crnn"], "To train 'mixed', --classifier must not be given"),
        (["cats-dogs"], "To train 'cats-dogs', 'data' must be a folder"),
        (["chess"], "The task must be one of: any, digits, mixed, text, digit-sum"),
    ],
)
def test_wrong_use_is_one_sentence(command, tmp_path, arguments, message):
    status, out, err = command("train", *arguments, "--out", tmp_path / "x.segcap")
    assert (status, out) == (2, "")
    assert message in err
