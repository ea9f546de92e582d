"""Time and memory are bounded by the number of pixels, and what bounds them changes no answer."""

import os
import time
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from image_material import encoded
from PIL import Image

import segcap
from segcap.core import image as images
from segcap.core.errors import ImageError
from segcap.core.image import image_size, load_image
from segcap.segmentation import binarize as thresholds
from segcap.segmentation import candidates, cut_candidates, text_lines
from segcap.segmentation.binarize import METHODS, binarize, local_mean, sauvola
from segcap.segmentation.candidates import lay_out
from segcap.segmentation.components import segment
from segcap.segmentation.cut_candidates import (
    CUTTERS,
    DEFAULT_CUTTERS,
    contour_concavities,
    drop_fall,
    propose_cuts,
)
from segcap.segmentation.line_removal import LINE_REMOVALS, without_lines
from segcap.segmentation.text_lines import line_strip, strip_channels

FOUR = Path(__file__).parent.parent / "data" / "samples" / "field-dark-4.png"
SAMPLE = Path(__file__).parent.parent / "data" / "samples" / "field-dark-0.png"
RNG = np.random.default_rng(0)


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_one_limit_on_pixels_holds_for_all_images(monkeypatch, tmp_path):
    picture = Image.fromarray(noise(10, 11))
    picture.save(tmp_path / "a.png")
    sources = [noise(10, 11), noise(10, 11, 3), picture, encoded(picture), tmp_path / "a.png"]
    assert images.MOST_PIXELS == 20_000_000
    monkeypatch.setattr(images, "MOST_PIXELS", 110)
    for source in sources:
        assert load_image(source).shape == (10, 11, 3)
    monkeypatch.setattr(images, "MOST_PIXELS", 109)
    for source in sources:
        for use in (load_image, image_size):
            with pytest.raises(ImageError, match="must have at most 109 pixels"):
                use(source)


def test_an_array_that_is_a_view_of_one_pixel_is_not_copied_out():
    with pytest.raises(ImageError, match="at most 20,000,000 pixels"):
        load_image(np.broadcast_to(np.uint8(7), (10**6, 10**6)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(60_000, 13, 3), (13, 60_000, 3), (800_000, 1, 3)], ids=str)
def test_long_images_take_as_long_as_others(method, shape):
    """Sauvola's window took minutes for the first of them."""
    image = noise(*shape)
    started = time.process_time()
    assert binarize(image, method).shape == shape[:2]
    assert time.process_time() - started < 4


@pytest.mark.parametrize("method", LINE_REMOVALS[1:])
def test_lines_of_large_images_are_found_in_time(method):
    ink = np.zeros((700, 4000), bool)
    ink[100:600, ::1999] = True
    ink[340:350] = True
    started = time.process_time()
    without = without_lines(ink, method)
    assert time.process_time() - started < 4
    assert not (without & ~ink).any()
    assert without.sum() < ink.sum() - 20_000


@pytest.mark.parametrize(("shape", "window"), [((1300, 40), (81, 601)), ((900, 901), (15, 701))])
@pytest.mark.parametrize("squared", [False, True])
def test_a_mean_over_a_tall_window_is_that_of_the_turned_image(shape, window, squared):
    level = noise(*shape).astype(np.float32)
    found = local_mean(level, window, cv2.BORDER_REFLECT_101, squared=squared)
    turned = local_mean(level.T.copy(), window[::-1], cv2.BORDER_REFLECT_101, squared=squared)
    np.testing.assert_array_equal(found, turned.T)


@pytest.mark.parametrize("border", [cv2.BORDER_REFLECT, cv2.BORDER_CONSTANT])
@pytest.mark.parametrize(
    ("shape", "window"),
    [
        ((26, 900), (451, 209)),
        ((300, 299), (31, 301)),
        ((3, 9000), (4501, 25)),
        ((1, 9000), (71, 9)),
    ],
)
@pytest.mark.parametrize("squared", [False, True])
def test_a_mean_in_parts_is_that_of_the_whole(monkeypatch, shape, window, squared, border):
    level = noise(*shape).astype(np.float32)
    whole = local_mean(level, window, border, squared=squared)
    monkeypatch.setattr(thresholds, "_LARGEST_BUFFER", 20_000)
    np.testing.assert_array_equal(local_mean(level, window, border, squared=squared), whole)


