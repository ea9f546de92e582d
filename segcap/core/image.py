"""Load images from files, bytes, arrays and PIL images, as RGB."""

import os
from typing import Literal, TypeAlias, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcap.core.encoded import decode_image, upright_size
from segcap.core.errors import ImageError, ParameterError
from segcap.core.frames import Frame, check_frame
from segcap.core.pixels import FLOATS, eight_bit, full_scale, to_rgb

__all__ = [
    "CHANNELS",
    "MOST_PIXELS",
    "Channels",
    "ImageSource",
    "as_rgb",
    "image_size",
    "load_image",
    "load_or_error",
    "load_small",
    "source_name",
    "to_grey",
]

ImageSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray | Image.Image
)

Channels: TypeAlias = Literal["rgb", "bgr"]
CHANNELS: tuple[str, ...] = get_args(Channels)
"""Orders in which the colours of an array may stand; OpenCV's is "bgr"."""

MOST_PIXELS = int(float(os.environ.get("SEGCAP_MOST_PIXELS") or 20_000_000))
"""Of an image, in a file as in an array: set it here, or in the environment as SEGCAP_MOST_PIXELS,
which worker processes take over. See SECURITY.md for the time and memory that a pixel takes."""


def load_image(
    source: ImageSource, *, channels: Channels = "rgb", frame: Frame | None = None
) -> NDArray[np.uint8]:
    """Load one image as RGB.

    Parameters
    ----------
    source : path, bytes, array or PIL.Image.Image
        A path or an encoded image, PNG, JPEG, BMP, TIFF, GIF, WebP or PPM: EXIF orientation is
        applied, 16-bit images are scaled to 8. Or a decoded array:
        (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA; bool, integers in [0, 255], uint16
        in [0, 65535], or floats: levels in [0, 1] where none is above 1, else in [0, 255].
    channels : {"rgb", "bgr"}
        Order of the colours where `source` is an array: "bgr" for those of OpenCV. Files, bytes
        and PIL images know their own order.
    frame : {"first", "last", "merge"} or int, optional
        Of an animation, or of a TIFF with several pages: which one, counted from 0, or "merge" for
        one image of all; see `segcap.core.frames`. Unless given, frames that add up are merged, as
        letters that appear one after the other do, and of others the first is read with a warning;
        a PIL image that stands at a later frame is read there.

    Returns
    -------
    (H, W, 3) uint8 array
        RGB in [0, 255], H and W at least 1; never a view of `source`. Transparent images are
        laid on white or on black, whichever their own ink stands out from.

    Raises
    ------
    ImageError
        The file is missing, empty, damaged or of no known format; it or the array has more pixels
        than `MOST_PIXELS` (judged from the header, before decoding), or ``PIL.Image`` allows; or
        the array, or the levels of a file with floats or 32-bit integers, have another shape, type
        or range; or there is no such frame, or frames that are needed have too many pixels in all.
    ParameterError
        `channels` or `frame` is something else.

    Warns
    -----
    SegcapWarning
        A 16-bit image is so dark that it hardly can be one, such as of 12 bits; or one of several
        frames is read that do not add up.

    Examples
    --------
    >>> load_image(np.zeros((2, 5))).shape
    (2, 5, 3)
    >>> load_image(np.uint8([[[255, 0, 0]]]), channels="bgr").tolist()
    [[[0, 0, 255]]]
    """
    check_frame(frame)
    source = as_rgb(source, channels)
    if isinstance(source, np.ndarray):
        return to_rgb(eight_bit(_checked(source)))
    if isinstance(source, ImageError):  # of an image that was loaded before, and could not be
        raise source
    return decode_image(source, frame, most=MOST_PIXELS)


