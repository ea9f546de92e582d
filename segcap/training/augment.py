"""Random warps of glyphs, drawn outside the network so that it can be exported."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Warp",
    "augment_glyphs",
    "augment_images",
    "augment_strips",
    "lose_detail",
    "vary_strokes",
    "warp_glyphs",
]

_FAINTEST_INK = 0.1
_CONTRAST = 0.25
_BRIGHTNESS = 0.1
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True)
class Warp:
    """Strength of the random warps.

    Attributes
    ----------
    rotation : float
        Largest turn either way, degrees.
    scale : float
        Largest relative change of size, each axis on its own.
    shear : float
        Largest horizontal shear, pixels per pixel.
    shift : float
        Largest shift along each axis, pixels.
    elastic : float
        Standard deviation of the elastic displacement at its control points, pixels.
    control_points : int
        Control points of the elastic field along each side.
    """

    rotation: float = 12.0
    scale: float = 0.15
    shear: float = 0.15
    shift: float = 2.0
    elastic: float = 0.75
    control_points: int = 4


def augment_glyphs(glyphs: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Warp all glyphs, and of some the stroke width and the resolution.

    Parameters
    ----------
    glyphs : (N, H, W, 1) float32 array
        Glyphs in [0, 1], background 0.
    rng : numpy.random.Generator
        Source of all random choices.

    Returns
    -------
    (N, H, W, 1) float32 array
        New array.
    """
    return lose_detail(vary_strokes(warp_glyphs(glyphs, rng), rng), rng)


def vary_strokes(
    glyphs: NDArray[np.float32], rng: np.random.Generator, *, fraction: float = 0.2
) -> NDArray[np.float32]:
    """Blend a fraction of the glyphs with their dilation (up to wholly) or erosion (up to half).

    Parameters
    ----------
    glyphs : (N, H, W, 1) float32 array
    rng : numpy.random.Generator
    fraction : float
        In [0, 1].

    Returns
    -------
    (N, H, W, 1) float32 array
        New array.
    """
    varied = glyphs.copy()
    strengths = rng.uniform(-0.5, 1, len(glyphs))
    for index in np.flatnonzero(rng.random(len(glyphs)) < fraction):
        morph = cv2.dilate if strengths[index] > 0 else cv2.erode
        weight = abs(strengths[index])
        glyph = glyphs[index, ..., 0]
        varied[index, ..., 0] = (1 - weight) * glyph + weight * morph(glyph, _CROSS)
    return varied


