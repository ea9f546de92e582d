"""Odds agree with counting all outcomes, and limits with odds."""

import subprocess
import sys
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segcap.core.errors import ParameterError
from segcap.evaluate import wilson
from segcap.evaluate.odds import (
    ItemsNeeded,
    Odds,
    TokenBucket,
    accuracy_limit,
    accuracy_limit_of,
    carried,
    choose_tiles,
    false_alarm_rate,
    items_needed,
    near_miss,
    partial_credit,
    partial_credit_within,
    pass_probability,
    passes_per_hour,
    passes_per_hour_with_credit,
    passes_with_answer_bucket,
    plot_odds,
    price_per_pass,
    within_tries,
)

BUCKET = TokenBucket(capacity=4, refill_per_hour=12)
accuracies = st.floats(0, 1)
lengths = st.integers(2, 30)
buckets = st.builds(TokenBucket, st.integers(1, 40), st.floats(0.01, 1000))
rates = st.floats(0.1, 5000)


def chance_of(answers, accuracy):
    """Probability of these answers, True being right, one by one."""
    return prod(accuracy if right else 1 - accuracy for right in answers)


def test_known_odds():
    assert pass_probability(0.5, 12) == 1 / 4096
    assert 1 / pass_probability(0.6, 12) == pytest.approx(459.4, abs=0.05)
    assert pass_probability(0.827, 12) == pytest.approx(0.103, abs=0.001)
    assert pass_probability([0.0, 1.0], 12).tolist() == [0.0, 1.0]
    assert pass_probability(0.9, 10, wrong_allowed=1) == pytest.approx(0.7360989291)
    assert pass_probability(0.001, 60) == pytest.approx(1e-180)


@pytest.mark.parametrize("accuracy", [0.0, 0.3, 0.827, 1.0])
@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_pass_probability_counts_all_outcomes(accuracy, wrong):
    outcomes = product([True, False], repeat=6)
    passing = sum(chance_of(o, accuracy) for o in outcomes if o.count(False) <= wrong)
    assert pass_probability(accuracy, 6, wrong_allowed=wrong) == pytest.approx(passing)


def test_near_misses_count_all_outcomes():
    outcomes = product([True, False], repeat=5)
    near = sum(chance_of(outcome, 0.7) for outcome in outcomes if outcome.count(False) == 1)
    assert near_miss(0.7, 5) == pytest.approx(near)


@pytest.mark.parametrize("challenges", [1, 2, 3, 4])
@pytest.mark.parametrize("accuracy", [0.0, 0.4, 0.9, 1.0])
def test_partial_credit_counts_all_outcomes(accuracy, challenges):
    passing = 0.0
    for answers in product(product([True, False], repeat=3), repeat=challenges):
        has_credit = False
        for answer in answers:
            wrong = answer.count(False)
            if wrong == 0 or (has_credit and wrong == 1):
                passing += prod(chance_of(each, accuracy) for each in answers)
                break
            has_credit = wrong == 1
    assert partial_credit_within(accuracy, 3, challenges) == pytest.approx(passing)


@given(st.floats(0.3, 1), st.integers(2, 12))
def test_partial_credit_is_the_inverse_of_challenges_expected(accuracy, n):
    perfect, near = pass_probability(accuracy, n), near_miss(accuracy, n)
    failed = 1 - perfect - near
    expected = np.linalg.solve([[1 - failed, -near], [-failed, 1]], [1, 1])[0]
    assert 1 / partial_credit(accuracy, n) == pytest.approx(expected)


def test_partial_credit_of_hand():
    assert partial_credit(0.5, 2) == pytest.approx((1 / 4 + 1 / 2 * 3 / 4) / (3 / 2))
    assert partial_credit([0.0, 1.0], 5).tolist() == [0.0, 1.0]


@example(0.0, 7.3e-173, 2, TokenBucket(2, 6.0), 5.0)
@given(accuracies, accuracies, lengths, buckets, rates)
def test_whatever_passes_rises_with_accuracy(one, other, n, bucket, rate):
    low, high = sorted((one, other))
    for function in (
        lambda accuracy: pass_probability(accuracy, n),
        lambda accuracy: pass_probability(accuracy, n, wrong_allowed=1),
        lambda accuracy: partial_credit(accuracy, n),
        lambda accuracy: partial_credit_within(accuracy, n, 3),
        lambda accuracy: within_tries(accuracy, n),
        lambda accuracy: passes_per_hour(accuracy, rate, bucket) / rate,
        lambda accuracy: passes_per_hour_with_credit(accuracy, n, rate, bucket) / rate,
        lambda accuracy: passes_with_answer_bucket(accuracy, n),
        lambda accuracy: accuracy_limit(accuracy, n),
    ):
        least, most = float(function(low)), float(function(high))
        assert 0 <= least <= most * (1 + 1e-9) + 1e-300
        assert most <= 1


def test_tries():
    assert within_tries([0.5, 1.0, 0.0], 3).tolist() == [0.875, 1.0, 0.0]
    assert within_tries(1e-20, 3) == pytest.approx(3e-20)
    outcomes = product([True, False], repeat=4)
    assert within_tries(0.3, 4) == pytest.approx(sum(chance_of(o, 0.3) for o in outcomes if any(o)))


@pytest.mark.parametrize(("tiles", "targets"), [(5, 2), (6, 5), (4, 1)])
def test_tiles_count_all_choices(tiles, targets):
    recall, precision = 0.9, 0.95
    false_alarms = recall * targets * (1 - precision) / precision / (tiles - targets)
    right = 0.0
    for chosen in product([True, False], repeat=tiles):
        if all(chosen[:targets]) and not any(chosen[targets:]):
            right += chance_of(chosen[:targets], recall) * chance_of(chosen[targets:], false_alarms)
    assert choose_tiles(recall, precision, tiles, targets) == pytest.approx(right)


