"""Classes come equally often, and nothing that is tested on is trained on."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

import segcap
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.core.image import load_image


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Parts of two photos, 20 of the flower and 6 of the palace, in folders."""
    root = tmp_path_factory.mktemp("photos")
    for name, count in (("flower", 20), ("china", 6)):
        picture = load_sample_image(f"{name}.jpg")
        (root / name).mkdir()
        for number in range(count):
            y, x = 64 * (number % 6), 70 * (number // 2)
            part = picture[y : y + 60, x % 560 : x % 560 + 60]
            Image.fromarray(part).save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def balanced(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "balanced_images"
    return out, segcap.training.balance(photos, out, per_class=9, test=0.3, seed=1)


def manifest(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def test_every_class_comes_equally_often(balanced):
    out, (train, _) = balanced
    assert dict(zip(*np.unique(train.labels, return_counts=True), strict=True)) == {
        "china": 9,
        "flower": 9,
    }
    assert len(list(out.glob("*/*"))) == 18


def test_nothing_tested_on_is_trained_on(balanced, photos):
    out, (_, test) = balanced
    sources = {photos / record["source"] for record in manifest(out)}
    assert not sources & set(test.images)
    assert len(sources | set(test.images)) <= 26
    _, again = segcap.datasets.load("folders", photos).split(0.3, 1)
    assert test.digest == again.digest


def test_the_manifest_says_what_came_from_what(balanced, photos):
    out, _ = balanced
    records = manifest(out)
    assert {record["file"] for record in records} == {
        path.relative_to(out).as_posix() for path in out.glob("*/*")
    }
    for record in records:
        assert record["source"].startswith(record["label"])
        written, source = out / record["file"], photos / record["source"]
        if record["varied"]:
            before, after = load_image(source), load_image(written)
            assert after.shape == before.shape
            assert np.abs(after.astype(int) - before).mean() > 2
        else:
            assert written.read_bytes() == source.read_bytes()
    varied = [record["label"] for record in records if record["varied"]]
    assert varied
    assert set(varied) == {"china"}


def test_copies_of_a_photo_stay_together_in_further_splits(balanced):
    out, (train, _) = balanced
    source_of = {record["file"]: record["source"] for record in manifest(out)}
    for seed in range(5):
        kept, held_out = (
            {source_of[Path(image).relative_to(out).as_posix()] for image in part.images}
            for part in train.split(0.3, seed)
        )
        assert kept
        assert held_out
        assert not kept & held_out


def test_a_class_of_which_nothing_is_left_to_train_on(photos, tmp_path):
    for name, count in (("flower", 6), ("china", 1)):
        (tmp_path / "few" / name).mkdir(parents=True)
        for number in range(count):
            copy = tmp_path / "few" / name / f"{number}.png"
            copy.write_bytes((photos / name / f"{number}.png").read_bytes())
    dataset = segcap.datasets.load("folders", tmp_path / "few")
    left = ["china" in dataset.split(0.4, seed)[0].labels for seed in range(12)]
    assert any(left)
    with pytest.raises(DataError, match=r"Got none of 'china' after the split"):
        segcap.training.balance(
            tmp_path / "few", tmp_path / "b", per_class=2, test=0.4, seed=left.index(False)
        )


def test_photos_that_cannot_be_loaded_are_left_out(photos, tmp_path):
    root = tmp_path / "photos"
    shutil.copytree(photos, root)
    for number in range(3):
        (root / "china" / f"{number}.png").write_bytes(b"torn")
    options = {"per_class": 9, "test": 0.2, "seed": 1}
    with pytest.warns(SegcapWarning, match=r"of \d+ images were left out, the first") as caught:
        train, _ = segcap.training.balance(root, tmp_path / "b", **options)
    assert caught[0].filename == __file__
    assert np.unique(train.labels, return_counts=True)[1].tolist() == [9, 9]
    assert all(load_image(image).size for image in train.images)
    shutil.copytree(photos, root, dirs_exist_ok=True)
    with pytest.raises(DataError, match="resumed with the settings"):
        segcap.training.balance(root, tmp_path / "b", resume=True, **options)


def test_it_can_be_resumed_and_a_seed_gives_the_same_bytes(balanced, photos, tmp_path, tree):
    out, _ = balanced

    def stop(count):
        if count == 7:
            raise KeyboardInterrupt

    options = {"per_class": 9, "test": 0.3, "seed": 1}
    with pytest.raises(KeyboardInterrupt):
        segcap.training.balance(photos, tmp_path / "b", on_progress=stop, **options)
    segcap.training.balance(photos, tmp_path / "b", resume=True, **options)
    assert tree(tmp_path / "b") == tree(out)


def test_it_is_resumed_with_the_same_photos_alone(photos, tmp_path):
    root = tmp_path / "photos"
    shutil.copytree(photos, root)
    options = {"per_class": np.int64(2), "test": 0.3, "seed": np.int64(1)}
    learned = segcap.training.balance(root, tmp_path / "b", **options).train
    first = json.loads((tmp_path / "b/manifest.jsonl").read_text().splitlines()[0])
    shutil.copy(learned.images[-1], root / first["source"])
    with pytest.raises(DataError, match="resumed with the settings"):
        segcap.training.balance(root, tmp_path / "b", resume=True, **options)


def test_a_command_writes_the_same(balanced, photos, tmp_path, tree, command):
    out, (_, held_out) = balanced
    options = ("--per-class", 9, "--test", 0.3, "--seed", 1)
    status, printed, _ = command("balance", photos, "--out", tmp_path / "b", *options)
    assert (status, printed) == (0, f"18 photos of 2 classes, {len(held_out)} held out\n")
    rows = list(csv.DictReader((tmp_path / "b" / "held_out.csv").read_text().splitlines()))
    assert [photos / row["file"] for row in rows] == list(held_out.images)
    assert [row["label"] for row in rows] == held_out.labels.tolist()
    options_of_number = ("--per-class", 2, "--test", 5)
    _, printed, _ = command("balance", photos, "--out", tmp_path / "n", *options_of_number)
    assert printed == "4 photos of 2 classes, 5 held out\n"
    assert tree(tmp_path / "b") == tree(out)
    status, _, err = command("balance", photos, "--out", tmp_path / "b", *options)
    assert status == 2
    assert str(tmp_path / "b") in err
    assert command("balance", photos, "--out", tmp_path / "b", *options, "--resume")[0] == 0
    status, _, err = command("balance", photos, "--out", tmp_path / "c", "--per-class", 0)
    assert status == 2
    assert "'per_class' must be an integer of at least 1. Got 0." in err


def test_impossible_balances(balanced, photos, tmp_path):
    out, _ = balanced
    with pytest.raises(ParameterError, match=r"'per_class' must be an integer .* Got 0\."):
        segcap.training.balance(photos, tmp_path / "b", per_class=0)
    with pytest.raises(DataError, match="folder that is empty or not there"):
        segcap.training.balance(photos, out)
    with pytest.raises(DataError, match="must not lie in the folder that it is made from"):
        segcap.training.balance(photos, photos / "balanced_images")
    with pytest.raises(DataError, match="existing folder"):
        segcap.training.balance(photos / "none", tmp_path / "b")
