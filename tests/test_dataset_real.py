"""The published data sets, where they are at hand."""

import os
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from segcap.datasets import load, summarise

ARCHIVES = {
    "captcha-v2": ("captcha-v2.tar", "samples"),
    "captcha-wordpress": ("captcha-wordpress.tar", "generated_captcha_images"),
    "six-char": ("captcha-six-samples.tar", "captchas"),
    "recaptcha-tiles": ("recaptcha-tiles.tar", "Large"),
    "cats-dogs": ("cats-dogs.tar", "train"),
}
LARGE = {"captcha-wordpress", "recaptcha-tiles", "cats-dogs"}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Load a published data set, once."""
    root = Path(os.environ.get("SEGCAP_DATA", ""))
    folder = tmp_path_factory.mktemp("published")

    @cache
    def loaded(name):
        archive, _ = ARCHIVES[name]
        if not (root / archive).is_file():
            pytest.skip(f"SEGCAP_DATA names no folder with {archive}")
        with tarfile.open(root / archive) as tar:
            tar.extractall(folder, filter="data")
        return load(name, folder)

    return loaded


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in ARCHIVES],
)
def test_a_published_folder_loads_whole_by_either_path(name, published):
    dataset = published(name)
    inner = dataset.root
    assert inner.name == ARCHIVES[name][1]
    assert len(dataset) == sum(path.is_file() for path in inner.rglob("*"))
    again = load(name, inner)
    assert again.images == dataset.images
    assert again.labels.tolist() == dataset.labels.tolist()


@pytest.mark.parametrize(
    ("name", "charset", "length", "size"),
    [
        ("captcha-v2", "2345678bcdefgmnpwxy", 5, (200, 50)),
        pytest.param(
            "captcha-wordpress",
            "23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
            4,
            (72, 24),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_texts(name, charset, length, size, published):
    dataset = published(name)
    summary = summarise(dataset)
    assert dataset.charset == charset
    assert list(summary.lengths) == [length]
    assert list(summary.sizes) == [size]
    assert summary.unreadable == 0
    held_out = [test for _, test in dataset.kfold(5)]
    assert sum(map(len, held_out)) == len(dataset)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "torn"),
    [
        ("recaptcha-tiles", [("Bus/Bus (300).jpg", "Bus/Bus (406).jpg")]),
        ("cats-dogs", [("cat.11565.jpg", "dog.10401.jpg"), ("cat.3112.jpg", "cat.7545.jpg")]),
    ],
)
def test_photos_that_are_there_twice_are_on_one_side(name, torn, published):
    dataset = published(name)
    places = {path.relative_to(dataset.root).as_posix(): n for n, path in enumerate(dataset.images)}
    pairs = [[places[one], places[other]] for one, other in torn]
    part = dataset.subset(sorted({*range(0, len(dataset), 8), *np.ravel(pairs).tolist()}))
    groups = dict(zip(part.images, part.groups.tolist(), strict=True))
    for one, other in pairs:
        assert groups[dataset.images[one]] == groups[dataset.images[other]]
    summary = summarise(part)
    assert 0 < summary.repeated < 0.01 * len(part)
    train, test = part.split()
    assert not set(train.groups) & set(test.groups)
    assert set(train.labels) == set(test.labels) == set(dataset.classes)
    assert len(test) == pytest.approx(0.2 * len(part), abs=3)
