"""Images of text are what their truth says, and the same wherever they are drawn."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segcap.generate
from segcap.generate import DIFFICULTIES, Difficulty, TextGenerator, schemes
from segcap.segmentation.binarize import binarize

SCHEMES = schemes()
OF_NUMBERS = ("seven-segment", "counter")
OF_ANY_LOOK = ("wild", *OF_NUMBERS)
WITH_OWN_LOOK = [scheme for scheme in SCHEMES if scheme not in OF_ANY_LOOK]  # see test_wild.py
FONTS = Path(segcap.generate.__file__).parent / "fonts"
PLAIN_PROCESSOR = {
    "OPENCV_CPU_DISABLE": "AVX2,FP16,AVX,AVX512-SKX,SSE4.2,SSE4.1",
    "OPENCV_IPP": "disabled",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512_ICL AVX512_SKX AVX512F AVX2 FMA3",
}

over_schemes = pytest.mark.parametrize("scheme", SCHEMES)
over_faces = pytest.mark.parametrize("scheme", [one for one in SCHEMES if one != "seven-segment"])
positions = st.floats(0, 1)
seeds = st.integers(0, 2**31)
difficulties = st.none() | positions | st.dictionaries(st.sampled_from(DIFFICULTIES), positions)


@st.composite
def options(draw):
    """Anything a generator takes, with room enough for the text."""
    fewest = draw(st.integers(1, 8))
    most = fewest + draw(st.integers(0, 2))
    characters = st.lists(st.sampled_from("ijlm-.0123456789"), min_size=1, unique=True)
    return {
        "charset": draw(st.none() | characters.map("".join)),
        "length": draw(st.sampled_from([most, (fewest, most)])),
        "size": draw(st.tuples(st.integers(20 + 20 * most, 60 * most), st.integers(24, 100))),
        "difficulty": draw(difficulties),
    }


def digest(sample, *, with_image=True):
    """A name for everything about a sample, or for all but its image."""
    rest = json.dumps([sample.label, sample.boxes.tolist(), sample.parameters])
    shown = sample.image.tobytes() if with_image else b""
    return hashlib.sha256(shown + sample.masks.tobytes() + rest.encode()).hexdigest()


def digests():
    """Names of samples of all schemes at several difficulties; of any look without the images."""
    return [
        digest(sample, with_image=scheme not in OF_ANY_LOOK)
        for scheme in SCHEMES
        for difficulty in (None, 0, 0.4, 1)
        for sample in TextGenerator(scheme, difficulty=difficulty).samples(6, seed=3)
    ]


@over_schemes
@given(options=options(), seed=seeds, index=st.integers(0, 10**6))
def test_samples_are_as_ordered_and_boxes_tight_around_masks(scheme, options, seed, index):
    known = {"charset": None} if scheme in OF_NUMBERS else {}
    generator = TextGenerator(scheme, **options | known)
    sample = generator.sample(index, seed=seed)
    fewest, most = generator.length
    in_colour = scheme in ("colour-lines", "mixed", *OF_ANY_LOOK)
    assert fewest <= len(sample.label) <= most
    assert set(sample.label) <= set(generator.charset)
    assert sample.image.shape == (*options["size"][::-1], 3)[: 2 + in_colour]
    assert sample.image.dtype == np.uint8
    assert json.loads(json.dumps(sample.parameters)) == sample.parameters
    height, width = sample.image.shape[:2]
    assert sample.masks.shape == (len(sample.label), height, width)
    assert (sample.masks.dtype, sample.boxes.dtype) == (bool, np.int32)
    for mask, box in zip(sample.masks, sample.boxes.tolist(), strict=True):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert len(rows) > 0
        assert box == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert (np.diff(sample.boxes[:, 0] + sample.boxes[:, 2]) >= 0).all()


@pytest.mark.parametrize("scheme", WITH_OWN_LOOK)
def test_without_difficulty_every_character_is_one_component(scheme):
    right = 0
    for sample in islice(TextGenerator(scheme, difficulty=0).stream(seed=11), 150):
        ink = binarize(sample.image).astype(np.uint8)
        _, _, figures, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        right += (figures[1:, cv2.CC_STAT_AREA] >= 3).sum() == len(sample.label)
    assert right >= 0.99 * 150


@pytest.mark.parametrize("scheme", WITH_OWN_LOOK)
def test_without_difficulty_two_columns_are_free_between_neighbours(scheme):
    for sample in TextGenerator(scheme, difficulty=0).samples(40):
        assert (sample.boxes[1:, 0] - sample.boxes[:-1, 2] >= 2).all()


@pytest.mark.parametrize("scheme", WITH_OWN_LOOK)
def test_without_difficulty_masks_are_the_ink(scheme):
    for sample in TextGenerator(scheme, difficulty=0).samples(20):
        ink, masks = binarize(sample.image), sample.masks.any(axis=0)
        assert (ink & masks).sum() >= 0.8 * (ink | masks).sum()


@over_schemes
def test_same_seed_gives_the_same_bytes_and_another_seed_or_index_others(scheme):
    one, again = TextGenerator(scheme), TextGenerator(scheme)
    assert digest(one.sample(4, seed=5)) == digest(again.sample(4, seed=5))
    others = {digest(one.sample(index, seed=seed)) for index, seed in ((4, 5), (5, 4), (4, 6))}
    assert len(others) == 3
    assert len({one.sample(index).image.tobytes() for index in range(20)}) == 20


@over_schemes
def test_a_sample_depends_on_no_other(scheme):
    generator = TextGenerator(scheme, difficulty=0.5)
    expected = [digest(generator.sample(index, seed=9)) for index in range(6)]
    assert [digest(sample) for sample in generator.samples(6, seed=9)] == expected
    assert [digest(sample) for sample in generator.samples(3, seed=9)] == expected[:3]
    assert [digest(s) for s in islice(generator.stream(seed=9, start=3), 3)] == expected[3:]


@pytest.mark.parametrize("scheme", ["clean", "mixed", "wild"])
def test_workers_change_nothing(scheme):
    generator = TextGenerator(scheme, length=4)
    alone, together = (generator.samples(140, seed=2, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert list(map(digest, alone)) == list(map(digest, together))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("scheme", ["clean", "colour-lines"])
def test_arrays_hold_the_samples(scheme, n_jobs):
    generator = TextGenerator(scheme)
    images, labels, boxes = generator.arrays(5, seed=1, n_jobs=n_jobs)
    for i, sample in enumerate(generator.samples(5, seed=1)):
        np.testing.assert_array_equal(images[i], sample.image)
        np.testing.assert_array_equal(boxes[i], sample.boxes)
        assert labels[i] == sample.label


@over_schemes
def test_no_images(scheme):
    generator = TextGenerator(scheme, size=(300, 40))
    one, none = generator.arrays(1), generator.arrays(0)
    assert generator.samples(0) == []
    assert none.images.shape == (0, *one.images.shape[1:])
    assert (len(none.labels), none.boxes) == (0, [])


@pytest.mark.slow
def test_every_processor_draws_the_same():
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the switches are those of x86-64")
    command = [sys.executable, "-W", "ignore", "-c"]
    environment = {**os.environ, **PLAIN_PROCESSOR, "PYTHONPATH": str(Path(__file__).parent)}
    start = subprocess.run([*command, "import numpy, cv2"], env=environment, capture_output=True)
    if start.returncode:
        pytest.skip(f"numpy cannot leave out what it was built for: {start.stderr[-200:]!r}")
    script = "import json, test_generate_text as t; print(json.dumps(t.digests()))"
    run = subprocess.run([*command, script], env=environment, capture_output=True, check=True)
    assert json.loads(run.stdout) == digests()


@over_schemes
def test_all_characters_of_a_charset_are_drawn(scheme):
    generator = TextGenerator(scheme, charset="2357")
    assert generator.charset == "2357"
    assert {char for s in generator.samples(30) for char in s.label} == set("2357")


@over_schemes
@pytest.mark.parametrize(("length", "lengths"), [(3, {3}), ((2, 4), {2, 3, 4})])
def test_length(scheme, length, lengths):
    samples = TextGenerator(scheme, length=length).samples(30)
    assert {len(sample.label) for sample in samples} == lengths


@over_schemes
def test_size(scheme):
    generator = TextGenerator(scheme, size=(320, 64))
    assert generator.size == (320, 64)
    for sample in generator.samples(3):
        assert sample.image.shape[:2] == (64, 320)
        assert sample.parameters["size"] == [320, 64]


def test_a_quarter_of_mixed_is_inverted():
    samples = TextGenerator("mixed", difficulty=0).samples(120)
    usual = {"clean", "wordpress", "gradient-line"}
    bright = [s.image.mean() > 127 for s in samples if s.parameters["drawn_as"] in usual]
    assert 0.6 < np.mean(bright) < 0.9
    assert {s.parameters["drawn_as"] for s in samples} == set(SCHEMES) - {"mixed", *OF_ANY_LOOK}


@pytest.mark.parametrize("scheme", ["number-field", "mixed"])
def test_without_a_size_every_image_has_its_own(scheme):
    shapes = {sample.image.shape for sample in TextGenerator(scheme).samples(10)}
    assert len(shapes) == 10


@over_faces
def test_fonts_of_a_folder(scheme, tmp_path):
    names = {"anton-400", "tinos-700"}
    (tmp_path / "below").mkdir()
    shutil.copy(FONTS / "anton-400.ttf", tmp_path)
    shutil.copy(FONTS / "tinos-700.ttf", tmp_path / "below" / "tinos-700.TTF")
    generator = TextGenerator(scheme, fonts=tmp_path)
    drawn = [sample.parameters for sample in generator.samples(20)]
    used = {name for p in drawn for name in p.get("fonts", [p.get("font")])}
    assert used == names == {name for name, _ in generator.settings()["faces"]}


@over_faces
def test_digits_of_a_handwriting(scheme, handwriting):
    sample = TextGenerator(scheme, handwriting=handwriting, length=3).sample()
    assert sample.label.isdigit()
    assert set(sample.parameters.get("fonts", [sample.parameters.get("font")])) == {"handwriting"}


def test_handwriting_is_drawn_by_what_it_shows():
    pictures = np.zeros((10, 28, 28), np.uint8)
    for digit, picture in enumerate(pictures):
        picture[4:24, 4 : 6 + 2 * digit] = 255
    generator = TextGenerator("clean", handwriting=(pictures, np.arange(10)), size=(400, 100))
    for sample in generator.samples(20):
        for char, (x0, y0, x1, y1) in zip(sample.label, sample.boxes.tolist(), strict=True):
            assert (x1 - x0) / (y1 - y0) == pytest.approx((2 + 2 * int(char)) / 20, abs=0.03)


@pytest.mark.parametrize(
    ("scheme", "difficulty", "difficulties"),
    [
        ("clean", None, Difficulty()),
        ("clean", 0.25, Difficulty(0.25, 0.25, 0.25, 0.25, 0.25)),
        ("wordpress", {"lines": 1}, Difficulty(overlap=0.2, warp=0.5, lines=1)),
        ("wordpress", Difficulty(noise=0.5), Difficulty(noise=0.5)),
        ("clean", {"warp": np.float32(0.5)}, Difficulty(warp=0.5)),
        ("mixed", 0.25, Difficulty(0.25, 0.25, 0.25, 0.25, 0.25)),
    ],
)
def test_difficulty_sets_all(scheme, difficulty, difficulties):
    parameters = TextGenerator(scheme, difficulty=difficulty).sample().parameters
    assert {name: parameters[name] for name in DIFFICULTIES} == vars(difficulties)


def test_difficulties_of_mixed_stand_anywhere_unless_turned():
    for difficulty, anywhere in (
        (None, DIFFICULTIES),
        ({"warp": 0.5}, set(DIFFICULTIES) - {"warp"}),
    ):
        samples = TextGenerator("mixed", difficulty=difficulty).samples(20)
        for name in DIFFICULTIES:
            positions = {sample.parameters[name] for sample in samples}
            assert (len(positions) > 1) == (name in anywhere)


@over_schemes
def test_settings_make_the_generator_again(scheme):
    settings = json.loads(json.dumps(TextGenerator(scheme, length=(3, 5)).settings()))
    again = TextGenerator(
        settings["scheme"],
        charset=settings["charset"],
        length=tuple(settings["length"]),
        size=settings["size"],
        difficulty={name: at for name, at in settings["difficulty"].items() if at is not None},
    )
    assert digest(again.sample(3)) == digest(TextGenerator(scheme, length=(3, 5)).sample(3))
