"""Odds of what cannot be are refused."""

import pytest

from segcap.core.errors import ParameterError
from segcap.evaluate.odds import (
    TokenBucket,
    accuracy_limit,
    accuracy_limit_of,
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
    simulate_passes_per_hour,
    within_tries,
)

NAN = float("nan")
BUCKET = TokenBucket(capacity=4, refill_per_hour=12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pass_probability(1.1, 12), r"'accuracy' must lie in \[0, 1\]\. Got 1\.1\."),
        (lambda: pass_probability(0.5, 0), r"'n' must be an integer of at least 1\. Got 0\."),
        (lambda: pass_probability(0.5, 3, wrong_allowed=3), r"'wrong_allowed' .* in 0 \.\.\. 2"),
        (lambda: near_miss(0.5, 0), "'n' .* Got 0"),
        (lambda: within_tries(0.5, 0), "'tries' .* at least 1. Got 0"),
        (lambda: partial_credit(0.5, 1), "'n' .* at least 2. Got 1"),
        (lambda: partial_credit_within(0.5, 3, 0), "'challenges' .* at least 1. Got 0"),
        (lambda: false_alarm_rate(0.5, 0, 0.5), "'precision' must be greater than 0. Got 0"),
        (lambda: false_alarm_rate(0.5, 0.5, 1), r"'prevalence' .* \(0, 1\)\. Got 1\."),
        (lambda: choose_tiles(0.9, 0.1, 9, 3), r"false-alarm rate .* \[0, 1\]\. Got 4\.05\."),
        (lambda: choose_tiles(0.9, 0.9, 9, 9), r"'targets' .* in 1 \.\.\. 8\. Got 9"),
        (
            lambda: choose_tiles(0.9, 0.9, 9, 10, prevalence=0.3),
            r"'targets' .* in 0 \.\.\. 9\. Got 10",
        ),
        (
            lambda: passes_per_hour_with_credit(0.9, 12, 60, TokenBucket(10_001, 6)),
            r"'capacity' .* in 0 \.\.\. 10000\. Got 10001",
        ),
        (lambda: TokenBucket(1, -1), "'refill_per_hour' must be a number of at least 0. Got -1"),
        (lambda: passes_per_hour(0.5, 0), "'attempts_per_hour' .* greater than 0. Got 0"),
        (lambda: passes_per_hour_with_credit(0.5, 1, 6, BUCKET), "'n' .* at least 2. Got 1"),
        (lambda: passes_with_answer_bucket(0.5, 0), "'refill' .* Got 0"),
        (lambda: price_per_pass(0.5, price_per_attempt=-1), "'price_per_attempt' .* Got -1"),
        (lambda: accuracy_limit(2, 12), "'target' .* Got 2"),
        (lambda: accuracy_limit_of(lambda accuracy: accuracy / 2, 0.7), r"0 and 0\.5\. Got 0\.7"),
        (lambda: items_needed(0, 0.5, 1), "'target' .* Got 0"),
        (lambda: items_needed(0.1, 1, 1), "'attacker' must be less than 1. Got 1"),
        (lambda: simulate_passes_per_hour(2, 5, 6, BUCKET), "'accuracy' .* Got 2"),
        (lambda: simulate_passes_per_hour(0.5, 5, 6, BUCKET, addresses=1), "'addresses' .* Got 1"),
        (lambda: plot_odds(12, target=1), "'target' .* Got 1"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ParameterError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
