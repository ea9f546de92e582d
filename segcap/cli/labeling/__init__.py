"""Labels made quickly: a page on the local machine that asks, a reader that guesses."""

from segcap.cli.labeling.command import label

__all__ = ["label"]
