"""From an image to its ink: thresholds, colour clusters and polarity.

The thresholds take grey images with dark ink; `binarize` finds the polarity and the method.
"""

from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ParameterError
from segcap.core.image import to_grey

__all__ = [
    "LEAST_CONTRAST",
    "METHODS",
    "Method",
    "adaptive",
    "binarize",
    "colour_clusters",
    "dilated",
    "ink_is_bright",
    "local_mean",
    "otsu",
    "sauvola",
]

Method: TypeAlias = Literal["auto", "otsu", "sauvola", "adaptive", "colour"]
METHODS: tuple[Method, ...] = ("auto", "otsu", "sauvola", "adaptive", "colour")

LEAST_CONTRAST = 16
"""Grey levels between ink and background; what differs by less is noise."""
_LOCAL_CONSTANT = 10
_EVEN_BACKGROUND = 0.5
_MOST_REFLECTIONS = 8
_TALLEST_WINDOW = 511
_LARGEST_BUFFER = 2**20
_FEW_ROWS = 8
_LARGEST_GAUSSIAN = 511
_MOST_CLUSTERED = 2**18
_ROWS = 256


def binarize(image: NDArray[np.uint8], method: Method = "auto") -> NDArray[np.bool_]:
    """Find the ink of an image, whatever its polarity.

    Parameters
    ----------
    image : (H, W, 3) or (H, W) uint8 array
        RGB or grey.
    method : {"auto", "otsu", "sauvola", "adaptive", "colour"}
        "auto" takes Otsu's threshold; Sauvola's where the background is unevenly lit; colour
        clusters where ink and background differ in colour but not in luminance.

    Returns
    -------
    (H, W) bool array
        True is ink. Empty of ink where the image has no contrast.

    Raises
    ------
    ParameterError
        `method` is unknown, or `image` is no such array or empty.
    """
    if method not in METHODS:
        raise ParameterError(
            f"The 'method' of binarize must be one of {', '.join(METHODS)}. Got {method!r} instead."
        )
    is_one = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not is_one or image.size == 0:
        raise ParameterError(
            "The image to binarize must be a (H, W, 3) or (H, W) uint8 array that is not empty. "
            f"Got {image.shape} {image.dtype}."
        )
    if method == "colour" and image.ndim == 3:
        return colour_clusters(image)
    grey = image if image.ndim == 2 else to_grey(image)
    darkened = cv2.bitwise_not(grey) if ink_is_bright(grey) else grey
    if method == "auto":
        ink = otsu(darkened)
        if _unevenly_lit(darkened, ink):
            return sauvola(darkened)
        if image.ndim == 3 and not ink.any():
            return colour_clusters(image)
        return ink
    return {"otsu": otsu, "colour": otsu, "sauvola": sauvola, "adaptive": adaptive}[method](
        darkened
    )


