import json
import string

import cv2
import numpy as np
import pytest

from segcap.generate import TextGenerator
from segcap.generate.draws import Draws
from segcap.generate.wild import camera, displays, typesetting
from segcap.generate.wild.displays import SEGMENTS
from segcap.generate.wild.masks import draw_point
from segcap.generate.wild.texts import is_number, wild_text
from segcap.generate.wild.typesetting import place

NUMBERS = TextGenerator("wild", charset=string.digits + ".", length=(3, 6))
ANY = TextGenerator("wild")


def families(generator, n):
    return [generator.sample(index, seed=3).parameters["family"] for index in range(n)]


def test_images_are_colour_of_many_sizes_with_a_mask_and_a_box_a_character():
    samples = ANY.samples(40, seed=1)
    assert len({sample.image.shape for sample in samples}) > 20
    for sample in samples:
        assert sample.image.ndim == 3
        assert sample.image.dtype == np.uint8
        assert sample.masks.shape == (len(sample.label), *sample.image.shape[:2])
        assert sample.masks.any(axis=(1, 2)).all()


def test_ink_differs_from_the_background_where_nothing_disturbs():
    plain = TextGenerator("wild", difficulty=0.0)
    differing = []
    for sample in plain.samples(30, seed=5):
        grey = cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY).astype(float)
        ink = sample.masks.any(axis=0)
        differing.append(abs(grey[ink].mean() - grey[~ink].mean()))
    assert np.median(differing) > 40


def test_without_difficulty_every_character_is_one_component_but_for_dots():
    plain = TextGenerator("wild", difficulty=0.0, charset="ABCDEFGHKLMNPRSTUVWXYZ")
    whole = [
        cv2.connectedComponents(mask.view(np.uint8), connectivity=8)[0] == 2
        for sample in plain.samples(30, seed=2)
        for mask in sample.masks
    ]
    assert np.mean(whole) > 0.95  # a typeface may have a gap of its own


def test_numbers_are_drawn_as_displays_and_counters_too():
    assert set(families(NUMBERS, 60)) == {"text", "seven segments", "counter"}


@pytest.mark.parametrize(
    ("scheme", "family"), [("seven-segment", "seven segments"), ("counter", "counter")]
)
def test_displays_and_counters_are_schemes_of_their_own(scheme, family):
    assert set(families(TextGenerator(scheme), 20)) == {family}


def test_letters_never_are():
    letters = TextGenerator("wild", charset=string.ascii_letters)
    assert set(families(letters, 30)) == {"text"}


def test_handwriting_is_never_hollow_nor_a_display():
    pictures = np.zeros((10, 28, 28), np.uint8)
    pictures[:, 4:24, 10:18] = 255
    written = TextGenerator("wild", handwriting=(pictures, np.arange(10)))
    drawn = [written.sample(index, seed=1).parameters for index in range(40)]
    assert {one["family"] for one in drawn} == {"text"}
    assert not any(one.get("strokes") == "hollow" for one in drawn)


@pytest.mark.parametrize("length", range(1, 9))
def test_texts_have_the_length_and_characters_asked_for(length):
    charset = string.digits + string.ascii_letters + "+-*/=."
    for index in range(200):
        text = wild_text(Draws(1, index), charset, length)
        assert len(text) == length
        assert set(text) <= set(charset)


def test_arithmetic_tasks_and_decimal_numbers_are_among_the_texts():
    texts = [wild_text(Draws(2, index), string.digits + "+-=.", 5) for index in range(600)]
    assert any(text.endswith("=") and ("+" in text or "-" in text) for text in texts)
    assert any("." in text and is_number(text) for text in texts)


def test_where_there_are_digits_and_points_alone_most_texts_are_decimal_numbers():
    charset = string.digits + ".,"
    texts = [wild_text(Draws(2, index), charset, 6) for index in range(400)]
    whole, points, decimals = zip(
        *(text.replace(",", ".").partition(".") for text in texts), strict=True
    )
    assert all(map(str.isdecimal, whole))
    assert 0.5 < np.mean([point == "." for point in points]) < 0.7
    lengths = [len(places) for places in decimals if places]
    assert max(lengths) == 4
    assert np.median(lengths) == 1
    assert 0.1 < np.mean([text.startswith("0") for text in texts]) < 0.5


