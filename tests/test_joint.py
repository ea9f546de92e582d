"""A text that spans and columns are asked about together."""

import re
from dataclasses import replace

import numpy as np
import pytest

from segcap.decoding.chains import Lattice, choose
from segcap.decoding.compose import log_softmax
from segcap.decoding.joint import (
    NEITHER,
    Columns,
    _nearness,
    choose_by_both,
    rank_by_both,
)
from segcap.decoding.numbers import number_fields

A, B, C = range(3)


def lattice(atoms):
    """Spans of one atom and of two, each atom 10 pixels wide."""
    spans = [(i, i + 1) for i in range(atoms)] + [(i, i + 2) for i in range(atoms - 1)]
    boxes = [(10 * first, 0, 10 * last, 20) for first, last in spans]
    return Lattice(np.array(spans, np.int32), np.array(boxes, np.int32), atoms)


def spans_of(text, others=-4.0, atoms=None):
    """Scores by which the atoms show a text, and pairs of them nothing."""
    found = lattice(atoms or len(text))
    scores = np.full((len(found.spans), 3), others)
    scores[len(text) :] = -12.0
    scores[np.arange(len(text)), list(text)] = np.log(0.9)
    return found, scores


def columns_of(*classes, sure=6.0):
    """Columns, 5 pixels wide, that are sure of these classes; 0 is blank."""
    table = log_softmax(sure * np.eye(4)[list(classes)])
    left = 5 * np.arange(len(classes))
    boxes = np.stack([left, 0 * left, left + 5, 0 * left + 20], axis=1)
    return Columns(table, boxes.astype(np.int32))


def chosen(columns, spans, **given):
    found, scores = spans
    options = {"length": None, "reject_below": 0.0} | given
    return choose_by_both(columns, found, scores, "abc", **options)


def test_what_both_see_is_read_with_the_boxes_of_the_spans():
    outcome = chosen(columns_of(1, 0, 2, 0, 3), spans_of((A, B, C)))
    assert outcome.reading.text == "abc"
    assert outcome.reading.status == "ok"
    assert outcome.reading.confidence > 0.9
    assert [glyph.box for glyph in outcome.reading.glyphs] == [
        (0, 0, 10, 20),
        (10, 0, 20, 20),
        (20, 0, 30, 20),
    ]


def test_the_surer_of_both_is_believed():
    assert chosen(columns_of(1, 0, 2, 0, 3), spans_of((A, B, A), -1.0)).reading.text == "abc"
    unsure = columns_of(1, 0, 2, 0, 3, sure=0.2)
    assert chosen(unsure, spans_of((A, B, A), -9.0)).reading.text == "aba"


def test_disagreement_lowers_the_confidence_and_names_the_other_text():
    agreed = chosen(columns_of(1, 0, 2), spans_of((A, B)))
    split = chosen(columns_of(1, 0, 2, sure=3.0), spans_of((A, C)))
    assert split.reading.confidence < agreed.reading.confidence
    texts = [split.reading.text, *(text for text, _ in split.reading.alternatives)]
    assert {"ab", "ac"} <= set(texts)
    others = dict(split.reading.glyphs[1].alternatives)
    assert others[{"ab": "c", "ac": "b"}[split.reading.text]] > 0


def test_a_text_that_no_spans_spell_has_the_boxes_of_its_columns():
    outcome = chosen(columns_of(0, 1, 1, 0, 2, 3), spans_of((A,)))
    assert outcome.reading.text == "abc"
    assert [glyph.box for glyph in outcome.reading.glyphs] == [
        (5, 0, 15, 20),
        (20, 0, 25, 20),
        (25, 0, 30, 20),
    ]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_length_holds(length):
    outcome = chosen(columns_of(1, 0, 2, 0, 3), spans_of((A, B, C)), length=length)
    assert len(outcome.reading.text) == length


def test_without_ink_there_is_no_text():
    nothing = Lattice(np.empty((0, 2), np.int32), np.empty((0, 4), np.int32), 0)
    outcome = chosen(columns_of(1, 0, 2), (nothing, np.empty((0, 3))))
    assert outcome.reading.status == "empty"


def odds(probability):
    return probability / (1 - probability)


