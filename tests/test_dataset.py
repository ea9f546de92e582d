"""A data set: its parts, splits and digest."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from segcap.core.errors import DataError, ParameterError
from segcap.datasets import Dataset, load
from segcap.datasets.splits import divide, folds

ROOT = Path("folder")


def texts(labels, **options):
    images = [ROOT / f"{place}.png" for place in range(len(labels))]
    return Dataset("texts", images, np.array(labels), ROOT, charset="abc", **options)


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """Parts of photographs of a cat and of coffee, each also compressed, in folders."""
    root = tmp_path_factory.mktemp("pets")
    for name, photo in (("cat", data.chelsea()), ("coffee", data.coffee())):
        (root / name).mkdir()
        for place in range(8):
            row, column = divmod(place, 4)
            part = Image.fromarray(photo[150 * row : 150 * row + 140, 110 * column :][:, :110])
            part.save(root / name / f"{place}.png")
            part.save(root / name / f"{place}-again.jpg", quality=60)
    return load("folders", root)


def test_a_subset_keeps_order_charset_and_name():
    part = texts(["ab", "b", "c"]).subset([2, 0])
    assert part.images == [ROOT / "2.png", ROOT / "0.png"]
    assert part.labels.tolist() == ["c", "ab"]
    assert (part.name, part.charset, len(part)) == ("texts", "abc", 2)
    assert len(part.subset([])) == 0


def test_a_subset_of_an_array(handwriting):
    digits, labels = handwriting
    part = Dataset("digits", digits, labels, ROOT).subset(np.array([5, 1]))
    np.testing.assert_array_equal(part.images, digits[[5, 1]])
    np.testing.assert_array_equal(part.labels, labels[[5, 1]])


@pytest.mark.parametrize("indices", [[3], [0.0], [True, False, True], [[0]]])
def test_impossible_indices(indices):
    with pytest.raises(ParameterError, match="'indices' of a subset must"):
        texts(["a", "b", "c"]).subset(indices)


def test_the_digest_of_the_content_is_of_bytes_and_labels_not_of_names(tmp_path):
    def made(folder, names, labels="ab"):
        (tmp_path / folder).mkdir()
        files = [tmp_path / folder / name for name in names]
        for place, file in enumerate(files):
            file.write_bytes(bytes([place]))
        return Dataset("texts", files, np.array(list(labels)), tmp_path / folder, charset="ab")

    first, renamed = made("first", ["0", "1"]), made("renamed", ["x", "y"])
    assert first.content_digest == renamed.content_digest
    assert first.digest != renamed.digest
    assert made("labels", ["0", "1"], "aa").content_digest != first.content_digest
    changed = made("changed", ["0", "1"])
    changed.images[0].write_bytes(b"other")
    assert changed.content_digest != first.content_digest
    assert changed.digest == first.digest


def test_a_label_is_missing():
    with pytest.raises(DataError, match=r"a label an image\. Got 1 images and 2 labels"):
        Dataset("texts", [ROOT / "a.png"], np.array(["a", "b"]), ROOT)


def test_an_unknown_kind_of_duplicates():
    with pytest.raises(ParameterError, match=r"one of look, label, content\. Got 'smell'"):
        texts(["a"], duplicates="smell")


def test_groups_by_label():
    assert texts(["a", "b", "a"], duplicates="label").groups.tolist() == [0, 1, 0]


def test_photos_that_look_alike_are_on_one_side(pets):
    assert pets.groups.tolist() == np.repeat(np.arange(16), 2).tolist()
    for train, test in (pets.split(), *pets.kfold(4)):
        assert len(train) + len(test) == 32
        assert not set(train.groups) & set(test.groups)
        assert {path.stem.split("-")[0] + path.parent.name for path in train.images}.isdisjoint(
            path.stem.split("-")[0] + path.parent.name for path in test.images
        )


def test_classes_have_equal_fractions_on_both_sides(pets):
    for train, test in (pets.split(0.25), *pets.kfold(4)):
        assert np.unique(train.labels, return_counts=True)[1].tolist() == [12, 12]
        assert np.unique(test.labels, return_counts=True)[1].tolist() == [4, 4]
        assert train.classes == test.classes == ("cat", "coffee")


def test_photos_are_compared_once(pets, monkeypatch):
    rest, _ = pets.split()
    monkeypatch.setattr("segcap.datasets.dataset.near_duplicates", None)
    train, validation = rest.split(8)
    assert (len(train), len(validation)) == (len(rest) - 8, 8)


def test_splits_keep_the_order_and_depend_on_the_seed_alone():
    dataset = texts([f"{place:03}" for place in range(100)], duplicates="label")
    train, test = dataset.split()
    assert (len(train), len(test)) == (80, 20)
    assert train.labels.tolist() == sorted(train.labels)
    assert test.labels.tolist() == sorted(test.labels)
    assert test.digest == dataset.split(20)[1].digest == dataset.split(0.2, 0)[1].digest
    assert test.digest != dataset.split(0.2, 1)[1].digest
    assert test.labels.tolist() != dataset.labels[:20].tolist()
    one, again, other = ([t.digest for _, t in dataset.kfold(5, s)] for s in (0, 0, 1))
    assert one == again != other


def test_a_known_split_stays():
    tested = divide(np.arange(20), None, test=4, seed=7)[1]
    assert tested.tolist() == [3, 4, 7, 15]
    assert [part.tolist() for _, part in folds(np.arange(6), None, k=3, seed=7)] == [
        [2, 4],
        [0, 3],
        [1, 5],
    ]


groups_and_labels = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from("abc")), min_size=4, max_size=60
).filter(lambda pairs: len({group for group, _ in pairs}) >= 4)


@given(groups_and_labels, st.floats(0.01, 0.99), st.integers(0, 9), st.booleans())
def test_no_group_is_torn_apart(pairs, fraction, seed, by_class):
    groups, labels = map(np.array, zip(*pairs, strict=True))
    classes = labels if by_class else None
    parts = [divide(groups, classes, test=fraction, seed=seed)]
    cross = list(folds(groups, classes, k=4, seed=seed))
    for train, test in parts + cross:
        assert len(train)
        assert len(test)
        assert sorted([*train, *test]) == list(range(len(groups)))
        assert not set(groups[train]) & set(groups[test])
    tested = np.concatenate([test for _, test in cross])
    assert sorted(tested) == list(range(len(groups)))


def test_a_class_of_one_image_does_not_hinder_the_others():
    labels = np.array(["a"] * 40 + ["b"] * 20 + ["c"])
    for train, test in (
        divide(np.arange(61), labels, test=12, seed=0),
        *folds(np.arange(61), labels, k=5, seed=0),
    ):
        assert (labels[test] == "b").sum() == 4
        assert len(train) + len(test) == 61


def test_fewer_test_images_than_classes():
    labels = np.repeat(["a", "b", "c"], 4)
    train, test = divide(np.arange(12), labels, test=2, seed=0)
    assert (len(train), len(test)) == (10, 2)


@pytest.mark.parametrize("test", [0, 3, 0.0, 1.0, None])
def test_impossible_test_parts(test):
    with pytest.raises(ParameterError, match=r"'test' of a split must be .* for 3 images\."):
        texts(["a", "b", "c"]).split(test)


def test_impossible_seeds():
    dataset = texts(["a", "b", "c"], duplicates="label")
    for divided in (dataset.split, dataset.kfold):
        with pytest.raises(ParameterError, match="'seed' must be an integer in 0"):
            divided(2, -1)


def test_impossible_numbers_of_folds():
    with pytest.raises(ParameterError, match="'k' must be an integer of at least 2"):
        texts(["a", "b", "c"]).kfold(1)


def test_too_few_groups():
    dataset = texts(["a", "a", "b"], duplicates="label")
    with pytest.raises(DataError, match=r"at least 3 groups .* Got 3 images of 2\."):
        dataset.kfold(3)
    with pytest.raises(DataError, match=r"at least 2 groups .* Got 2 images of 1\."):
        dataset.subset([0, 1]).split(1)


def test_the_digest_distinguishes_names_labels_and_order():
    dataset = texts(["a", "b"])
    assert dataset.digest == hashlib.sha256(b"0.png\x001.png\x00a\x00b\x00").hexdigest()
    assert dataset.digest == texts(["a", "b"], duplicates="label").digest
    others = [texts(["a", "c"]), texts(["ab", ""]), dataset.subset([1, 0]), dataset.subset([0])]
    assert len({other.digest for other in (dataset, *others)}) == 5


def test_the_digest_of_an_array_distinguishes_pixels_and_shape(handwriting):
    digits, labels = handwriting[0][:4], handwriting[1][:4]
    arrays = [digits, digits[::-1], digits.reshape(4, 14, 56), digits.astype(np.int32)]
    assert len({Dataset("digits", array, labels, ROOT).digest for array in arrays}) == 4
    assert Dataset("a", digits, labels, ROOT).digest == Dataset("b", digits, labels, ROOT).digest


def test_the_digest_does_not_depend_on_where_the_folder_lies(pets, tmp_path):
    (tmp_path / "link").symlink_to(pets.root)
    assert load("folders", tmp_path / "link").digest == pets.digest


def test_labels_that_are_texts_have_their_charset():
    images = [ROOT / "0.png", ROOT / "1.png"]
    assert Dataset("mine", images, np.array(["21", "a"]), ROOT).charset == "12a"
    assert Dataset("mine", images, np.array([21, 3]), ROOT).charset is None
    assert Dataset("mine", images, np.array(["b", "a"]), ROOT, classes=("a", "b")).charset is None


def test_nothing_cannot_be_divided():
    with pytest.raises(ParameterError, match="Got 1 for 0 images"):
        texts(["a"]).subset([]).split(1)
