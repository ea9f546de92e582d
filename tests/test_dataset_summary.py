"""What a data set holds."""

import numpy as np
from PIL import Image

from segcap.datasets import load, summarise
from segcap.generate import TextGenerator, write_digit_sums, write_text


def test_texts(tmp_path):
    generator = TextGenerator("wordpress", charset="AB", length=2)
    write_text(generator, 6, tmp_path)
    summary = summarise(load("wordpress", tmp_path))
    labels = [generator.sample(index).label for index in range(6)]
    times = [labels.count(label) for label in set(labels)]
    assert (summary.name, summary.n, summary.unreadable) == ("wordpress", 6, 0)
    assert summary.sizes == {(72, 24): 6}
    assert summary.lengths == {2: 6}
    assert summary.counts == {char: "".join(labels).count(char) for char in "AB"}
    assert summary.repeats == sum(number > 1 for number in times) > 0
    assert summary.repeated == sum(number for number in times if number > 1)


def test_sums(tmp_path, handwriting):
    write_digit_sums(20, tmp_path, digits=handwriting)
    dataset = load("digit-sum", tmp_path)
    summary = summarise(dataset)
    sums, counts = np.unique(dataset.labels, return_counts=True)
    assert (summary.sizes, summary.lengths) == ({(168, 40): 20}, {})
    assert list(summary.counts.items()) == list(zip(map(str, sums), counts, strict=True))
    assert "sums  " in str(summary)


def test_classes_as_a_table(tmp_path):
    for name, count in (("bus", 3), ("traffic light", 2)):
        (tmp_path / name).mkdir()
        for place in range(count):
            grey = np.arange(15 * (10 + place), dtype=np.uint8).reshape(-1, 15)
            Image.fromarray(grey).save(tmp_path / name / f"{place}.png")
    (tmp_path / "bus" / "broken.png").write_text("no image")
    lying = Image.Exif()
    lying[0x0112] = 6
    Image.new("L", (40, 20)).save(tmp_path / "bus" / "lying.jpg", exif=lying)
    assert str(summarise(load("folders", tmp_path, duplicates="content"))) == (
        "data set          folders\n"
        "images            7\n"
        "unreadable        1\n"
        "width x height    15 x 10: 2  15 x 11: 2  15 x 12: 1  20 x 40: 1\n"
        "classes           bus: 5            traffic light: 2\n"
        "equal files       2 groups of 4 images"
    )


def test_many_sizes_and_characters_are_set_in_lines(tmp_path):
    for side in range(1, 12):
        Image.new("L", (side, 1)).save(tmp_path / f"{'abcdefghijk'[:side]}.png")
    assert str(summarise(load("named", tmp_path))) == (
        "data set          named\n"
        "images            11\n"
        "width x height    1 x 1: 1  2 x 1: 1  3 x 1: 1  4 x 1: 1  5 x 1: 1  6 x 1: 1\n"
        "                  7 x 1: 1  8 x 1: 1  3 others\n"
        "lengths           1: 1   2: 1   3: 1   4: 1   5: 1   6: 1   7: 1   8: 1   9: 1\n"
        "                  10: 1  11: 1\n"
        "characters        a: 11  b: 10  c: 9   d: 8   e: 7   f: 6   g: 5   h: 4   i: 3\n"
        "                  j: 2   k: 1\n"
        "equal labels      0 groups of 0 images"
    )
