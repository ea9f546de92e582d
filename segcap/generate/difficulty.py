"""How hard an image is made: one number in [0, 1] for each way of making it hard."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from numbers import Real

import numpy as np

from segcap.core.errors import ParameterError

__all__ = ["DIFFICULTIES", "Difficulty", "DifficultyLike"]


@dataclass(frozen=True)
class Difficulty:
    """Five difficulties, each in [0, 1]; at 0 none of its effect, at 1 all of it.

    Parameters
    ----------
    overlap : float
        How far neighbours are pushed into each other: beside the scheme's own spacing, their boxes
        are 0.15 to 0.3 of the narrower one's width apart at 0, and overlap by 0.3 to 0.45 at 1.
    warp : float
        Rotation, shear, jitter of the baseline, elastic distortion; letters that would not fit
        into the image any more become smaller.
    lines : float
        Number and thickness of lines and curves across the text.
    noise : float
        Grain, specks, scattered pixels, blur, and what else disturbs the strokes.
    contrast : float
        How much of the difference of ink and background is lost, and how unevenly the page is lit.

    Raises
    ------
    ParameterError
        A difficulty is no number in [0, 1].
    """

    overlap: float = 0.0
    warp: float = 0.0
    lines: float = 0.0
    noise: float = 0.0
    contrast: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            level = float(value) if isinstance(value, Real) else np.nan
            if isinstance(value, bool) or not 0 <= level <= 1:
                raise ParameterError(f"The difficulty '{name}' must be in [0, 1]. Got {value!r}.")
            object.__setattr__(self, name, level)

    def turned(self, difficulty: "DifficultyLike") -> "Difficulty":
        """Return a copy with some values changed.

        Parameters
        ----------
        difficulty : float or mapping of str to float or Difficulty or None
            Value of all, or of some; None changes nothing.

        Raises
        ------
        ParameterError
            A name is unknown, or a value is no number in [0, 1].
        """
        if difficulty is None:
            return self
        if isinstance(difficulty, Difficulty):
            return difficulty
        if not isinstance(difficulty, Mapping):
            return Difficulty(**dict.fromkeys(DIFFICULTIES, difficulty))
        unknown = [name for name in difficulty if name not in DIFFICULTIES]
        if unknown:
            raise ParameterError(
                f"A difficulty must be one of: {', '.join(DIFFICULTIES)}. Got {unknown[0]!r}."
            )
        return replace(self, **difficulty)


DIFFICULTIES = tuple(field.name for field in fields(Difficulty))
DifficultyLike = float | Mapping[str, float] | Difficulty | None
