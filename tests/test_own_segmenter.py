"""Readers find characters by whatever returns a mask or boxes."""

import numpy as np
import pytest
from bench_material import draw_texts, quick_costs, split_task_in

import segcap
from segcap import benchmark
from segcap.core.errors import ParameterError
from segcap.segmentation.binarize import binarize
from segcap.segmentation.own_segmenter import own_segments

IMAGE = np.full((20, 30, 3), 255, np.uint8)
IMAGE[4:16, 3:8] = 0
IMAGE[4:16, 15:22] = 0
BOXES = [[14, 3, 23, 17], [2, 3, 9, 17]]


def test_a_mask_is_parted_and_boxes_are_taken_as_they_are():
    parted = own_segments(IMAGE, lambda image: image[..., 0] < 128)
    assert parted.boxes.tolist() == [[3, 4, 8, 16], [15, 4, 22, 16]]
    soft = own_segments(IMAGE, lambda image: 1 - image[..., 0] / 255)
    assert np.array_equal(soft.labels, parted.labels)
    boxed = own_segments(IMAGE, lambda _: BOXES)
    assert boxed.boxes.tolist() == BOXES[::-1]
    assert np.array_equal(boxed.labels, parted.labels)


def test_a_box_without_ink_is_filled():
    blank = np.full((10, 10, 3), 255, np.uint8)
    assert own_segments(blank, lambda _: [[2, 2, 4, 5]]).labels.sum() == 6


def test_of_very_many_specks_the_largest_are_looked_at():
    image = np.full((60, 4000, 3), 255, np.uint8)
    specks = np.zeros((60, 4000), bool)
    specks[20::8, ::4] = True
    specks[:, :40] = False
    specks[4:16, 10:18] = True
    found = own_segments(image, lambda _: specks)
    assert len(found.boxes) <= 500
    assert [10, 4, 18, 16] in found.boxes.tolist()


@pytest.mark.parametrize("found", [[], np.zeros((20, 30), bool)], ids=["boxes", "mask"])
def test_nothing_found_is_empty(found):
    assert own_segments(IMAGE, lambda _: found).boxes.shape == (0, 4)
    assert segcap.load("digits", segmenter=lambda _: found).read(IMAGE).status == "empty"


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (np.zeros((3, 5)), r"shape \(20, 30\) or \(N, 4\) boxes. Got float64 of shape \(3, 5\)"),
        ([[5, 5, 5, 9]], r"x0 < x1 and y0 < y1 inside the image, 30 x 20. Got \[\[5, 5, 5, 9\]\]"),
        ([[0, 0, 31, 9]], "inside the image"),
        ("nothing", "must return a mask"),
        ([[1, 2, 3, 4], [1, 2]], r"must return a mask .* Got object of shape \(2,\)"),
        ([[0, 0, np.nan, 9]], "inside the image"),
        ([[0, 0, 2**40, 9]], "inside the image"),
    ],
)
def test_what_a_segmenter_must_return(found, message):
    with pytest.raises(ParameterError, match=message):
        own_segments(IMAGE, lambda _: found)


@pytest.mark.parametrize("name", ["digits", "any"])
def test_readers_read_what_an_own_segmenter_finds(name, tmp_path):
    drawn = segcap.generate.digit_sums(1, 4, seed=3, digits=segcap.datasets.load_uci_digits())
    image, text = drawn.images[0], "".join(map(str, drawn.labels[0]))
    reader = segcap.load(name, length=4, allowlist="0123456789", segmenter=binarize)
    assert reader.read(image).text == text
    first = segcap.load(name, allowlist="0123456789", segmenter=lambda pixels: [_first(pixels)])
    assert len(first.read(image).text) == 1
    with pytest.raises(ParameterError, match="set its 'segmenter' to None"):
        reader.save(tmp_path / "own.segcap")


def _first(image):
    """Box the first character."""
    return own_segments(image, binarize).boxes[0]


def test_a_segmenter_is_a_function():
    with pytest.raises(ParameterError, match="must be a function from an image"):
        segcap.load("digits", segmenter="mask").read(IMAGE)


def test_a_benchmark_measures_what_cannot_be_saved(tmp_path, monkeypatch):
    quick_costs(monkeypatch)
    task = split_task_in(draw_texts(tmp_path))
    mine = segcap.load("digits", length=4, segmenter=binarize)
    own = segcap.GlyphReader("0123456789", classifier=Always(), length=4)
    found = benchmark.run({"mine": mine, "own": own}, task)
    expected = mine.score(task.tested.images, task.truths)
    assert found.methods[0].accuracy.exact.value == expected > 0
    assert found.methods[0].cost.bytes is None
    assert found.methods[1].accuracy.exact.n == len(task.tested)
    assert not any("failed" in problem.message for problem in found.methods[1].problems)


class Always:
    """A classifier that knows one digit."""

    classes_ = np.arange(10)

    def predict_proba(self, glyphs):
        return np.tile(np.eye(10)[3], (len(glyphs), 1))
