"""Seeded images whose truth is known."""

from segcap.generate.sums import digit_sums

__all__ = ["digit_sums"]