def as_rgb(source: ImageSource, channels: Channels) -> ImageSource:
    """An image as it is, but an array of blue, green and red as one of red, green and blue.

    Parameters
    ----------
    source : path, bytes, array or PIL.Image.Image
    channels : {"rgb", "bgr"}

    Returns
    -------
    path, bytes, array or PIL.Image.Image
        Perhaps a view of `source`.

    Raises
    ------
    ParameterError
        `channels` is something else.
    """
    if channels not in CHANNELS:
        raise ParameterError(
            f"The 'channels' must be one of {', '.join(CHANNELS)}. Got {channels!r}."
        )
    if channels == "rgb" or not isinstance(source, np.ndarray):
        return source
    if source.ndim != 3 or source.shape[2] not in (3, 4):
        return source
    return source[..., [2, 1, 0, 3][: source.shape[2]]]


def load_or_error(
    source: ImageSource, *, channels: Channels = "rgb", frame: Frame | None = None
) -> NDArray[np.uint8] | ImageError:
    """Load an image as `load_image` does, or give what is wrong with it."""
    try:
        return load_image(source, channels=channels, frame=frame)
    except ImageError as error:
        return error


def load_small(source: ImageSource, side: int) -> NDArray[np.uint8]:
    """Load one image as `load_image` does, a JPEG decoded at no more than it takes for a size.

    Parameters
    ----------
    source : path, bytes, array or PIL.Image.Image
    side : int
        Least height and width that is wanted, pixels.

    Returns
    -------
    (H, W, 3) uint8 array
        RGB, perhaps smaller than the image, and grey.

    Raises
    ------
    ImageError
        As of `load_image`.
    """
    if isinstance(source, np.ndarray | Image.Image):
        return load_image(source)
    return decode_image(source, most=MOST_PIXELS, side=side)


def image_size(source: ImageSource) -> tuple[int, int]:
    """Width and height of an image, from its header alone where it is encoded.

    Parameters
    ----------
    source : path, bytes, array or PIL.Image.Image
        As of `load_image`.

    Returns
    -------
    tuple of int
        Pixels, as `load_image` would give them.

    Raises
    ------
    ImageError
        As of `load_image`, as far as the header shows.
    """
    if isinstance(source, np.ndarray):
        height, width = _checked(source).shape[:2]
        return width, height
    if isinstance(source, ImageError):
        raise source
    return upright_size(source, most=MOST_PIXELS)


def to_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn RGB into luminance (ITU-R BT.601).

    Parameters
    ----------
    image : (H, W, 3) uint8 array

    Returns
    -------
    (H, W) uint8 array
    """
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def source_name(source: ImageSource) -> str:
    """Return an image's name for messages and results: its path, or what kind of object it is."""
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(source)
    if isinstance(source, np.ndarray):
        return f"an array of shape {source.shape}"
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{memoryview(source).nbytes} given bytes"
    return f"a {type(source).__name__}"


def _checked(array: NDArray) -> NDArray:
    if isinstance(array, np.ma.MaskedArray):
        raise ImageError(
            "An image array must have all its pixels. Got a masked one: fill it first."
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(
            "An image array must have shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). "
            f"Got {array.shape} instead."
        )
    if array.size == 0:
        raise ImageError(f"An image array must hold at least one pixel. Got shape {array.shape}.")
    if array.shape[0] * array.shape[1] > MOST_PIXELS:
        raise ImageError(
            f"An image array must have at most {MOST_PIXELS:,} pixels. Got shape {array.shape}."
        )
    if array.dtype == bool:
        return array
    if array.dtype.kind not in "uif":
        raise ImageError(
            "An image array must be of bool, integer or float type. "
            f"Got {array.dtype} of shape {array.shape} instead."
        )
    if array.dtype != np.uint8:
        low, high, highest = array.min(), array.max(), full_scale(array)
        if not (low >= 0 and high <= highest):
            rule = FLOATS if array.dtype.kind == "f" else f"in [0, {highest}],"
            raise ImageError(
                f"An image array of type {array.dtype} must lie {rule} without NaN. "
                f"Got values from {low} to {high} in shape {array.shape}."
            )
    return array
