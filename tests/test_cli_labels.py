"""Images are compared with the labels beside them, and labels that fit no image are reported."""

import pytest

import segcap
from segcap.core.errors import SegcapWarning


def test_read_without_labels_gives_no_accuracy(command, samples):
    (samples / "labels.csv").unlink()
    assert "exact match" not in command("read", samples)[1]


def test_damaged_labels_are_reported_and_images_read(command, samples):
    (samples / "labels.csv").write_text("name\n")
    status, out, err = command("read", samples)
    assert (status, len(out.splitlines())) == (0, 3)
    assert "must have a column file or filename or path or image and a column label or text" in err


def test_sum_compares_with_the_sum_of_the_label(command, samples):
    status, out, _ = command("sum", samples, "--length", 4)
    assert status == 0
    reader = segcap.load("digits", length=4)
    first = out.splitlines()[0].split()
    assert int(first[1]) == reader.digit_sum(first[0]).value


def test_rejected_readings_are_reported_beside_the_accuracy(command, samples):
    status, out, _ = command("read", samples, "--reject-below", 1)
    assert status == 0
    assert out.splitlines()[-1] == "rejected 3"
    assert command("read", samples)[1].splitlines()[-1].startswith("exact match")


def test_labels_of_other_images_are_reported(command, samples):
    (samples / "labels.csv").write_text("file,label\nother.png,1\n")
    status, out, err = command("read", samples)
    assert (status, "exact match" in out) == (0, False)
    assert err == (
        "segcap: 1 of 1 labels are of files that do not exist, such as "
        f"'{samples / 'other.png'}'.\n"
        "segcap: No accuracy is given. The labels.csv beside the images names none.\n"
    )


def test_where_no_image_has_a_label_nothing_is_measured(command, samples):
    (samples / "labels.csv").write_text("file,label\nsum-apart-0.png,\n")
    status, out, err = command("eval", "digits", "--data", samples)
    assert (status, out) == (2, "")
    assert "At least one image must have a label" in err
    assert "exact match" not in command("read", samples)[1]


def test_labels_that_cannot_be_answered_are_reported(command, samples):
    (samples / "labels.csv").write_text("file,label\nsum-apart-0.png,a1\n")
    for word in ("read", "sum"):
        _, out, err = command(word, samples)
        assert "exact match 0.00%" in out
        assert "1 of 1 labels are no answers that the reader accepts" in err


def test_images_without_label_and_labels_without_image_are_reported(command, samples):
    long = 300 * "x"
    (samples / "labels.csv").write_text(f"file,label\nsum-apart-0.png,1\ngone.png,2\n{long},3\n")
    _, out, err = command("read", samples)
    assert "n = 1" in out
    assert "2 of 3 images have no label." in err
    assert "2 of 3 labels are of files that do not exist, such as" in err
    assert "have no label" not in command("read", samples / "sum-apart-0.png")[2]


def test_labels_of_another_length_are_reported(command, samples):
    labelled = ["--data", samples, "--length", 3]
    for arguments in (["read", samples, "--length", 3], ["eval", "digits", *labelled]):
        assert "3 of 3 labels are no answers that the reader accepts" in command(*arguments)[2]
    with pytest.warns(SegcapWarning, match="no answers that the reader accepts, such as '2395'"):
        segcap.load("digits", length=3).score([samples / "sum-apart-0.png"], ["2395"])


def test_labels_name_images_by_whatever_path(command, samples):
    (samples / "inside").mkdir()
    labels = f"file,label\ninside/../sum-apart-0.png,2395\n{samples / 'sum-apart-1.png'},1\n"
    (samples / "labels.csv").write_text(labels)
    assert "exact match 50.00%" in command("read", samples)[1]
    (samples / "labels.csv").write_text("file,label\n")
    assert "labels.csv' names no image." in command("read", samples)[2]


@pytest.mark.parametrize("label", ["19", "991", "٢٣٩٥"])
def test_digits_of_another_length_cannot_be_added_up(command, samples, label):
    (samples / "labels.csv").write_text(f"file,label\nsum-apart-0.png,{label}\n")
    for options in (["--model", "digit-sum"], ["--length", 4]):
        _, out, err = command("sum", samples / "sum-apart-0.png", *options)
        assert "  19  " in out
        assert "exact match 0.00%" in out
        assert "1 of 1 labels are no answers that the reader accepts" in err
    _, out, err = command("eval", "digit-sum", "--data", samples)
    assert "accuracy            0.00%" in out
    assert "no answers that the reader accepts" in err


def test_an_unreadable_image_is_never_right(command, samples):
    (samples / "text.png").write_text("no image")
    (samples / "labels.csv").write_text("file,label\ntext.png,1\n")
    status, out, _ = command("read", samples)
    assert status == 1
    assert "exact match 0.00%" in out
    (samples / "labels.csv").write_text("file,label\ntext.png,1\nfield-dark-0.png,4\n")
    status, out, err = command("eval", "digits", "--data", samples)
    assert status == 1
    assert "n = 2" in out
    assert "text.png" in err
