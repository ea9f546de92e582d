"""Lines of text as strips of one height, for networks that look at whole lines."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.image import to_grey
from segcap.segmentation.binarize import LEAST_CONTRAST, dilated, local_mean

__all__ = [
    "CHANNELS",
    "INK_STRIP_HEIGHT",
    "MOST_HEIGHTS",
    "STRIP_HEIGHT",
    "WIDTH_STEP",
    "Strip",
    "line_strip",
    "soft_ink",
    "span_rows",
    "strip_channels",
    "strip_rows",
    "tone",
]

STRIP_HEIGHT = 32
INK_STRIP_HEIGHT = 40
"""Of strips with learned ink and colours."""
CHANNELS = 2
_TEXT_HEIGHT = 26
_OUTLIERS = 0.02
_FILLED = 0.9
_WIDE = 3
_FEWER = 0.85
_STRAY_CHANGES = 0.04
_SIDE_MARGIN = 4
_INKED = 100
_LARGE = 2**20
_ROWS_AT_ONCE = 4096
WIDTH_STEP = 16
MOST_HEIGHTS = 100
"""A line that is longer than so many times its height is scaled as if it were taller."""
_TONE_PERCENTILES = (1, 99)


class Strip(NamedTuple):
    """A line of text, scaled to one height.

    Attributes
    ----------
    pixels : (height, W, C) uint8 array
        Soft ink and tone, see `soft_ink` and `tone`, 32 pixels high; or learned ink and colours, 40
        pixels high. W is a multiple of 16.
    left : float
        Column of the image at which the strip begins, pixels.
    scale : float
        Pixels of the strip in one of the image.
    """

    pixels: NDArray[np.uint8]
    left: float
    scale: float

    @property
    def ink(self) -> NDArray[np.uint8]:
        """The soft ink, (height, W) uint8: 255 where there is ink, 0 on the background."""
        return self.pixels[..., 0]

    def columns(self, xs: NDArray[np.number]) -> NDArray[np.float32]:
        """Turn columns of the image into columns of the strip."""
        return ((np.asarray(xs) - self.left) * self.scale).astype(np.float32)


def soft_ink(image: NDArray[np.uint8], ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Measure how far each pixel's colour is from the background around it.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    ink : (H, W) bool array
        What is ink for certain: it sets the scale, and the background is taken from beside it.

    Returns
    -------
    (H, W) uint8 array
        0 for background, 255 for what is as far from it as ink is by far; colours count by the
        channel in which they differ most.
    """
    height, width = ink.shape
    mask = ink.view(np.uint8)
    if mask.size == 0:
        return mask
    blank = ~dilated(ink)
    if not blank.any() or not ink.any():
        return mask * np.uint8(255)
    window = (2 * (width // 8) + 1, 2 * (height // 2) + 1)
    colours = image[..., :1] if _is_grey(image) else image
    few = np.float32(0.02)
    weight = local_mean(blank.astype(np.float32), window, cv2.BORDER_CONSTANT)
    weight += few
    mean = _mean_colour(colours, blank)

    def distance(channel: int) -> NDArray[np.float32]:
        level = colours[..., channel]
        blanks = np.multiply(level, blank, dtype=np.float32)
        background = local_mean(blanks, window, cv2.BORDER_CONSTANT)
        background += few * mean[channel]
        background /= weight
        background -= level
        return np.abs(background, out=background)

    difference = distance(0)
    for channel in range(1, colours.shape[2]):  # one by one, for memory's sake
        np.maximum(difference, distance(channel), out=difference)
    own = difference[ink]
    full = max(float(own.mean() + own.std()), LEAST_CONTRAST)
    difference *= np.float32(255 / full)
    return np.minimum(difference, 255, out=difference).astype(np.uint8)


def tone(image: NDArray[np.uint8], ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Stretch an image's grey values, and turn them so that ink is bright.

    What soft ink loses, such as letters that change with their ground from dark to bright, can
    still be seen in it.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    ink : (H, W) bool array

    Returns
    -------
    (H, W) uint8 array
        From the first to the last percent of the grey values, but at least 16 of them.
    """
    if image.size == 0:
        return np.zeros(ink.shape, np.uint8)
    grey = to_grey(image)
    low, high = _percentiles(grey, _TONE_PERCENTILES)
    span = max(float(high - low), LEAST_CONTRAST)
    levels = (np.arange(256) - np.float32(low)).astype(np.float32) * np.float32(255 / span)
    stretched = cv2.LUT(grey, np.clip(levels, 0, 255).astype(np.uint8))
    inked = np.count_nonzero(ink)
    darker = int(stretched[ink].sum()) * ink.size < int(stretched.sum()) * inked
    return 255 - stretched if darker and inked < ink.size else stretched


def _percentiles(grey: NDArray[np.uint8], percentiles: tuple[int, ...]) -> NDArray[np.float64]:
    """Percentiles as numpy's, from a histogram."""
    until = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.int64))
    place = np.array(percentiles) / 100 * (grey.size - 1)
    below = np.floor(place)
    low, high = (np.searchsorted(until, own, side="right") for own in (below, np.ceil(place)))
    part = place - below
    return np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))