def test_squares_under_a_large_window_do_not_overflow():
    grey = np.full((800, 300), 230, np.uint8)
    grey[300:500, 100:200] = 40
    ink = sauvola(grey)
    assert ink[310:490, 110:190].all()
    assert not ink[:200].any()


def test_means_in_a_reduced_image_are_nearly_those_of_the_whole(monkeypatch):
    grey = cv2.GaussianBlur(noise(400, 300), (0, 0), 9)
    grey[150:250, 100:200] -= 40
    whole = thresholds.adaptive(grey)
    monkeypatch.setattr(thresholds, "_LARGEST_GAUSSIAN", 63)
    assert (thresholds.adaptive(grey) == whole).mean() > 0.97


def test_colours_of_a_large_image_are_found_in_a_sample(monkeypatch):
    image = np.full((300, 200, 3), (255, 0, 0), np.uint8)
    image[100:200, 50:150] = 0, 130, 0
    whole = thresholds.colour_clusters(image)
    assert whole[101:199, 51:149].all()
    monkeypatch.setattr(thresholds, "_MOST_CLUSTERED", 5000)
    np.testing.assert_array_equal(thresholds.colour_clusters(image), whole)


def slow_fall(ink, start, side):
    """A drop that slides column by column."""
    height, width = ink.shape
    path = np.empty(height, int)
    x = start
    for y in range(height):
        path[y] = x
        if y + 1 == height or not ink[y + 1, x]:
            continue
        for step in (side, -side):
            there = x + step
            while 0 <= there < width and not ink[y, there] and ink[y + 1, there]:
                there += step
            slides = 0 <= there < width and not ink[y + 1, there]
            if slides and (not ink[y, there] or abs(there - x) == 1):
                x = there
                break
    return path


def test_drops_stop_where_those_stop_that_slide_column_by_column():
    for _ in range(60):
        ink = RNG.random(RNG.integers(2, 30, 2)) < RNG.random()
        paths = {tuple(path) for path in drop_fall(ink).tolist()}
        slow = {
            tuple((slow_fall(own, start, side))[:: -1 if rising else 1].tolist())
            for rising, own in ((False, ink), (True, ink[::-1]))
            for start in range(ink.shape[1])
            for side in (-1, 1)
        }
        assert paths <= slow


def test_a_large_component_is_cut_in_time():
    teeth = np.zeros((60, 20_000), bool)
    teeth[30:] = True
    teeth[:30] = np.arange(20_000) % 6 < 3
    started = time.process_time()
    cuts = propose_cuts(teeth, cutters=tuple(CUTTERS), limit=50)
    assert time.process_time() - started < 6
    assert len(cuts) <= 50
    assert ((cuts > 0) & (cuts < 20_000)).all()