def test_little_trust_lowers_all_confidence():
    sure = chosen(columns_of(1, 0, 2, sure=4.0), spans_of((A, B)))
    guessed = sure.trusted(0.25, reject_below=0.9)
    assert sure.reading.status == "ok"
    assert guessed.reading.status == "rejected"
    assert odds(guessed.reading.confidence) == pytest.approx(odds(sure.reading.confidence) / 4)
    for before, after in zip(sure.reading.alternatives, guessed.reading.alternatives, strict=True):
        assert odds(after[1]) == pytest.approx(odds(before[1]) / 4)
    before, after = (
        np.array([glyph.confidence for glyph in own.reading.glyphs]) for own in (sure, guessed)
    )
    assert odds(after.prod()) == pytest.approx(odds(before.prod()) / 4)
    assert np.ptp(after / before) < 1e-9
    assert sure.trusted(1.0, reject_below=0.0) is sure


@pytest.mark.parametrize("by", ["columns", "spans"])
def test_little_trust_lowers_the_odds_of_what_is_composed(by):
    found, scores = spans_of((A, C, B))
    language = number_fields("12+", None, kind="task", ended=False)
    options = {"length": None, "reject_below": 0.0, "language": language}
    if by == "columns":
        sure = choose_by_both(columns_of(1, 0, 3, 0, 2, sure=4.0), found, scores, "12+", **options)
    else:
        sure = choose(found, scores, "12+", **options)
    guessed = sure.trusted(0.5, reject_below=0.0)
    value, less = (own.value("12+", None, 0.5) for own in (sure, guessed))
    assert value.value == less.value == 3
    assert odds(guessed.reading.confidence) == pytest.approx(odds(sure.reading.confidence) / 2)
    assert odds(less.confidence) == pytest.approx(odds(value.confidence) / 2)
    assert less.status == "ok"
    total, less = (own.digit_sum("12+", 0.0) for own in (sure, guessed))
    assert total.value == less.value == 3
    assert less.confidence == less.probabilities[3] > less.alternatives[0][1]
    assert odds(less.confidence) == pytest.approx(odds(total.confidence) / 2)


def test_where_no_chain_has_the_length_characters_are_trusted_less_too():
    found, scores = spans_of((A, B))
    sure = choose(found, scores, "abc", length=5, reject_below=0.0)
    guessed = sure.trusted(0.25, reject_below=0.0)
    assert guessed.reading.confidence == 0
    assert guessed.trust == 0.25
    for before, after in zip(sure.reading.glyphs, guessed.reading.glyphs, strict=True):
        assert after.confidence < before.confidence


def test_told_the_length_the_right_text_is_proposed_more_often(monkeypatch):
    columns, spans = columns_of(1, 0, 2), spans_of((A, B))
    told = chosen(columns, spans, length=2).reading.confidence
    monkeypatch.setattr("segcap.decoding.joint.NEITHER_OF_LENGTH", NEITHER)
    assert chosen(columns, spans, length=2).reading.confidence < told - 0.005


def test_texts_are_of_a_language():
    found = lattice(3)
    scores = np.full((len(found.spans), 3), -12.0)
    scores[[0, 1, 2], [0, 2, 0]] = np.log(0.9)
    table = columns_of(1, 2, 3, 0, 1, sure=4.0)
    language = number_fields("12+", None, kind="task", ended=False)
    outcome = choose_by_both(
        table, found, scores, "12+", length=None, reject_below=0.0, language=language
    )
    assert outcome.reading.text in ("1+1", "12+1")
    assert all(re.fullmatch(r"[12]+[+][12]+", text) for text, _ in outcome.texts)


def test_ranks_are_fractions_of_what_was_found():
    found, scores = spans_of((A, B))
    ranked = rank_by_both(columns_of(1, 0, 2, sure=2.0), found, scores, "abc", length=None, most=4)
    assert ranked[0][0] == "ab"
    assert 1 < len(ranked) <= 4
    assert sum(probability for _, probability in ranked) <= 1 + 1e-9
    assert [own for _, own in ranked] == sorted((own for _, own in ranked), reverse=True)


def test_what_is_ranked_is_what_is_chosen_from():
    """By spans and columns, skips, length and language alike."""
    columns, (found, scores) = columns_of(1, 0, 2, sure=1.0), spans_of((A, B, C))
    skips = np.full(len(scores), -9.0)
    skips[2] = -0.1
    language = number_fields("12+", kind="number")
    given = [{}, {"skips": skips}, {"length": 2}, {"length": 3}, {"language": language}]
    for options in given:
        characters = "12+" if "language" in options else "abc"
        asked = {"length": None} | options
        outcome = choose_by_both(columns, found, scores, characters, reject_below=0.0, **asked)
        ranked = rank_by_both(columns, found, scores, characters, most=30, **asked)
        assert ranked[0][0] == outcome.reading.text
        own = dict(ranked)
        for text, probability in outcome.texts:  # of few, fractions of one another are the same
            expected = probability / outcome.texts[0][1]
            assert own[text] / ranked[0][1] == pytest.approx(expected)
        assert sum(own.values()) <= 1 + 1e-9
    unsure = columns_of(1, 0, 2, 0, 3, sure=0.2)
    by_spans = spans_of((A, B, A), -9.0)
    assert rank_by_both(unsure, *by_spans, "abc", length=None, most=1)[0][0] == "aba"


