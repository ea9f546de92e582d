"""Lines of text are sliced from left to right, and every span is a run of slices."""

import cv2
import numpy as np
import pytest

from segcap.core.image import load_image
from segcap.generate import TextGenerator, digit_sums, schemes
from segcap.segmentation.binarize import binarize
from segcap.segmentation.candidates import lay_out
from segcap.segmentation.components import segment, text_lines
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS
from segcap.segmentation.glyph_crops import candidate_glyphs
from segcap.segmentation.settings import SegmentationSettings
from segcap.segmentation.text_lines import strip_channels, strip_rows


def of_image(image, segments, **options):
    """Lay out an image's own strip channels."""
    return lay_out(strip_channels(image, segments.labels > 0), segments, **options)


def digit_rows(handwriting, n=8, min_advance=10):
    rows = digit_sums(n, min_advance, seed=0, digits=handwriting)
    return [load_image(image) for image in rows.images], rows


def laid_out(image, **options):
    segments = segment(binarize(image))
    return of_image(image, segments, **options), segments


def slices_of(layout):
    """Boxes of the spans that are one slice, by their slice."""
    spans, boxes = layout.lattice.spans, layout.lattice.boxes
    single = spans[:, 1] - spans[:, 0] == 1
    return spans[single, 0], boxes[single]


def heights(segments):
    """Height of each line without outliers, pixels."""
    lines = text_lines(segments.boxes)
    rows = [strip_rows(np.isin(segments.labels, np.array(line) + 1)) for line in lines]
    return np.array([bottom - top for top, bottom in rows])


def check(layout, segments):
    """What holds for every layout."""
    spans, boxes, atoms = layout.lattice
    numbers, slices = slices_of(layout)
    assert numbers.tolist() == list(range(atoms))
    assert (spans[:, 1] > spans[:, 0]).all()
    assert len(set(map(tuple, spans.tolist()))) == len(spans)
    assert len(layout.line) == len(layout.columns) == len(spans) == len(boxes)
    assert (np.diff(layout.line) >= 0).all()
    assert set(layout.line.tolist()) == set(range(len(layout.strips)))
    assert (boxes.dtype, layout.columns.dtype) == (np.int32, np.float32)
    single = spans[:, 1] - spans[:, 0] == 1
    of_slice = layout.line[single]
    same_line = of_slice[1:] == of_slice[:-1]
    assert (slices[1:, 0] >= slices[:-1, 2])[same_line].all()
    assert (of_slice[spans[:, 0]] == of_slice[spans[:, 1] - 1]).all()
    width = boxes[:, 2] - boxes[:, 0]
    narrow = width <= 1.5 * heights(segments)[layout.line]
    assert (narrow | single).all()
    for number, strip in enumerate(layout.strips):
        own = layout.line == number
        np.testing.assert_array_equal(layout.columns[own], strip.columns(boxes[own][:, [0, 2]]))
        assert layout.columns[own].min() > 0
        assert layout.columns[own].max() < strip.ink.shape[1]


@pytest.mark.parametrize("min_advance", [10, 15, 22])
def test_rows_of_digits(handwriting, min_advance):
    images, _ = digit_rows(handwriting, min_advance=min_advance)
    for image in images:
        layout, segments = laid_out(image)
        check(layout, segments)
        assert len(layout.strips) == 1


@pytest.mark.parametrize("scheme", schemes())
def test_texts_of_all_schemes(scheme):
    for sample in TextGenerator(scheme).samples(6, seed=1):
        image = load_image(sample.image)
        segments = SegmentationSettings().find(image).segments
        check(of_image(image, segments), segments)


def test_every_slice_boxes_its_own_ink(handwriting):
    for image in digit_rows(handwriting)[0]:
        layout, segments = laid_out(image)
        inked = segments.labels > 0
        _, slices = slices_of(layout)
        for x0, y0, x1, y1 in slices.tolist():
            ink = inked[:, x0:x1]
            rows = np.flatnonzero(ink.any(axis=1))
            assert (rows[0], rows[-1] + 1) == (y0, y1)
            assert ink[:, [0, -1]].any(axis=0).all()
        covered = np.zeros(inked.shape[1], bool)
        for x0, _, x1, _ in slices.tolist():
            covered[x0:x1] = True
        assert covered[inked.any(axis=0)].all()


def test_all_runs_that_are_narrow_enough_are_spans(handwriting):
    for image in digit_rows(handwriting)[0]:
        layout, segments = laid_out(image)
        _, slices = slices_of(layout)
        (height,) = heights(segments)
        expected = [
            (first, stop)
            for first in range(len(slices))
            for stop in range(first + 1, min(first + 16, len(slices)) + 1)
            if stop - first == 1 or slices[stop - 1, 2] - slices[first, 0] <= 1.5 * height
        ]
        assert sorted(map(tuple, layout.lattice.spans.tolist())) == expected


def found_digits(handwriting, cutters, min_advance, *, touching):
    """How many digits' columns some span has within a pixel, of how many."""
    images, rows = digit_rows(handwriting, n=120, min_advance=min_advance)
    found = total = 0
    for index, image in enumerate(images):
        ink = binarize(image)
        lefts = rows.corners[index, :, 0]
        pictures = handwriting[0][rows.chosen[index]] > 128
        truth = [
            left + np.flatnonzero(picture.any(axis=0))[[0, -1]] + [0, 1]
            for left, picture in zip(lefts, pictures, strict=True)
        ]
        columns = of_image(image, segment(ink), cutters=cutters).lattice.boxes[:, [0, 2]]
        for number, own in enumerate(truth):
            beside = truth[max(number - 1, 0) : number] + truth[number + 1 : number + 2]
            apart = all(own[1] + 2 <= other[0] or other[1] + 2 <= own[0] for other in beside)
            if apart != touching:
                found += (np.abs(columns - own).max(axis=1) <= 2).any()
                total += 1
    return found, total


