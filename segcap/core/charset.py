"""The ordered characters that a reader knows; the only place where classes become text."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError

__all__ = ["CASES", "KINDS", "MOST_CHARACTERS", "Case", "Charset", "Kind", "check_case"]

Case: TypeAlias = Literal["keep", "fold"]
CASES: tuple[Case, ...] = ("keep", "fold")
Kind: TypeAlias = Literal["text", "number", "task"]
KINDS: tuple[Kind, ...] = ("text", "number", "task")
MOST_CHARACTERS = 20_000
"""Of a charset; all Chinese characters in print are fewer."""


@dataclass(frozen=True)
class Charset:
    """Characters in class order.

    Parameters
    ----------
    characters : str
        At least one character and at most 20,000, none twice.

    Raises
    ------
    ParameterError
        `characters` is no string, empty, too long, or holds a character twice or half of one (a
        surrogate).

    Examples
    --------
    >>> Charset("0123456789").encode("42")
    array([4, 2])
    """

    characters: str

    def __post_init__(self) -> None:
        if not isinstance(self.characters, str) or not self.characters:
            raise ParameterError(
                f"The characters of a charset must be a non-empty string. Got {self.characters!r}."
            )
        if len(self.characters) > MOST_CHARACTERS:
            raise ParameterError(
                f"A charset must have at most {MOST_CHARACTERS:,} characters. "
                f"Got {len(self.characters):,}."
            )
        twice = sorted(char for char, count in Counter(self.characters).items() if count > 1)
        if twice:
            raise ParameterError(
                f"The characters of a charset must be distinct. Got {self.characters!r}, "
                f"which repeats {', '.join(map(repr, twice))}."
            )
        halves = [char for char in self.characters if "\ud800" <= char <= "\udfff"]
        if halves:
            raise ParameterError(
                f"The characters of a charset must be whole ones. Got the surrogate {halves[0]!r}."
            )

    def __len__(self) -> int:
        return len(self.characters)

    def unknown(self, text: str) -> list[str]:
        """Return the characters of a text that are none of the charset's, in their order."""
        return [char for char in text if char not in self.characters]

    def places(self, characters: Iterable[str]) -> list[int]:
        """Return the classes of those of the characters that are the charset's."""
        return [self.characters.index(char) for char in characters if char in self.characters]

    def encode(self, text: str) -> NDArray[np.intp]:
        """Turn text into class indices, (len(text),) int.

        Raises
        ------
        ParameterError
            `text` is no text, or holds a character outside the charset.
        """
        if not isinstance(text, str):
            raise ParameterError(f"A text must be a string. Got {text!r}.")
        indices = [self.characters.find(char) for char in text]
        if -1 in indices:
            raise ParameterError(
                f"A text must hold characters of {self.characters!r} only. "
                f"Got {text!r} with {text[indices.index(-1)]!r}."
            )
        return np.array(indices, np.intp)

    def decode(self, classes: ArrayLike) -> str:
        """Turn class indices into text."""
        return "".join(self.characters[index] for index in np.asarray(classes, np.intp))

    def mask(self, allowlist: Iterable[str] | None) -> NDArray[np.bool_]:
        """Mark the classes that `allowlist` admits, (len(self),) bool; all for None.

        Raises
        ------
        ParameterError
            `allowlist` is empty or holds a character outside the charset.
        """
        if allowlist is None:
            return np.ones(len(self), bool)
        try:
            admitted = list(allowlist)
        except TypeError:  # an array of no dimension says that it can be iterated over
            admitted = [allowlist]  # type: ignore[list-item]
        if not all(isinstance(characters, str) for characters in admitted):
            raise ParameterError(f"An 'allowlist' must be characters. Got {allowlist!r}.")
        text = "".join(admitted)
        unknown = self.unknown(text)
        if unknown:
            raise ParameterError(
                f"An 'allowlist' must hold characters of {self.characters!r} only. "
                f"Got {text!r} with {unknown[0]!r}."
            )
        if not text:
            raise ParameterError("An 'allowlist' must hold at least one character. Got none.")
        return np.array([char in text for char in self.characters])

    def folded(self, allowlist: Iterable[str] | None, case: Case = "fold") -> dict[int, int]:
        """Which letters count as that of the other case, as class indices.

        Parameters
        ----------
        allowlist : str, optional
            Letters are folded into those that it admits; where it admits both, into the small one.
        case : {"keep", "fold"}
            With "keep", none is folded.

        Examples
        --------
        >>> Charset("aAbB").folded("ABb")
        {0: 1, 3: 2}
        """
        if case == "keep":
            return {}
        admitted = self.mask(allowlist)
        folded = {}
        for index, char in enumerate(self.characters):
            other = self.characters.find(char.swapcase())
            is_other = other >= 0 and other != index and bool(admitted[other])
            if is_other and (not admitted[index] or char.isupper()):
                folded[index] = other
        return folded


def check_case(case: Any) -> None:
    """Refuse what says nothing of letters' cases; None is let through.

    Raises
    ------
    ParameterError
        It is neither None nor one of `CASES`.
    """
    if case not in (None, *CASES):
        raise ParameterError(f"The 'case' must be one of {', '.join(CASES)}. Got {case!r}.")
