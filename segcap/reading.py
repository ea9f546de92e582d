"""What a reader returns: frozen results."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Glyph", "Reading", "Status", "SumReading"]

Status: TypeAlias = Literal["ok", "rejected", "empty", "unreadable"]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a reading.

    Attributes
    ----------
    char : str
        The most probable character.
    confidence : float
        Its probability, in [0, 1].
    box : tuple of 4 int
        x0, y0, x1, y1 in pixels of the image, half-open.
    alternatives : tuple of (str, float)
        The next most probable characters with their probabilities, most probable first.
    """

    char: str
    confidence: float
    box: tuple[int, int, int, int]
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of one image.

    Attributes
    ----------
    text : str
        What was read; empty for an image without ink or one that cannot be read.
    confidence : float
        Product of the glyphs' probabilities, in [0, 1]; 0 without glyphs, and 0 where a given
        length could not be met.
    status : {"ok", "rejected", "empty", "unreadable"}
        "rejected": confidence below the reader's `reject_below`, or length not met; "empty": no
        ink; "unreadable": see `error`.
    glyphs : tuple of Glyph
        In reading order.
    error : str or None
        Why the image could not be read.
    """

    text: str = ""
    confidence: float = 0.0
    status: Status = "ok"
    glyphs: tuple[Glyph, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give plain types, ready for JSON."""
        return {
            "text": self.text,
            "confidence": self.confidence,
            "status": self.status,
            "glyphs": [
                {
                    "char": glyph.char,
                    "confidence": glyph.confidence,
                    "box": list(glyph.box),
                    "alternatives": [list(pair) for pair in glyph.alternatives],
                }
                for glyph in self.glyphs
            ],
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class SumReading:
    """The digit sum of one image.

    Attributes
    ----------
    value : int or None
        The most probable sum; None without digits.
    confidence : float
        Its probability, in [0, 1]; 0 without digits, and 0 where a given length could not be met.
    status : {"ok", "rejected", "empty", "unreadable"}
        As of a Reading; "rejected" goes by the sum's confidence.
    probabilities : (9 N + 1,) float64 array
        Probability of each sum 0, 1, ..., 9 N of the N digits.
    reading : Reading
        The digits.
    """

    value: int | None
    confidence: float
    status: Status
    probabilities: NDArray[np.float64] = field(compare=False)
    reading: Reading

    @property
    def error(self) -> str | None:
        """Why the image could not be read."""
        return self.reading.error

    def to_dict(self) -> dict[str, Any]:
        """Give plain types, ready for JSON."""
        return {
            "value": self.value,
            "confidence": self.confidence,
            "status": self.status,
            "probabilities": self.probabilities.tolist(),
            "reading": self.reading.to_dict(),
        }