def lose_detail(
    glyphs: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    fraction: float = 0.2,
    least: float = 0.35,
) -> NDArray[np.float32]:
    """Make a fraction of the glyphs smaller and enlarge them again, as if drawn a few pixels tall.

    Their darkest ink comes back to 1, as it does when glyphs are framed.

    Parameters
    ----------
    glyphs : (N, H, W, 1) float32 array
    rng : numpy.random.Generator
    fraction : float
        In [0, 1].
    least : float
        Smallest scale, in (0, 1).

    Returns
    -------
    (N, H, W, 1) float32 array
        New array.
    """
    height, width = glyphs.shape[1:3]
    blurred = glyphs.copy()
    scales = rng.uniform(least, 1, len(glyphs))
    for index in np.flatnonzero(rng.random(len(glyphs)) < fraction):
        size = round(width * scales[index]), round(height * scales[index])
        small = cv2.resize(glyphs[index, ..., 0], size, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        blurred[index, ..., 0] = large / max(large.max(), _FAINTEST_INK)
    return blurred


def warp_glyphs(
    glyphs: NDArray[np.float32], rng: np.random.Generator, warp: Warp | None = None
) -> NDArray[np.float32]:
    """Warp each glyph by its own random affine and elastic map.

    Parameters
    ----------
    glyphs : (N, H, W, 1) float32 array
        Glyphs, background 0.
    rng : numpy.random.Generator
        Source of all random choices.
    warp : Warp, optional
        Strength; the default suits handwritten digits.

    Returns
    -------
    (N, H, W, 1) float32 array
        New array; pixels from outside the glyph are 0.

    References
    ----------
    Simard, Steinkraus, Platt: Best practices for convolutional neural networks applied to visual
    document analysis. ICDAR 2003.
    """
    return _warped(glyphs, rng, warp or Warp(), cv2.BORDER_CONSTANT)


def augment_images(
    images: NDArray[np.float32], rng: np.random.Generator, warp: Warp
) -> NDArray[np.float32]:
    """Warp whole images, and change their contrast and brightness.

    Parameters
    ----------
    images : (N, H, W, C) float32 array
        In [0, 1].
    rng : numpy.random.Generator
        Source of all random choices.
    warp : Warp
        Strength.

    Returns
    -------
    (N, H, W, C) float32 array
        New array; pixels from outside an image are those of its border.
    """
    gains = rng.uniform(1 - _CONTRAST, 1 + _CONTRAST, (len(images), 1, 1, 1)).astype(np.float32)
    biases = rng.uniform(-_BRIGHTNESS, _BRIGHTNESS, gains.shape).astype(np.float32)
    warped = _warped(images, rng, warp, cv2.BORDER_REPLICATE)
    return np.clip(warped * gains + biases, 0, 1)


def _warped(
    images: NDArray[np.float32], rng: np.random.Generator, warp: Warp, border: int
) -> NDArray[np.float32]:
    count, height, width = images.shape[:3]
    maps = _affine_maps(count, height, width, rng, warp) + _elastic_maps(
        count, height, width, rng, warp
    )
    warped = np.empty_like(images)
    for image, source, target in zip(images, maps, warped, strict=True):
        moved = cv2.remap(image, source, None, cv2.INTER_LINEAR, borderMode=border)
        target[:] = moved.reshape(target.shape)
    return warped


def _affine_maps(
    count: int, height: int, width: int, rng: np.random.Generator, warp: Warp
) -> NDArray[np.float32]:
    """(N, H, W, 2) float32: for each target pixel the source x, y."""
    angle = np.deg2rad(rng.uniform(-warp.rotation, warp.rotation, count))
    scale_x, scale_y = 1 + rng.uniform(-warp.scale, warp.scale, (2, count))
    shear = rng.uniform(-warp.shear, warp.shear, count)
    shift = rng.uniform(-warp.shift, warp.shift, (count, 2))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.stack(
        [
            np.stack([cos / scale_x, (shear * cos - sin) / scale_x], axis=-1),
            np.stack([sin / scale_y, (shear * sin + cos) / scale_y], axis=-1),
        ],
        axis=-2,
    )
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    y, x = np.mgrid[:height, :width]
    grid = np.stack([x, y], axis=-1).reshape(-1, 2) - centre
    maps = grid @ matrix.transpose(0, 2, 1) + (centre + shift)[:, None]
    return maps.reshape(count, height, width, 2).astype(np.float32)


def _elastic_maps(
    count: int, height: int, width: int, rng: np.random.Generator, warp: Warp
) -> NDArray[np.float32]:
    """(N, H, W, 2) float32 displacements, smooth between control points."""
    points = rng.normal(
        0, warp.elastic, (count, warp.control_points, warp.control_points, 2)
    ).astype(np.float32)
    rows = _interpolation(height, warp.control_points)
    columns = _interpolation(width, warp.control_points)
    return np.einsum("hp,npqc,wq->nhwc", rows, points, columns, optimize=True).astype(np.float32)


def _interpolation(size: int, control_points: int) -> NDArray[np.float32]:
    """(size, control_points) weights of a cubic upsampling."""
    identity = np.eye(control_points, dtype=np.float32)
    return cv2.resize(identity, (control_points, size), interpolation=cv2.INTER_CUBIC)


_STRIP_WARP = Warp(rotation=3.0, scale=0.12, shear=0.12, shift=2.0, elastic=0.8)


def augment_strips(
    pixels: NDArray[np.uint8],
    spans: NDArray[np.float32],
    rng: np.random.Generator,
    warp: Warp = _STRIP_WARP,
    *,
    border: int = cv2.BORDER_CONSTANT,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Warp lines of text, change their tone, and blur or speckle a fraction of them.

    Parameters
    ----------
    pixels : (N, H, W, C) uint8 array
        See `segcap.segmentation.text_lines.Strip`.
    spans : (N, L, 2) float array
        First and last edge of each character, pixels; NaN for none.
    rng : numpy.random.Generator
        Source of all random choices.
    warp : Warp
        Strength.
    border : int
        What is around a line, as OpenCV calls it; 0 unless given.

    Returns
    -------
    pixels : (N, H, W, C) uint8 array
    spans : (N, L, 2) float32 array
        Moved with the ink.
    """
    count, height, width = pixels.shape[:3]
    turns = np.tan(np.deg2rad(rng.uniform(-warp.rotation, warp.rotation, count)))
    scales = 1 + rng.uniform(-warp.scale, warp.scale, (2, count))
    leans = rng.uniform(-warp.shear, warp.shear, (count, 1))
    shifts = rng.uniform(-warp.shift, warp.shift, (2, count))
    gammas = np.exp(rng.uniform(-0.4, 0.4, count))
    blurs = np.where(rng.random(count) < 0.25, rng.uniform(0.4, 1.1, count), 0)
    grains = np.where(rng.random(count) < 0.25, rng.uniform(4, 30, count), 0)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    middle = np.float32((height - 1) / 2)
    levels = np.arange(256) / 255
    warped = np.empty_like(pixels)
    points = max(2, round(width / height * warp.control_points))
    up, across = _interpolation(height, warp.control_points), _interpolation(width, points)
    for index in range(count):
        scale_x, scale_y = scales[:, index].astype(np.float32)
        shift_x, shift_y = shifts[:, index].astype(np.float32)
        field = rng.normal(0, warp.elastic, (2, warp.control_points, points)).astype(np.float32)
        off_x, off_y = up @ field[0] @ across.T, up @ field[1] @ across.T
        turn = np.float32(turns[index])
        down = rows - middle
        from_x = (columns - shift_x) / scale_x + leans[index].astype(np.float32) * down + off_x
        from_y = middle + (down - shift_y) / scale_y
        from_y += turn * (columns - np.float32(width / 2)) + off_y
        line = cv2.remap(pixels[index], from_x, from_y, cv2.INTER_LINEAR, borderMode=border)
        line = cv2.LUT(line, (255 * levels ** gammas[index]).astype(np.uint8))
        if blurs[index]:
            line = cv2.GaussianBlur(line, (0, 0), float(blurs[index]))
        if grains[index]:
            grain = rng.normal(0, grains[index], line.shape).astype(np.float32)
            line = np.clip(line + grain, 0, 255).astype(np.uint8)
        warped[index] = line
    moved = spans * scales[0][:, None, None] + shifts[0][:, None, None]
    return warped, moved.astype(np.float32)
