"""What readers return: one family of frozen results."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import ParameterError
from segcap.core.notebook import as_html

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "QUARTER_TURNS",
    "ClassReading",
    "Failure",
    "Glyph",
    "Reading",
    "Result",
    "Status",
    "SumReading",
    "Turned",
    "ValueReading",
]

Status: TypeAlias = Literal["ok", "rejected", "empty", "unreadable"]
Failure: TypeAlias = Literal[
    "unreadable", "rejected", "under-segmented", "over-segmented", "misplaced", "misread"
]
Turned: TypeAlias = Literal["auto", "four"]
QUARTER_TURNS: dict[Turned, tuple[int, ...]] = {"auto": (2,), "four": (1, 2, 3)}
"""By how many quarter turns, counter-clockwise, an image is turned beside being read as it is."""

_SAME_PLACE = 0.5


def _no_numbers() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a reading.

    Attributes
    ----------
    char : str
        The character that is read; where whole texts are judged, another one may be more probable
        by itself.
    confidence : float
        Its probability, in [0, 1].
    box : tuple of 4 int
        x0, y0, x1, y1 in pixels of the image, half-open.
    alternatives : tuple of (str, float)
        Other characters with their probabilities, most probable first.
    """

    char: str
    confidence: float
    box: tuple[int, int, int, int]
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Result:
    """What all results share; a subclass names what was read in the image.

    Attributes
    ----------
    confidence : float
        Probability of the answer, in [0, 1]; NaN from a function in a benchmark, which gives none.
    status : {"ok", "rejected", "empty", "unreadable"}
        "rejected": confidence below the reader's `reject_below`, or length not met; "empty": no
        ink; "unreadable": see `error`.
    alternatives : tuple of (answer, float)
        The next most probable answers with their probabilities, most probable first; empty where
        they are not known.
    error : str or None
        Why the image could not be read.
    image : (H, W, 3) uint8 array or None
        The RGB pixels that were read, of a single `read`; notebooks show them.
    """

    confidence: float = 0.0
    status: Status = "ok"
    alternatives: tuple[tuple[Any, float], ...] = ()
    error: str | None = None
    image: NDArray[np.uint8] | None = field(default=None, compare=False)

    _named: ClassVar[str]

    @property
    def answer(self) -> Any:
        """What was read, whatever the kind of the result; None for an unreadable image."""
        return None if self.status == "unreadable" else getattr(self, self._named)

    @classmethod
    def unreadable(cls, error: str) -> "Self":
        """The result of an image that could not be read."""
        return cls(status="unreadable", error=error)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, ready for JSON."""
        return {
            self._named: getattr(self, self._named),
            "confidence": self.confidence,
            "status": self.status,
            "alternatives": [list(pair) for pair in self.alternatives],
            "error": self.error,
        }

    @property
    def _marks(self) -> tuple["Glyph", ...]:
        """The characters that a picture of the result shows."""
        return ()

    def _repr_html_(self) -> str:
        marks = [(glyph.char, glyph.confidence, glyph.box) for glyph in self._marks]
        return as_html(repr(self), self.image, marks)

    def __repr__(self) -> str:
        shown = f"{self._named}={getattr(self, self._named)!r}, confidence={self.confidence:.4g}"
        error = "" if self.error is None else f", error={self.error!r}"
        return f"{type(self).__name__}({shown}, status={self.status!r}{error})"


@dataclass(frozen=True, slots=True, repr=False)
class Reading(Result):
    """The text of one image.

    Attributes
    ----------
    text : str
        What was read; empty for an image without ink or one that cannot be read.
    glyphs : tuple of Glyph
        In reading order.
    confidence : float
        Probability of the text, in [0, 1]; 0 without glyphs, and 0 where a given length could not
        be met.
    status, error
        As of `Result`.
    alternatives : tuple of (str, float)
        The next most probable texts with their probabilities; of a `segcap.GlyphReader`, those
        that its cuts allow (`read_best` ranks others, too).
    turned : int
        By how many degrees, counter-clockwise, the image was turned to be read; 0 unless
        `segcap.GlyphReader.read` was asked to turn it. Boxes are those of the image as it is.

    Examples
    --------
    >>> Reading("7", confidence=0.75)
    Reading(text='7', confidence=0.75, status='ok')
    """

    text: str = ""
    glyphs: tuple[Glyph, ...] = ()
    turned: int = 0

    _named: ClassVar[str] = "text"

    @property
    def _marks(self) -> tuple[Glyph, ...]:
        return self.glyphs

    def turned_back(self, turns: int, shape: tuple[int, ...]) -> "Reading":
        """The reading of an image that was turned by quarters, its boxes in the image itself.

        Parameters
        ----------
        turns : int
            How often it was turned by 90 degrees counter-clockwise, 0 to 3.
        shape : tuple of int
            Height and width of the image itself.
        """
        height, width = shape[:2]
        glyphs = []
        for glyph in self.glyphs:
            x0, y0, x1, y1 = glyph.box
            box = {
                0: (x0, y0, x1, y1),
                1: (width - y1, x0, width - y0, x1),
                2: (width - x1, height - y1, width - x0, height - y0),
                3: (y0, height - x1, y1, height - x0),
            }[turns]
            glyphs.append(replace(glyph, box=box))
        return replace(self, glyphs=tuple(glyphs), turned=90 * turns)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, ready for JSON."""
        glyphs = [
            {
                "char": glyph.char,
                "confidence": glyph.confidence,
                "box": list(glyph.box),
                "alternatives": [list(pair) for pair in glyph.alternatives],
            }
            for glyph in self.glyphs
        ]
        # super() knows no class that was made anew for its slots
        return {**Result.to_dict(self), "glyphs": glyphs, "turned": self.turned}

    def failure(self, label: str, boxes: ArrayLike | None = None) -> Failure | None:
        """Why the reading is not the label.

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
            "under-segmented" for too few glyphs, "over-segmented" for too many; "misplaced" where
            a glyph shares less than half of its and its character's columns with it; "misread".

        Raises
        ------
        ParameterError
            `label` is no text, or `boxes` are not one for each of its characters.
        """
        if not isinstance(label, str):
            raise ParameterError(f"A label must be a text. Got {label!r}.")
        if boxes is not None and np.shape(boxes) != (len(label), 4):
            raise ParameterError(
                f"The 'boxes' must have shape ({len(label)}, 4), one for each character of "
                f"{label!r}. Got shape {np.shape(boxes)}."
            )
        if self.status in ("unreadable", "rejected"):
            return self.status
        if self.text == label:
            return None
        if len(self.glyphs) != len(label):
            return "under-segmented" if len(self.glyphs) < len(label) else "over-segmented"
        if boxes is None:
            return "misread"
        places = np.array([glyph.box for glyph in self.glyphs]).reshape(-1, 4)
        return "misread" if _same_columns(places, np.asarray(boxes)) else "misplaced"


