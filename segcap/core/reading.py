"""What a reader returns: frozen results."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError

__all__ = ["Failure", "Glyph", "Reading", "Status", "SumReading"]

Status: TypeAlias = Literal["ok", "rejected", "empty", "unreadable"]
Failure: TypeAlias = Literal[
    "unreadable", "rejected", "under-cut", "over-cut", "misplaced", "misread"
]

_SAME_PLACE = 0.5


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

    def failure(self, label: str, boxes: ArrayLike | None = None) -> Failure | None:
        """Say why the reading is not the label.

        Parameters
        ----------
        label : str
            What the image shows.
        boxes : (L, 4) array, optional
            x0, y0, x1, y1 of each of its characters; without them, nothing is "misplaced". See
            `segcap.GlyphReader.failure` for images in which nobody has marked them.

        Returns
        -------
        str or None
            None for a right and accepted reading; "unreadable"; "rejected", whatever was read;
            "under-cut" for too few glyphs, "over-cut" for too many; "misplaced" where a glyph
            shares less than half of its and its character's columns with it; "misread".

        Raises
        ------
        ParameterError
            `label` is no text.
        """
        if not isinstance(label, str):
            raise ParameterError(f"A label must be a text. Got {label!r}.")
        if self.status in ("unreadable", "rejected"):
            return self.status
        if self.text == label:
            return None
        if len(self.glyphs) != len(label):
            return "under-cut" if len(self.glyphs) < len(label) else "over-cut"
        if boxes is None:
            return "misread"
        places = np.array([glyph.box for glyph in self.glyphs]).reshape(-1, 4)
        return "misread" if _same_columns(places, np.asarray(boxes)) else "misplaced"


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


def _same_columns(places: NDArray[np.int_], boxes: NDArray[np.int_]) -> bool:
    """Whether each place shares half or more of its and its box's columns with it."""
    shared = np.minimum(places[:, 2], boxes[:, 2]) - np.maximum(places[:, 0], boxes[:, 0])
    together = np.maximum(places[:, 2], boxes[:, 2]) - np.minimum(places[:, 0], boxes[:, 0])
    return bool((shared >= _SAME_PLACE * together).all())
