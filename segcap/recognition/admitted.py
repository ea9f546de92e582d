"""What may be answered: which characters, in which case, and what texts of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Case, Charset, Kind
from segcap.decoding.alphabets import alphabets
from segcap.decoding.compose import all_to_the_first, log_softmax
from segcap.decoding.ctc import BLANK
from segcap.decoding.language import Language
from segcap.decoding.numbers import ALIKE, MARKS, SIGNS, number_fields

__all__ = ["Admitted"]

_ASKED_FOR = 2.0
"""What is added to the log-odds of a decimal point that the allowlist names, in each column that
may show it: of numbers that may have one more do than of those that were trained on. Of 250 drawn
displays it finds 20 more of 56 points that are missed, and sees one where there is none, on 150
counters two."""


@dataclass(frozen=True)
class Admitted:
    """What a reader may answer, of all that its networks know.

    Attributes
    ----------
    charset : Charset
    allowlist, case, kind
        As of `segcap.GlyphReader`.
    decimals : int or None
        How many decimals a number has; see `segcap.decoding.numbers.value_of`.
    any_scheme : bool
        Whether texts may be of one alphabet, such as digits alone, that nobody names.
    two_looks : bool
        Whether spans and columns are classified, which are to call a sign by one name.
    """

    charset: Charset
    allowlist: str | None
    case: Case
    kind: Kind
    decimals: int | None = None
    any_scheme: bool = False
    two_looks: bool = False

    @cached_property
    def alphabets(self) -> NDArray[np.bool_]:
        """What a text of any scheme may be written in, where nobody says."""
        known = not self.any_scheme or self.kind != "text" or self.allowlist is not None
        return alphabets("" if known else self.charset.characters)

    @cached_property
    def language(self) -> Language | None:
        """What texts there may be; None for any."""
        if self.kind == "text":
            return None
        allowed = self.charset.mask(self.allowlist)
        ended = bool(allowed[self.charset.places("=?")].any())
        return number_fields(self.charset.characters, self.decimals, kind=self.kind, ended=ended)

    @cached_property
    def characters(self) -> NDArray[np.bool_]:
        """Which characters may occur, (C,)."""
        allowed = self.charset.mask(self.allowlist)
        return allowed if self.language is None else allowed & self.language.used

    def spelled(self, text: str) -> str:
        """Return a text in the characters that it would be answered in."""
        known = self.charset.characters
        if self.case == "fold":
            text = "".join(
                char.swapcase() if char not in known and char.swapcase() in known else char
                for char in text
            )
        return text.translate({ord(known[own]): known[to] for own, to in self._folded[0].items()})

    def of_columns(self, logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
        """Calibrate the logits of columns, (T, 1 + C), blank first."""
        allowed = np.append(True, self.characters)
        folded = {1 + other: 1 + meant for other, meant in self._folded_to(BLANK - 1).items()}
        scores = log_softmax(logits, temperature=temperature, allowed=allowed, folded=folded)
        if self.kind != "number" or self.allowlist is None or not self._points:
            return scores
        scores[:, [1 + place for place in self._points]] += _ASKED_FOR
        return log_softmax(scores)

    def of_candidates(
        self, logits: NDArray[np.float32], temperature: float, *, nothing: int | None = None
    ) -> NDArray[np.float64]:
        """Calibrate the logits of candidates: of characters, and what comes after them.

        `nothing` is the class of what is no character, if there is one.
        """
        allowed = np.ones(logits.shape[1], bool)
        allowed[: len(self.charset)] = self.characters
        folded = self._folded_to(nothing)
        return log_softmax(logits, temperature=temperature, allowed=allowed, folded=folded)

    def by_meaning(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Let the most probable of signs of one meaning have the probability of all.

        `scores` are of candidates, changed in place. It comes after all averaging: another look may
        prefer another sign.
        """
        if self.kind != "text":
            for alike in map(self.charset.places, ALIKE):
                scores[:, alike] = all_to_the_first(scores[:, alike])
        return scores

    def _folded_to(self, nothing: int | None) -> dict[int, int]:
        """Return `_folded`, and what may not occur as what is no character, if there is such."""
        folded, barred = self._folded
        return folded if nothing is None else folded | dict.fromkeys(barred, nothing)

    @cached_property
    def _points(self) -> list[int]:
        """Which classes of points and commas may occur."""
        return [place for place in self.charset.places(MARKS) if self.characters[place]]

    @cached_property
    def _folded(self) -> tuple[dict[int, int], list[int]]:
        """Which class counts as which other one; and which signs may not occur, and are specks."""
        allowed = self.characters
        folded, barred = self.charset.folded(self.allowlist, self.case), []
        for place in self.charset.places(SIGNS):
            if allowed[place]:
                continue
            if self._points and self.charset.characters[place] in MARKS:
                folded[place] = self._points[0]
            else:
                barred.append(place)
        for alike in ALIKE if self.two_looks and self.kind != "text" else ():
            own = [place for place in self.charset.places(alike) if allowed[place]]
            if own and alike != MARKS:
                folded |= dict.fromkeys(own[1:], own[0])
        return folded, barred
