import numpy as np
import pytest

from segcap.segmentation.ink import InkView, find_ink, ink_segments


def dark_is_ink(images):
    """A network that takes dark pixels for ink."""
    return (12 * (0.5 - images.mean(axis=-1, keepdims=True))).astype(np.float32)


def page(height, width, *boxes):
    image = np.full((height, width, 3), 255, np.uint8)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = 0
    return image


def test_ink_is_found_at_48_pixels_and_boxes_come_back_to_the_image():
    image = page(96, 200, (20, 30, 50, 80), (90, 30, 120, 80))
    view, segments = find_ink(image, dark_is_ink)
    assert view.pixels.shape[0] == 48
    assert view.channels.shape == (*view.ink.shape, 4)
    found = view.to_image(segments.boxes, image.shape)
    np.testing.assert_allclose(found, [[20, 30, 50, 80], [90, 30, 120, 80]], atol=2)


def test_small_text_is_looked_at_again_larger():
    image = page(480, 640, (300, 200, 308, 212), (312, 200, 320, 212), (324, 200, 332, 212))
    view, segments = find_ink(image, dark_is_ink)
    boxes = view.to_image(segments.boxes, image.shape)
    assert view.pixels.shape[1] < 200
    assert len(boxes) == 3
    np.testing.assert_allclose(boxes[0], [300, 200, 308, 212], atol=2)


@pytest.mark.parametrize("height", [60, 96, 130, 200])
def test_an_image_is_looked_at_in_full_before_it_is_empty(height):
    sizes = []

    def blind(images):
        sizes.append(images.shape[1])
        return np.full((*images.shape[:3], 1), -9, np.float32)

    find_ink(page(height, 200), blind)
    assert sizes[0] == 48
    assert sizes[-1] >= height


def test_what_a_closer_look_does_not_find_stays_found():
    looks = iter([dark_is_ink, lambda images: np.full((*images.shape[:3], 1), -9, np.float32)])
    image = page(48, 90, (40, 20, 44, 26))
    view, segments = find_ink(image, lambda images: next(looks)(images))
    assert next(looks, None) is None
    np.testing.assert_allclose(view.to_image(segments.boxes, image.shape), [[40, 20, 44, 26]])


def test_a_large_canvas_is_looked_at_in_bounded_pixels():
    sizes = []

    def network(images):
        sizes.append(images.shape[1] * images.shape[2])
        return dark_is_ink(images)

    find_ink(page(3000, 4000, (2000, 1500, 2060, 1540)), network)
    assert max(sizes) < 1_600_000


@pytest.mark.parametrize(("width", "height"), [(50, 900), (36, 1500), (900, 50), (203, 61)])
def test_boxes_are_true_whatever_sides_are_rounded_to(width, height):
    x, y = int(0.5 * width), int(0.85 * height)
    own = (x, y, x + max(4, width // 6), y + max(5, height // 12))
    image = page(height, width, own)
    view, segments = find_ink(image, dark_is_ink)
    allowed = 1 + max(1 / view.scales[0], 1 / view.scales[1])
    np.testing.assert_allclose(view.to_image(segments.boxes, image.shape), [own], atol=allowed)
    there_and_back = view.to_image(view.from_image(np.array([own])), image.shape)
    assert there_and_back.tolist() == [list(own)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (17, 31), (48, 160)])
def test_any_shape_gives_a_view_of_it(shape):
    image = page(*shape)
    view, segments = find_ink(image, dark_is_ink)
    assert view.ink.shape == view.pixels.shape[:2]
    assert len(segments.boxes) == 0


def test_the_image_stays_as_it_is():
    image = page(40, 90, (10, 10, 20, 30))
    before = image.copy()
    find_ink(image, dark_is_ink)
    np.testing.assert_array_equal(image, before)


def test_specks_are_no_segments():
    view = InkView(np.zeros((48, 100, 3), np.uint8), np.zeros((48, 100), np.uint8), 0, 0, (1, 1))
    view.ink[10:40, 20:40] = 255
    view.ink[5:7, 80:82] = 255
    np.testing.assert_array_equal(ink_segments(view).boxes, [[20, 10, 40, 40]])


def test_ink_that_a_network_guesses_is_not_trusted():
    ink = np.zeros((48, 96), np.uint8)
    ink[10:30, 20:40] = 255
    assert view_of(ink).trust == 1.0
    assert view_of(ink // 5 * 3).trust == 0.1
    assert 0.1 < view_of(np.where(ink > 0, 200, 0).astype(np.uint8)).trust < 1.0
    assert view_of(0 * ink).trust == 1.0


def view_of(ink):
    return InkView(np.dstack([ink] * 3), ink, 0.0, 0.0, (1.0, 1.0))


@pytest.mark.parametrize(("height", "width"), [(1, 300_000), (2, 90_000), (700, 3), (1300, 1290)])
def test_no_view_has_more_pixels_than_is_said(height, width):
    sizes = []

    def network(images):
        sizes.append(images.shape[1] * images.shape[2])
        return dark_is_ink(images)

    find_ink(page(height, width), network)
    assert max(sizes) <= 1_500_000