def test_numbers_of_few_digits_have_a_digit():
    counters = TextGenerator("counter", charset="12.", length=(1, 2))
    assert all(set(one.label) & set("12") for one in counters.samples(60))
    others = [wild_text(Draws(4, index), "0123456789.:", 6) for index in range(200)]
    assert any(":" in text for text in others)


def test_a_comma_has_a_tail_and_a_point_has_none():
    heights = []
    for char in ".,":
        mask = np.zeros((40, 40), np.uint8)
        draw_point(mask, char, (20.0, 20.0), 3.0, 255)
        heights.append(cv2.boundingRect(mask)[3])
    assert heights[1] >= heights[0] + 3


def test_decimals_of_a_display_are_smaller_and_stand_on_the_same_foot():
    numbers = TextGenerator("wild", charset=string.digits + ".", length=5)
    smaller = 0
    for index in range(200):
        sample = numbers.sample(index, seed=4)
        if sample.parameters["family"] != "seven segments" or "." not in sample.label[1:4]:
            continue
        boxes = sample.boxes[[0, -1]]
        first, last = boxes[:, 3] - boxes[:, 1]
        smaller += last < 0.9 * first and abs(boxes[0, 3] - boxes[1, 3]) < 0.25 * first
    assert smaller >= 5


def test_signs_are_hardly_turned_as_a_plus_would_be_a_times(monkeypatch):
    turned = []

    def noted(face, char, size, stretch, angle, *others):
        turned.append((char, abs(angle)))
        return place(face, char, size, stretch, angle, *others)

    monkeypatch.setattr(typesetting, "place", noted)
    generator = TextGenerator("wild", charset=string.digits + "x+-=", length=5)
    tasks = []
    for index in range(300):
        first = len(turned)
        label = generator.sample(index, seed=4).label
        tasks += turned[first:] if "=" in label else []
    signs = [angle for char, angle in tasks if char in "x+-="]
    assert max(signs) <= 15
    assert any(char == "x" for char, _ in tasks)
    assert max(angle for char, angle in turned if char.isdigit()) > 45


@pytest.mark.parametrize(
    ("text", "expected"),
    [("123", True), ("1.5", True), ("1,5", True), ("1.5.2", False), ("a1", False), ("²", False)],
)
def test_is_number(text, expected):
    assert is_number(text) is expected


def test_segments_of_a_display():
    assert set(SEGMENTS) == set(string.digits)
    for seed in range(20):
        shapes = displays._shapes(np.random.default_rng(seed))
        assert len({frozenset(names) for names in shapes.values()}) == 10


def test_masks_are_tilted_as_their_image_is():
    masks = np.zeros((2, 40, 90), np.uint8)
    masks[0, 10:30, 10:25], masks[1, 10:30, 50:80] = 255, 255
    canvas = np.repeat(masks.max(axis=0)[..., np.newaxis], 3, axis=2).astype(np.float32)
    bent, moved = camera.tilted(np.random.default_rng(0), canvas, masks)
    assert np.abs(bent[..., 0] - moved.max(axis=0)).max() <= 2
    assert np.abs(bent - canvas).mean() > 5


def test_only_characters_that_a_font_has_are_drawn():
    assert "÷" not in ANY.charset  # in none of the shipped fonts
    assert ":" in ANY.charset
    texts = "".join(wild_text(Draws(3, index), ANY.charset, 5) for index in range(4000))
    assert set(ANY.charset) <= set(texts)


def test_boxes_stand_in_the_order_of_the_text_where_lines_are_cut_off_too():
    for sample in ANY.samples(300, seed=4):
        assert (np.diff(sample.boxes[:, 0] + sample.boxes[:, 2]) >= 0).all()


def test_long_texts_have_room():
    sample = TextGenerator("wild", length=100).sample(0)
    sides = sample.boxes[:, 2:] - sample.boxes[:, :2]
    assert (sides.max(axis=1) > 2).mean() > 0.95


def test_difficulties_are_kept_as_they_were_given():
    difficulty = {"warp": np.float32(0.5)}
    generator = TextGenerator("wild", difficulty=difficulty)
    difficulty["warp"] = 1.0
    assert json.loads(json.dumps(generator.settings()))["difficulty"]["warp"] == 0.5


def test_counters_are_drawn_in_a_handwriting_of_few_digits():
    pictures = np.zeros((2, 28, 28), np.uint8)
    pictures[:, 6:22, 12:16] = 255
    counters = TextGenerator("counter", charset="12", handwriting=(pictures, np.array([1, 2])))
    assert all({*one.label} <= {*"12"} for one in counters.samples(20))