@pytest.mark.parametrize("cutters", [(), DEFAULT_CUTTERS])
def test_digits_that_stand_apart_are_each_a_span(handwriting, cutters):
    found, total = found_digits(handwriting, cutters, 20, touching=False)
    assert total >= 300
    assert found >= 0.95 * total


def test_more_cutters_make_spans_of_more_touching_digits(handwriting):
    none, one, all_of_them = (
        found_digits(handwriting, cutters, 10, touching=True)[0]
        for cutters in ((), ("projection",), DEFAULT_CUTTERS)
    )
    assert none < one < all_of_them


def test_narrow_segments_are_not_cut():
    ink = np.zeros((60, 100), bool)
    ink[10:50, 10:26] = ink[10:50, 40:56] = True
    ink[10:28, 46:50] = False  # a valley that cutters find
    image = np.where(ink[..., None], np.uint8(0), np.uint8(255)).repeat(3, axis=2)
    layout, _ = laid_out(image)
    assert layout.lattice.spans.tolist() == [[0, 1], [0, 2], [1, 2]]
    np.testing.assert_array_equal(
        layout.lattice.boxes, [[10, 10, 26, 50], [10, 10, 56, 50], [40, 10, 56, 50]]
    )


def test_lines_are_laid_out_from_top_to_bottom_each_as_if_alone(handwriting):
    images = digit_rows(handwriting, n=3, min_advance=20)[0]
    framed = [cv2.copyMakeBorder(image, 10, 10, 0, 0, cv2.BORDER_CONSTANT) for image in images]
    inks = [binarize(image) for image in framed]
    segments = segment(np.concatenate(inks))
    layout = of_image(np.concatenate(framed), segments)
    check(layout, segments)
    assert len(layout.strips) == 3
    atoms = 0
    for number, ink in enumerate(inks):
        alone = of_image(framed[number], segment(ink))
        own = layout.line == number
        np.testing.assert_array_equal(layout.lattice.spans[own], alone.lattice.spans + atoms)
        below = [0, len(ink) * number, 0, len(ink) * number]
        np.testing.assert_array_equal(layout.lattice.boxes[own], alone.lattice.boxes + below)
        np.testing.assert_array_equal(layout.columns[own], alone.columns)
        atoms += alone.lattice.atoms
    assert layout.lattice.atoms == atoms


@pytest.mark.parametrize("shape", [(1, 1), (40, 168), (7, 3)])
def test_no_segments(shape):
    layout, _ = laid_out(np.full((*shape, 3), 255, np.uint8))
    assert layout.lattice.atoms == 0
    assert layout.strips == []
    assert layout.lattice.spans.shape == layout.columns.shape == (0, 2)
    assert layout.lattice.boxes.shape == (0, 4)
    assert layout.line.shape == (0,)
    assert np.issubdtype(layout.line.dtype, np.integer)


def test_one_pixel_of_ink():
    image = np.full((9, 13, 3), 255, np.uint8)
    image[4, 6] = 0
    layout = of_image(image, segment(image[..., 0] == 0))
    assert layout.lattice.spans.tolist() == [[0, 1]]
    assert layout.lattice.boxes.tolist() == [[6, 4, 7, 5]]


def test_ink_from_rim_to_rim():
    image = np.zeros((20, 200, 3), np.uint8)
    layout = of_image(image, segment(np.ones((20, 200), bool)))
    assert layout.lattice.boxes[:, 0].min() == 0
    assert layout.lattice.boxes[:, 2].max() == 200


@pytest.mark.parametrize(
    ("height", "width", "parts"), [(20, 200, 25), (20, 8, 1), (20, 9, 2), (50, 61, 4)]
)
def test_where_nothing_is_cut_ink_is_parted_evenly(height, width, parts):
    image = np.zeros((height, width, 3), np.uint8)
    layout = of_image(image, segment(np.ones((height, width), bool)), cutters=())
    _, slices = slices_of(layout)
    widths = slices[:, 2] - slices[:, 0]
    assert layout.lattice.atoms == len(widths) == parts
    assert widths.sum() == width
    assert np.ptp(widths) <= 1


def test_inverted_images_are_laid_out_alike(handwriting):
    for image in digit_rows(handwriting, n=3)[0]:
        segments = segment(binarize(image))
        one, other = of_image(image, segments), of_image(255 - image, segments)
        np.testing.assert_array_equal(one.lattice.spans, other.lattice.spans)
        np.testing.assert_allclose(one.strips[0].ink.astype(int), other.strips[0].ink, atol=2)


def test_glyphs_have_the_ink_of_their_lines_where_some_lines_are_left_out():
    """Ten narrow lines above fifty wide ones are too many, and the narrow ones are not read."""
    image = np.full((60 * 20, 100, 3), 255, np.uint8)
    for line in range(60):
        for place in range(3 if line < 10 else 6):
            image[20 * line + 4 : 20 * line + 16, 14 * place + 5 : 14 * place + 13] = 0
    layout, segments = laid_out(image)
    assert len(layout.members) == 50
    assert segments.boxes[layout.members[0]][0].tolist() == [5, 204, 13, 216]
    glyphs = candidate_glyphs(image, segments, layout)
    assert glyphs.max(axis=(1, 2, 3)).min() > 0.9