def otsu(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark what is darker than Otsu's threshold.

    Parameters
    ----------
    grey : (H, W) uint8 array

    Returns
    -------
    (H, W) bool array
        Without ink if the means of the two classes are less than 16 grey levels apart.

    References
    ----------
    Otsu: A threshold selection method from gray-level histograms. IEEE Transactions on Systems,
    Man and Cybernetics 9 (1979), 62-66.

    Examples
    --------
    >>> otsu(np.array([[0, 250, 255]], np.uint8))
    array([[ True, False, False]])
    """
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = bright == 0
    dark_mean, bright_mean = _class_means(grey, dark)
    return dark if bright_mean - dark_mean >= LEAST_CONTRAST else np.zeros_like(dark)


def sauvola(
    grey: NDArray[np.uint8], *, window: int | None = None, k: float = 0.2
) -> NDArray[np.bool_]:
    """Mark what is darker than Sauvola's local threshold ``m * (1 + k * (s / 128 - 1))``.

    Parameters
    ----------
    grey : (H, W) uint8 array
    window : int, optional
        Side of the window over which mean m and standard deviation s are taken, odd, pixels;
        half the image's height unless given, at least 15. In either direction no more than eight
        times as long as the image.
    k : float
        How far below the local mean the threshold lies where there is no contrast.

    Returns
    -------
    (H, W) bool array

    References
    ----------
    Sauvola, Pietikäinen: Adaptive document image binarization. Pattern Recognition 33 (2000),
    225-236.
    """
    side = _window(grey, window)
    high, wide = (min(side, _MOST_REFLECTIONS * length | 1) for length in grey.shape)
    level = grey.astype(np.float32)  # of bytes, OpenCV adds up squares in 32 bits
    border = cv2.BORDER_REFLECT_101
    mean = local_mean(level, (wide, high), border)
    threshold = local_mean(level, (wide, high), border, squared=True)
    del level
    threshold -= mean * mean
    np.sqrt(np.maximum(threshold, 0, out=threshold), out=threshold)
    threshold /= 128
    threshold -= 1
    threshold *= k
    threshold += 1
    threshold *= mean
    return grey < threshold


def adaptive(grey: NDArray[np.uint8], *, window: int | None = None) -> NDArray[np.bool_]:
    """Mark what is darker than its neighbourhood's Gaussian mean by 10 grey levels.

    Means over more than 511 pixels are taken in a reduced image, for time's sake.

    Parameters
    ----------
    grey : (H, W) uint8 array
    window : int, optional
        Side of the neighbourhood, odd, pixels; half the image's height unless given, at least 15.

    Returns
    -------
    (H, W) bool array
    """
    side = _window(grey, window)
    if side > _LARGEST_GAUSSIAN:
        return grey <= _reduced_mean(grey, side) - _LOCAL_CONSTANT
    marked = cv2.adaptiveThreshold(
        grey,
        1,
        cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
        cv2.THRESH_BINARY_INV,
        side,
        _LOCAL_CONSTANT,
    )
    return marked.astype(bool)


def colour_clusters(image: NDArray[np.uint8], *, clusters: int = 4) -> NDArray[np.bool_]:
    """Mark what differs in colour from the background.

    The colours are clustered by k-means in CIE L*a*b*; the cluster that fills most of the image
    and of its rim is background, and Otsu's threshold on the distance from its centre parts ink
    from it.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    clusters : int
        Number of clusters, at least 2.

    Returns
    -------
    (H, W) bool array
        Without ink if the two classes are less than 16 CIE units apart.
    """
    clusters = min(clusters, image.shape[0] * image.shape[1])
    if clusters < 2:
        return np.zeros(image.shape[:2], bool)
    step = int(np.ceil(np.sqrt(image.shape[0] * image.shape[1] / _MOST_CLUSTERED)))
    background = _background_colour(image[::step, ::step], clusters)
    distance = np.empty(image.shape[:2], np.uint8)
    for top in range(0, len(image), _ROWS):
        rows = slice(top, top + _ROWS)
        far = np.linalg.norm(_lab(image[rows]) - background, axis=2)
        distance[rows] = np.minimum(far, 255)
    return otsu(cv2.bitwise_not(distance))


def ink_is_bright(grey: NDArray[np.uint8]) -> bool:
    """Return whether the ink is brighter than the background.

    Ink is the smaller part of an image and lies away from its rim. So the sign of two sums
    decides: the skewness of the differences from the local mean (which does not see uneven
    light), and half the difference between the image's mean and its rim's, in standard
    deviations.

    Parameters
    ----------
    grey : (H, W) uint8 array

    Returns
    -------
    bool
        False for an image of one level.

    Examples
    --------
    >>> ink_is_bright(np.array([[0, 0, 0], [0, 9, 0], [0, 0, 0]], np.uint8))
    True
    """
    side = max(15, max(grey.shape) // 2) | 1
    high, wide = (min(side, _MOST_REFLECTIONS * length | 1) for length in grey.shape)
    level = grey.astype(np.float32)
    local = local_mean(level, (wide, high), cv2.BORDER_REFLECT)
    np.subtract(level, local, out=local)
    rim = np.concatenate([level[0], level[-1], level[:, 0], level[:, -1]])
    above_rim = float(level.mean()) - float(rim.mean())
    del level
    deviation = float(cv2.meanStdDev(local)[1][0, 0])
    if deviation == 0:
        return False
    cube = local * local
    cube *= local
    return float(cube.mean()) / deviation**3 + above_rim / (2 * deviation) > 0


def local_mean(
    level: NDArray[np.float32], window: tuple[int, int], border: int, *, squared: bool = False
) -> NDArray[np.float32]:
    """Average over a window around each pixel, in a time that does not depend on the window.

    Parameters
    ----------
    level : (H, W) float32 array
        Whole numbers in [0, 255], so that sums are exact in any order.
    window : tuple of int
        Width and height, odd, pixels.
    border : int
        What lies outside the image; OpenCV's number of it.
    squared : bool
        Whether squares are averaged.

    Returns
    -------
    (H, W) float32 array
    """
    average = cv2.sqrBoxFilter if squared else cv2.boxFilter
    if window[1] > _TALLEST_WINDOW and level.shape[0] > level.shape[1]:
        # OpenCV goes through all rows of a window for each row of the image
        turned = np.ascontiguousarray(level.T)
        return np.ascontiguousarray(local_mean(turned, window[::-1], border, squared=squared).T)
    buffer = level.size if len(level) >= _FEW_ROWS else 0
    if window[1] * level.shape[1] <= max(_LARGEST_BUFFER, buffer):
        return average(level, cv2.CV_32F, window, borderType=border)
    # OpenCV keeps as many rows as the window has: first along rows, then some columns at once
    wide, high = (window[0], 1), (1, window[1])
    if len(level) < _FEW_ROWS:
        along = _sums_along(level, window[0], border, squared=squared)
    else:
        exact = window[0] * (255**2 if squared else 255) < 2**24
        depth = cv2.CV_32F if exact else cv2.CV_64F
        along = average(level, depth, wide, normalize=False, borderType=border)
    mean = np.empty(level.shape, np.float32)
    step = max(1, _LARGEST_BUFFER // (window[1] + _FEW_ROWS))
    for left in range(0, level.shape[1], step):
        columns = slice(left, left + step)
        some = np.ascontiguousarray(along[:, columns])
        total = cv2.boxFilter(some, cv2.CV_64F, high, normalize=False, borderType=border)
        np.multiply(total, 1 / (window[0] * window[1]), out=mean[:, columns], casting="same_kind")
    return mean


def _sums_along(
    level: NDArray[np.float32], width: int, border: int, *, squared: bool
) -> NDArray[np.float64]:
    """Sum over windows along rows, which OpenCV does with several buffers as long as a row."""
    height, length = level.shape
    sums = np.empty((height, length), np.float64)
    for row, out in zip(level, sums, strict=True):
        reach = width // 2
        padded = cv2.copyMakeBorder(row[np.newaxis], 0, 0, reach + 1, reach, border)[0]
        if squared:
            padded *= padded
        total = padded[:width].sum(dtype=np.float64)
        for left in range(0, length, _LARGEST_BUFFER):
            part = out[left : left + _LARGEST_BUFFER]
            enter = padded[left + width : left + width + len(part)]
            np.subtract(enter, padded[left : left + len(part)], out=part)
            part[0] += total
            np.cumsum(part, out=part)
            total = part[-1]
    return sums


def dilated(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Widen a mask by all pixels that touch it, (H, W) bool."""
    return cv2.dilate(mask.view(np.uint8), None).view(np.bool_)


def _class_means(grey: NDArray[np.uint8], dark: NDArray[np.bool_]) -> tuple[float, float]:
    dark_mask = dark.view(np.uint8)
    return cv2.mean(grey, dark_mask)[0], cv2.mean(grey, 1 - dark_mask)[0]


def _lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return cv2.cvtColor(np.float32(image) / 255, cv2.COLOR_RGB2LAB)


def _background_colour(image: NDArray[np.uint8], clusters: int) -> NDArray[np.float32]:
    """Find the centre of the cluster of colours that is background, in CIE L*a*b*."""
    pixels = _lab(image).reshape(-1, 3)
    clusters = min(clusters, len(pixels))
    order = np.argsort(pixels[:, 0], kind="stable")
    labels = np.empty((len(pixels), 1), np.int32)
    labels[order, 0] = np.arange(len(pixels)) * clusters // len(pixels)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, labels, centres = cv2.kmeans(
        pixels, clusters, labels, criteria, 1, cv2.KMEANS_USE_INITIAL_LABELS
    )
    label_image = labels.reshape(image.shape[:2])
    rim = np.concatenate([label_image[0], label_image[-1], label_image[:, 0], label_image[:, -1]])
    votes = np.bincount(labels.ravel(), minlength=clusters) / labels.size
    votes += np.bincount(rim, minlength=clusters) / rim.size
    return centres[votes.argmax()]


