"""Random draws that remember what was drawn."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws", "between"]

T = TypeVar("T")


class Draws:
    """Random numbers of one image, kept by name.

    Schemes but "wild", "seven-segment" and "counter" draw the same in the same order whatever the
    difficulty, so that images of one seed differ by their difficulty alone.

    Parameters
    ----------
    seed, index : int
        The image's own: it depends on no other image.

    Attributes
    ----------
    parameters : dict
        What was drawn by name, as JSON takes it; numbers are rounded to four places before they
        are used.
    rng : numpy.random.Generator
        For what would be too much to be kept: grain, specks, scattered pixels, elastic fields.
    """

    def __init__(self, seed: int, index: int) -> None:
        self.rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
        self.parameters: dict[str, Any] = {}

    def uniform(self, name: str, low: float, high: float) -> float:
        """Draw a number in [low, high]."""
        value = round(low + (high - low) * self.rng.random(), 4)
        self.parameters[name] = value
        return value

    def uniforms(
        self, name: str, low: float, high: float, n: int, *, scale: float = 1.0
    ) -> NDArray[np.float64]:
        """Draw `n` numbers in [low, high], and scale them."""
        values = np.round((low + (high - low) * self.rng.random(n)) * scale, 4)
        self.parameters[name] = values.tolist()
        return values

    def integer(self, name: str, low: int, high: int) -> int:
        """Draw a whole number in low ... high."""
        value = int(self.rng.integers(low, high + 1))
        self.parameters[name] = value
        return value

    def integers(self, name: str, low: int, high: int, n: int) -> list[int]:
        """Draw `n` whole numbers in low ... high."""
        values = self.rng.integers(low, high + 1, size=n).tolist()
        self.parameters[name] = values
        return values

    def choice(self, name: str, options: Sequence[T]) -> T:
        """Draw one of the options; its name or itself is kept."""
        option = options[int(self.rng.integers(len(options)))]
        self.parameters[name] = getattr(option, "name", option)
        return option

    def choices(self, name: str, options: Sequence[T], n: int) -> list[T]:
        """Draw `n` of the options, with repetition."""
        drawn = [options[index] for index in self.rng.integers(len(options), size=n).tolist()]
        self.parameters[name] = [getattr(option, "name", option) for option in drawn]
        return drawn


def between(easy: Any, hard: Any, difficulty: Any) -> Any:
    """Go from `easy` at 0 to `hard` at 1; of arrays, for each element."""
    return easy + (hard - easy) * difficulty
