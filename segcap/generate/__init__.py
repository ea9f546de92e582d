"""Seeded images whose truth is known."""

from segcap.generate.difficulty import DIFFICULTIES, Difficulty
from segcap.generate.files import write_digit_sums, write_text
from segcap.generate.folder import read_manifest
from segcap.generate.sums import DigitRows, digit_sums
from segcap.generate.text import Sample, TextArrays, TextGenerator, schemes

__all__ = [
    "DIFFICULTIES",
    "Difficulty",
    "DigitRows",
    "Sample",
    "TextArrays",
    "TextGenerator",
    "digit_sums",
    "read_manifest",
    "schemes",
    "write_digit_sums",
    "write_text",
]
