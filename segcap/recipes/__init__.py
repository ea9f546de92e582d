"""How the shipped readers are made."""

from segcap.recipes.digits import measure_glyphs, train_digits
from segcap.recipes.mixed import train_mixed

__all__ = ["measure_glyphs", "train_digits", "train_mixed"]
