"""The settings that find and cut characters, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segcap.segmentation.binarize import Method, binarize
from segcap.segmentation.candidates import Layout, lay_out
from segcap.segmentation.cleanup import clean
from segcap.segmentation.components import Segmenter, Segments, segment
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS
from segcap.segmentation.line_removal import LineRemoval, without_lines

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """How characters are found and cut.

    Attributes
    ----------
    binarization, line_removal, segmentation, cutters
        As of `segcap.GlyphReader`.
    """

    binarization: Method = "auto"
    line_removal: LineRemoval = "none"
    segmentation: Segmenter = "components"
    cutters: Sequence[str] = DEFAULT_CUTTERS

    def segments(self, image: NDArray[np.uint8]) -> Segments:
        """Find the characters, or components of touching ones, of an (H, W, 3) uint8 image."""
        ink = binarize(image, self.binarization)
        if self.line_removal != "none":
            ink = without_lines(ink, self.line_removal)
        return segment(clean(ink), self.segmentation)

    def layout(self, image: NDArray[np.uint8]) -> Layout:
        """Scale an image's lines of text and list the spans that may be characters."""
        return lay_out(image, self.segments(image), cutters=self.cutters)
