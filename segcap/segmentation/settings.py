"""The settings that find and cut characters, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segcap.segmentation.binarize import Method
from segcap.segmentation.candidates import Layout, lay_out
from segcap.segmentation.components import Segmenter, Segments
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS
from segcap.segmentation.glyph_crops import find_segments
from segcap.segmentation.line_removal import LineRemoval

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
        """Find the characters, or blobs of touching ones, of an (H, W, 3) uint8 image."""
        return find_segments(
            image,
            binarization=self.binarization,
            line_removal=self.line_removal,
            segmentation=self.segmentation,
        )

    def layout(self, image: NDArray[np.uint8]) -> Layout:
        """Scale an image's lines of text and list the spans that may be characters."""
        return lay_out(image, self.segments(image), cutters=self.cutters)
