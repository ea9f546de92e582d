"""What no image can be drawn from is refused in one sentence."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import segcap.generate
from segcap.core.errors import DataError, ParameterError
from segcap.generate import TextGenerator

FONT = Path(segcap.generate.__file__).parent / "fonts" / "anton-400.ttf"
PICTURES = np.full((10, 28, 28), 255, np.uint8)
DIGITS = PICTURES, np.arange(10)


@pytest.mark.parametrize("digits", [None, (PICTURES,), (*DIGITS, *DIGITS), ([[1], [2, 3]], [1, 2])])
def test_digits_that_are_no_pair_are_refused(digits, tmp_path):
    for draw in (
        lambda: segcap.generate.digit_sums(2, digits=digits),
        lambda: segcap.generate.write_digit_sums(2, tmp_path / "out", digits=digits),
    ):
        with pytest.raises(ParameterError, match="'digits' must be"):
            draw()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "nobody"}, "one of: clean, wordpress, .*wild. Got 'nobody'"),
        ({"charset": ""}, "must be a non-empty string. Got ''"),
        ({"charset": list("AB")}, "must be a non-empty string. Got \\['A', 'B'\\]"),
        ({"charset": "ABCA"}, "must be distinct. Got 'ABCA', which repeats 'A'"),
        ({"charset": "AあB"}, "fonts, or in the handwriting. Got 'あ'"),
        (
            {"scheme": "six-char", "charset": "abC"},
            "of 'six-char'.* must have small letters.* Got 'C'",
        ),
        ({"scheme": "six-char", "charset": "sſ"}, "small letters with capitals.* Got 's'"),
        ({"length": 101}, r"'length' must be .*in 1 ... 100. Got 101\."),
        ({"length": (5, 3)}, r"'length' must be .*least and the most. Got \(5, 3\)"),
        ({"size": (5, 5)}, r"'width' must be .*in 10 ... 4096. Got 5\."),
        ({"size": (200,)}, r"'size' must be a width and a height, pixels. Got \(200,\)"),
        ({"difficulty": 1.2}, r"difficulty 'overlap' must be in \[0, 1\]. Got 1.2"),
        ({"difficulty": {"warp": -0.1}}, r"difficulty 'warp' must be in \[0, 1\]. Got -0.1"),
        ({"difficulty": {"wrap": 1}}, "one of: overlap, warp, lines, noise, contrast. Got 'wrap'"),
        ({"fonts": FONT.parent, "handwriting": DIGITS}, "drawn with fonts or with handwriting"),
        ({"handwriting": (PICTURES[0], np.arange(28))}, r"Got \(28, 28\) uint8 and \(28,\)"),
        ({"handwriting": (PICTURES, np.arange(9))}, r"uint8 and \(9,\)"),
        ({"handwriting": PICTURES}, "'handwriting' must be pictures of digits and.* Got ndarray"),
        ({"handwriting": (PICTURES[:0], np.arange(0))}, "at least one pixel"),
        ({"handwriting": (PICTURES, np.arange(1, 11))}, "Got labels from 1 to 10"),
        ({"handwriting": (0 * PICTURES, np.arange(10))}, "Got 10 blank pictures, the first at 0"),
        ({"scheme": "seven-segment", "fonts": "folder"}, "a form of their own. Got 'fonts'"),
        ({"scheme": "counter", "charset": "1a"}, "must be digits, and points .* Got '1a'"),
        ({"scheme": "seven-segment", "charset": ".,"}, "must be digits, and points .* Got '.,'"),
        ({"scheme": "wild", "charset": "汉"}, "must be in one of the fonts.* Got '汉'"),
        (
            {"scheme": "wild", "charset": "abc", "handwriting": (PICTURES, np.arange(10))},
            "must be in one of the fonts, or in the handwriting. Got 'a'",
        ),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        TextGenerator(**{"scheme": "clean", **options})


def bare_folder(folder):
    (folder / "notes.txt").write_text("no font")
    return folder


def broken_font(folder):
    shutil.copy(FONT, folder)
    (folder / "broken.ttf").write_bytes(FONT.read_bytes()[:100])
    return folder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nowhere", "must be there. Got '.*nowhere'"),
        (lambda folder: FONT, "must be there. Got '.*anton-400.ttf'"),
        (bare_folder, "must hold a file ending in .ttf, .otf, .ttc. Got"),
        (broken_font, "must be TrueType or OpenType. Got '.*broken.ttf'"),
    ],
)
def test_folders_without_usable_fonts_are_refused(tmp_path, make, message):
    with pytest.raises(DataError, match=message):
        TextGenerator("clean", fonts=make(tmp_path))


@pytest.mark.parametrize(
    ("scheme", "length", "size", "message"),
    [
        ("clean", 60, (200, 50), "capitals of 5 pixels. Got '.{60}' for 200 x 50"),
        ("clean", (1, 60), None, "capitals of 5 pixels. Got '.{60}' for 200 x 50"),
        ("mixed", 2, (10, 10), "capitals of 5 pixels. Got '..' for 10 x 10"),
        ("number-field", 1, (300, 10), "capitals of 5 pixels. Got '.' for 300 x 10"),
    ],
)
def test_a_text_without_room_is_refused(scheme, length, size, message):
    charset = "12g" if scheme == "number-field" else None
    with pytest.raises(ParameterError, match=message):
        TextGenerator(scheme, length=length, size=size, charset=charset)


def test_what_is_not_refused_has_room_in_every_image():
    drawn = []
    for height in range(10, 20):
        try:
            generator = TextGenerator("six-char", charset="1", size=(60, height), difficulty=1)
        except ParameterError:
            continue
        drawn.append(len(generator.samples(50)))
    assert drawn
    assert len(drawn) < 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: g.sample(-1), "'index' must be .*at least 0. Got -1"),
        (lambda g: g.samples(-3), "'n' must be .*at least 0. Got -3"),
        (
            lambda g: g.samples(3, n_jobs=0),
            "'n_jobs' must be at least 1.*Got 0",
        ),
        (lambda g: g.arrays(-3), "'n' must be .*at least 0. Got -3"),
        (lambda g: g.stream(seed=-1), "'seed' must be .*at least 0. Got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call(TextGenerator("clean"))


@pytest.mark.parametrize("scheme", ["number-field", "mixed"])
def test_images_of_many_sizes_make_no_array(scheme):
    with pytest.raises(ParameterError, match=f"one size. Got '{scheme}' without 'size'"):
        TextGenerator(scheme).arrays(2)
    assert TextGenerator(scheme, size=(400, 50)).arrays(2).images.shape[1:3] == (50, 400)


@pytest.mark.parametrize(
    "options", [{"length": np.int64(5)}, {"size": (np.int64(200), np.int64(50))}], ids=str
)
def test_whole_numbers_of_numpy_are_taken(options):
    sample = TextGenerator("clean", **options).sample(np.int64(3), seed=np.uint8(4))
    again = TextGenerator("clean", length=options.get("length")).sample(3, seed=4)
    np.testing.assert_array_equal(sample.image, again.image)
    assert json.loads(json.dumps(sample.parameters)) == again.parameters


def test_labels_of_handwriting_may_be_a_list():
    assert TextGenerator("clean", handwriting=(PICTURES, list(range(10)))).sample().label.isdigit()


def test_blank_pictures_are_refused():
    with pytest.raises(ParameterError):
        TextGenerator("clean", handwriting=(0 * PICTURES, np.arange(10))).sample()


def test_pictures_without_rows_are_refused():
    with pytest.raises(ParameterError):
        TextGenerator("clean", handwriting=(PICTURES[:, :0], np.arange(10)))


def test_a_folder_of_fonts_with_too_long_a_name_is_refused():
    with pytest.raises(DataError, match="font folder must be there"):
        TextGenerator("clean", fonts="a" * 300)
