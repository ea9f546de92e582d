"""How hard an image is made: one number in [0, 1] for each way of making it hard."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from numbers import Real

import numpy as np

from segcap.core.errors import ParameterError

__all__ = ["DIALS", "Dials", "Difficulty"]


@dataclass(frozen=True)
class Dials:
    """Five dials, each in [0, 1]; at 0 none of its effect, at 1 all of it.

    Parameters
    ----------
    overlap : float
        How far neighbours are pushed into each other: beside the scheme's own spacing, their boxes
        are 0.15 to 0.3 of the narrower one's width apart at 0, and share 0.3 to 0.45 of it at 1.
    warp : float
        Rotation, shear, jitter of the baseline, elastic distortion; letters that would not fit
        into the image any more become smaller.
    lines : float
        Number and thickness of lines and curves across the text.
    noise : float
        Grain, specks, scattered pixels, blur, and what else disturbs the strokes.
    contrast : float
        How much of the difference of ink and paper is lost, and how unevenly the page is lit.

    Raises
    ------
    ParameterError
        A dial is no number in [0, 1].
    """

    overlap: float = 0.0
    warp: float = 0.0
    lines: float = 0.0
    noise: float = 0.0
    contrast: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            position = float(value) if isinstance(value, Real) else np.nan
            if isinstance(value, bool) or not 0 <= position <= 1:
                raise ParameterError(f"The dial '{name}' must be in [0, 1]. Got {value!r}.")
            object.__setattr__(self, name, position)

    def turned(self, difficulty: "Difficulty") -> "Dials":
        """Turn some of the dials.

        Parameters
        ----------
        difficulty : float or mapping of str to float or Dials or None
            All dials' position, or that of some of them; None turns none.

        Raises
        ------
        ParameterError
            A name is no dial's, or a position is no number in [0, 1].
        """
        if difficulty is None:
            return self
        if isinstance(difficulty, Dials):
            return difficulty
        if not isinstance(difficulty, Mapping):
            return Dials(**dict.fromkeys(DIALS, difficulty))
        unknown = [name for name in difficulty if name not in DIALS]
        if unknown:
            raise ParameterError(f"A dial must be one of: {', '.join(DIALS)}. Got {unknown[0]!r}.")
        return replace(self, **difficulty)


DIALS = tuple(field.name for field in fields(Dials))
Difficulty = float | Mapping[str, float] | Dials | None