def test_of_many_lines_the_largest_are_laid_out():
    ink = np.zeros((640, 60), bool)
    for line in range(80):
        ink[8 * line : 8 * line + 3 + line % 3, 5:50:9] = True
    image = np.repeat(np.where(ink, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    layout = lay_out(strip_channels(image, ink), segment(ink))
    assert 20 < len(layout.strips) <= 50
    tops = layout.lattice.boxes[:, 1]
    assert (np.diff(tops[np.sort(np.unique(layout.line, return_index=True)[1])]) > 0).all()


def comb(height, width, pitch=6):
    """One component with teeth above and below."""
    ink = np.zeros((height, width), bool)
    ink[height // 2 - 2 : height // 2 + 2] = True
    ink[:, np.arange(width) % pitch < pitch // 2] = True
    return ink


def layout_of(ink):
    image = np.repeat(np.where(ink, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return lay_out(strip_channels(image, ink), segment(ink))


def assert_padding_changes_nothing(ink, monkeypatch):
    channels = np.repeat(np.where(ink, 255, 0).astype(np.uint8)[..., None], 2, axis=2)
    strips = []
    for large in (2**30, 1000):
        with monkeypatch.context() as patch:
            patch.setattr(text_lines, "_LARGE", large)
            strips.append(line_strip(channels, ink))
    padded, found = strips
    assert found[1:] == padded[1:]
    assert np.abs(found.pixels.astype(int) - padded.pixels).max() <= 1


def test_a_line_far_higher_than_wide_is_averaged_some_rows_at_once(monkeypatch):
    monkeypatch.setattr(text_lines, "_LARGE", 0)
    monkeypatch.setattr(text_lines, "_ROWS_AT_ONCE", 3)
    channels = np.random.default_rng(0).integers(0, 256, (10, 4, 1), np.uint8)
    padded = np.zeros((20, 32))
    padded[5:15, 8:12] = channels[..., 0]
    wanted = padded.reshape(5, 4, 4, 8).mean(axis=(1, 3))
    found = text_lines._scaled_without_padding(channels, -5, 20, (-8, 24), (4, 5))
    assert np.abs(found[..., 0] - wanted).max() <= 0.5


def test_a_line_far_longer_than_high_is_not_padded_out(monkeypatch):
    """A row of noise took minutes for a million pixels: a strip's height of nothing around it."""
    ink = np.zeros((9, 9000), bool)
    ink[2:7] = np.random.default_rng(0).random(9000) < 0.5
    assert_padding_changes_nothing(ink, monkeypatch)
    row = np.random.default_rng(0).random((1, 400_000)) < 0.5
    started = time.process_time()
    assert line_strip(np.repeat(row[..., None], 2, axis=2).view(np.uint8), row).left < 0
    assert time.process_time() - started < 1


def test_a_line_far_higher_than_wide_is_not_padded_out(monkeypatch):
    """A column of noise of 150,000 pixels took 13 GB: margins as wide as its strip makes them."""
    ink = np.random.default_rng(0).random((5000, 3)) < 0.5
    assert_padding_changes_nothing(ink, monkeypatch)
    column = np.random.default_rng(0).random((400_000, 1)) < 0.5
    tracemalloc.start()
    line_strip(np.repeat(column[..., None], 2, axis=2).view(np.uint8), column)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_many_spans_are_those_of_the_largest_lines(monkeypatch):
    ink = np.zeros((120, 300), bool)
    for top, width in ((5, 200), (45, 280), (85, 240)):
        ink[top : top + 30, 5 : 5 + width] = comb(30, width)
    whole = layout_of(ink)
    assert len(whole.strips) == 3
    each = np.bincount(whole.line)
    monkeypatch.setattr(candidates, "_MOST_SPANS", each[1] + each[2])
    layout = layout_of(ink)
    np.testing.assert_array_equal(np.bincount(layout.line), each[1:])
    np.testing.assert_array_equal(layout.lattice.boxes, whole.lattice.boxes[whole.line > 0])
    monkeypatch.setattr(candidates, "_MOST_SPANS", 1)
    np.testing.assert_array_equal(np.bincount(layout_of(ink).line), each[1:2])


def test_components_that_overlap_are_not_all_cut(monkeypatch):
    """Each one's box is looked at: of parallel strokes they are many times the image."""
    y, x = np.ogrid[:200, :1500]
    ink = ((x - y) % 12 < 3) & (y > 3) & (y < 196)
    boxes = segment(ink).boxes
    looked_at = []

    def recorded(own, **options):
        looked_at.append(own.size)
        return propose_cuts(own, **options)

    monkeypatch.setattr(candidates, "propose_cuts", recorded)
    monkeypatch.setattr(candidates, "_LARGE", 0)
    layout_of(ink)
    assert np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).sum() > 10 * ink.size
    assert 2 * ink.size < sum(looked_at) < 3 * ink.size


def hedgehog(height, width, pitch=6):
    """Teeth whose tips lie on an ellipse, so that each gap is a dent."""
    teeth = comb(height, width, pitch)
    x = np.linspace(-1, 1, width)
    reach = np.sqrt(np.maximum(1 - x * x, 0)) * height / 2
    return teeth & (np.abs(np.arange(height)[:, None] - height / 2) <= np.maximum(reach, 3))


@pytest.mark.parametrize("shape", [(30, 4000), (500, 1500)], ids=str)
@pytest.mark.parametrize("cutter", DEFAULT_CUTTERS)
def test_each_cutter_is_quick(cutter, shape):
    CUTTERS[cutter](hedgehog(30, 60))
    ink = hedgehog(*shape)
    started = time.process_time()
    assert len(CUTTERS[cutter](ink)) > 20
    assert time.process_time() - started < 1


def test_of_many_dents_the_steepest_pairs_are_joined(monkeypatch):
    ink = hedgehog(120, 400)
    ink[60:] = np.roll(ink[60:], 1, axis=1)  # no dent stands straight above another
    every = {tuple(path) for path in contour_concavities(ink).tolist()}
    straight = {path for path in every if max(path) == min(path)}
    monkeypatch.setattr(cut_candidates, "_MOST_PAIRS", 10)
    few = {tuple(path) for path in contour_concavities(ink).tolist()}
    assert few < every
    assert 0 < len(few - straight) <= 10
    steepest = max(max(path) - min(path) for path in few)
    assert 0 < steepest <= min(max(path) - min(path) for path in every - few)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
def test_levels_of_tall_arrays_are_those_of_their_rows(dtype):
    scale = 65535 if dtype == np.uint16 else 1
    array = (np.random.default_rng(0).random((600, 3)) * scale).astype(dtype)
    expected = np.rint(array.astype(np.float64) * (255 / scale)).astype(np.uint8)
    np.testing.assert_array_equal(load_image(array)[..., 0], expected)


def test_transparent_images_are_laid_on_one_background():
    array = noise(600, 5, 4)
    array[..., :3] //= 3
    alpha = array[..., 3:] / 255
    expected = np.rint(array[..., :3] * alpha + 255 * (1 - alpha))
    assert np.abs(load_image(array) - expected).max() <= 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="looks for its memory in /proc")
def test_memory_does_not_grow_with_reads():
    """Read 2,000 times; `SEGCAP_READS=200000` reads 200,000 times."""

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1])

    reader, image = segcap.load("digits"), load_image(SAMPLE)
    reads = int(os.environ.get("SEGCAP_READS", "2000"))
    for _ in range(reads // 10):
        reader.read(image)
    before = resident()
    for _ in range(reads - reads // 10):
        reader.read(image)
    assert resident() <= 1.05 * before


def test_a_large_image_is_looked_at_smaller_if_its_text_stays_large():
    reader, image = segcap.load("digits", length=4), load_image(FOUR)
    enlarged = cv2.resize(image, None, fx=32, fy=32, interpolation=cv2.INTER_CUBIC)
    assert enlarged.size > 3 * 4_000_000
    found = reader._settings().find(enlarged)
    assert found.pixels.size < 3 * 2_100_000
    assert found.ink.shape == enlarged.shape[:2]
    small, large = reader.read(image), reader.read(enlarged)
    assert large.text == small.text
    for one, other in zip(small.glyphs, large.glyphs, strict=True):
        assert np.abs(np.array(one.box) - np.array(other.box) / 32).max() <= 1.5


def test_a_large_image_of_small_text_is_looked_at_as_it_is():
    image = load_image(FOUR)
    canvas = np.full((2400, 1800, 3), image[0, 0], np.uint8)
    canvas[1200 : 1200 + len(image), 700 : 700 + image.shape[1]] = image
    reader = segcap.load("digits", length=4)
    assert reader._settings().find(canvas).pixels.shape == canvas.shape
    assert reader.read(canvas).text == reader.read(image).text