def test_tiles_where_precision_was_measured_elsewhere():
    assert false_alarm_rate(0.9, 0.75, 0.25) == pytest.approx(0.1)
    assert choose_tiles(0.9, 0.75, 4, 0, prevalence=0.25) == pytest.approx(0.9**4)
    assert choose_tiles(0.9, 0.75, 4, 4, prevalence=0.25) == pytest.approx(0.9**4)
    assert choose_tiles(0.8, [1.0, 0.5], 2, 1).tolist() == pytest.approx([0.8, 0.8 * 0.2])


def test_precision_is_what_the_false_alarms_leave(handwriting):
    """Of a nearest-neighbour classifier of handwritten threes, as measured."""
    from sklearn.neighbors import KNeighborsClassifier

    images = handwriting[0].reshape(len(handwriting[0]), -1)[:, ::4].astype(float)
    is_three = handwriting[1] == 3
    classifier = KNeighborsClassifier(1).fit(images[:60], is_three[:60])
    chosen, truth = classifier.predict(images[60:]), is_three[60:]
    recall, precision = chosen[truth].mean(), truth[chosen].mean()
    assert 0 < precision < 1
    rate = false_alarm_rate(recall, precision, truth.mean())
    assert rate == pytest.approx(chosen[~truth].mean())


def test_prices():
    price = price_per_pass(
        [0.25, 1.0, 0.0], price_per_attempt=0.01, seconds_per_attempt=36, price_per_hour=1
    )
    assert price.tolist() == pytest.approx([0.08, 0.02, np.inf])
    assert price_per_pass(0.5) == 0


@given(st.floats(1e-12, 1), st.integers(1, 60), st.data())
def test_limits_are_inverse_to_odds(target, n, data):
    wrong = data.draw(st.integers(0, n - 1))
    limit = accuracy_limit(target, n, wrong_allowed=wrong)
    assert pass_probability(limit, n, wrong_allowed=wrong) == pytest.approx(target, rel=1e-6)


def test_limits():
    assert accuracy_limit(1e-6, 12) == pytest.approx(10**-0.5)
    limit = accuracy_limit_of(lambda accuracy: pass_probability(accuracy, 12), 1e-6)
    assert limit == pytest.approx(10**-0.5)
    limit = accuracy_limit_of(lambda accuracy: partial_credit(accuracy, 12), 1e-3)
    assert partial_credit(limit, 12) == pytest.approx(1e-3)
    limit = accuracy_limit_of(lambda accuracy: passes_per_hour(accuracy**12, 360, BUCKET), 1)
    assert passes_per_hour(limit**12, 360, BUCKET) == pytest.approx(1)


@given(st.floats(1e-9, 0.9), st.floats(0, 0.9999), st.integers(0, 3))
def test_as_few_items_as_needed(target, attacker, wrong):
    needed = items_needed(target, attacker, 1.0, wrong_allowed=wrong)
    assert needed.human == 1
    assert needed.attacker <= target
    shorter = needed.n - 1
    assert shorter == wrong or pass_probability(attacker, shorter, wrong_allowed=wrong) > target


def test_items_needed():
    assert items_needed(1e-6, 0.5, 0.99) == ItemsNeeded(20, 0.5**20, pytest.approx(0.99**20))
    assert items_needed(0.5, 0.0, 1.0).n == 1


def test_intervals_are_carried_through():
    measured = wilson(2948, 3000)
    odds = carried(lambda accuracy: pass_probability(accuracy, 12), measured)
    assert (odds.low, odds.value, odds.high) == pytest.approx(
        (measured.low**12, measured.value**12, measured.high**12)
    )
    price = carried(lambda accuracy: price_per_pass(accuracy, price_per_attempt=1), measured)
    assert (price.low, price.high) == pytest.approx((1 / measured.high, 1 / measured.low))
    assert str(Odds(0.5, 0.25, 1.0)) == "0.5 (0.25 to 1)"


def test_intervals_of_what_rises_and_falls_hold_its_peak():
    measured = wilson(50, 100)
    odds = carried(lambda accuracy: accuracy * (1 - accuracy), measured)
    assert odds.high == pytest.approx(0.25)
    assert odds.low == pytest.approx(measured.low * (1 - measured.low))


def test_a_plot_shows_what_is_asked_for():
    figure = plot_odds(12, accuracy=wilson(827, 1000), target=1e-6)
    axes = figure.axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["all 12 right", "partial credit", "accuracy 0.827", "tolerated"]
    line = axes.get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), line.get_xdata() ** 12)
    assert axes.get_yscale() == "log"
    (bare,) = plot_odds(5, wrong_allowed=1, accuracy=None).axes[0].get_legend().get_texts()
    assert bare.get_text() == "at most 1 of 5 wrong"
    assert plot_odds(1, accuracy=0.1).axes[0].get_lines()[0].get_xdata().min() == 0.1


def test_a_plot_needs_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ParameterError, match="needs the extra 'plot'"):
        plot_odds(12)


def test_odds_need_no_heavy_packages():
    code = (
        "import sys; from segcap.evaluate.odds import pass_probability as p; p(0.5, 12); "
        "print(*({'keras', 'tensorflow', 'matplotlib', 'sklearn', 'scipy'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "\n"


def test_every_tile_chosen_is_a_rate_of_1():
    assert false_alarm_rate(1.0, 0.3, 0.3) == 1
    assert choose_tiles(1.0, 0.3, 10, 3) == 0
