"""Passes under token buckets agree with chains solved densely, and with play."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.linalg import null_space

from segcap.evaluate.odds import (
    TokenBucket,
    near_miss,
    partial_credit,
    pass_probability,
    passes_per_hour,
    passes_per_hour_with_credit,
    passes_with_answer_bucket,
    simulate_passes_per_hour,
)

BUCKET = TokenBucket(capacity=4, refill_per_hour=12)
accuracies = st.floats(0, 1)
buckets = st.builds(TokenBucket, st.integers(1, 40), st.floats(0.01, 1000))
rates = st.floats(0.1, 5000)


def long_run(rates, rewards):
    """Mean reward of a chain with these rates from row to column."""
    generator = rates - np.diag(rates.sum(axis=1))
    stationary = null_space(generator.T, rcond=1e-13)
    assert stationary.shape[1] == 1
    return float(stationary[:, 0] @ rewards / stationary.sum())


@given(accuracies, buckets, rates)
def test_a_bucket_lets_no_more_fail_than_it_has_tokens(passed, bucket, rate):
    assume(passed < 1)
    passes = passes_per_hour(passed, rate, bucket)
    assert passes <= passes_per_hour(passed, rate) * (1 + 1e-9)
    assert passes <= bucket.refill_per_hour * passed / (1 - passed) * (1 + 1e-6)


@pytest.mark.parametrize("passed", [0.0, 0.2, 0.75, 0.999])
@pytest.mark.parametrize("attempts", [1.0, 15.0, 400.0])
def test_a_bucket_is_a_queue(passed, attempts):
    tokens = np.arange(BUCKET.capacity + 1)
    flow = np.zeros((len(tokens), len(tokens)))
    flow[tokens[:-1], tokens[:-1] + 1] = BUCKET.refill_per_hour
    flow[tokens[1:], tokens[1:] - 1] = attempts * (1 - passed)
    expected = long_run(flow, attempts * passed * (tokens > 0))
    assert passes_per_hour(passed, attempts, BUCKET) == pytest.approx(expected, rel=1e-9)


def test_buckets_at_their_limits():
    assert passes_per_hour(0.5, 24, BUCKET) == pytest.approx(24 * 0.5 * 4 / 5)
    assert passes_per_hour([0.5, 1.0], 60, TokenBucket(3, 0)).tolist() == [0.0, 60.0]
    assert passes_per_hour([0.0, 1.0], 60, BUCKET).tolist() == [0.0, 60.0]
    assert passes_per_hour(0.25, 60) == 15
    endless = TokenBucket(3000, 12)
    assert passes_per_hour(0.5, 1000, endless) == pytest.approx(12)
    assert passes_per_hour(0.5, 20, endless) == pytest.approx(10)
    assert passes_per_hour_with_credit(0.9, 12, 10, endless) == pytest.approx(
        10 * partial_credit(0.9, 12)
    )
    with_none = passes_per_hour_with_credit([0.9, 1.0], 12, 10)
    assert with_none.tolist() == pytest.approx([10 * partial_credit(0.9, 12), 10])
    assert passes_per_hour_with_credit([0.9, 1.0], 12, 60, TokenBucket(3, 0)).tolist() == [0, 60]
    assert passes_per_hour_with_credit([[0.9]], 12, 60, BUCKET).shape == (1, 1)


@pytest.mark.parametrize("attempts", [3.0, 40.0, 900.0])
@pytest.mark.parametrize(("accuracy", "n"), [(0.5, 2), (0.9, 6), (0.99, 12), (0.0, 3)])
def test_credit_under_a_bucket_is_a_chain(accuracy, n, attempts):
    perfect, near = float(pass_probability(accuracy, n)), float(near_miss(accuracy, n))
    states = list(product(range(BUCKET.capacity + 1), (False, True)))
    flow, rewards = np.zeros((len(states), len(states))), np.zeros(len(states))

    def move(state, tokens, credit, rate):
        flow[states.index(state), states.index((tokens, credit))] += rate

    for state in states:
        tokens, credit = state
        if tokens < BUCKET.capacity:
            move(state, tokens + 1, credit, BUCKET.refill_per_hour)
        if tokens:
            passing = perfect + near * credit
            rewards[states.index(state)] = attempts * passing
            move(state, tokens, False, attempts * passing)
            move(state, tokens - 1, not credit, attempts * near * (not credit))
            move(state, tokens - 1, False, attempts * (1 - perfect - near))
    expected = long_run(flow, rewards)
    passes = passes_per_hour_with_credit(accuracy, n, attempts, BUCKET)
    assert passes == pytest.approx(expected, rel=1e-8)


def test_without_near_misses_credit_changes_nothing():
    near_certain = 1 - 1e-13
    assert passes_per_hour_with_credit(near_certain, 2, 60, BUCKET) == pytest.approx(60)
    tiny = passes_per_hour_with_credit(1e-5, 12, 60, BUCKET)
    assert tiny == pytest.approx(passes_per_hour(1e-5**12, 60, BUCKET), rel=1e-3)


@pytest.mark.parametrize("refill", [1, 3])
@pytest.mark.parametrize("passed", [0.1, 0.5, 0.99])
def test_a_bucket_that_answers_refill_is_a_chain(passed, refill):
    flow = np.zeros((refill + 1, refill + 1))
    flow[0, refill] = passed
    flow[np.arange(1, refill + 1), np.arange(refill)] = 1 - passed
    expected = long_run(flow, passed * (np.arange(refill + 1) > 0))
    assert passes_with_answer_bucket(passed, refill) == pytest.approx(expected)
    assert passes_with_answer_bucket([0.0, 1.0], refill).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("with_credit", [False, True])
@pytest.mark.parametrize("attempts", [10, 90])
def test_play_agrees_with_the_formulas(with_credit, attempts):
    accuracy, n = 0.9, 5
    exact = (
        passes_per_hour_with_credit(accuracy, n, attempts, BUCKET)
        if with_credit
        else passes_per_hour(accuracy**n, attempts, BUCKET)
    )
    played = [
        simulate_passes_per_hour(
            accuracy,
            n,
            attempts,
            BUCKET,
            with_credit=with_credit,
            hours=5,
            addresses=100,
            random_state=seed,
        )
        for seed in range(20)
    ]
    assert sum(odds.low <= exact <= odds.high for odds in played) >= 16
    assert np.mean([odds.value for odds in played]) == pytest.approx(exact, rel=0.02)


def test_play_is_the_same_with_the_same_seed():
    first, again, other = (
        simulate_passes_per_hour(0.9, 5, 30, BUCKET, hours=1, random_state=seed)
        for seed in (1, 1, 2)
    )
    assert first == again != other
