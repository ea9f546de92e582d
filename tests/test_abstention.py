"""Coverage and accuracy agree with trying every threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segcap
from segcap.core.errors import ParameterError
from segcap.evaluate import CoverageCurve, coverage_curve

answers = st.lists(st.tuples(st.sampled_from([0, 0.1, 0.5, 0.9, 1]), st.booleans()), min_size=1)
many = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def curve_of(pairs):
    confidences, right = zip(*pairs, strict=True)
    return coverage_curve(confidences, right)


@pytest.fixture(scope="module")
def read(handwriting):
    """Confidences of the shipped reader in rows of overlapping digits, and whether it is right."""
    rows = segcap.generate.digit_sums(300, 10, seed=7, digits=handwriting)
    readings = segcap.load("digits", length=4).read_many(rows.images)
    right = [
        reading.text == "".join(map(str, label))
        for reading, label in zip(readings, rows.labels, strict=True)
    ]
    return np.array([reading.confidence for reading in readings]), np.array(right)


def test_a_curve_worked_out_by_hand():
    curve = coverage_curve([0.9, 0.8, 0.8, 0.3, 0.0], [True, True, False, True, False])
    assert [tuple(point) for point in curve.points] == [
        (0.2, 1.0, 0.9),
        (0.6, pytest.approx(2 / 3), 0.8),
        (0.8, 0.75, 0.3),
        (1.0, 0.6, 0.0),
    ]
    assert curve.area == pytest.approx(0.2 * 0 + 0.4 / 3 + 0.2 * 0.25 + 0.2 * 0.4)


@given(answers)
def test_each_point_is_what_its_threshold_gives(pairs):
    confidences, right = map(np.array, zip(*pairs, strict=True))
    points = curve_of(pairs).points
    assert [point.threshold for point in points] == sorted(set(confidences), reverse=True)
    for coverage, accuracy, threshold in points:
        answered = confidences >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert accuracy == pytest.approx(right[answered].mean())


@given(many)
def test_the_last_point_answers_all(pairs):
    last = curve_of(pairs).points[-1]
    assert last.coverage == 1
    assert last.accuracy == pytest.approx(np.mean([right for _, right in pairs]))


@given(many)
def test_the_area_lies_between_the_best_and_the_worst_order(pairs):
    curve, (_, right) = curve_of(pairs), zip(*pairs, strict=True)
    n = len(right)
    best = coverage_curve(np.linspace(1, 0, n), np.sort(right)[::-1])
    worst = coverage_curve(np.linspace(1, 0, n), np.sort(right))
    assert best.area - 1e-9 <= curve.area <= worst.area + 1e-9


def test_the_area_is_the_mean_risk_of_all_coverages(read):
    confidences, right = read
    order = np.argsort(-confidences)
    risks = np.cumsum(~right[order]) / np.arange(1, len(right) + 1)
    assert len(set(confidences)) == len(confidences)
    assert coverage_curve(confidences, right).area == pytest.approx(risks.mean())


def test_confidence_knows_wrong_answers(read):
    confidences, right = read
    curve = coverage_curve(confidences, right)
    constant = coverage_curve(np.full(right.shape, 0.5), right)
    assert constant.points == ((1.0, right.mean(), 0.5),)
    assert curve.area < constant.area / 2
    assert curve.widest(0.99).coverage > 0.5


def test_the_widest_coverage_of_an_accuracy():
    curve = coverage_curve([0.9, 0.7, 0.5, 0.3], [False, True, True, True])
    assert [point.accuracy for point in curve.points] == [0, 0.5, pytest.approx(2 / 3), 0.75]
    assert curve.widest(0.5) == curve.points[-1]
    assert curve.widest(0.75).coverage == 1
    assert curve.widest(0.8) is None
    assert coverage_curve([0.9, 0.7], [True, False]).widest(1).threshold == 0.9


def test_a_thinned_curve_keeps_its_ends(read):
    curve = coverage_curve(*read)
    thin = curve.thinned(20)
    assert len(thin.points) == 20
    assert (thin.points[0], thin.points[-1]) == (curve.points[0], curve.points[-1])
    steps = np.diff([point.coverage for point in thin.points])
    assert steps.max() - steps.min() < 2.01 / len(read[1])
    assert set(thin.points) < set(curve.points)


@given(many, st.integers(2, 12))
def test_thinning_gives_at_most_so_many_points_in_order(pairs, most):
    curve = curve_of(pairs)
    thin = curve.thinned(most)
    assert isinstance(thin, CoverageCurve)
    assert len(thin.points) <= most
    assert [point for point in curve.points if point in thin.points] == list(thin.points)
    assert {curve.points[0], curve.points[-1]} <= set(thin.points)


def test_a_curve_of_too_few_points_raises():
    with pytest.raises(ParameterError, match=r"'most' must be an integer of at least 2\. Got 1"):
        coverage_curve([0.5], [True]).thinned(1)


def test_an_accuracy_that_is_none_raises():
    with pytest.raises(ParameterError, match="'accuracy' must"):
        coverage_curve([0.5], [True]).widest(1.1)


def test_a_confidence_outside_its_range_raises():
    with pytest.raises(ParameterError, match=r"'confidences' must lie in \[0, 1\]. Got 1.1"):
        coverage_curve([0.5, 1.1], [True, False])


@pytest.mark.parametrize(
    ("confidences", "right", "found"),
    [
        ([0.5], [True, False], r"Got bool of shape \(2,\) and confidences of shape \(1,\)"),
        ([0.5], [1], r"Got int64 of shape \(1,\)"),
        ([], np.array([], bool), r"Got bool of shape \(0,\)"),
    ],
)
def test_answers_of_another_shape_raise(confidences, right, found):
    with pytest.raises(ParameterError, match=found):
        coverage_curve(np.array(confidences, float), right)
