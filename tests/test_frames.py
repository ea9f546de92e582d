"""Of several frames, the one that is asked for; letters that appear one by one are put together."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from image_material import encoded
from PIL import Image

import segcap
from segcap.core import image as image_module
from segcap.core.errors import ImageError, ParameterError, SegcapWarning
from segcap.core.image import load_image
from segcap.generate import TextGenerator

RED, GREEN, BLUE = (np.full((4, 5, 3), np.eye(3)[place] * 255, np.uint8) for place in range(3))


def animated(frames, file_format="GIF", **options):
    first, *others = map(Image.fromarray, frames)
    return encoded(first, file_format, save_all=True, append_images=others, **options)


def sample_and_frames(shown):
    """Draw a text, and the frames that show some of its letters each."""
    sample = TextGenerator("clean", charset="0123456789", length=4).sample(3, seed=1)
    image = sample.image if sample.image.ndim == 3 else np.dstack([sample.image] * 3)
    frames = []
    for own in shown:
        hidden = np.delete(sample.masks, own, axis=0).any(axis=0).astype(np.uint8)
        wide = cv2.dilate(hidden, np.ones((5, 5), np.uint8))
        frames.append(cv2.inpaint(image, wide, 3, cv2.INPAINT_TELEA))
    return image, frames


STAYING = [list(range(count)) for count in range(5)]
ALONE = [[0], [1], [2], [3]]


@pytest.mark.parametrize("shown", [STAYING, ALONE, [[0, 1], [1, 2], [2, 3]]])
@pytest.mark.parametrize("file_format", ["GIF", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("bright", [False, True])
def test_letters_that_appear_one_after_the_other_are_put_together(shown, file_format, bright):
    image, frames = sample_and_frames(shown)
    if bright:
        image, frames = 255 - image, [255 - frame for frame in frames]
    options = {"lossless": True} if file_format == "WEBP" else {}
    merged = load_image(animated(frames, file_format, **options)).astype(int)
    assert (np.abs(merged - image).max(axis=2) > 64).mean() < 0.005
    ink = np.abs(image.astype(int) - np.median(image, axis=(0, 1))).max(axis=2) > 64
    assert ink.mean() > 0.05


def test_a_reader_reads_letters_that_appear_one_after_the_other():
    image, frames = sample_and_frames(ALONE)
    reader = segcap.load("digits")
    source = animated(frames)
    assert reader.read(source).text == reader.read(image).text
    assert reader.set_params(frame=2).read(source).text == reader.read(image).text[2]
    assert reader.set_params(frame="last").read_many([source])[0].text == reader.read(image).text[3]


def test_frames_of_several_texts_are_not_merged():
    images = [TextGenerator("clean", length=4).sample(index, seed=1).image for index in range(2)]
    frames = [np.dstack([image] * 3) if image.ndim == 2 else image for image in images]
    with pytest.warns(SegcapWarning, match=r"the first is read .* with 2 frames\."):
        image = load_image(animated(frames, "PNG"))
    np.testing.assert_array_equal(image, frames[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda image, rng: np.where(rng.random(image.shape[:2])[..., None] < 0.03, 0, image),
        lambda image, rng: np.roll(image, rng.integers(-2, 3, 2), (0, 1)),
    ],
    ids=["noise", "movement"],
)
def test_frames_with_other_noise_or_of_a_moving_text_are_not_merged(change):
    image, _ = sample_and_frames([])
    rng = np.random.default_rng(0)
    frames = [change(image, rng).astype(np.uint8) for _ in range(4)]
    with pytest.warns(SegcapWarning, match="do not add up"):
        np.testing.assert_array_equal(load_image(animated(frames, "PNG")), frames[0])


@pytest.mark.parametrize(
    ("frame", "expected"),
    [("first", RED), (0, RED), (1, GREEN), (np.int64(2), BLUE), ("last", BLUE)],
)
def test_one_frame(frame, expected):
    for file_format in ("GIF", "PNG", "TIFF"):
        source = animated([RED, GREEN, BLUE], file_format)
        np.testing.assert_array_equal(load_image(source, frame=frame), expected)


def test_a_pil_image_is_left_where_it_stands_and_read_there():
    with Image.open(io.BytesIO(animated([RED, GREEN, BLUE]))) as image:
        image.seek(1)
        np.testing.assert_array_equal(load_image(image), GREEN)
        np.testing.assert_array_equal(load_image(image, frame="last"), BLUE)
        assert image.tell() == 1


def test_transparent_frames_are_merged():
    frames = np.zeros((2, 8, 9, 4), np.uint8)
    frames[..., 1] = 7  # no ink: what transparent pixels hold is chance
    for frame, column in zip(frames, (2, 6), strict=True):
        frame[2:6, column] = 0, 0, 0, 255
    merged = load_image(animated(frames, "PNG"))
    assert [column for column in range(9) if merged[3, column].max() == 0] == [2, 6]
    assert merged[0].min() == 255


def test_a_still_image_is_its_first_frame_and_its_last():
    for frame in (None, "first", "last", "merge", 0):
        np.testing.assert_array_equal(load_image(encoded(Image.fromarray(RED)), frame=frame), RED)


def test_pages_of_several_sizes():
    source = animated([RED, np.zeros((3, 3, 3), np.uint8)], "TIFF")
    with pytest.warns(SegcapWarning, match="with 2 frames"):
        np.testing.assert_array_equal(load_image(source), RED)
    assert load_image(source, frame="last").shape == (3, 3, 3)
    with pytest.raises(ImageError, match=r"must be of one size, .* with 2 frames\."):
        load_image(source, frame="merge")


def test_pixels_of_all_frames_are_bounded(monkeypatch):
    source = animated([RED, GREEN, BLUE])
    monkeypatch.setattr(image_module, "MOST_PIXELS", 2 * 4 * 5)
    with pytest.warns(SegcapWarning, match="with 3 frames"):
        np.testing.assert_array_equal(load_image(source), RED)
    np.testing.assert_array_equal(load_image(source, frame=1), GREEN)
    with pytest.raises(ImageError, match="at most 40 pixels up to the one that is read"):
        load_image(source, frame="last")
    with pytest.raises(ImageError, match="at most 40 pixels in all"):
        load_image(source, frame="merge")


def test_no_such_frame():
    with pytest.raises(ImageError, match=r"must have the frame 3\. Got .* with 3 frames\."):
        load_image(animated([RED, GREEN, BLUE]), frame=3)


@pytest.mark.parametrize("frame", ["middle", -1, 1.5, True, [0]])
def test_frames_that_are_none(frame):
    with pytest.raises(ParameterError, match="'frame' must be one of first, last, merge, or"):
        load_image(RED, frame=frame)
    with pytest.raises(ParameterError, match="'frame' must be one of"):
        segcap.load("digits", frame=frame)


def test_training_sees_the_frame_that_is_read():
    reader = segcap.load("digits", frame="last")
    (image,) = reader._as_rgb([animated([RED, BLUE])])
    np.testing.assert_array_equal(image, BLUE)
    (unread,) = reader._as_rgb([b""])
    with pytest.raises(ImageError, match="must not be empty"):
        load_image(unread)


@pytest.mark.parametrize("words", [["read"], ["sum"], ["value", "--model", "digits"]])
def test_the_command_line_takes_a_frame(words, command, tmp_path):
    shown = load_image(Path(__file__).parents[1] / "data/samples/field-dark-4.png")
    source = animated([np.zeros_like(shown), shown])
    (tmp_path / "two.gif").write_bytes(source)
    reader = segcap.load("digits", frame=1)
    answer = {"read": reader.read, "sum": reader.digit_sum, "value": reader.value}[words[0]](source)
    status, out, _ = command(*words, tmp_path / "two.gif", "--frame", 1, "--csv")
    assert (status, out.splitlines()[1].split(",")[1]) == (0, str(answer.answer))
