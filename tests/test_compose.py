"""Scores become probabilities, digits become sums."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segcap.core.errors import ParameterError
from segcap.decoding.compose import log_softmax, next_texts, sum_distribution

logits = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6),
    elements=st.floats(-1000, 1000, width=32),
)


@st.composite
def digit_probabilities(draw, most=3):
    shape = draw(st.integers(0, most)), draw(st.integers(1, 10))
    weights = draw(arrays(float, shape, elements=st.floats(0.01, 1)))
    return weights / weights.sum(axis=1, keepdims=True)


def test_golden_log_softmax():
    rows = np.array([[0, 0], [np.log(3), 0]], np.float32)
    np.testing.assert_allclose(np.exp(log_softmax(rows)), [[0.5, 0.5], [0.75, 0.25]], rtol=1e-6)


@given(logits, st.floats(0.05, 20))
def test_rows_sum_to_one(rows, temperature):
    log_probabilities = log_softmax(rows, temperature=temperature)
    assert log_probabilities.dtype == np.float64
    assert log_probabilities.shape == rows.shape
    np.testing.assert_allclose(np.exp(log_probabilities).sum(axis=1), 1)


@given(logits, st.floats(-100, 100))
def test_adding_a_constant_changes_nothing(rows, constant):
    rows = rows.astype(np.float64)
    np.testing.assert_allclose(log_softmax(rows + constant), log_softmax(rows), atol=1e-9)


def test_temperature_divides_the_logits():
    rows = np.array([[2, 0, -1]], np.float32)
    np.testing.assert_allclose(log_softmax(rows, temperature=4), log_softmax(rows / 4))
    assert log_softmax(rows, temperature=4).max() < log_softmax(rows).max()


@given(logits, st.data())
def test_only_allowed_classes_are_possible(rows, data):
    classes = rows.shape[1]
    allowed = data.draw(arrays(bool, classes).filter(np.any))
    probabilities = np.exp(log_softmax(rows, allowed=allowed))
    assert not probabilities[:, ~allowed].any()
    np.testing.assert_allclose(
        probabilities[:, allowed], np.exp(log_softmax(rows[:, allowed])), atol=1e-12
    )


def test_logits_are_left_unchanged():
    rows = np.array([[2.0, 0.0, -1.0]])
    log_softmax(rows, allowed=np.array([True, False, True]))
    np.testing.assert_array_equal(rows, [[2, 0, -1]])


def test_no_rows():
    assert log_softmax(np.empty((0, 10), np.float32)).shape == (0, 10)


@given(digit_probabilities(), st.data())
def test_sum_distribution_agrees_with_enumeration(probabilities, data):
    digits, classes = probabilities.shape
    values = data.draw(st.none() | arrays(int, classes, elements=st.integers(0, 9)))
    counts = range(classes) if values is None else values.tolist()
    expected = np.zeros(9 * digits + 1)
    for choice in product(range(classes), repeat=digits):
        expected[sum(counts[c] for c in choice)] += np.prod(
            [probabilities[row, c] for row, c in enumerate(choice)]
        )
    np.testing.assert_allclose(sum_distribution(probabilities, values), expected, atol=1e-12)


@given(digit_probabilities(most=12))
def test_sum_distribution_sums_to_one(probabilities):
    distribution = sum_distribution(probabilities)
    assert len(distribution) == 9 * len(probabilities) + 1
    np.testing.assert_allclose(distribution.sum(), 1)


@pytest.mark.parametrize("digits", [[3, 4], [9, 9, 9, 9], [0], [0, 0, 0]])
def test_certain_digits_have_a_certain_sum(digits):
    expected = np.zeros(9 * len(digits) + 1)
    expected[sum(digits)] = 1
    np.testing.assert_array_equal(sum_distribution(np.eye(10)[digits]), expected)


def test_two_coins():
    np.testing.assert_allclose(
        sum_distribution(np.full((2, 2), 0.5))[:4], [0.25, 0.5, 0.25, 0], atol=1e-15
    )


@pytest.mark.parametrize("classes", [1, 10])
def test_no_digits_sum_to_zero(classes):
    np.testing.assert_array_equal(sum_distribution(np.empty((0, classes))), [1.0])


def test_values_may_come_in_any_order():
    probabilities = np.array([[0.7, 0.2, 0.1]])
    distribution = sum_distribution(probabilities, np.array([9, 0, 4]))
    np.testing.assert_allclose(distribution[[9, 0, 4]], [0.7, 0.2, 0.1])


def test_classes_of_one_value_are_added():
    distribution = sum_distribution(np.array([[0.5, 0.3, 0.2]]), np.array([1, 1, 2]))
    np.testing.assert_allclose(distribution[:3], [0, 0.8, 0.2])


@pytest.mark.parametrize("values", [[-1, 0], [0, 10], [3, 99]])
def test_value_that_is_no_digit_raises(values):
    with pytest.raises(ParameterError, match=r"'values' of digits must lie in 0 to 9. Got \["):
        sum_distribution(np.full((1, 2), 0.5), np.array(values))


def test_more_than_ten_classes_need_values():
    with pytest.raises(ParameterError, match="must lie in 0 to 9"):
        sum_distribution(np.full((1, 11), 1 / 11))


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_the_next_texts_are_those_of_all(places, seed):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(3), places)
    ranked = next_texts(probabilities, "abc")
    brute = sorted((float(np.prod(own)) for own in product(*probabilities)), reverse=True)
    assert [probability for _, probability in ranked] == pytest.approx(brute[1:5])
    for text, probability in ranked:
        assert probability == pytest.approx(
            np.prod([own["abc".index(char)] for own, char in zip(probabilities, text, strict=True)])
        )


def test_the_probability_of_a_folded_class_counts_for_another():
    probabilities = np.exp(log_softmax(np.log([[0.3, 0.5, 0.2]]), folded={1: 0}))
    np.testing.assert_allclose(probabilities, [[0.8, 0, 0.2]], atol=1e-12)
