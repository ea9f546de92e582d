"""The settings that find and cut characters, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.decoding.chains import Lattice
from segcap.segmentation.binarize import Method, binarize
from segcap.segmentation.candidates import Layout, largest_lines, lay_out
from segcap.segmentation.cleanup import remove_border
from segcap.segmentation.components import Segmenter, Segments, segment
from segcap.segmentation.cut_candidates import DEFAULT_CUTTERS
from segcap.segmentation.ink import InkNetwork, InkView, find_ink, text_height
from segcap.segmentation.line_removal import LineRemoval, without_lines
from segcap.segmentation.own_segmenter import OwnSegmenter, own_segments
from segcap.segmentation.text_lines import INK_STRIP_HEIGHT, strip_channels

__all__ = ["LEARNED", "Binarization", "Found", "SegmentationSettings"]

LEARNED: Final = "learned"
"""The binarization by a network; see `segcap.segmentation.ink`."""
_ENOUGH_PIXELS, _TALL_ENOUGH = 2_000_000, 40
Binarization: TypeAlias = Method | Literal["learned"]


class Found(NamedTuple):
    """The characters of an image, or components of touching ones.

    Attributes
    ----------
    pixels : (h, w, 3) uint8 array
        The image, or the part of it with text at the scale at which its ink was found.
    segments : Segments
        Of these pixels.
    view : InkView or None
        Where these pixels are in the image; None for the image itself.
    shape : tuple of int
        Of the image.
    is_learned : bool
        Whether what classifies its lines looks at learned ink and colours.
    """

    pixels: NDArray[np.uint8]
    segments: Segments
    view: InkView | None
    shape: tuple[int, ...]
    is_learned: bool = False

    @property
    def ink(self) -> NDArray[np.bool_]:
        """Which pixels of the image are ink, (H, W)."""
        return self.segments.labels > 0 if self.view is None else self.view.mask(self.shape)

    @property
    def trust(self) -> float:
        """Factor of a reading's odds, by how sure the ink is; 1 where no network found it."""
        return 1.0 if self.view is None else self.view.trust

    def layout(self, cutters: Sequence[str] = DEFAULT_CUTTERS) -> Layout:
        """Scale the lines of text to strips and list the spans that may be characters."""
        if self.view is None or not self.is_learned:
            channels = strip_channels(self.pixels, self.segments.labels > 0)
            return lay_out(channels, self.segments, cutters=cutters)
        channels, height = self.view.channels, INK_STRIP_HEIGHT
        return lay_out(channels, self.segments, cutters=cutters, height=height)

    def lines(self) -> NDArray[np.int32]:
        """Box the lines of text in the image, from top to bottom, (L, 4)."""
        boxes = self.segments.boxes
        lines = [boxes[members] for members in largest_lines(boxes)]
        low = [own[:, :2].min(axis=0) for own in lines]
        high = [own[:, 2:].max(axis=0) for own in lines]
        around = np.concatenate([low, high], axis=1) if lines else np.empty((0, 4), np.int32)
        return around if self.view is None else self.view.to_image(around, self.shape)

    def to_image(self, lattice: Lattice) -> Lattice:
        """Move the boxes of candidates from these pixels into the image."""
        if self.view is None:
            return lattice
        return lattice._replace(boxes=self.view.to_image(lattice.boxes, self.shape))


@dataclass(frozen=True)
class SegmentationSettings:
    """How characters are found and cut.

    Attributes
    ----------
    binarization, line_removal, segmentation, cutters
        As of `segcap.GlyphReader`.
    ink : callable, optional
        The network of the binarization "learned"; see `segcap.segmentation.ink.find_ink`.
    segmenter : callable, optional
        What finds characters instead; see `segcap.segmentation.own_segmenter`.
    """

    binarization: Binarization = "auto"
    line_removal: LineRemoval = "none"
    segmentation: Segmenter = "components"
    cutters: Sequence[str] = DEFAULT_CUTTERS
    ink: InkNetwork | None = field(default=None, repr=False, compare=False)
    segmenter: OwnSegmenter | None = field(default=None, repr=False, compare=False)

    def find(self, image: NDArray[np.uint8]) -> Found:
        """Find the characters, or components of touching ones, of an (H, W, 3) uint8 image.

        Of an image of more than 4 million pixels a threshold sees one reduced to 2 million, and so
        does what classifies, if its text is at least 40 pixels high there.
        """
        if self.segmenter is not None:
            segments = own_segments(image, self.segmenter, self.segmentation)
            if self.binarization != LEARNED:
                return Found(image, segments, None, image.shape)
            # its networks look at ink beside the colours
            view = _whole_view(image, segments)
            return Found(image, segments, view, image.shape, is_learned=True)
        if self.binarization == LEARNED:
            if self.ink is None:
                raise ParameterError("The binarization 'learned' needs a network. Got none.")
            view, segments = find_ink(image, self.ink, self.segmentation)
            return Found(view.pixels, segments, view, image.shape, is_learned=True)
        if image.shape[0] * image.shape[1] > 2 * _ENOUGH_PIXELS:
            pixels = _reduced(image)
            segments = self._by_threshold(pixels, self.binarization)
            if len(segments.boxes) and text_height(segments.boxes) >= _TALL_ENOUGH:
                across = pixels.shape[1] / image.shape[1]
                down = pixels.shape[0] / image.shape[0]
                view = _whole_view(pixels, segments, (across, down))
                return Found(pixels, segments, view, image.shape)
        return Found(image, self._by_threshold(image, self.binarization), None, image.shape)

    def _by_threshold(self, image: NDArray[np.uint8], method: Method) -> Segments:
        ink = binarize(image, method)
        if self.line_removal != "none":
            ink = without_lines(ink, self.line_removal)
        # specks are left out where components are found
        return segment(remove_border(ink), self.segmentation, min_area=None)

    def layout(self, image: NDArray[np.uint8]) -> Layout:
        """Scale an image's lines of text and list the spans that may be characters."""
        return self.find(image).layout(self.cutters)

    def as_parameters(self) -> dict[str, Any]:
        """All but the network, as a reader takes them."""
        return {
            "binarization": self.binarization,
            "line_removal": self.line_removal,
            "segmentation": self.segmentation,
            "cutters": list(self.cutters),
        }


def _reduced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    factor = float(np.sqrt(_ENOUGH_PIXELS / (height * width)))
    size = max(1, round(factor * width)), max(1, round(factor * height))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _whole_view(
    pixels: NDArray[np.uint8], segments: Segments, scales: tuple[float, float] = (1.0, 1.0)
) -> InkView:
    levels = np.where(segments.labels > 0, 255, 0).astype(np.uint8)
    return InkView(pixels, levels, 0.0, 0.0, scales)
