"""Answers and truths as plain labels, side by side."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError

__all__ = ["Label", "Labels", "paired_labels", "paired_texts", "plain_labels", "shown_label"]

Label: TypeAlias = str | int
Labels: TypeAlias = Sequence[Any] | NDArray


def plain_labels(values: Iterable[Any], *, name: str) -> list[Label | None]:
    """Turn labels of whatever source into plain Python values.

    Parameters
    ----------
    values : iterable of str, int or None
        NumPy's own scalars, too.
    name : str
        What they are, for the message.

    Raises
    ------
    ParameterError
        A value is of another type, or texts stand among whole numbers.

    Examples
    --------
    >>> plain_labels(np.array([3, 4]), name="answers")
    [3, 4]
    """
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    kinds: dict[type, Label] = {}
    for value in plain:
        if value is None:
            continue
        if type(value) not in (str, int):
            raise ParameterError(
                f"The '{name}' must be texts or whole numbers. Got {value!r} among them."
            )
        kinds.setdefault(type(value), value)
    if len(kinds) > 1:
        raise ParameterError(
            f"The '{name}' must be all texts or all whole numbers. "
            f"Got both, such as {' and '.join(map(repr, kinds.values()))}."
        )
    return plain


def paired_labels(
    answers: Labels, truths: Labels, *, of: str
) -> tuple[list[Label | None], list[Label]]:
    """Check that each answer has its truth.

    Parameters
    ----------
    answers : (N,) sequence of str, int or None
        None for an image that has got no answer.
    truths : (N,) sequence of str or int
        N is at least 1.
    of : str
        Which function asks, for the message.

    Raises
    ------
    ParameterError
        There are not as many truths as answers, or none; a truth is None; or labels are of
        different types.
    """
    if len(answers) != len(truths) or len(truths) == 0:
        raise ParameterError(
            f"The 'truths' of {of} must be as many as its answers, at least one. "
            f"Got {len(answers)} answers and {len(truths)} truths."
        )
    both = plain_labels([*truths, *answers], name="answers and truths")
    known = [truth for truth in both[: len(truths)] if truth is not None]
    if len(known) < len(truths):
        raise ParameterError(
            f"The 'truths' of {of} must be known. Got None at place {both.index(None)}."
        )
    return both[len(truths) :], known


def paired_texts(
    answers: Labels, truths: Labels, *, of: str, may_be_empty: bool = False
) -> list[tuple[str, str]]:
    """Pair each answer, "" for None, with its truth.

    Raises
    ------
    ParameterError
        As of `paired_labels`; or a truth is no text, or all are empty unless they may be.
    """
    answered, known = paired_labels(answers, truths, of=of)
    for truth in known:
        if not isinstance(truth, str):
            raise ParameterError(f"The 'truths' of {of} must be texts. Got {truth!r}.")
    if not (may_be_empty or any(known)):
        raise ParameterError(f"The 'truths' of {of} must hold at least one character. Got none.")
    return [(str(read or ""), str(true)) for read, true in zip(answered, known, strict=True)]


def shown_label(label: Label | None) -> str:
    """Return a label as people read it: words in brackets where there is nothing to see."""
    if label is None:
        return "(none)"
    return "(empty)" if label == "" else str(label)
