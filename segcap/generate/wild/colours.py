"""Colours that can be seen before others."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["contrasting", "random_colour"]

_TRIES = 12
_BRIGHT_OR_DARK = 0.55
_GREY = 0.3


def random_colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a colour, (3,) float32 in [0, 255]: often nearly white or black, sometimes grey."""
    kind = rng.random()
    if kind < _BRIGHT_OR_DARK:
        strength = rng.uniform(0, 60) * rng.random(3)
        colour = 255 - strength if rng.random() < 0.75 else strength
    elif kind < _BRIGHT_OR_DARK + 0.15:
        colour = np.full(3, rng.uniform(0, 255))
    else:
        colour = rng.uniform(0, 255, 3)
    return colour.astype(np.float32)


def contrasting(
    rng: np.random.Generator, ground: NDArray[np.float32], difficulty: float = 0.0
) -> NDArray[np.float32]:
    """Draw a colour that differs from a background's.

    Parameters
    ----------
    rng : numpy.random.Generator
    ground : (3,) float32 array
    difficulty : float
        At 0 the luma differs by 90 or more, at 1 by 25; a channel may make up for it.
    """
    least = 90 - 65 * difficulty * rng.random()
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    for _ in range(_TRIES):
        kind = rng.random()
        if kind < _GREY:
            colour = np.full(3, rng.uniform(0, 255))
        elif kind < 0.55:  # saturated
            levels = [rng.uniform(0, 60), rng.uniform(0, 255), rng.uniform(190, 255)]
            colour = np.asarray(rng.permutation(levels))
        else:
            colour = rng.uniform(0, 255, 3)
        difference = colour - ground
        if max(abs(float(difference @ luma)), 0.6 * float(np.abs(difference).max())) >= least:
            return colour.astype(np.float32)
    far = 0.0 if float(ground @ luma) > 127 else 255.0
    return np.full(3, far, np.float32)