@dataclass(frozen=True, slots=True, repr=False)
class SumReading(Result):
    """The digit sum of one image.

    Attributes
    ----------
    value : int or None
        The most probable sum; None without digits.
    confidence : float
        Its probability, in [0, 1]; 0 without digits, and 0 where a given length could not be met.
    status, error
        As of `Result`; "rejected" goes by the sum's confidence.
    alternatives : tuple of (int, float)
        The next most probable sums with their probabilities.
    probabilities : (9 N + 1,) float64 array
        Probability of each sum 0, 1, ..., 9 N of the N digits, as many as the longest likely text
        has; empty for an unreadable image. They add up to 1, or to less where a network guesses
        what is ink, or the right text may not be among the likely ones.
    reading : Reading
        The digits; without text where a network looks at the whole image.
    """

    value: int | None = None
    probabilities: NDArray[np.float64] = field(default_factory=_no_numbers, compare=False)
    reading: Reading = Reading()

    _named: ClassVar[str] = "value"

    @property
    def _marks(self) -> tuple[Glyph, ...]:
        return self.reading.glyphs

    @classmethod
    def unreadable(cls, error: str) -> "SumReading":
        """The result of an image that could not be read."""
        return cls(reading=Reading.unreadable(error), status="unreadable", error=error)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, ready for JSON."""
        return {
            **Result.to_dict(self),
            "probabilities": self.probabilities.tolist(),
            "reading": self.reading.to_dict(),
        }


@dataclass(frozen=True, slots=True, repr=False)
class ValueReading(Result):
    """The value of a number or of an arithmetic task in one image.

    Attributes
    ----------
    value : int, float or None
        The most probable value, an int where it is whole; None where the text has none.
    reading : Reading
        The characters.
    confidence : float
        Probability of the value, in [0, 1]: that of all texts together that have it. 0 without a
        value, and where a given length could not be met.
    status : {"ok", "rejected", "empty", "unreadable"}
        As of `Result`; "rejected", too, where the text is neither a number nor a task.
    alternatives : tuple of (int or float, float)
        The next most probable values with their probabilities.
    error : str or None
        Why the image could not be read, or its text has no value.
    """

    value: int | float | None = None
    reading: Reading = Reading()

    _named: ClassVar[str] = "value"

    @property
    def text(self) -> str:
        """What was read, a number or not."""
        return self.reading.text

    @classmethod
    def unreadable(cls, error: str) -> "ValueReading":
        """The result of an image that could not be read."""
        return cls(reading=Reading.unreadable(error), status="unreadable", error=error)

    @property
    def _marks(self) -> tuple[Glyph, ...]:
        return self.reading.glyphs

    def to_dict(self) -> dict[str, Any]:
        """Plain types, ready for JSON."""
        return {**Result.to_dict(self), "text": self.text, "reading": self.reading.to_dict()}


@dataclass(frozen=True, slots=True, repr=False)
class ClassReading(Result):
    """What one photo shows.

    Attributes
    ----------
    label : str, int or None
        The most probable class; None for an unreadable image.
    confidence : float
        Its probability, in [0, 1].
    status, error
        As of `Result`.
    alternatives : tuple of (str or int, float)
        The next most probable classes with their probabilities.
    probabilities : (C,) float64 array
        Probability of each class, in the order of the reader's `classes_`; empty for an unreadable
        image.
    """

    label: str | int | None = None
    probabilities: NDArray[np.float64] = field(default_factory=_no_numbers, compare=False)

    _named: ClassVar[str] = "label"

    def to_dict(self) -> dict[str, Any]:
        """Plain types, ready for JSON."""
        return {**Result.to_dict(self), "probabilities": self.probabilities.tolist()}


def _same_columns(places: NDArray[np.int_], boxes: NDArray[np.int_]) -> bool:
    """Whether each place shares half or more of its and its box's columns with it."""
    shared = np.minimum(places[:, 2], boxes[:, 2]) - np.maximum(places[:, 0], boxes[:, 0])
    together = np.maximum(places[:, 2], boxes[:, 2]) - np.minimum(places[:, 0], boxes[:, 0])
    return bool((shared >= _SAME_PLACE * together).all())
