"""Folders of rows of digits, as arrays."""

import json

import numpy as np
import pytest

from segcap.core.errors import DataError, ParameterError
from segcap.datasets import load_uci_digits
from segcap.generate import digit_sums, read_manifest, write_digit_sums

SQUARES = np.arange(1, 161, dtype=np.uint8).reshape(10, 4, 4), np.arange(10)


class CutError(Exception):
    """The power fails."""


def cut(_):
    raise CutError


def test_arrays_and_manifest_agree_with_the_rows(tmp_path, handwriting, tree):
    reported = []
    write_digit_sums(
        5,
        tmp_path,
        digits=handwriting,
        min_advance=22,
        count=3,
        seed=8,
        on_progress=reported.append,
    )
    rows = digit_sums(5, 22, seed=8, digits=handwriting, count=3)
    images, sums = np.load(tmp_path / "data0.npy"), np.load(tmp_path / "lab0.npy")
    assert set(tree(tmp_path)) == {"data0.npy", "lab0.npy", "manifest.jsonl", "settings.json"}
    assert (images.shape, images.dtype, sums.shape) == ((5, 40, 126), np.uint8, (5,))
    np.testing.assert_array_equal(images, rows.images)
    np.testing.assert_array_equal(sums, rows.labels.sum(axis=1))
    for index, record in enumerate(read_manifest(tmp_path)):
        assert record == {
            "file": "data0.npy",
            "row": index,
            "label": "".join(map(str, rows.labels[index])),
            "sum": sum(map(int, record["label"])),
            "boxes": rows.boxes[index].tolist(),
            "parameters": {
                "min_advance": 22,
                "chosen": rows.chosen[index].tolist(),
                "corners": rows.corners[index].tolist(),
            },
            "seed": 8,
            "index": index,
        }
    settings = json.loads((tmp_path / "settings.json").read_text())
    assert settings.items() >= {"scheme": "digit-sum", "min_advance": 22, "count": 3}.items()
    assert reported == [1, 2, 3, 4, 5]


def test_no_rows(tmp_path):
    write_digit_sums(0, tmp_path, digits=SQUARES)
    assert read_manifest(tmp_path) == []


def test_more_than_ten_thousand_rows_go_on_in_another_file_and_are_resumed(tmp_path, tree):
    options = {"digits": SQUARES, "count": 2, "min_advance": 4}
    write_digit_sums(10_003, tmp_path / "whole", **options)
    whole = tree(tmp_path / "whole")
    assert np.load(tmp_path / "whole" / "data0.npy").shape == (10_000, 16, 36)
    assert np.load(tmp_path / "whole" / "lab1.npy").shape == (3,)
    last = read_manifest(tmp_path / "whole")[-1]
    assert (last["file"], last["row"], last["index"]) == ("data1.npy", 2, 10_002)
    (image,) = digit_sums(1, 4, digits=SQUARES, count=2, start=10_002).images
    np.testing.assert_array_equal(np.load(tmp_path / "whole" / "data1.npy")[2], image)

    lines = whole["manifest.jsonl"].splitlines(keepends=True)
    (tmp_path / "whole" / "manifest.jsonl").write_bytes(b"".join(lines[:10_001]) + b'{"file": ')
    (tmp_path / "whole" / "data1.npy").write_bytes(b"half an array")
    (tmp_path / "whole" / "lab1.npy").unlink()
    write_digit_sums(10_003, tmp_path / "whole", resume=True, **options)
    assert tree(tmp_path / "whole") == whole


def test_sums_that_are_missing_are_written_again(tmp_path, tree):
    write_digit_sums(3, tmp_path / "folder", digits=SQUARES)
    whole = tree(tmp_path / "folder")
    (tmp_path / "folder/lab0.npy").unlink()
    write_digit_sums(3, tmp_path / "folder", digits=SQUARES, resume=True)
    assert tree(tmp_path / "folder") == whole


def test_rows_cut_within_the_first_file_are_resumed(tmp_path, tree):
    write_digit_sums(9, tmp_path / "whole", digits=SQUARES)
    with pytest.raises(CutError):
        write_digit_sums(9, tmp_path / "cut", digits=SQUARES, on_progress=cut)
    assert len(read_manifest(tmp_path / "cut")) == 1
    write_digit_sums(9, tmp_path / "cut", digits=SQUARES, resume=True)
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 1}, "seed 1 for .* with 0"),
        ({"count": 3}, "count 3 for .* with 4"),
        ({"min_advance": 3}, "min_advance 3 for .* with 15"),
        ({"digits": (SQUARES[0][::-1], SQUARES[1])}, "digits '"),
        ({"digits": (SQUARES[0], SQUARES[1][::-1])}, "digits '"),
        ({"n": 1}, "1 for .* which holds 2"),
    ],
)
def test_rows_are_resumed_with_their_own_settings_alone(options, message, tmp_path, tree):
    write_digit_sums(2, tmp_path, digits=SQUARES)
    before = tree(tmp_path)
    with pytest.raises(DataError, match=f"resumed .* Got {message}"):
        write_digit_sums(
            **{"n": 4, "folder": tmp_path, "digits": SQUARES, "resume": True, **options}
        )
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": -1}, "'n' must be .*at least 0. Got -1"),
        ({"min_advance": 41}, "'min_advance' must be at most 40.*Got 41"),
    ],
)
def test_what_is_refused_makes_no_folder(options, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        write_digit_sums(**{"n": 2, "folder": tmp_path / "new", "digits": SQUARES, **options})
    assert not (tmp_path / "new").exists()


def test_labels_of_ones_own_do_not_stop_a_resumed_folder(tmp_path):
    write_digit_sums(2, tmp_path, digits=load_uci_digits())
    (tmp_path / "labels.csv").write_text("my own\n")
    write_digit_sums(3, tmp_path, digits=load_uci_digits(), resume=True)
    assert (tmp_path / "labels.csv").read_text() == "my own\n"
