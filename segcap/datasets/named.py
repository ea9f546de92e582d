"""A folder of images that bear their texts as file names."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from segcap.core.errors import DataError, ParameterError
from segcap.core.image_files import find_images
from segcap.datasets.labelled import LabelledImages

__all__ = ["load_named", "texts_in_names"]

_DASHED = 10
_LEAST_TEXT = 3  # of shorter ones, a difference may be meant
_PATTERN = (
    r"a pattern can say where it stands, such as --pattern '\d+_(?P<text>.+)', and labels.csv can "
    "hold it, too"
)


def load_named(folder: str | os.PathLike[str], *, pattern: str | None = None) -> LabelledImages:
    """List a folder's images with the texts that their file names give.

    Parameters
    ----------
    folder : path
        Holds images, of whatever format, named by what they show; "_" and what follows it
        distinguish images of one text.
    pattern : str, optional
        A regular expression for the whole of each name without its ending, whose group ``text``
        is what the image shows.

    Returns
    -------
    LabelledImages
        In natural order of their names.

    Raises
    ------
    ParameterError
        `pattern` is no regular expression with a group ``text``.
    DataError
        The folder is missing or holds no image, a file name gives no text, or all look like
        INDEX_TEXT: numbers without gap, or different ones each with a text of its own; or ten or
        more like INDEX-TEXT: numbers without gap, or different ones before three characters or
        more.

    Notes
    -----
    "22A6.png" and "22A6_2.png" both show "22A6"; "7-22A6.png" does, too, with the pattern
    ``[0-9]+-(?P<text>.+)``.
    """
    images = find_images([folder])
    if pattern is not None:
        return LabelledImages(images, texts_in_names(images, pattern))
    parts = [path.stem.partition("_") for path in images]
    labels, rests = [text for text, _, _ in parts], [rest for _, _, rest in parts]
    if "" in labels:
        raise DataError(
            f"A named image's file name must begin with what it shows; {_PATTERN}. "
            f"Got '{images[labels.index('')]}'."
        )
    if _are_numbers_before(rests, labels) or _are_numbered_by_dashes(images):
        raise DataError(
            f"A named image's file name must begin with what it shows, not with its number; "
            f"{_PATTERN}. "
            f"Got '{images[0]}' and {len(images) - 1} more of the layout INDEX_TEXT."
        )
    return LabelledImages(images, labels)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        expression = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ParameterError(
            f"The 'pattern' must be a regular expression. Got {pattern!r}: {error}."
        ) from None
    if "text" not in expression.groupindex:
        raise ParameterError(
            "The 'pattern' must have a group named text, such as '(?P<text>[0-9a-z]+)'. "
            f"Got {pattern!r}."
        )
    return expression


def texts_in_names(images: Sequence[Path], pattern: str) -> list[str]:
    """Return the texts that a pattern finds in the names of images; see `load_named`.

    Raises
    ------
    ParameterError
        `pattern` is no regular expression with a group ``text``.
    DataError
        A file name gives no text.
    """
    expression = _compiled(pattern)
    labels = []
    for image in images:
        match = expression.fullmatch(image.stem)
        if match is None or not match["text"]:
            raise DataError(
                f"The 'pattern' {expression.pattern!r} must give the text of every file name. "
                f"Got none for '{image}'."
            )
        labels.append(match["text"])
    return labels


def _are_numbers_before(rests: list[str], labels: list[str]) -> bool:
    """Return whether names look like INDEX_TEXT: numbers without gap, or each with its own text."""
    if len(labels) < 2 or not all(rests) or not all(map(str.isdecimal, labels)):
        return False
    numbers = list(map(int, labels))
    are_texts = len(set(rests)) == len(rests) and not all(map(str.isdecimal, rests))
    return _have_no_gap(numbers) or (are_texts and len(set(numbers)) == len(numbers))


def _are_numbered_by_dashes(images: Sequence[Path]) -> bool:
    """Return whether names look like INDEX-TEXT, and too many do for them to be differences."""
    parts = [path.stem.partition("-") for path in images]
    if len(parts) < _DASHED or not all(rest and start.isdecimal() for start, _, rest in parts):
        return False
    numbers = [int(start) for start, _, _ in parts]
    are_texts = all(len(rest) >= _LEAST_TEXT and rest[-1] not in "=?" for _, _, rest in parts)
    return _have_no_gap(numbers) or (are_texts and len(set(numbers)) == len(numbers))


def _have_no_gap(numbers: Sequence[int]) -> bool:
    return sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))
