"""What segcap's readers say, as replies of a benchmark."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.benchmark.outcomes import Box, Reply
from segcap.core.image import ImageSource
from segcap.core.reading import Glyph, Reading
from segcap.readers.glyph import GlyphReader

__all__ = ["best_products", "class_replies", "sum_replies", "text_replies"]

_MOST = 5
_WITH_PLACES = "crnn"


def text_replies(reader: Any, images: Sequence[ImageSource], *, ranked: bool) -> list[Reply]:
    """Read texts; ranked texts come with the next most probable ones."""
    readings = reader.read_many(images)
    others = _ranked_texts(reader, images, readings) if ranked else [()] * len(readings)
    return [
        Reply(
            None if reading.status == "unreadable" else reading.text,
            _rate(reading.confidence),
            reading.status,
            boxes=_boxes(reader, reading),
            error=reading.error,
            alternatives=own,
        )
        for reading, own in zip(readings, others, strict=True)
    ]


def sum_replies(reader: Any, images: Sequence[ImageSource], *, ranked: bool) -> list[Reply]:
    """Name digit sums."""
    return [
        Reply(
            None if total.value is None else str(total.value),
            _rate(total.confidence),
            total.status,
            boxes=_boxes(reader, total.reading),
            error=total.error,
            alternatives=_most_probable(total.probabilities, range(len(total.probabilities)))
            if ranked
            else (),
        )
        for total in reader.digit_sums(images)
    ]


def class_replies(reader: Any, images: Sequence[ImageSource], *, ranked: bool) -> list[Reply]:
    """Name classes."""
    answers = reader.answer_many(images)
    others: list[Any] = [()] * len(answers)
    if ranked:
        readable = [index for index, one in enumerate(answers) if one.status != "unreadable"]
        rates = reader.predict_proba([images[index] for index in readable])
        for index, own in zip(readable, rates, strict=True):
            others[index] = _most_probable(own, reader.classes_.tolist())
    return [
        Reply(
            None if one.value is None else str(one.value),
            _rate(one.confidence),
            one.status,
            error=one.error,
            alternatives=own,
        )
        for one, own in zip(answers, others, strict=True)
    ]


def best_products(rates: NDArray[np.floating], characters: str, most: int) -> list[Any]:
    """Rank texts whose places are independent of each other.

    Parameters
    ----------
    rates : (L, C) float array
        Probability of each character at each place.
    characters : str
        C of them.
    most : int
        Give so many, at least 1.

    Returns
    -------
    list of (str, float)
        The most probable first.

    Examples
    --------
    >>> best_products(np.array([[0.5, 0.5], [0.75, 0.25]]), "ab", 2)
    [('aa', 0.375), ('ba', 0.375)]
    """
    ranked = [("", 1.0)]
    for own in rates:
        longer = [
            (text + char, probability * float(rate))
            for text, probability in ranked
            for char, rate in zip(characters, own, strict=True)
        ]
        ranked = sorted(longer, key=lambda pair: -pair[1])[:most]
    return ranked


def _ranked_texts(
    reader: Any, images: Sequence[ImageSource], readings: Sequence[Reading]
) -> list[tuple[tuple[str, float], ...]]:
    others: list[tuple[tuple[str, float], ...]] = [()] * len(readings)
    known = [index for index, one in enumerate(readings) if one.status in ("ok", "rejected")]
    if isinstance(reader, GlyphReader):
        for index in known:
            others[index] = _bounded(reader.read_best(images[index], _MOST))
    elif reader.length is not None and known:
        rates = reader.predict_proba([images[index] for index in known])
        for index, own in zip(known, rates, strict=True):
            others[index] = _bounded(best_products(own, reader.charset_, _MOST))
    return others


def _bounded(ranked: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple((text, _rate(probability)) for text, probability in ranked)


def _most_probable(
    rates: NDArray[np.floating], names: Sequence[Any]
) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-rates, kind="stable")[:_MOST].tolist()
    return tuple((str(names[index]), _rate(rates[index])) for index in order)


def _boxes(reader: Any, reading: Reading) -> tuple[Box, ...] | None:
    """Give the places of the characters, of readers that look for them."""
    if not reading.glyphs or getattr(reader, "architecture", _WITH_PLACES) != _WITH_PLACES:
        return None
    return tuple(_box(glyph) for glyph in reading.glyphs)


def _box(glyph: Glyph) -> Box:
    x0, y0, x1, y1 = map(int, glyph.box)
    return x0, y0, x1, y1


def _rate(probability: float) -> float:
    return min(max(float(probability), 0.0), 1.0)
