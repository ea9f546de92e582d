"""Agreement is counted image by image; a vote is the largest sum of probabilities."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segcap
from segcap.core.errors import ParameterError
from segcap.evaluate import (
    Agreement,
    Vote,
    agreement_between,
    coverage_curve,
    exact_match,
    vote,
    wilson,
)

MOST = 3
labels = st.sampled_from(["a", "b", "c"])
rows = st.lists(st.tuples(labels, labels | st.none(), labels | st.none()), min_size=1)
ballots = st.dictionaries(labels, st.integers(0, 10), max_size=3).map(
    lambda given: [(label, n / 32) for label, n in given.items()]
)
elections = st.lists(ballots, min_size=1, max_size=5)


@pytest.fixture(scope="module")
def candidates(handwriting):
    """What three readers take rows of overlapping digits for, and what they show."""
    rows = segcap.generate.digit_sums(80, 10, seed=11, digits=handwriting)
    readers = [segcap.load("digits", length=4), segcap.load("digits"), segcap.load("mixed")]
    read = [[reader.read_best(image, MOST) for image in rows.images] for reader in readers]
    return read, ["".join(map(str, label)) for label in rows.labels]


def test_agreement_worked_out_by_hand():
    truths = ["1", "2", "3", "4", "5", "6"]
    found = agreement_between(
        ["1", "2", "3", "x", None, "x"], ["1", "2", "x", "4", None, "x"], truths
    )
    assert found == Agreement(both=2, only_first=1, only_second=1, neither=2)
    assert found.n == 6
    assert (found.first, found.second, found.either) == (wilson(3, 6), wilson(3, 6), wilson(4, 6))


@given(rows)
def test_agreement_adds_up(given_rows):
    truths, first, second = map(list, zip(*given_rows, strict=True))
    found = agreement_between(first, second, truths)
    assert (found.first, found.second) == (exact_match(first, truths), exact_match(second, truths))
    pairs = Counter((one == true, two == true) for true, one, two in given_rows)
    assert found == Agreement(
        pairs[True, True], pairs[True, False], pairs[False, True], pairs[False, False]
    )
    turned = agreement_between(second, first, truths)
    assert (turned.only_first, turned.only_second) == (found.only_second, found.only_first)
    assert max(found.first.value, found.second.value) <= found.either.value


def test_classes_and_sums_agree_as_texts_do():
    assert agreement_between(np.array([3, 4]), [3, 5], np.array([3, 5])) == Agreement(1, 0, 1, 0)


@pytest.mark.parametrize("which", [0, 1])
def test_agreement_of_unlike_answers_raises(which):
    answers = [["1"], ["1"]]
    answers[which] = ["1", "2"]
    message = "of agreement_between .* Got 2 answers and 1 truths"
    with pytest.raises(ParameterError, match=message):
        agreement_between(*answers, ["1"])
    answers[which] = [1]
    with pytest.raises(ParameterError, match="Got both, such as '1' and 1"):
        agreement_between(*answers, ["1"])


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((1, -1, 1, 1), "'only_first' must be an integer of at least 0. Got -1"),
        ((0, 0, 0, 0), "must hold at least one image. Got 0"),
    ],
)
def test_counts_that_are_none_raise(numbers, message):
    with pytest.raises(ParameterError, match=message):
        Agreement(*numbers)


@pytest.mark.parametrize(
    ("image", "value", "confidence"),
    [
        ([[("12", 0.6)], [("13", 0.5)]], "12", 0.3),
        ([[("12", 0.5)], [("13", 0.6)]], "13", 0.3),
        ([[("12", 0.9)], [("13", 0.5)], [("13", 0.5)]], "13", 1 / 3),
        ([[("12", 0.5), ("13", 0.4)], [("13", 0.3)]], "13", 0.35),
        ([[("12", 0.5)], [("13", 0.5)]], "12", 0.25),
        ([[("13", 0.5)], [("12", 0.5)]], "13", 0.25),
        ([[], [("13", 0.4)]], "13", 0.4),
        ([[(None, 0.0)], [("13", 0.4)], [("13", 0.6)]], "13", 0.5),
        ([[("12", 0.0)], [(None, 0.0)]], "12", 0.0),
        ([[], [(None, 0.9)]], None, 0.0),
        ([[("", 0.2)], [("1", 0.1)]], "", 0.1),
        ([[(7, 0.2)], [(8, 0.3)], [(7, 0.2)]], 7, 0.4 / 3),
    ],
)
def test_votes_worked_out_by_hand(image, value, confidence):
    (elected,) = vote([[ballot] for ballot in image])
    assert elected == (value, pytest.approx(confidence))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_rounding_depends_on_no_order(order):
    given_ballots = [[("a", 0.1), ("b", 0.3)], [("a", 0.2)], [("a", 0.3), ("b", 0.3)]]
    (elected,) = vote([[given_ballots[reader]] for reader in order])
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    assert elected == ("a", 0.6 / 3)


@given(elections)
def test_no_answer_has_a_larger_sum(image):
    (elected,) = vote([[ballot] for ballot in image])
    sums = Counter()
    for ballot in image:
        sums.update(dict(ballot))
    if not sums:
        assert elected == Vote(None, 0.0)
        return
    assert sums[elected.value] == max(sums.values())
    voters = sum(map(bool, image))
    assert elected.confidence == pytest.approx(sums[elected.value] / voters)
    assert 0 <= elected.confidence <= 1


@given(elections, st.randoms(use_true_random=False))
def test_the_order_of_readers_decides_ties_alone(image, random):
    shuffled = random.sample(image, len(image))
    (one,), (other,) = (vote([[ballot] for ballot in order]) for order in (image, shuffled))
    assert one.confidence == other.confidence
    sums = Counter()
    for ballot in image:
        sums.update(dict(ballot))
    if list(sums.values()).count(max(sums.values(), default=0)) == 1:
        assert one == other


@given(ballots)
def test_one_reader_is_not_outvoted(ballot):
    (elected,) = vote([[ballot]])
    value, confidence = max(ballot, key=lambda one: one[1], default=(None, 0.0))
    assert elected == (value, confidence)


def test_numbers_of_numpy_become_plain():
    (elected,) = vote([[[(np.int64(4), 0.5)]]])
    assert type(elected.value) is int
    assert vote([[[(np.str_("4"), np.float32(0.5))]]]) == [Vote("4", 0.5)]


def test_without_images_nothing_is_elected():
    assert vote([[], []]) == []


def test_readers_vote_on_rows_of_digits(candidates):
    read, truths = candidates
    elected = vote(read)
    alone = [[ballot[0][0] if ballot else None for ballot in reader] for reader in read]
    votes = [one.value for one in elected]
    for place, named in enumerate(zip(*alone, strict=True)):
        if len(set(named)) == 1:
            assert votes[place] == named[0]
    assert any(len(set(named)) > 1 for named in zip(*alone, strict=True))
    assert exact_match(votes, truths).value >= max(
        exact_match(answers, truths).value for answers in alone
    )
    right = [one == truth for one, truth in zip(votes, truths, strict=True)]
    curve = coverage_curve([one.confidence for one in elected], right)
    assert curve.points[0].accuracy == 1
    assert agreement_between(votes, alone[0], truths).n == len(truths)


@pytest.mark.parametrize(
    ("given_candidates", "message"),
    [
        ([], "of at least one reader. Got none"),
        ([[[]], []], "as many images from each reader.* Got 0 and 1"),
        ([[[("1", 1.1)]]], r"'candidates' must lie in \[0, 1\]. Got 1.1"),
        ([[[("1", None)]]], r"'candidates' must be a number in \[0, 1\], or many. Got \[None\]"),
        ([[[("1", 0.8), ("2", 0.3)]]], "sum to at most 1 for each reader and image. Got 1.1"),
        ([[("1", 0.5)]], "must be pairs of an answer and its probability.* Got"),
        ([[["1", 0.5]]], "must be pairs of an answer and its probability.* Got"),
        ([[[("1", 0.5)]], [[(1, 0.5)]]], "'candidates' must be all texts or all whole numbers"),
    ],
)
def test_votes_that_cannot_be_counted_raise(given_candidates, message):
    with pytest.raises(ParameterError, match=message):
        vote(given_candidates)