def test_more_texts_are_ranked_where_more_are_asked_for():
    columns, (found, scores) = columns_of(1, 0, 2, 0, 3, sure=0.5), spans_of((A, B, C))
    few, many = (
        rank_by_both(columns, found, scores, "abc", length=None, most=most) for most in (3, 40)
    )
    assert len(few) == 3
    assert len(many) == 40
    assert sum(probability for _, probability in few) > sum(own for _, own in many[:3]) / 2


def test_an_alphabet_rules_out_all_others():
    within = columns_of(1, 0, 2).within(np.array([True, False, True]))
    assert within.log_probabilities[1].argmax() == 0  # blanks stay
    assert within.log_probabilities[1, 0] > np.log(0.9)
    assert np.isneginf(within.log_probabilities[:, 2]).all()
    np.testing.assert_allclose(np.exp(within.log_probabilities).sum(axis=1), 1)


def test_what_is_surely_read_as_a_whole_has_the_boxes_of_the_nearest_spans():
    columns = columns_of(0, 1, 2, 0, 0, 0)
    assert columns.is_sure
    assert not columns_of(0, 1, 0, 2, sure=1.0).is_sure
    outcome = choose_by_both(columns, lattice(3), None, "abc", length=None, reject_below=0.0)
    assert outcome.reading.text == "ab"
    assert [glyph.box for glyph in outcome.reading.glyphs] == [(0, 0, 10, 20), (10, 0, 20, 20)]
    assert outcome.reading.confidence > 0.8


def test_further_looks_have_their_say():
    first, second = columns_of(1, 0, 2, sure=1.0), columns_of(1, 0, 0, 3, sure=5.0)
    both = first._replace(others=(second.log_probabilities,))
    assert chosen(both, spans_of((A, B), -1.0)).reading.text == "ac"
    assert chosen(first, spans_of((A, B), -1.0)).reading.text == "ab"
    within = both.within(np.array([True, True, False]))
    assert np.isneginf(within.others[0][:, 3]).all()


def test_long_texts_that_nobody_is_sure_of_are_ranked():
    table = log_softmax(np.random.default_rng(0).normal(0, 0.05, (900, 4)))
    boxes = np.tile(np.array([[0, 0, 5, 20]], np.int32), (900, 1))
    found, scores = spans_of((A, B, C))
    ranked = rank_by_both(Columns(table, boxes), found, scores, "abc", length=None, most=3)
    assert len(ranked) == 3
    assert all(0 < probability < 1 for _, probability in ranked)


def test_spans_are_left_out_by_their_widths_wherever_they_stand():
    shown = np.array([[0, 0, 8, 10]], np.int32)
    boxes = np.array([[0, 0, 4, 10], [5, 3, 9, 13], [20, 3, 28, 13]], np.int32)
    scores, skips = _nearness(Lattice(np.array([[0, 1], [1, 2], [2, 3]]), boxes, 3), shown)
    assert skips[0] == skips[1] == skips[2] / 2 < 0
    assert (np.diff(scores[:, 0]) < 0).all()


def test_a_sum_is_as_probable_as_the_texts_that_have_it():
    lines, spans = columns_of(1, 0, 2, sure=2.0), spans_of((A, B))
    sure = choose_by_both(lines, *spans, "123", length=None, reject_below=0.0)
    found = sure.digit_sum("123", 0.0)
    by_text = {sure.reading.text: sure.reading.confidence} | dict(sure.texts)
    own = sum(of for text, of in by_text.items() if sum(map(int, text)) == found.value)
    assert found.confidence == pytest.approx(own)
    assert own >= sure.reading.confidence


def test_a_sum_of_texts_without_probability_is_that_of_its_digits():
    lines, spans = columns_of(1, 0, 2, sure=2.0), spans_of((A, B))
    sure = choose_by_both(lines, *spans, "123", length=None, reject_below=0.0)
    lost = sure._replace(texts=[], reading=replace(sure.reading, confidence=0.0))
    found = lost.digit_sum("123", 0.0)
    assert (found.value, found.confidence, found.status) == (3, 0.0, "rejected")
    assert np.isfinite(found.probabilities).all()
