"""The table of every image, as a page's script takes it."""

from collections.abc import Sequence
from typing import Any

from segcap.benchmark.outcomes import Box
from segcap.benchmark.report.album import Picture
from segcap.benchmark.results import ImageResult
from segcap.evaluate.confusions import aligned_characters

__all__ = ["is_right", "listed", "row"]

_LONGEST_ALIGNED = 64
_LEFT_OUT = "\N{BOTTOM SQUARE BRACKET}"


def is_right(answer: ImageResult, name: str) -> bool:
    """Return whether a method's answer is the truth, whether it stands by it or rejects it."""
    return answer.by[name].value == answer.truth


def listed(answers: Sequence[ImageResult], names: Sequence[str], most: int) -> list[int]:
    """Return the numbers of `most` images, those that somebody read wrong first."""
    numbers = range(len(answers))
    wrong = {
        number for number in numbers if not all(is_right(answers[number], name) for name in names)
    }
    return sorted(numbers, key=lambda number: number not in wrong)[:most]


def row(
    answers: Sequence[ImageResult],
    number: int,
    names: Sequence[str],
    picture: Picture | None,
    *,
    is_text: bool,
) -> dict[str, Any]:
    """Return an image with all answers, ready for JSON; what is not known is left out.

    Parameters
    ----------
    number : int
        Which of them.
    names : sequence of str
        Of the methods.
    is_text : bool
        Whether single characters of an answer are right or wrong.

    Returns
    -------
    dict
        "number", "image", "truth", "by" and perhaps "boxes", "picture", "ink", "size". An answer
        has "value", "right" and perhaps "confidence", "status" if it is not "ok", "failure",
        "error", "boxes" and, where it is wrong, "pieces": the answer's characters beside a text
        of as many 0 and 1, 1 for a wrong one.
    """
    answer = answers[number]
    shown: dict[str, Any] = {
        "number": number,
        "image": answer.image,
        "truth": answer.truth,
        "by": [_given(answer, name, is_text=is_text) for name in names],
    }
    if answer.boxes:
        shown["boxes"] = _flat(answer.boxes)
    if picture is not None:
        shown["picture"], shown["ink"] = picture.image, picture.ink
        shown["size"] = [picture.width, picture.height]
    return shown


def _given(answer: ImageResult, name: str, *, is_text: bool) -> dict[str, Any]:
    given = answer.by[name]
    right = is_right(answer, name)
    shown: dict[str, Any] = {"value": given.value, "right": right}
    confidence = given.confidence
    if confidence is not None:
        shown["confidence"] = round(confidence, 4)
    if given.status != "ok":
        shown["status"] = given.status
    if given.failure:
        shown["failure"] = given.failure
    if given.error:
        shown["error"] = given.error
    if given.boxes:
        shown["boxes"] = _flat(given.boxes)
    value, truth = given.value, answer.truth
    if is_text and value and value != truth and max(len(value), len(truth)) <= _LONGEST_ALIGNED:
        pairs = aligned_characters(value, truth)
        shown["pieces"] = [
            [read or _LEFT_OUT for read, _ in pairs],
            "".join(str(int(read != true)) for read, true in pairs),
        ]
    return shown


def _flat(boxes: Sequence[Box]) -> list[int]:
    return [end for box in boxes for end in box]
