"""The published data sets, where they are at hand."""

import os
import tarfile
from pathlib import Path

import pytest

from segcap.datasets import load, summarise

ARCHIVES = {
    "captcha-v2": ("captcha-v2.tar", "samples"),
    "captcha-wordpress": ("captcha-wordpress.tar", "generated_captcha_images"),
    "six-char": ("captcha-six-samples.tar", "captchas"),
    "recaptcha-tiles": ("recaptcha-tiles.tar", "Large"),
    "cats-dogs": ("cats-dogs.tar", "train"),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = Path(os.environ.get("SEGCAP_DATA", ""))
    folder = tmp_path_factory.mktemp("published")

    def extract(name):
        archive, inner = ARCHIVES[name]
        if not (root / archive).is_file():
            pytest.skip(f"SEGCAP_DATA names no folder with {archive}")
        if not (folder / inner).exists():
            with tarfile.open(root / archive) as tar:
                tar.extractall(folder, filter="data")
        return folder

    return extract


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_published_folder_loads_whole_by_either_path(name, published):
    dataset = load(name, published(name))
    inner = dataset.root
    assert inner.name == ARCHIVES[name][1]
    assert len(dataset) == sum(path.is_file() for path in inner.rglob("*"))
    assert load(name, inner).digest == dataset.digest


@pytest.mark.parametrize(
    ("name", "charset", "length", "size"),
    [
        ("captcha-v2", "2345678bcdefgmnpwxy", 5, (200, 50)),
        ("captcha-wordpress", "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 4, (72, 24)),
    ],
)
def test_texts(name, charset, length, size, published):
    dataset = load(name, published(name))
    summary = summarise(dataset)
    assert dataset.charset == charset
    assert list(summary.lengths) == [length]
    assert list(summary.sizes) == [size]
    assert summary.unreadable == 0
    held_out = [test for _, test in dataset.kfold(5)]
    assert sum(map(len, held_out)) == len(dataset)


@pytest.mark.parametrize(
    ("name", "torn"),
    [
        ("recaptcha-tiles", [("Bus/Bus (300).jpg", "Bus/Bus (406).jpg")]),
        ("cats-dogs", [("cat.11565.jpg", "dog.10401.jpg"), ("cat.3112.jpg", "cat.7545.jpg")]),
    ],
)
def test_photos_that_are_there_twice_are_on_one_side(name, torn, published):
    dataset = load(name, published(name))
    places = {path.relative_to(dataset.root).as_posix(): n for n, path in enumerate(dataset.images)}
    for one, other in torn:
        assert dataset.groups[places[one]] == dataset.groups[places[other]]
    summary = summarise(dataset)
    assert 0 < summary.repeated < 0.01 * len(dataset)
    train, test = dataset.split()
    assert not set(train.groups) & set(test.groups)
    assert set(train.labels) == set(test.labels) == set(dataset.classes)
    assert len(test) == pytest.approx(0.2 * len(dataset), abs=3)