def strip_channels(image: NDArray[np.uint8], ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Make what a strip shows of an image, pixel by pixel: soft ink and tone.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    ink : (H, W) bool array

    Returns
    -------
    (H, W, 2) uint8 array
        See `soft_ink` and `tone`.
    """
    return np.stack([soft_ink(image, ink), tone(image, ink)], axis=-1)


def strip_rows(ink: NDArray[np.bool_], image_height: int | None = None) -> tuple[int, int]:
    """Find the first row of a line's ink and the one after its last, without outliers.

    Ink that fills 0.9 of the image's height, and is at least 3 times as wide, is taken for a
    pattern with letters in it, such as bars or a chessboard: then rows count in which columns
    change from ink to background or back, but not single ones, where squares end. If these are
    hardly fewer, it is text that fills its image.

    Parameters
    ----------
    ink : (H, W) bool array
        With ink somewhere.
    image_height : int, optional
        Where these are some of an image's rows, with two blank ones above and below if the image
        has them.

    Returns
    -------
    tuple of int
        Between them lies all ink but 2 % above and 2 % below; of changes 4 % lie on either side.
    """
    rows = _middle_rows(ink.sum(axis=1), _OUTLIERS)
    if not _is_pattern(ink, rows, image_height or len(ink)):
        return rows
    changes = (ink[1:] != ink[:-1]).sum(axis=1)
    steady = cv2.medianBlur(changes.astype(np.float32).reshape(-1, 1), 3).ravel()
    if not steady.any():
        return rows
    top, bottom = _middle_rows(steady, _STRAY_CHANGES)
    fewer = bottom + 1 - top <= _FEWER * (rows[1] - rows[0])
    return (top, bottom + 1) if fewer else rows


def _is_pattern(ink: NDArray[np.bool_], rows: tuple[int, int], image_height: int) -> bool:
    height = rows[1] - rows[0]
    wide = np.ptp(np.flatnonzero(ink.any(axis=0)))
    return 1 < image_height <= height / _FILLED and bool(wide >= _WIDE * height)


def _middle_rows(amounts: NDArray[np.number], outliers: float) -> tuple[int, int]:
    total = np.cumsum(amounts)
    first, last = np.searchsorted(total, total[-1] * np.array([outliers, 1 - outliers]))
    return int(first), int(last) + 1


def line_strip(
    channels: NDArray[np.uint8],
    ink: NDArray[np.bool_],
    *,
    first_row: int = 0,
    height: int = STRIP_HEIGHT,
) -> Strip:
    """Scale a line of text to the height of a strip.

    Parameters
    ----------
    channels : (H, W, C) uint8 array
        What the strip shows; the first is how much of a pixel is ink. See `strip_channels`.
    ink : (H, W) bool array
        The line's own ink, which says where it is and how tall; with ink somewhere. Or some of its
        rows; see `strip_rows`.
    first_row : int
        Where these rows begin.
    height : int
        Of the strip, pixels.

    Returns
    -------
    Strip
        The ink takes 26/32 of the height and stands in the middle; less if it has fewer than 9
        rows, or more than 100 times as many columns.
    """
    top, bottom = (first_row + row for row in strip_rows(ink, len(channels)))
    columns = np.flatnonzero(ink.any(axis=0))
    wide = int(columns[-1]) + 1 - int(columns[0])
    rows = max(
        round((bottom - top) * STRIP_HEIGHT / _TEXT_HEIGHT),
        bottom - top + 2,
        -(-wide * STRIP_HEIGHT // (MOST_HEIGHTS * _TEXT_HEIGHT)),
    )
    scale = height / rows
    above = top - (rows - (bottom - top)) // 2
    margin = int(np.ceil(_SIDE_MARGIN / scale))
    left, right = int(columns[0]) - margin, int(columns[-1]) + 1 + margin
    width = max(1, round((right - left) * scale))
    if rows * (right - left) > max(_LARGE, 2 * len(channels) * channels.shape[1]):
        scaled = _scaled_without_padding(channels, above, rows, (left, right), (width, height))
    else:
        area = _padded_crop(channels, above, above + rows, left, right)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(area, (width, height), interpolation=method)
    padded_width = -(-width // WIDTH_STEP) * WIDTH_STEP
    padded = np.zeros((height, padded_width, channels.shape[2]), np.uint8)
    padded[:, :width] = scaled
    return Strip(padded, float(left), width / (right - left))


def span_rows(ink: NDArray[np.uint8], columns: NDArray[np.floating]) -> NDArray[np.float32]:
    """Find the rows that the ink of each span of a strip takes.

    Parameters
    ----------
    ink : (H, W) uint8 array
    columns : (K, 2) float array
        First and last edge of each span, pixels; NaN for none.

    Returns
    -------
    (K, 2) float32 array
        First and last edge, pixels, without the outermost 2 % of the ink; all rows without ink.
    """
    height, width = ink.shape
    until = np.zeros((height, width + 1), np.int32)
    np.cumsum(ink > _INKED, axis=1, out=until[:, 1:])
    edges = np.clip(np.nan_to_num(np.rint(columns)), 0, width).astype(np.intp)
    amounts = np.cumsum(until[:, edges[:, 1]] - until[:, edges[:, 0]], axis=0)  # (H, K)
    totals = amounts[-1]
    first = (amounts <= _OUTLIERS * totals).sum(axis=0)
    last = (amounts < (1 - _OUTLIERS) * totals).sum(axis=0) + 1
    rows = np.stack([first, last], axis=1).astype(np.float32)
    rows[totals <= 0] = 0, height
    return rows


def _mean_colour(colours: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Average of the colours in a mask, (C,); summed up row by row in large images."""
    if where.size <= _LARGE:
        return colours[where].astype(np.float32).mean(axis=0)
    sums = [
        cv2.mean(np.ascontiguousarray(own), where.view(np.uint8))[0]
        for own in colours.transpose(2, 0, 1)
    ]
    return np.array(sums, np.float32)


def _is_grey(image: NDArray[np.uint8]) -> bool:
    return bool(
        np.array_equal(image[..., 0], image[..., 1])
        and np.array_equal(image[..., 1], image[..., 2])
    )


def _padded_crop(
    array: NDArray[np.uint8], top: int, bottom: int, left: int, right: int
) -> NDArray[np.uint8]:
    height, width = array.shape[:2]
    inner = array[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    return cv2.copyMakeBorder(
        inner,
        max(-top, 0),
        max(bottom - height, 0),
        max(-left, 0),
        max(right - width, 0),
        cv2.BORDER_CONSTANT,
        value=0,
    )


def _scaled_without_padding(
    channels: NDArray[np.uint8],
    above: int,
    rows: int,
    columns: tuple[int, int],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Average what rows and columns show, where most lie outside the image and are blank.

    Of a line far longer than high, or far higher than wide, they would be many times the image.
    """
    width, height = size
    left, right = columns
    if len(channels) * (right - left) > max(_LARGE, 2 * len(channels) * channels.shape[1]):
        # so are most columns, of a line far higher than wide
        narrow_shares = _shares(width, left, right - left, np.arange(channels.shape[1]))
        low = np.zeros((height, *channels.shape[1:]))
        for top in range(0, len(channels), _ROWS_AT_ONCE):
            some = channels[top : top + _ROWS_AT_ONCE]
            shares = _shares(height, above, rows, np.arange(top, top + len(some)))
            low += np.tensordot(shares, some, axes=1)
        return np.rint(np.einsum("xc,ycn->yxn", narrow_shares, low)).astype(np.uint8)
    inner = _padded_crop(channels, 0, len(channels), *columns)
    narrow = cv2.resize(inner, (width, len(channels)), interpolation=cv2.INTER_AREA)
    shares = _shares(height, above, rows, np.arange(len(channels)))
    return np.rint(np.tensordot(shares, narrow, axes=1)).astype(np.uint8)


def _shares(parts: int, begin: int, length: int, places: NDArray[np.intp]) -> NDArray[np.float64]:
    """How much of each of some equal parts of a length lies in the pixel at each place, (K, N)."""
    edges = begin + np.linspace(0, length, parts + 1)[:, np.newaxis]
    shared = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    return np.maximum(shared, 0) * (parts / length)
