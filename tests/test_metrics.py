"""Measures agree with values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import segcap
from segcap.core.errors import ParameterError
from segcap.evaluate.metrics import (
    Rate,
    character_accuracy,
    edit_distance,
    exact_match,
    expected_calibration_error,
    wilson,
)
from segcap.evaluate.text_metrics import (
    character_error_rate,
    errors_by_position,
    length_accuracy,
    top_k_accuracy,
)

texts = st.text("ab1", max_size=7)
read_texts = st.lists(
    st.tuples(texts | st.none(), st.text("ab1", min_size=1, max_size=7)), min_size=1
)
of_texts = pytest.mark.parametrize(
    "measure", [character_error_rate, length_accuracy, errors_by_position]
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (5, 10, 0.2366, 0.7634),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (0, 1, 0.0, 0.7935),
        (1, 1, 0.2065, 1.0),
        (950, 1000, 0.9347, 0.9619),
    ],
)
def test_wilson(successes, n, low, high):
    rate = wilson(successes, n)
    assert rate.value == successes / n
    assert rate.low == pytest.approx(low, abs=5e-5)
    assert rate.high == pytest.approx(high, abs=5e-5)
    assert rate.n == n


@given(st.integers(1, 500), st.data())
def test_wilson_intervals_hold_their_rate_and_mirror(n, data):
    successes = data.draw(st.integers(0, n))
    rate, mirrored = wilson(successes, n), wilson(n - successes, n)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.low == pytest.approx(1 - mirrored.high)
    narrower = wilson(successes, n, level=0.8)
    assert rate.low <= narrower.low <= narrower.high <= rate.high


@pytest.mark.parametrize(
    ("successes", "n", "message"),
    [
        (0, 0, r"'n' must be an integer of at least 1\. Got 0"),
        (6, 5, r"'successes' must be an integer in 0 \.\.\. 5\. Got 6"),
    ],
)
def test_wilson_of_impossible_counts_raises(successes, n, message):
    with pytest.raises(ParameterError, match=message):
        wilson(successes, n)


@pytest.mark.parametrize("level", [0, 1])
def test_wilson_level_out_of_range_raises(level):
    with pytest.raises(ParameterError, match="level"):
        wilson(3, 5, level=level)


def test_rate_prints_its_interval():
    rate = Rate(0.8, 0.49, 0.94, 1000)
    assert str(rate) == "80.00% (95 % interval 49.00% to 94.00%, n = 1,000)"


@pytest.mark.parametrize(
    ("answers", "truths", "value"),
    [
        (["12", "34"], ["12", "34"], 1.0),
        (["12", "3"], ["12", "34"], 0.5),
        ([7, None], [8, 9], 0.0),
        (["a"], ["A"], 0.0),
    ],
)
def test_exact_match(answers, truths, value):
    rate = exact_match(answers, truths)
    assert rate.value == value
    assert rate.n == len(truths)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("1234", "1234", 0),
        ("1234", "134", 1),
        ("1234", "12345", 1),
        ("1234", "1934", 1),
        ("12", "21", 2),
        ("kitten", "sitting", 3),
        ("aaa", "bbbb", 4),
    ],
)
def test_edit_distance(one, other, distance):
    assert edit_distance(one, other) == distance


@given(texts, texts, texts)
def test_edit_distance_is_a_metric(one, other, third):
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    assert (distance == 0) == (one == other)
    assert distance <= edit_distance(one, third) + edit_distance(third, other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))


@pytest.mark.parametrize(
    ("answers", "truths", "right", "total"),
    [
        (["1234"], ["1234"], 4, 4),
        (["1204"], ["1234"], 3, 4),
        ([""], ["1234"], 0, 4),
        (["99999999"], ["12"], 0, 2),
        (["99999999", "34"], ["12", "34"], 2, 4),
        (["x", "12"], ["", "12"], 2, 2),
    ],
)
def test_character_accuracy(answers, truths, right, total):
    assert character_accuracy(answers, truths) == wilson(right, total)


@pytest.mark.parametrize(
    ("confidences", "right", "bins", "error"),
    [
        ([0.95, 0.85, 0.65, 0.15], [True, False, True, False], 10, 0.3500),
        ([0.75, 0.75, 0.75, 0.75], [True, True, True, False], 10, 0.0),
        ([0.61, 0.69], [True, False], 10, 0.15),
        ([0.2, 0.8], [False, True], 1, 0.0),
        ([0.2, 0.8], [False, True], 2, 0.2),
        ([1.0, 1.0], [True, True], 15, 0.0),
        ([1.0, 1.0], [False, False], 15, 1.0),
        ([0.0], [True], 15, 1.0),
    ],
)
def test_expected_calibration_error(confidences, right, bins, error):
    found = expected_calibration_error(np.array(confidences), np.array(right), bins=bins)
    assert found == pytest.approx(error, abs=1e-12)


@given(st.data(), st.integers(1, 30), st.integers(1, 20))
def test_calibration_error_lies_between_its_bounds(data, n, bins):
    confidences = data.draw(arrays(float, n, elements=st.floats(0, 1)))
    right = data.draw(arrays(bool, n))
    error = expected_calibration_error(confidences, right, bins=bins)
    assert abs(confidences.mean() - right.mean()) - 1e-9 <= error
    assert error <= np.abs(confidences - right).mean() + 1e-9


@pytest.mark.parametrize("measure", [exact_match, character_accuracy])
@pytest.mark.parametrize(("answers", "truths"), [([], []), (["1"], []), (["1"], ["1", "2"])])
def test_unpaired_answers_raise(measure, answers, truths):
    message = f"Got {len(answers)} answers and {len(truths)} truths"
    with pytest.raises(ParameterError, match=message):
        measure(answers, truths)


@pytest.mark.parametrize(("confidences", "right"), [([], []), ([0.5], [True, False])])
def test_unpaired_confidences_raise(confidences, right):
    with pytest.raises(ParameterError, match="as many truths as answers"):
        expected_calibration_error(np.array(confidences), np.array(right, bool))


@pytest.mark.parametrize("bins", [0, -1])
def test_calibration_error_without_bins_raises(bins):
    with pytest.raises(ParameterError, match="bins"):
        expected_calibration_error(np.array([0.5]), np.array([True]), bins=bins)


@pytest.mark.parametrize(
    ("answers", "truths", "rate"),
    [
        (["1234"], ["1234"], 0.0),
        (["1204", "", "99999999"], ["1234", "12", "12"], 11 / 8),
        ([None, "12"], ["34", "12"], 0.5),
        (["x", "12"], ["", "12"], 0.5),
    ],
)
def test_character_error_rate(answers, truths, rate):
    assert character_error_rate(answers, truths) == rate


@given(read_texts)
def test_the_error_rate_is_what_character_accuracy_lacks(pairs):
    answers, truths = map(list, zip(*pairs, strict=True))
    rate = character_error_rate(answers, truths)
    lacking = 1 - character_accuracy([answer or "" for answer in answers], truths).value
    assert rate >= lacking - 1e-12
    if all(len(answer or "") <= len(truth) for answer, truth in pairs):
        assert rate == pytest.approx(lacking)


@pytest.mark.parametrize(
    ("answers", "truths", "right"),
    [
        (["12", "99", "123"], ["12", "34", "12"], 2),
        ([None, ""], ["12", "12"], 0),
        ([None, ""], ["", ""], 1),
    ],
)
def test_length_accuracy(answers, truths, right):
    assert length_accuracy(answers, truths) == wilson(right, len(truths))


@pytest.mark.parametrize(("k", "right"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_top_k_accuracy(k, right):
    candidates = [["12", "21"], ["43", "34", "44"], [], ["65", "66", "56"]]
    assert top_k_accuracy(candidates, ["12", "34", "78", "56"], k) == wilson(right, 4)


def test_top_k_accuracy_of_classes():
    assert top_k_accuracy(np.array([[3, 4], [5, 6]]), np.array([4, 7]), 2) == wilson(1, 2)


@pytest.mark.parametrize(
    ("candidates", "truths", "k", "message"),
    [
        (["12"], ["12"], 1, "must be a sequence for each image. Got the text '12'"),
        ([["12"]], ["12"], 0, "'k' must be an integer of at least 1. Got 0"),
        ([["12"]], ["12", "34"], 1, "of top_k_accuracy .* Got 1 answers and 2 truths"),
        ([["12"]], [12], 1, "Got both, such as 12 and '12'"),
        ([["12", 12]], ["12"], 1, "'candidates' must be all texts or all whole numbers"),
    ],
)
def test_candidates_that_are_none_raise(candidates, truths, k, message):
    with pytest.raises(ParameterError, match=message):
        top_k_accuracy(candidates, truths, k)


@pytest.mark.parametrize(
    ("answers", "truths", "wrong"),
    [
        (["1234", "1294"], ["1234", "1234"], [(0, 2), (0, 2), (1, 2), (0, 2)]),
        (["134"], ["1234"], [(0, 1), (1, 1), (0, 1), (0, 1)]),
        (["12345"], ["1234"], [(0, 1), (0, 1), (0, 1), (0, 1)]),
        ([None, "12"], ["123", "12"], [(1, 2), (1, 2), (1, 1)]),
        (["1", "7"], ["11", ""], [(1, 1), (0, 1)]),
    ],
)
def test_errors_by_position(answers, truths, wrong):
    expected = tuple(wilson(*rate) for rate in wrong)
    assert errors_by_position(answers, truths) == expected


@given(read_texts)
def test_no_position_is_wrong_more_often_than_there_are_differences(pairs):
    answers, truths = map(list, zip(*pairs, strict=True))
    rates = errors_by_position(answers, truths)
    assert [rate.n for rate in rates] == [
        sum(len(truth) > place for truth in truths) for place in range(max(map(len, truths)))
    ]
    differences = character_error_rate(answers, truths) * sum(map(len, truths))
    assert sum(rate.value * rate.n for rate in rates) <= differences + 1e-9


def test_what_a_reader_reads_in_rows_of_digits(handwriting):
    rows = segcap.generate.digit_sums(100, 10, seed=2, digits=handwriting)
    truths = ["".join(map(str, label)) for label in rows.labels]
    reader = segcap.load("digits")
    answers = reader.predict(rows.images).tolist()
    ranked = [[text for text, _ in reader.read_best(image, 5)] for image in rows.images]
    rates = [top_k_accuracy(ranked, truths, k).value for k in range(1, 6)]
    assert rates == sorted(rates)
    assert rates[0] == exact_match(answers, truths).value < rates[4]
    right_length = length_accuracy(answers, truths)
    assert rates[0] <= right_length.value < 1
    known = segcap.load("digits", length=4).predict(rows.images)
    assert length_accuracy(known, truths).value == 1
    by_place = [
        np.mean(
            [answer[place] != truth[place] for answer, truth in zip(known, truths, strict=True)]
        )
        for place in range(4)
    ]
    aligned = [rate.value for rate in errors_by_position(known, truths)]
    assert aligned == pytest.approx(by_place, abs=0.02)


@of_texts
@pytest.mark.parametrize(("answers", "truths"), [(["1"], []), (["1"], ["1", "2"])])
def test_unpaired_texts_raise(measure, answers, truths):
    message = f"of {measure.__name__} .* Got {len(answers)} answers and {len(truths)} truths"
    with pytest.raises(ParameterError, match=message):
        measure(answers, truths)


@of_texts
def test_numbers_instead_of_texts_raise(measure):
    with pytest.raises(
        ParameterError, match=f"'truths' of {measure.__name__} must be texts. Got 3"
    ):
        measure([3], [3])


@pytest.mark.parametrize("measure", [character_accuracy, character_error_rate, errors_by_position])
def test_texts_without_any_character_raise(measure):
    message = f"of {measure.__name__} must hold at least one character. Got none"
    with pytest.raises(ParameterError, match=message):
        measure(["1", ""], ["", ""])


def test_no_answer_has_no_characters_right():
    assert character_accuracy([None, "12"], ["34", "12"]).value == 0.5


@pytest.mark.parametrize("confidence", [np.nan, -0.5, 1.4])
def test_confidences_are_probabilities(confidence):
    with pytest.raises(ParameterError, match=f"'confidences' must lie in .* Got {confidence}"):
        expected_calibration_error([0.5, confidence], [True, False])