def _reduced_mean(grey: NDArray[np.uint8], side: int) -> NDArray[np.int16]:
    """Average over a large Gaussian window, in a smaller image."""
    factor = -(-side // _LARGEST_GAUSSIAN)
    height, width = (max(1, length // factor) for length in grey.shape)
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    window = side // factor | 1
    mean = cv2.GaussianBlur(small, (window, window), 0, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(mean, grey.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.int16)


def _window(grey: NDArray[np.uint8], window: int | None) -> int:
    if window is None:
        return max(15, grey.shape[0] // 2 | 1)
    if window < 3 or window % 2 == 0:
        raise ParameterError(
            f"The 'window' of a local threshold must be odd and at least 3. Got {window} instead."
        )
    return window


def _unevenly_lit(grey: NDArray[np.uint8], ink: NDArray[np.bool_]) -> bool:
    """Whether the background's level, the brightest of each block, varies by half the contrast."""
    height, width = grey.shape
    rows, columns = min(4, height), min(8, width)
    blocks = grey[: height // rows * rows, : width // columns * columns].reshape(
        rows, height // rows, columns, width // columns
    )
    levels = np.sort(blocks.max(axis=(1, 3)), axis=None).astype(int)
    low, high = levels[len(levels) // 10], levels[-1 - len(levels) // 10]
    dark_mean, bright_mean = _class_means(grey, ink)
    return bool(high - low > _EVEN_BACKGROUND * (bright_mean - dark_mean) > 0)
