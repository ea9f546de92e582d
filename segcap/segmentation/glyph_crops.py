"""Crop glyphs and frame them as MNIST frames its digits; the only place where glyphs are scaled."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.image import to_grey
from segcap.decoding.viterbi import span_boxes
from segcap.segmentation.binarize import LEAST_CONTRAST, dilated
from segcap.segmentation.candidates import Layout
from segcap.segmentation.cleanup import looked_up
from segcap.segmentation.components import Segments

__all__ = [
    "GLYPH_SIZE",
    "NO_GLYPHS",
    "candidate_glyphs",
    "frame_glyph",
    "frame_glyphs",
    "segment_glyphs",
    "turned_glyphs",
]

GLYPH_SIZE = 28
NO_GLYPHS = (0, GLYPH_SIZE, GLYPH_SIZE, 1)
_LONGEST_SIDE = 20
_FAINTEST = 0.1
_ENOUGH = 80
_LARGEST_PATCH = 320
_THINNEST_STROKE = 1.6
_THICKENED_STROKE = 2.2
_PLACES = np.arange(float(GLYPH_SIZE))
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def segment_glyphs(
    image: NDArray[np.uint8], segments: Segments, spans: NDArray[np.int32] | None = None
) -> NDArray[np.float32]:
    """Frame segments as glyphs.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    segments : Segments
    spans : (S, 2) int array, optional
        First segment of each glyph and the one after its last; each segment alone unless given.

    Returns
    -------
    (S, 28, 28, 1) float32 array
        See `frame_glyphs`.
    """
    if spans is None:
        spans = np.arange(len(segments.boxes), dtype=np.int32)[:, np.newaxis] + np.array(
            [0, 1], np.int32
        )
    boxes = span_boxes(segments.boxes, spans)
    return frame_glyphs(to_grey(image), segments.labels, boxes=boxes, spans=spans + 1)


def candidate_glyphs(
    image: NDArray[np.uint8], segments: Segments, layout: Layout
) -> NDArray[np.float32]:
    """Frame each candidate of an image's lines as a glyph.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    segments : Segments
    layout : Layout
        Of these segments.

    Returns
    -------
    (S, 28, 28, 1) float32 array
        Of each candidate's columns the ink of its own line; see `frame_glyphs`.
    """
    line = np.zeros(len(segments.boxes) + 1, np.int32)
    for number, members in enumerate(layout.members, start=1):
        line[np.array(members) + 1] = number
    return frame_glyphs(
        to_grey(image),
        looked_up(line, segments.labels),
        boxes=layout.lattice.boxes,
        spans=layout.line[:, np.newaxis] + np.array([1, 2]),
    )


def frame_glyphs(
    grey: NDArray[np.uint8],
    labels: NDArray[np.int32],
    *,
    boxes: NDArray[np.int32],
    spans: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Cut glyphs out of an image and frame each like an MNIST digit.

    Parameters
    ----------
    grey : (H, W) uint8 array
    labels : (H, W) int32 array
        0 for background; every other number is a component.
    boxes : (N, 4) int32 array
        x0, y0, x1, y1 of each glyph, half-open, pixels.
    spans : (N, 2) int32 array
        Each glyph's ink are the pixels inside its box with first <= label < second.

    Returns
    -------
    (N, 28, 28, 1) float32 array
        Ink 1, background 0, soft edges kept; see `frame_glyph`.
    """
    glyphs = np.zeros((len(boxes), GLYPH_SIZE, GLYPH_SIZE, 1), np.float32)
    blank = 1 - dilated(labels > 0).view(np.uint8)
    height, width = grey.shape
    for glyph, (x0, y0, x1, y1), (first, stop) in zip(
        glyphs, boxes.tolist(), spans.tolist(), strict=True
    ):
        around = (
            slice(max(y0 - 2, 0), min(y1 + 2, height)),
            slice(max(x0 - 2, 0), min(x1 + 2, width)),
        )
        step = max(1, max(y1 - y0, x1 - x0) // _LARGEST_PATCH)
        patch = np.ascontiguousarray(labels[around][::step, ::step])
        levels = np.ascontiguousarray(grey[around][::step, ::step])
        ground = np.ascontiguousarray(blank[around][::step, ::step])
        own = cv2.inRange(patch, first, stop - 1)
        own[:, : (x0 - around[1].start) // step] = 0
        own[:, -(-(x1 - around[1].start) // step) :] = 0
        glyph[..., 0] = frame_glyph(_soft_ink(levels, own, patch, ground))
    return glyphs


def frame_glyph(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale and centre one glyph the way MNIST does.

    Parameters
    ----------
    ink : (H, W) float32 array
        Ink in [0, 1], background 0. What is fainter than 0.1 at the rim is cropped.

    Returns
    -------
    (28, 28) float32 array
        The glyph's longest side is 20 pixels and its centre of mass in the middle, to half a
        pixel and as far as the frame has room; strokes that would become thinner than 1.6 pixels
        are thickened. All zero for no ink.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition.
    Proceedings of the IEEE 86 (1998), 2278-2324, section III.A.
    """
    frame = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.float32)
    x, y, width, height = cv2.boundingRect((ink > _FAINTEST).view(np.uint8))
    if width == 0:
        return frame
    ink = _shrink(ink[y : y + height, x : x + width])
    height, width = ink.shape
    if max(width, height) > _LONGEST_SIDE:
        ink = _thicken(ink)
        height, width = ink.shape
    scale = _LONGEST_SIDE / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = _offset(scaled.sum(axis=0)), _offset(scaled.sum(axis=1))
    frame[top : top + size[1], left : left + size[0]] = scaled
    return frame


def _offset(profile: NDArray[np.float32]) -> int:
    """Where a side begins so that the centre of mass of its profile comes to the middle."""
    centre_of_mass = float(profile @ _PLACES[: len(profile)]) / float(profile.sum())
    return min(max(round(GLYPH_SIZE / 2 - centre_of_mass), 0), GLYPH_SIZE - len(profile))


def turned_glyphs(glyphs: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """Turn framed glyphs about their middle.

    Parameters
    ----------
    glyphs : (N, 28, 28, 1) float32 array
    degrees : float
        Against the clock.

    Returns
    -------
    (N, 28, 28, 1) float32 array
    """
    middle = (GLYPH_SIZE - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    turned = np.empty_like(glyphs)
    for glyph, target in zip(glyphs, turned, strict=True):
        target[..., 0] = cv2.warpAffine(glyph[..., 0], matrix, (GLYPH_SIZE, GLYPH_SIZE))
    return turned


def _soft_ink(
    grey: NDArray[np.uint8],
    own: NDArray[np.uint8],
    labels: NDArray[np.int32],
    blank: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """One glyph's ink in [0, 1] with the soft rim of its strokes, and none of its neighbours'.

    Of masks, `own` is 255 where its ink is, `blank` 1 where no ink is near.
    """
    mean, deviation = cv2.meanStdDev(grey, mask=own)
    is_ink, free = own > 0, labels == 0
    if not cv2.countNonZero(blank):
        blank = free.view(np.uint8)
        if not cv2.countNonZero(blank):
            return is_ink.astype(np.float32)
    background = cv2.mean(grey, blank)[0]
    sign = 1 if mean[0, 0] > background else -1
    level = mean[0, 0] + sign * deviation[0, 0]
    if abs(level - background) < LEAST_CONTRAST:
        return is_ink.astype(np.float32)
    soft = (grey.astype(np.float32) - np.float32(background)) / np.float32(level - background)
    np.minimum(np.maximum(soft, 0, out=soft), 1, out=soft)
    return np.multiply(soft, dilated(is_ink) & (is_ink | free), out=soft)


def _shrink(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the most ink of each block of a large glyph, at least 80 blocks along its longest side.

    What follows costs the more the larger the glyph is, and needs no more than that.
    """
    block = max(ink.shape) // _ENOUGH
    if block < 2:
        return ink
    height, width = (-(-side // block) for side in ink.shape)
    padded = np.zeros((height * block, width * block), np.float32)
    padded[: ink.shape[0], : ink.shape[1]] = ink
    return padded.reshape(height, block, width, block).max(axis=(1, 3))


def _thicken(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Widen strokes that would fade when the glyph is made smaller."""
    shrink = max(ink.shape) / _LONGEST_SIDE
    solid = (ink > 0.5).view(np.uint8)
    area = cv2.countNonZero(solid)
    rim = area - cv2.countNonZero(
        cv2.erode(solid, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    )
    stroke = 2 * area / max(rim, 1)
    if stroke >= _THINNEST_STROKE * shrink:
        return ink
    radius = max(1, round((_THICKENED_STROKE * shrink - stroke) / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    padded = cv2.copyMakeBorder(ink, radius, radius, radius, radius, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(padded, kernel)
