"""Which texts are numbers and tasks, and what they are worth."""

import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcap.core.errors import ParameterError
from segcap.decoding.numbers import number_fields, value_of

CHARACTERS = "0123456789+-*/÷=?.,:xX"
GROUPS = {mark: rf"\d{{1,3}}({re.escape(mark)}\d{{3}}){{1,3}}" for mark in ",."}
NUMBER = rf"[+-]?(\d+([.,]\d+)?|{GROUPS[',']}(\.\d+)?|{GROUPS['.']}(,\d+)?)"
TASK = r"\d+[-+*/÷:xX]\d+([-+*/÷:xX]\d+)?=?\??"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3+5=", 8),
        ("6x4=", 24),
        ("6X4", 24),
        ("6×4=?", 24),
        ("9-7=", 2),
        ("7−9=", -2),
        ("12÷4=?", 3),
        ("12:4", 3),
        ("7/2=", 3.5),
        ("2+3x4=", 14),
        ("9-4-3?", 2),
        ("007", 7),
        ("-5", -5),
        ("+2.50", 2.5),
        ("12,5", 12.5),
        ("1.234", 1.234),
        ("1,234", 1234),
        ("0,123", 0.123),
        ("1,234.50", 1234.5),
        ("1,234,567,890", 1234567890),
        ("1.234,50", 1234.5),
        ("1.234.567", 1234567),
        ("1234,567", 1234.567),
    ],
)
def test_values(text, value):
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [
        ("01234", 2, 12.34),
        ("12.34", 2, 12.34),
        ("1,234", 3, 1.234),
        ("1,234.50", 2, 1234.5),
        ("1234", 0, 1234),
        ("3+5=", 2, 8),
    ],
)
def test_values_of_so_many_decimals(text, decimals, value):
    assert value_of(text, decimals=decimals) == value


@pytest.mark.parametrize(
    ("text", "decimals", "message"),
    [
        ("", None, "must hold a number or an arithmetic task. Got ''."),
        ("abc", None, "must hold a number or an arithmetic task. Got 'abc'."),
        ("-", None, "Got '-'."),
        ("1.2.3", None, "Got '1.2.3'."),
        ("12,34,5", None, "Got '12,34,5'."),
        ("3+", None, "Got '3+'."),
        ("3+=", None, "Got '3+='."),
        ("5=", None, "Got '5='."),
        ("1.5", 2, "a number of 2 decimals or an arithmetic task. Got '1.5'."),
        ("1.5", 0, "a number of 0 decimals or an arithmetic task. Got '1.5'."),
        ("7÷0=", None, "must not divide by zero. Got '7÷0='."),
        ("1" * 400, 2, "must have fewer digits. Got 400 characters, '1111"),
        ("1" * 5000, None, "must have fewer digits. Got 5000 characters, '1111"),
        ("1", -1, "'decimals' must be an integer in 0 ... 12. Got -1."),
        ("1", "two", "'decimals' must be an integer in 0 ... 12. Got 'two'."),
    ],
)
def test_what_has_no_value(text, decimals, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        value_of(text, decimals=decimals)


PIECES = ("1", "07", "123", "123", "456", ",", ",", ".", ".", "+", "-", "x", "÷", "=", "?")


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
@settings(max_examples=300)
def test_the_automaton_is_the_grammar(text):
    number_fields.cache_clear()
    language = number_fields(CHARACTERS)
    expected = re.fullmatch(f"{NUMBER}|{TASK}", text) is not None
    assert language.accepts(map(CHARACTERS.find, text)) == expected


@given(st.lists(st.integers(0, 99), min_size=2, max_size=3), st.data())
def test_tasks_are_computed_as_arithmetic_is(numbers, data):
    signs = [data.draw(st.sampled_from("+-*")) for _ in numbers[1:]]
    task = str(numbers[0]) + "".join(map("{}{}".format, signs, numbers[1:]))
    assert value_of(task) == eval(task)


@given(st.integers(0, 10**9), st.integers(0, 4))
def test_a_fixed_number_of_decimals_needs_no_point(number, decimals):
    digits = str(number).zfill(decimals + 1)
    assert value_of(digits, decimals=decimals) == float(Fraction(number, 10**decimals))
