"""Number fields: which texts are decimal numbers or arithmetic tasks, and their values.

A number has digits, perhaps a sign, a point or comma, and thousands separators; a task is two or
three whole numbers with signs between them, perhaps followed by "=", "?" or both: `-1,234.5`,
`3+5=`, `6x4=`, `12÷4=?`.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np

from segcap.core.errors import ParameterError
from segcap.core.validation import whole_number
from segcap.decoding.language import Language

__all__ = ["ALIKE", "MARKS", "OPERATIONS", "SIGNS", "check_decimals", "number_fields", "value_of"]

SIGNS = "+-*/÷=?.,:"
"""What may stand in a number field beside digits, and beside x for times."""
MARKS = ".,"
"""Decimal points and commas, of which the other one, or a repeated one, separates thousands."""
ALIKE = (MARKS, "*xX×·", "/÷:", "-−–")
"""Characters of one meaning, whose probabilities count together."""

OPERATIONS = "+" + "".join(ALIKE[1:])
"""Signs of which an arithmetic task has at least one."""

_SYMBOLS = "0+-*/=?.,"
_SAME = str.maketrans("123456789xX×·:÷−–", "000000000****//--")
_MOST_GROUPS = 3
_MOST_DECIMALS = 12

_Item = tuple[str, int, int | None]


def check_decimals(value: int | None) -> int | None:
    """Return a number of decimals as int, or None.

    Raises
    ------
    ParameterError
        It is neither None nor a whole number in 0 ... 12.
    """
    return None if value is None else whole_number("decimals", value, most=_MOST_DECIMALS)


def value_of(text: str, *, decimals: int | None = None) -> int | float:
    """Compute the value of a number or of an arithmetic task.

    Parameters
    ----------
    text : str
        Of several marks the last is the decimal point, and the others separate thousands. A single
        comma before three digits separates them, too, but not after a zero: "1,234" is 1234,
        "0,123" and "1.234" are fractions. There may be three of them: "1,234,567,890".
    decimals : int, optional
        How many decimals a number has: after its point or comma, or, where it has none, at its
        end, as on a counter. As many as there are unless given.

    Returns
    -------
    int or float
        An int where it is whole.

    Raises
    ------
    ParameterError
        `text` is neither, divides by zero, is a fraction of more digits than a float can hold, or
        `decimals` is outside its range.

    Examples
    --------
    >>> value_of("12÷4=?"), value_of("2+3x4"), value_of("-1.234,5"), value_of("01234", decimals=2)
    (3, 14, -1234.5, 12.34)
    """
    decimals = check_decimals(decimals)
    field = str(text).translate(_SAME)
    known = all(char in _SYMBOLS for char in field)
    if not known or not number_fields(_SYMBOLS, decimals).accepts(map(_SYMBOLS.find, field)):
        rule = "a number or an arithmetic task"
        if decimals is not None:
            rule = f"a number of {decimals} decimals or an arithmetic task"
        raise ParameterError(f"A number field must hold {rule}. Got {text!r}.")
    shown = "".join(
        own if char == "0" else char for own, char in zip(str(text), field, strict=True)
    )
    try:
        value = _solved(shown) if re.search(r"\d[-+*/]", shown) else _number(shown, decimals)
        return int(value) if value.denominator == 1 else float(value)
    except ZeroDivisionError:
        raise ParameterError(f"An arithmetic task must not divide by zero. Got {text!r}.") from None
    except (OverflowError, ValueError):
        raise ParameterError(
            f"A number must have fewer digits. Got {len(text)} characters, {text[:40]!r}."
        ) from None


@lru_cache(maxsize=64)
def number_fields(
    characters: str,
    decimals: int | None = None,
    *,
    kind: Literal["number", "task"] = "number",
    ended: bool = False,
) -> Language:
    """Build the language of numbers and tasks.

    Parameters
    ----------
    characters : str
        All that may be written.
    decimals : int, optional
        As of `value_of`.
    kind : {"number", "task"}
        With "task", there are no numbers.
    ended : bool
        Tasks must end with "=", "?" or both.
    """
    symbols = [_SYMBOLS.find(char) for char in characters.translate(_SAME)]
    forms = [*_tasks(ended), *(() if kind == "task" else _numbers(decimals))]
    start = frozenset(_closed(forms, {(form, 0, 0) for form in range(len(forms))}))
    states = {start: 0}
    waiting, rows, final = [start], [], []
    for state in waiting:
        row = []
        for symbol in _SYMBOLS:
            after = frozenset(_closed(forms, _stepped(forms, state, symbol)))
            if after and after not in states:
                states[after] = len(states)
                waiting.append(after)
            row.append(states.get(after, -1))
        rows.append(row)
        final.append(any(item == len(forms[form]) for form, item, _ in state))
    return Language(np.array(symbols, np.intp), np.array(rows, np.intp), np.array(final))


def _numbers(decimals: int | None) -> Iterator[list[_Item]]:
    """List the forms of numbers: items of symbols that stand there so many times."""
    sign: _Item = ("+-", 0, 1)
    if decimals == 0:
        yield [sign, ("0", 1, None)]
        return
    fraction: _Item = ("0", 1, None) if decimals is None else ("0", decimals, decimals)
    yield [sign, ("0", 1 if decimals is None else decimals, None)]
    yield [sign, ("0", 1, None), (MARKS, 1, 1), fraction]
    for mark, point in (",.", ".,"):
        for groups in range(1, _MOST_GROUPS + 1):
            grouped = [sign, ("0", 1, 3), *[(mark, 1, 1), ("0", 3, 3)] * groups]
            yield [*grouped, (point, 1, 1), fraction]
            if decimals is None:
                yield grouped


def _tasks(ended: bool) -> Iterator[list[_Item]]:
    whole, sign = ("0", 1, None), ("+-*/", 1, 1)
    for more in (1, 2):
        task = [whole, *[sign, whole] * more]
        yield [*task, ("=", int(ended), 1), ("?", 0, 1)]
        if ended:
            yield [*task, ("?", 1, 1)]


def _closed(forms: list[list[_Item]], places: set[tuple[int, int, int]]) -> set[tuple]:
    """Add to places in forms those that are reached without a symbol: form, item, how often."""
    waiting, closed = list(places), set(places)
    for form, item, count in waiting:
        if item < len(forms[form]) and count >= forms[form][item][1]:
            after = (form, item + 1, 0)
            if after not in closed:
                closed.add(after)
                waiting.append(after)
    return closed


def _stepped(
    forms: list[list[_Item]], places: frozenset[tuple[int, int, int]], symbol: str
) -> set[tuple[int, int, int]]:
    stepped = set()
    for form, item, count in places:
        if item == len(forms[form]):
            continue
        symbols, least, most = forms[form][item]
        if symbol in symbols and (most is None or count < most):
            stepped.add((form, item, count + 1 if most is not None else min(count + 1, least)))
    return stepped


def _number(shown: str, decimals: int | None) -> Fraction:
    marks = re.findall("[.,]", shown)
    digits = re.sub("[.,]", "", shown)
    if not marks:
        return Fraction(digits) / 10 ** (decimals or 0)
    places = len(shown) - max(map(shown.rfind, MARKS)) - 1
    single = re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", shown) and decimals is None
    if single or (len(marks) > 1 and len(set(marks)) == 1):
        places = 0
    return Fraction(digits) / 10**places


def _solved(shown: str) -> Fraction:
    total = Fraction(0)
    for sign, term in re.findall(r"([-+]?)(\d[\d*/]*)", shown):
        product = Fraction(1)
        for operation, number in re.findall(r"([*/]?)(\d+)", term):
            product = product / int(number) if operation == "/" else product * int(number)
        total += -product if sign == "-" else product
    return total
