"""What is written on a wild image."""

import string

from segcap.generate.draws import Draws

__all__ = ["is_number", "wild_text"]

_SIGNS = "+-x*/÷"
_KINDS = (
    "digits",
    "upper",
    "lower",
    "upper and digits",
    "lower and digits",
    "all",
    "task",
    "number",
    "any sign",
)
_CHANCES = (0.2, 0.1, 0.08, 0.14, 0.12, 0.2, 0.08, 0.05, 0.03)
_DECIMALS = (0.6, 0.15, 0.15, 0.1)
_CHARACTERS = {
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "upper and digits": string.digits + string.ascii_uppercase,
    "lower and digits": string.digits + string.ascii_lowercase,
    "all": string.digits + string.ascii_letters,
}


def wild_text(draws: Draws, charset: str, length: int) -> str:
    """Draw a text: digits, letters of one or both cases, an arithmetic task or a decimal number.

    Parameters
    ----------
    draws : Draws
    charset : str
        Other characters than its own are never drawn.
    length : int
    """
    rng = draws.rng
    kind = _KINDS[int(rng.choice(len(_KINDS), p=_CHANCES))]
    if kind == "task" and set(string.digits) < set(charset) and 4 <= length <= 7:
        signs = [sign for sign in _SIGNS if sign in charset]
        if signs:
            return _task(draws, signs, charset, length)
    points = [point for point in ".," if point in charset]
    digits = [char for char in charset if char in string.digits]
    are_numbers_alone = bool(digits and points) and len(digits) + len(points) == len(charset)
    if are_numbers_alone or (kind == "number" and points and len(digits) == len(string.digits)):
        has_point = not are_numbers_alone or rng.random() < 0.6
        return _number(draws, digits, points, length, has_point=has_point)
    if kind == "any sign":
        return "".join(draws.choices("text", charset, length))
    wanted = _CHARACTERS.get(kind, string.digits + string.ascii_letters)
    allowed = [char for char in charset if char in wanted] or list(charset)
    return "".join(draws.choices("text", allowed, length))


def is_number(text: str) -> bool:
    """Whether a text consists of digits, with at most one point and one comma."""
    return bool(text.replace(".", "", 1).replace(",", "", 1).isdecimal()) and text.isascii()


def _number(
    draws: Draws, known: list[str], points: list[str], length: int, *, has_point: bool
) -> str:
    """Draw digits as devices show them: zeros in front of some, a point before the last ones."""
    rng = draws.rng
    digits = draws.choices("text", known, length)
    if "0" in known and rng.random() < 0.3:
        zeros = int(rng.integers(0, length // 2 + 1))
        digits[:zeros] = "0" * zeros
    if has_point and length >= 3:
        decimals = 1 + int(rng.choice(len(_DECIMALS), p=_DECIMALS))
        digits[max(1, length - 1 - decimals)] = draws.choice("point", points)
    return "".join(digits)


def _task(draws: Draws, signs: list[str], charset: str, length: int) -> str:
    """Draw an arithmetic task of 4 ... 7 characters, such as 3+5= or 12x4=?."""
    rng = draws.rng
    ends = [end for end in ("=", "=?") if set(end) <= set(charset) and length - len(end) >= 3]
    end = ends[int(rng.integers(len(ends)))] if ends else ""
    operands = length - len(end) - 1
    first = int(rng.integers(1, operands))
    digits = draws.choices("text", string.digits, operands)
    return "".join([*digits[:first], draws.choice("sign", signs), *digits[first:], end])
