"""Texts from columns: blanks, repetitions, and the sum over all paths, by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from segcap.decoding.compose import log_softmax
from segcap.decoding.ctc import (
    BLANK,
    aligned_columns,
    beam_search,
    greedy_classes,
    text_scores,
)
from segcap.decoding.numbers import number_fields

A, B = 0, 1
SURE = 9.0


def columns_of(*classes, count=3):
    """Log-probabilities of columns that are sure of their class; 0 is blank."""
    return log_softmax(SURE * np.eye(count)[list(classes)])


def text_of(path):
    """What a path of classes spells."""
    once = [now for now, before in zip(path, (None, *path), strict=False) if now != before]
    return tuple(now - 1 for now in once if now != BLANK)


def by_brute_force(log_probabilities):
    """The probability of every text."""
    totals = {}
    steps, classes = log_probabilities.shape
    for path in itertools.product(range(classes), repeat=steps):
        score = sum(log_probabilities[step, now] for step, now in enumerate(path))
        totals[text_of(path)] = totals.get(text_of(path), 0.0) + np.exp(score)
    return totals


@st.composite
def tables(draw):
    steps = draw(st.integers(1, 5))
    numbers = st.lists(st.floats(-3, 3), min_size=3 * steps, max_size=3 * steps)
    return log_softmax(np.array(draw(numbers)).reshape(steps, 3))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ([], ()),
        ([0, 0], ()),
        ([1, 1, 1], (A,)),
        ([1, 0, 1], (A, A)),
        ([0, 1, 2, 2, 0], (A, B)),
        ([1, 1, 0, 0, 1, 2, 0], (A, A, B)),
    ],
)
def test_hand_made_columns(columns, text):
    table = columns_of(*columns)
    assert tuple(greedy_classes(table)) == text
    assert beam_search(table)[0][0] == text


def test_blank_is_the_first_class():
    assert BLANK == 0
    assert beam_search(columns_of(0, 0))[0][1] == pytest.approx(0, abs=1e-3)
    assert beam_search(columns_of(2, 2))[0][0] == (1,)


def test_all_paths_of_a_text_count():
    table = np.log([[0.4, 0.6], [0.4, 0.6]])
    assert tuple(greedy_classes(table)) == (A,)
    ranked = dict(beam_search(table))
    assert np.exp(ranked[A,]) == pytest.approx(0.84)
    assert np.exp(ranked[()]) == pytest.approx(0.16)
    by_paths = np.log([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    assert tuple(greedy_classes(by_paths)) == ()
    assert beam_search(by_paths)[0][0] == (A,)  # 0.39 by three paths against 0.25 by one


@given(tables())
def test_a_wide_beam_finds_what_brute_force_finds(table):
    expected = by_brute_force(table)
    ranked = beam_search(table, width=1000, least=0)
    assert {text: pytest.approx(np.exp(score)) for text, score in ranked} == expected
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True)


@given(tables(), st.integers(0, 4))
def test_a_known_length_is_met(table, length):
    expected = {k: v for k, v in by_brute_force(table).items() if len(k) == length}
    ranked = beam_search(table, width=1000, least=0, length=length)
    assert {text: pytest.approx(np.exp(score)) for text, score in ranked} == expected
    narrow = beam_search(table, width=1, least=0, length=length)
    assert all(len(text) == length for text, _ in narrow)


@pytest.mark.parametrize("seed", range(5))
def test_a_weak_character_is_found_if_the_length_is_known(seed):
    rng = np.random.default_rng(seed)
    truth = rng.permutation(20)[:5]
    probabilities = np.full((30, 21), 1e-6)
    probabilities[:, BLANK] = 1.0
    for place, char in enumerate(truth):
        others = rng.permutation(20)[:3]
        probabilities[3 + 5 * place, BLANK] = 0.95 if place == 2 else 0.15
        probabilities[3 + 5 * place, 1 + others] = 0.01
        probabilities[3 + 5 * place, 1 + char] = 0.05 if place == 2 else 0.8
    table = np.log(probabilities / probabilities.sum(axis=1, keepdims=True))
    assert beam_search(table, width=8, length=5)[0][0] == tuple(truth)


@given(tables(), st.lists(st.integers(0, 1), max_size=4))
def test_columns_of_a_known_text_are_those_of_its_best_path(table, text):
    steps = len(table)
    paths = [
        (sum(table[step, now] for step, now in enumerate(path)), path)
        for path in itertools.product(range(3), repeat=steps)
        if text_of(path) == tuple(text)
    ]
    found = aligned_columns(table, np.array(text, np.intp))
    if not paths:
        assert found is None
        return
    assert found.shape == (len(text), 2)
    path = np.zeros(steps, int)
    for char, (first, last) in zip(text, found, strict=True):
        path[first:last] = char + 1
    assert text_of(path) == tuple(text)
    score = sum(table[step, now] for step, now in enumerate(path))
    assert score == pytest.approx(max(paths)[0])


@settings(max_examples=10)
@given(tables(), st.lists(st.sampled_from([A, B]), min_size=1, max_size=2))
def test_what_is_trained_on_is_the_sum_over_all_paths(table, text):
    keras = pytest.importorskip("keras")
    probability = by_brute_force(table).get(tuple(text), 0.0)
    assume(probability > 1e-9)
    target = np.array([[char + 1 for char in text]])
    loss = float(keras.losses.CTC()(target, table[np.newaxis].astype(np.float32)))
    assert loss == pytest.approx(-np.log(probability), abs=1e-3)


@given(tables())
def test_known_texts_have_the_probability_of_all_their_paths(table):
    found = by_brute_force(table)
    texts = [*found, (A, B) * 3]
    scores = np.exp(text_scores(table, texts))
    np.testing.assert_allclose(scores[:-1], list(found.values()), atol=1e-12)
    assert scores[-1] == 0  # six characters in five columns at most
    assert text_scores(table, []).shape == (0,)


SUMS = number_fields("12+", kind="task")


def test_only_texts_of_a_language_are_followed():
    columns = log_softmax(SURE * np.eye(4)[[1, 0, 3, 3, 0, 2]])  # "1+2"
    assert beam_search(columns, width=3, language=SUMS)[0][0] == (0, 2, 1)
    unfinished = columns[:4]
    assert beam_search(unfinished)[0][0] == (0, 2)
    assert all(SUMS.accepts(text) for text, _ in beam_search(unfinished, language=SUMS))


@given(tables())
def test_a_wide_beam_finds_the_texts_of_a_language(table):
    language = number_fields("1+")
    truth = {text: one for text, one in by_brute_force(table).items() if language.accepts(text)}
    found = dict(beam_search(table, width=1000, language=language, least=0.0))
    assert found.keys() == truth.keys()
    assert all(np.exp(found[text]) == pytest.approx(truth[text]) for text in truth)
