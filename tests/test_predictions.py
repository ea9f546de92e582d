"""Answers are written as challenges ask for them."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segcap
from segcap.core.errors import DataError, FileError, ParameterError
from segcap.core.image_files import find_images
from segcap.decoding.compose import log_softmax
from segcap.evaluate import write_predictions

ROOT = Path(__file__).parent.parent


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.fixture
def target(tmp_path):
    return tmp_path / "answers.csv"


def test_cats_and_dogs_are_written_by_number(target):
    images = [Path(f"test1/{number}.jpg") for number in (1, 2, 10)]
    write_predictions(target, images, ["dog", "cat", "dog"], codes={"cat": 0, "dog": 1})
    assert target.read_bytes() == b"id,label\n1,1\n2,0\n10,1\n"


def test_texts_of_sample_images_are_written_in_natural_order(target):
    images = find_images([ROOT / "data" / "samples"])
    readings = segcap.load("digits").read_many(images)
    write_predictions(
        target,
        images,
        [reading.text for reading in readings],
        [reading.confidence for reading in readings],
    )
    head, *rows = rows_of(target)
    assert head == ["id", "label", "probability"]
    assert [row[0] for row in rows] == [image.stem for image in images]
    assert [row[1] for row in rows] == [reading.text for reading in readings]
    assert [float(row[2]) for row in rows] == [reading.confidence for reading in readings]


@given(st.lists(st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=3), max_size=5))
def test_class_probabilities_are_read_back_unchanged(tmp_path_factory, logits):
    target = tmp_path_factory.mktemp("predictions") / "answers.csv"
    scores = np.array(logits, np.float32).reshape(-1, 3)
    probabilities = np.exp(log_softmax(scores)).astype(np.float32)
    answers = probabilities.argmax(axis=1)
    write_predictions(target, range(len(scores)), answers, probabilities, [0, 1, 2])
    head, *rows = rows_of(target)
    assert head == ["id", "label", "0", "1", "2"]
    assert [row[:2] for row in rows] == [[str(i), str(a)] for i, a in enumerate(answers)]
    found = np.array([row[2:] for row in rows], np.float32).reshape(-1, 3)
    np.testing.assert_array_equal(found, probabilities)


def test_labels_that_csv_would_split_are_kept(target):
    answers = ['a,"b"', "two\nlines", "", None, "Ω=1"]
    write_predictions(target, ["x,1", "2", "3", "4", "5"], answers)
    assert rows_of(target)[1:] == [
        ["x,1", 'a,"b"'],
        ["2", "two\nlines"],
        ["3", ""],
        ["4", ""],
        ["5", "Ω=1"],
    ]


def test_names_of_files_that_are_no_text_are_kept(target):
    write_predictions(target, [Path(os.fsdecode(b"caf\xe9.png"))], ["1"])
    assert target.read_bytes() == b"id,label\ncaf\xe9,1\n"


def test_a_str_is_an_id_as_it_is(target):
    write_predictions(target, ["test1/12.jpg", "v1.5"], ["a", "b"])
    assert rows_of(target)[1:] == [["test1/12.jpg", "a"], ["v1.5", "b"]]


def test_no_answers_give_the_header_alone(target):
    write_predictions(target, [], [], np.empty((0, 2)), ["cat", "dog"])
    assert target.read_bytes() == b"id,label,cat,dog\n"
    write_predictions(target, [], [], [], overwrite=True)
    assert target.read_bytes() == b"id,label,probability\n"


def test_a_missing_answer_needs_no_code(target):
    write_predictions(target, [1, 2], [None, "cat"], codes={"cat": 0})
    assert target.read_bytes() == b"id,label\n1,\n2,0\n"


def test_a_file_that_exists_is_replaced_only_when_asked_to(target, tmp_path):
    target.write_text("mine")
    with pytest.raises(DataError, match=r"answers.csv', which exists"):
        write_predictions(target, [1], ["a"])
    assert target.read_text() == "mine"
    write_predictions(target, [1], ["a"], overwrite=True)
    assert target.read_bytes() == b"id,label\n1,a\n"
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_refused_leaves_the_file_as_it_was(target):
    target.write_text("mine")
    with pytest.raises(ParameterError):
        write_predictions(target, [1, 1], ["a", "b"], overwrite=True)
    assert target.read_text() == "mine"


def test_a_missing_folder_raises(tmp_path):
    with pytest.raises(FileError, match="into a folder that exists"):
        write_predictions(tmp_path / "none" / "answers.csv", [1], ["a"])


@pytest.mark.parametrize(
    ("ids", "answers", "more", "message"),
    [
        ([1], ["a", "b"], {}, "'ids' .* Got 1 ids and 2 answers"),
        ([Path("x/1.png"), 2, Path("y/1.jpg")], "abc", {}, "distinct. Got '1' 2 times"),
        ([1], [0.5], {}, "'answers' must be texts or whole numbers. Got 0.5"),
        ([1], ["a"], {"codes": {"b": 0}}, "'codes' .* Got none for 'a'"),
        ([1, 2], "ab", {"probabilities": [0.5, np.nan]}, "'probabilities' must lie in .* Got nan"),
        ([1, 2], "ab", {"probabilities": [0.5]}, r"N = 2 answers. Got float64 of shape \(1,\)"),
        ([1], "a", {"probabilities": ["x"]}, "Got <U1 of shape"),
        ([1, 2], "ab", {"probabilities": [[0.5, 0.5], []]}, "Got rows of several lengths"),
        ([1], "a", {"probabilities": [[0.5, 0.5]]}, r"Got None with shape \(1, 2\)"),
        ([1], "a", {"probabilities": [0.5], "classes": "ab"}, r"Got 'ab' with shape \(1,\)"),
        ([1], "a", {"classes": "ab"}, "Got 'ab' with no probabilities"),
        ([1], "a", {"probabilities": [[1, 0]], "classes": "abc"}, "for 2 columns"),
        ([1], "a", {"probabilities": [[1, 0]], "classes": ["a", "id"]}, r"Got \['a', 'id'\]"),
    ],
)
def test_predictions_that_do_not_fit_raise(target, ids, answers, more, message):
    with pytest.raises(ParameterError, match=message):
        write_predictions(target, ids, list(answers), **more)
    assert not target.exists()
