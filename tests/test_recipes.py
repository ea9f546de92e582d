"""What the shipped readers are trained on: lines drawn with the place of every character."""

import random
import string

import numpy as np
import pytest

from segcap.core.charset import Charset
from segcap.core.errors import DataError, SegcapWarning
from segcap.datasets.mnist import Mnist
from segcap.generate import TextGenerator, digit_sums
from segcap.recipes.any import train_any, train_ink_network
from segcap.recipes.ink import as_elsewhere
from segcap.training.synthetic import Source, digit_lines, drawn_texts, stacked, warped_copies

CAPITALS = Charset(string.digits + string.ascii_uppercase)


def test_rows_of_digits_keep_their_places_and_names(handwriting):
    lines = digit_lines(20, handwriting, min_advance=15, seed=3)
    rows = digit_sums(20, 15, seed=3, digits=handwriting)
    assert len(lines) == 20
    for (strip, columns, classes), labels, boxes in zip(
        lines, rows.labels, rows.boxes, strict=True
    ):
        assert classes.tolist() == labels.tolist()
        assert (np.diff(columns[:, 0]) > 0).all()
        left, right = strip.columns(boxes[[0, -1]][:, [0, 2]])[[0, 1], [0, 1]]
        assert columns[0, 0] == pytest.approx(left)
        assert columns[-1, 1] == pytest.approx(right)


def test_workers_draw_the_same_lines(handwriting):
    one = stacked(digit_lines(30, handwriting, min_advance=10, seed=1))
    two = stacked(digit_lines(30, handwriting, min_advance=10, seed=1, n_jobs=2))
    for array, other in zip(one, two, strict=True):
        np.testing.assert_array_equal(array, other)


def test_texts_of_all_sources_are_drawn_and_capitals_labelled_as_drawn():
    sources = [
        Source(TextGenerator("wordpress"), 0.5),
        Source(TextGenerator("six-char"), 0.5, in_capitals=True),
    ]
    lines = drawn_texts(sources, 8, seed=2, charset=CAPITALS)
    assert len(lines) == 8
    assert [len(classes) for _, _, classes in lines[:4]] == [4] * 4
    sample = TextGenerator("six-char").sample(0, seed=201)
    _, _, classes = lines[4]
    assert CAPITALS.decode(classes) in sample.label.upper()
    assert all(strip.pixels.shape[1] <= 208 for strip, _, _ in lines)
    assert all((columns[:, 1] <= 208).all() for _, columns, _ in lines)


def test_copies_are_warped_and_labelled_alike(handwriting):
    pictures, names = handwriting[0][:50], handwriting[1][:50]
    both, named = warped_copies((pictures, names), seed=0)
    assert both.shape == (100, 28, 28)
    assert both.dtype == np.uint8
    np.testing.assert_array_equal(both[:50], pictures)
    np.testing.assert_array_equal(named, np.tile(names, 2))
    changed = np.abs(both[50:].astype(int) - pictures).mean(axis=(1, 2))
    assert (changed > 1).all()


def test_some_sevens_are_crossed_and_some_ones_hooked():
    pictures = np.zeros((60, 28, 28), np.uint8)
    pictures[:, 4:24, 13:15] = 255
    pictures[40:, 4:6, 5:15] = 255
    labels = np.repeat([1, 5, 7], 20)
    drawn, same = as_elsewhere(pictures, labels)
    added = (drawn > pictures).sum(axis=(1, 2))
    assert (same == labels).all()
    assert (drawn >= pictures).all()
    assert not added[labels == 5].any()
    for label in (1, 7):
        changed = added[labels == label] > 0
        assert changed.any()
        assert not changed.all()
    crossed = drawn[40:][added[40:] > 0] > pictures[40:][added[40:] > 0]
    assert crossed[:, 8:22, :12].any(axis=(1, 2)).all()
    assert crossed[:, 8:22, 16:].any(axis=(1, 2)).all()


@pytest.mark.slow
def test_a_training_of_any_can_be_killed_and_goes_on(handwriting, tmp_path, monkeypatch):
    pictures = [own[:400] for own in handwriting]
    mnist = Mnist(*pictures, *pictures)
    monkeypatch.setattr("segcap.recipes.ink.load_mnist", lambda _: mnist)
    monkeypatch.setattr("segcap.recipes.ink.split_digits", lambda _: (pictures, pictures))

    def train(state, on_epoch=None):
        return train_ink_network(
            None, None, images=24, epochs=2, seed=3, state=state, on_epoch=on_epoch
        )[0]

    def stop(done, history):
        raise KeyboardInterrupt

    whole = train(None)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "ink", stop)
    random.random()  # another process would be elsewhere
    assert train(tmp_path / "ink").parts == whole.parts


def test_without_ppocr_no_training_of_any_begins(monkeypatch):
    monkeypatch.setattr("segcap.models.line_ctc.find_spec", lambda _: None)
    with pytest.raises(DataError, match="rapidocr"):
        train_any()


def test_without_typefaces_any_is_trained_with_a_warning(monkeypatch):
    monkeypatch.setattr("segcap.models.line_ctc.ppocr_file", lambda: None)
    monkeypatch.setattr("segcap.recipes.any.train_ink_network", lambda *_, **__: 1 / 0)
    with (
        pytest.warns(SegcapWarning, match="hundreds of typefaces, 'fonts'. Got none"),
        pytest.raises(ZeroDivisionError),
    ):
        train_any()
