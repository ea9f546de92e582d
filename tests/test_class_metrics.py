"""Confusions, class by class and character by character."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

import segcap
from segcap.core.errors import ParameterError
from segcap.evaluate import (
    ClassScores,
    Confusion,
    aligned_characters,
    character_confusion,
    classification_report,
    confusion_matrix,
    edit_distance,
    exact_match,
    macro_f1,
    most_confused,
    plot_confusion,
    wilson,
)

texts = st.text("abc", max_size=8)
labels = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def sums(handwriting):
    """Sums of four overlapping digits as the shipped reader adds them up, and the true ones."""
    rows = segcap.generate.digit_sums(300, 10, seed=3, digits=handwriting)
    answers = segcap.load("digits", length=4).digit_sums(rows.images)
    return [answer.value for answer in answers], rows.labels.sum(axis=1)


def test_counts_stand_in_the_row_of_the_true_class():
    matrix = confusion_matrix(["b", "b", "a", "c", "c"], ["a", "b", "a", "c", "a"])
    assert matrix.classes == ("a", "b", "c")
    assert matrix.counts.tolist() == [[1, 1, 1], [0, 1, 0], [0, 0, 1]]
    assert matrix.counts.dtype == np.int64
    assert matrix.accuracy == wilson(3, 5)


def test_classes_stand_in_the_order_given_also_without_occurrence():
    matrix = confusion_matrix(["dog", "dog"], ["dog", "cat"], ["fox", "dog", "cat"])
    assert matrix.classes == ("fox", "dog", "cat")
    assert matrix.counts.tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize("classes", [None, ["cat", "dog"]])
def test_a_missing_answer_has_a_column_of_its_own(classes):
    matrix = confusion_matrix(["dog", None, "cat"], ["dog", "cat", "cat"], classes)
    assert matrix.classes == ("cat", "dog", None)
    assert matrix.counts.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert matrix.report().classes == ("cat", "dog")
    assert matrix.report().scores[0] == (1.0, 0.5, pytest.approx(2 / 3), 2)


def test_answers_outside_the_classes_count_as_wrong():
    matrix = confusion_matrix(["fox", "cat"], ["dog", "cat"], ["cat", "dog"])
    assert matrix.counts.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert matrix.accuracy == wilson(1, 2)


def test_without_any_answer_all_is_zero():
    report = classification_report([None, None], [7, 8])
    assert report.scores == ((0, 0, 0, 1), (0, 0, 0, 1))
    assert report.macro == report.weighted == (0, 0, 0, 2)
    assert report.accuracy == wilson(0, 2)


@given(labels)
def test_the_report_agrees_with_scikit_learn(pairs):
    answers, truths = map(list, zip(*pairs, strict=True))
    expected = peer.classification_report(truths, answers, output_dict=True, zero_division=0)
    report = classification_report(answers, truths)
    for label, scores in zip(report.classes, report.scores, strict=True):
        assert scores == pytest.approx(tuple(expected[str(label)].values()))
    assert report.macro == pytest.approx(tuple(expected["macro avg"].values()))
    assert report.weighted == pytest.approx(tuple(expected["weighted avg"].values()))
    assert macro_f1(answers, truths) == report.macro.f1


def test_a_class_that_neither_occurs_nor_is_answered_counts_as_zero():
    assert macro_f1([1, 2], [1, 2]) == 1
    assert macro_f1([1, 2], [1, 2], classes=[1, 2, 3, 4]) == 0.5
    unused = classification_report([1, 2], [1, 2], classes=[1, 2, 3]).scores[2]
    assert unused == ClassScores(0.0, 0.0, 0.0, 0)


def test_the_report_prints_as_a_table():
    report = classification_report(["", "dog", None], ["", "cat", "cat"])
    assert str(report).splitlines() == [
        "              precision    recall        F1   support",
        "(empty)          1.0000    1.0000    1.0000         1",
        "cat              0.0000    0.0000    0.0000         2",
        "dog              0.0000    0.0000    0.0000         0",
        "macro mean       0.3333    0.3333    0.3333         3",
        "weighted mean    0.3333    0.3333    0.3333         3",
        "accuracy 33.33% (95 % interval 6.15% to 79.23%, n = 3)",
    ]


def test_sums_of_a_reader_are_judged_in_37_classes(sums):
    answers, truths = sums
    matrix = confusion_matrix(answers, truths, range(37))
    assert matrix.classes == tuple(range(37))
    assert matrix.counts.sum(axis=1).tolist() == np.bincount(truths, minlength=37).tolist()
    assert matrix.accuracy == exact_match(answers, truths.tolist())
    worst = most_confused(answers, truths, most=1)[0]
    assert matrix.counts[worst.true, worst.read] == worst.count
    off_diagonal = matrix.counts - np.diag(np.diag(matrix.counts))
    assert worst.count == off_diagonal.max()
    assert [(truths[image], answers[image]) for image in worst.images] == [
        (worst.true, worst.read)
    ] * worst.count


@pytest.mark.parametrize("judge", [confusion_matrix, character_confusion, most_confused])
@pytest.mark.parametrize(("answers", "truths"), [([], []), (["1"], []), (["1"], ["1", "2"])])
def test_unpaired_answers_raise(judge, answers, truths):
    message = f"of {judge.__name__} .* Got {len(answers)} answers and {len(truths)} truths"
    with pytest.raises(ParameterError, match=message):
        judge(answers, truths)


@pytest.mark.parametrize(
    ("answers", "truths", "classes", "message"),
    [
        (["3"], [3], None, "all texts or all whole numbers. Got both, such as 3 and '3'"),
        ([0.5], [1], None, "must be texts or whole numbers. Got 0.5"),
        (["a", "b"], ["a", None], None, "must be known. Got None at place 1"),
        (["a"], ["b"], ["a", "c"], "must be among its classes. Got 'b'"),
        (["a"], ["a"], ["a", "a"], r"must be distinct labels. Got \['a', 'a'\]"),
        (["a"], ["a"], ["a", None], r"must be distinct labels. Got \['a', None\]"),
        (["a"], ["a"], [1, 2], "all texts or all whole numbers. Got both, such as 1 and 'a'"),
    ],
)
def test_labels_that_are_none_raise(answers, truths, classes, message):
    with pytest.raises(ParameterError, match=message):
        confusion_matrix(answers, truths, classes)


@pytest.mark.parametrize(
    ("answer", "truth", "pairs"),
    [
        ("", "", []),
        ("12", "12", [("1", "1"), ("2", "2")]),
        ("134", "1234", [("1", "1"), (None, "2"), ("3", "3"), ("4", "4")]),
        ("1234", "134", [("1", "1"), ("2", None), ("3", "3"), ("4", "4")]),
        ("1Z3", "123", [("1", "1"), ("Z", "2"), ("3", "3")]),
        ("12", "21", [("1", "2"), ("2", "1")]),
        ("", "ab", [(None, "a"), (None, "b")]),
        ("ab", "", [("a", None), ("b", None)]),
        ("rn4", "m4", [("r", None), ("n", "m"), ("4", "4")]),
    ],
)
def test_characters_are_aligned(answer, truth, pairs):
    assert aligned_characters(answer, truth) == pairs


@given(texts, texts)
def test_alignments_hold_both_texts_with_as_many_differences_as_needed(answer, truth):
    pairs = aligned_characters(answer, truth)
    assert "".join(read or "" for read, _ in pairs) == answer
    assert "".join(true or "" for _, true in pairs) == truth
    assert sum(read != true for read, true in pairs) == edit_distance(answer, truth)


def test_characters_left_out_and_inserted_are_counted_apart():
    found = character_confusion(["1Z3", "13", None, "4477"], ["123", "123", "1", "447"])
    assert found.matrix.classes == ("1", "2", "3", "4", "7", "Z", None)
    assert found.matrix.counts[1].tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert found.deletions == {"1": 1, "2": 1}
    assert found.insertions == {"7": 1}
    assert found.matrix.accuracy == wilson(7, 10)


def test_right_texts_leave_nothing_out():
    found = character_confusion(["12"], ["12"])
    assert (found.deletions, found.insertions) == ({}, {})


@given(st.lists(st.tuples(texts, texts.filter(bool)), min_size=1, max_size=12))
def test_differences_of_characters_are_the_edit_distances(pairs):
    answers, truths = zip(*pairs, strict=True)
    found = character_confusion(answers, truths)
    wrong = found.matrix.counts.sum() - np.trace(found.matrix.counts)
    total = sum(edit_distance(*pair) for pair in pairs)
    assert wrong + sum(found.insertions.values()) == total
    assert found.matrix.counts.sum() == sum(map(len, truths))


@pytest.mark.parametrize(
    ("answers", "truths", "message"),
    [
        ([7], [7], "must be texts. Got 7"),
        (["a", ""], ["", ""], "at least one character. Got none"),
    ],
)
def test_characters_of_no_texts_raise(answers, truths, message):
    with pytest.raises(ParameterError, match=f"'truths' of character_confusion .*{message}"):
        character_confusion(answers, truths)


def test_the_most_confused_characters_come_with_their_images():
    truths = ["2m3", "mm2", "222", "nm1", "7"]
    answers = ["2n3", "nn2", "22Z", "nm1", ""]
    assert most_confused(answers, truths, unit="character") == [
        Confusion("m", "n", 3, 0.75, (0, 1)),
        Confusion("2", "Z", 1, 0.2, (2,)),
    ]


def test_the_most_confused_classes_are_ranked_by_count_then_rate():
    truths = ["cat", "cat", "fox", "dog", "dog", "dog", "elk", "cat", "cat"]
    answers = ["dog", "dog", "cat", "cat", "dog", "dog", None, "cat", "cat"]
    assert most_confused(answers, truths) == [
        Confusion("cat", "dog", 2, 0.5, (0, 1)),
        Confusion("fox", "cat", 1, 1.0, (2,)),
        Confusion("dog", "cat", 1, pytest.approx(1 / 3), (3,)),
    ]
    assert len(most_confused(answers, truths, most=2)) == 2
    assert most_confused(truths, truths) == []


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"most": 0}, "'most' must be an integer of at least 1. Got 0"),
        ({"most": 1.5}, "'most' .* Got 1.5"),
        ({"unit": "word"}, "'unit' of most_confused must be 'class' or 'character'. Got 'word'"),
    ],
)
def test_choices_outside_their_range_raise(choice, message):
    with pytest.raises(ParameterError, match=message):
        most_confused(["a"], ["a"], **choice)


def test_the_matrix_is_drawn_with_counts_and_without_a_row_for_none(tmp_path):
    axes = plot_confusion(confusion_matrix(["$a$", "b", None], ["b", "b", "$a$"]), title="x_1")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["$a$", "b", "(none)"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$a$", "b"]
    written = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.title]
    assert not any(text.get_parse_math() for text in written)
    assert sorted(text.get_position() for text in axes.texts) == [(0, 1), (1, 1), (2, 0)]
    assert axes.get_title() == f"x_1\n{wilson(1, 3)}"
    axes.figure.savefig(tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")


def test_the_drawing_grows_with_the_classes(sums):
    small = plot_confusion(confusion_matrix(["a", "b"], ["a", "b"]))
    large = plot_confusion(confusion_matrix(*sums, range(37)))
    assert large.figure.get_figwidth() > 3 * small.figure.get_figwidth()
    assert large.images[0].get_array().shape == (37, 37)


def test_drawing_without_matplotlib_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ParameterError, match=r"the extra 'plot': pip install"):
        plot_confusion(confusion_matrix(["a"], ["a"]))
