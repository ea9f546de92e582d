import numpy as np
import pytest

from segcap.core.errors import DataError, ParameterError
from segcap.datasets import load_labelled, load_mnist, mnist


@pytest.fixture
def arrays():
    return {
        "x_train": np.zeros((3, 28, 28), np.uint8),
        "y_train": np.arange(3, dtype=np.uint8),
        "x_test": np.zeros((2, 28, 28), np.uint8),
        "y_test": np.arange(2, dtype=np.uint8),
    }


def test_mnist_from_a_file_or_its_folder(arrays, tmp_path):
    np.savez(tmp_path / "mnist.npz", **arrays)
    for path in (tmp_path, tmp_path / "mnist.npz"):
        loaded = load_mnist(path)
        np.testing.assert_array_equal(loaded.y_train, [0, 1, 2])
        assert loaded.x_test.shape == (2, 28, 28)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": None}, "x_train"),
        ({"x_train": np.zeros((3, 8, 8), np.uint8)}, r"\(3, 8, 8\)"),
        ({"x_test": np.zeros((2, 28, 28))}, "float64"),
        ({"y_test": np.zeros(5, np.uint8)}, r"\(5,\)"),
        ({"y_train": np.array([None] * 3)}, "Got"),
    ],
)
def test_mnist_of_another_layout(arrays, tmp_path, change, message):
    kept = {name: array for name, array in (arrays | change).items() if array is not None}
    np.savez(tmp_path / "mnist.npz", **kept)
    with pytest.raises(DataError, match=message):
        load_mnist(tmp_path)


def test_mnist_that_is_missing_or_no_archive(tmp_path):
    with pytest.raises(DataError, match=r"existing file 'mnist\.npz'"):
        load_mnist(tmp_path)
    (tmp_path / "mnist.npz").write_text("no archive")
    with pytest.raises(DataError, match=r"\.npz file with x_train"):
        load_mnist(tmp_path)


def test_mnist_that_is_damaged_inside(arrays, tmp_path):
    file = tmp_path / "mnist.npz"
    refused = 0
    for save in (np.savez, np.savez_compressed):
        save(file, **arrays)
        content = bytearray(file.read_bytes())
        for at in range(40, min(len(content), 400), 4):
            damaged = content.copy()
            damaged[at] ^= 0x5A
            file.write_bytes(damaged)
            try:
                load_mnist(file)
            except DataError:
                refused += 1
    assert refused > 50


def test_mnist_offline_is_reported_in_one_sentence(monkeypatch):
    import keras

    def fail():
        raise Exception("URL fetch failure on https://example.org")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(DataError, match=r"given as a file 'mnist\.npz'.*URL fetch failure"):
        load_mnist()


@pytest.mark.parametrize("header", ["file,label", "Filename, Text", "path,text", "image,label"])
def test_labelled_images_in_the_order_of_the_labels(tmp_path, header):
    for name in ("b.png", "a.png"):
        (tmp_path / name).touch()
    (tmp_path / "labels.csv").write_text(f"{header}\nb.png,07\na.png,x\n")
    images, labels = load_labelled(tmp_path)
    assert [image.name for image in images] == ["b.png", "a.png"]
    assert labels == ["07", "x"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "must hold labels.csv"),
        ("name,text\n", "a column file or .* and a column label or text.*with name, text"),
        ("", "a column file or .*with none"),
        ("file,label\na.png,1\na.png,2\n", "each image once.*line 3"),
        ("file,label\na.png,1\ninside/../a.png,2\n", "each image once.*line 3"),
        (f"file,label\n{300 * 'x'},1\n", "must be a file that exists.*xxx', which is none"),
        ("file,label\na.png\n", "each image once.*line 2"),
        ("file,label\na.png,7,8\n", "with its one label.*line 2"),
        ("file,label\na.png,1\nb.png,1\nc.png,1\n", r"b\.png', which is none, nor are 1 more"),
    ],
)
def test_damaged_labels(tmp_path, content, message):
    (tmp_path / "a.png").touch()
    if content is not None:
        (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        load_labelled(tmp_path)


def test_mnist_without_keras_is_reported_in_one_sentence(monkeypatch):
    def missing():
        raise ParameterError("Keras is not there.")

    monkeypatch.setattr(mnist, "require_keras", missing)
    with pytest.raises(DataError, match="given as a file, or Keras be installed"):
        load_mnist()
