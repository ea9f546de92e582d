"""What is right where labels lie beside the images."""

from pathlib import Path

import pytest

import segcap
from segcap.cli.judging import Summary, truths_as_written
from segcap.core.errors import DataError

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


def record(path, text="12", status="ok"):
    return {"path": str(path), "text": text, "status": status, "error": "It is damaged."}


@pytest.mark.parametrize(
    ("reader", "answer", "label"),
    [
        (("mixed", {"case": "fold"}), "ab12", "AB12"),
        (("mixed", {"case": "fold", "allowlist": "ABC12"}), "AB12", "ab12"),
        (("any", {"kind": "task"}), "3*4=", "3x4="),
        (("wordpress", {"case": "fold"}), "TY2C", "ty2c"),
    ],
)
def test_a_label_is_compared_as_the_reader_spells_it(reader, answer, label):
    name, options = reader
    truths = truths_as_written(segcap.load(name, **options))
    assert truths.can_be(label)
    assert truths.right([answer, "9"], [label, label]) == [True, False]


def test_labels_lie_in_the_folder_of_each_image(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.csv").write_text("file,label\n1.png,12\n")
    summary = Summary([str(tmp_path / "*" / "*.png")], "text")
    for name, text in (("a", "12"), ("b", "13")):
        summary.add(record(tmp_path / name / "1.png", text))
    assert summary._judged == [("12", "12"), ("13", "12")]


def test_what_is_unreadable_and_named_otherwise_has_no_label():
    summary = Summary([], "text", r"\d+_(?P<text>.+)")
    summary.add(record("shards/cut.tar", status="unreadable"))
    summary.add(record("7_12.png"))
    assert summary._judged == [("12", "12")]
    with pytest.raises(DataError):
        summary.add(record("cut.png"))


def test_a_refused_start_leaves_no_file(command, tmp_path):
    out = tmp_path / "answers.csv"
    image = SAMPLES / "sum-apart-0.png"
    assert command("read", image, "--out", out, "--jobs", 0)[0] == 2
    assert not out.exists()
    assert command("read", image, "--out", out)[0] == 0


def test_a_resumed_table_of_sums_gives_the_same_accuracy(command, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    out = tmp_path / "sums.parquet"
    images = sorted(SAMPLES.glob("sum-apart-*.png"))
    first = command("sum", *images, "--length", 4, "--out", out)
    again = command("sum", *images, "--length", 4, "--out", out, "--resume")
    assert first[0] == again[0] == 0
    rates = [
        line
        for _, *said in (first, again)
        for line in "".join(said).splitlines()
        if "match" in line
    ]
    assert len(rates) == 2
    assert len(set(rates)) == 1
