"""Tests and intervals of differences agree with counting all outcomes and with publications."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, bootstrap, multinomial

import segcap
from segcap.core.errors import ParameterError
from segcap.evaluate import (
    Agreement,
    RateDifference,
    agreement_between,
    independent_difference,
    mcnemar,
    paired_difference,
    wilson,
)

counts = st.integers(0, 60)
tables = st.builds(Agreement, counts, counts, counts, st.integers(1, 60))
rates = st.integers(1, 200).flatmap(lambda n: st.integers(0, n).map(lambda k: wilson(k, n)))


def swapped(table):
    return Agreement(table.both, table.only_second, table.only_first, table.neither)


@pytest.mark.parametrize(
    ("only_first", "only_second", "exact", "mid_p"),
    [
        (1, 7, 0.070313, 0.039063),
        (0, 5, 0.0625, 0.03125),
        (6, 21, 0.005925, 0.003719),
        (0, 1, 1.0, 0.5),
        (3, 3, 1.0, 0.84375),
        (0, 0, 1.0, 1.0),
    ],
)
def test_known_values_of_mcnemar(only_first, only_second, exact, mid_p):
    table = Agreement(80, only_first, only_second, 12)
    assert mcnemar(table, mid_p=False) == pytest.approx(exact, abs=1e-6)
    assert mcnemar(table) == pytest.approx(mid_p, abs=1e-6)


@pytest.mark.parametrize("differing", range(1, 11))
def test_mcnemar_counts_all_outcomes(differing):
    wins = np.array([sum(outcome) for outcome in product((0, 1), repeat=differing)])
    away = np.abs(2 * wins - differing)
    for only_first in range(differing + 1):
        observed = abs(2 * only_first - differing)
        table = Agreement(5, only_first, differing - only_first, 5)
        assert mcnemar(table, mid_p=False) == pytest.approx((away >= observed).mean())
        mid_p = (away > observed).mean() + (away == observed).mean() / 2
        assert mcnemar(table) == pytest.approx(mid_p)


@given(tables)
def test_mcnemar_knows_no_order_and_looks_at_differing_images_alone(table):
    p = mcnemar(table)
    assert 0 < p <= mcnemar(table, mid_p=False) <= 1
    assert mcnemar(swapped(table)) == p
    assert mcnemar(Agreement(0, table.only_first, table.only_second, 1)) == p


def resampled(table, level):
    """Percentiles of the difference over all resamples, counted one by one."""
    images = [1] * table.only_first + [-1] * table.only_second
    images += [0] * (table.n - len(images))
    ranked = sorted(sum(drawn) for drawn in product(images, repeat=table.n))
    place = int(np.ceil(len(ranked) * (1 - level) / 2 - 1e-9)) - 1
    return ranked[place] / table.n, ranked[-1 - place] / table.n


@pytest.mark.parametrize(
    "table", [(1, 2, 1, 1), (0, 4, 0, 0), (0, 1, 1, 3), (2, 0, 1, 0), (1, 3, 2, 0), (2, 1, 0, 3)]
)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_the_bootstrap_counts_all_resamples(table, level):
    table = Agreement(*table)
    found = paired_difference(table, level=level)
    assert found.value == (table.only_first - table.only_second) / table.n
    assert (found.low, found.high) == pytest.approx(resampled(table, level), abs=1e-12)


def test_the_bootstrap_agrees_with_drawing(handwriting):
    rows = segcap.generate.digit_sums(100, 10, seed=5, digits=handwriting)
    truths = ["".join(map(str, label)) for label in rows.labels]
    readers = segcap.load("digits", length=4), segcap.load("mixed")
    answers = [reader.predict(rows.images).tolist() for reader in readers]
    table = agreement_between(*answers, truths)
    assert table.only_first > table.only_second > 0
    drawn = bootstrap(
        np.array([answers[0], answers[1]]) == truths,
        lambda one, other, axis: one.mean(axis) - other.mean(axis),
        paired=True,
        vectorized=True,
        n_resamples=9_999,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    found = paired_difference(table)
    assert (found.low, found.high) == pytest.approx((drawn.low, drawn.high), abs=1.01 / table.n)


@given(tables)
def test_paired_intervals_hold_their_difference_and_mirror(table):
    found = paired_difference(table)
    assert -1 <= found.low <= found.value <= found.high <= 1
    mirrored = paired_difference(swapped(table))
    assert mirrored == (-found.value, -found.high, -found.low)
    narrower = paired_difference(table, level=0.8)
    assert found.low <= narrower.low <= narrower.high <= found.high


def test_readers_that_are_right_on_the_same_images_do_not_differ():
    assert paired_difference(Agreement(7, 0, 0, 3)) == (0, 0, 0)


def test_a_large_test_set_keeps_the_distributions_precision():
    found = paired_difference(Agreement(90_000, 1_000, 900, 8_100))
    half = 1.96 * np.sqrt(1_900 - 100**2 / 100_000) / 100_000
    assert (found.low, found.high) == pytest.approx((0.001 - half, 0.001 + half), abs=1e-5)


@pytest.mark.parametrize(("n", "most"), [(5, 0.062), (20, 0.026), (30, 0.026)])
def test_equally_good_readers_are_seldom_called_worse(n, most):
    worse = [
        (one, other, n - one - other)
        for one, other in product(range(n + 1), repeat=2)
        if one < other <= n - one
        and paired_difference(Agreement(n - one - other, one, other, 0)).high < 0
    ]
    alarms = [
        multinomial.pmf(worse, n, (differing / 2, differing / 2, 1 - differing)).sum()
        for differing in (0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
    ]
    assert 0.02 < max(alarms) < most


@pytest.mark.parametrize("compare", [mcnemar, paired_difference])
def test_counts_that_are_no_agreement_raise(compare):
    with pytest.raises(ParameterError, match=r"'counts' of \w+ must be an Agreement.* Got \(1, 2"):
        compare((1, 2, 3, 4))


def test_rates_that_are_none_raise():
    with pytest.raises(ParameterError, match=r"must be a Rate, as wilson gives\. Got 0\.4"):
        independent_difference(wilson(1, 2), 0.4)


@pytest.mark.parametrize("level", [0, 1])
def test_a_level_that_is_none_raises(level):
    with pytest.raises(ParameterError, match=r"'level' must be a number in \(0, 1\)"):
        paired_difference(Agreement(1, 1, 1, 1), level=level)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_published_intervals_of_independent_rates(first, second, low, high):
    found = independent_difference(wilson(*first), wilson(*second))
    assert found.value == first[0] / first[1] - second[0] / second[1]
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(rates, rates)
def test_independent_intervals_hold_their_difference_and_mirror(one, other):
    found = independent_difference(one, other)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert independent_difference(other, one) == pytest.approx(
        (-found.value, -found.high, -found.low)
    )


def test_independent_intervals_cover_as_often_as_they_say():
    n = 30
    measured = [wilson(right, n) for right in range(n + 1)]
    gaps = np.array([independent_difference(*pair) for pair in product(measured, repeat=2)])
    for first, second in [(0.9, 0.9), (0.6, 0.5), (0.95, 0.9)]:
        chances = np.outer(*(binom.pmf(range(n + 1), n, rate) for rate in (first, second)))
        covered = (gaps[:, 1] <= first - second) & (first - second <= gaps[:, 2])
        assert 0.93 < chances.ravel() @ covered < 0.99


def test_a_difference_prints_in_points():
    shown = str(RateDifference(-0.0125, -0.03, 0.005))
    assert shown == "-1.25 points (95 % interval -3.00 to +0.50)"
