"""One image of the frames of an animation, or of the pages of a TIFF."""

import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcap.core.errors import ImageError, ParameterError, SegcapWarning

__all__ = ["Frame", "add_up", "check_frame", "decode_frame", "merged"]

_Named: TypeAlias = Literal["first", "last", "merge"]
Frame: TypeAlias = _Named | int
"""A frame by name, or by its number from 0; "merge" makes one image of all."""

Decode: TypeAlias = Callable[[Image.Image], NDArray[np.uint8]]
"""From an image, at one of its frames, to (H, W, 3) RGB or (H, W, 4) RGBA."""

_INK, _PARTLY, _MOST_CHANGED = 64, 0.08, 0.5


def check_frame(frame: Any) -> None:
    """Refuse what is no frame; None is the default.

    Raises
    ------
    ParameterError
    """
    is_number = isinstance(frame, Integral) and not isinstance(frame, bool) and int(frame) >= 0
    is_name = frame is None or (isinstance(frame, str) and frame in get_args(_Named))
    if not is_number and not is_name:
        raise ParameterError(
            f"The 'frame' must be one of {', '.join(get_args(_Named))}, or a whole number from 0. "
            f"Got {frame!r}."
        )


def decode_frame(
    image: Image.Image, frame: Frame | None, name: str, decode: Decode, *, most: int
) -> NDArray[np.uint8]:
    """Decode the frame that is asked for, or the one image that frames make together.

    Parameters
    ----------
    image : PIL.Image.Image
    frame : {"first", "last", "merge"} or int, optional
        Unless given, frames that add up are merged, and of others the first is taken.
    name : str
        Of the image, for messages.
    decode : callable
    most : int
        Pixels that all frames up to the last one that is needed may have together.

    Returns
    -------
    (H, W, 3) or (H, W, 4) uint8 array
        RGB or RGBA.

    Raises
    ------
    ImageError
        There is no such frame, frames to merge are of several sizes, or there are too many pixels.

    Warns
    -----
    SegcapWarning
        The first frame is taken, as the frames do not add up.
    """
    if frame is not None and frame == image.tell():
        return decode(image)
    count = getattr(image, "n_frames", 1)
    if frame is None and count > 1:
        frames = _stacked(image, count, decode, most)
        if frames is not None and add_up(frames):
            return merged(frames)
        why = "that do not add up to one image" if frames is not None else "of several sizes"
        if count * image.size[0] * image.size[1] > most:
            why = f"of more than {most:,} pixels in all"
        warnings.warn(
            f"Frames {why} are not merged; the first is read unless 'frame' says otherwise. "
            f"Got {name} with {count} frames.",
            SegcapWarning,
            stacklevel=2,
        )
    if frame == "merge":
        frames = _stacked(image, count, decode, most)
        if frames is None:
            raise ImageError(
                f"Frames to merge must be of one size, with at most {most:,} pixels in all. "
                f"Got {name} with {count} frames."
            )
        return merged(frames)
    number = count - 1 if frame == "last" else 0 if frame in (None, "first") else int(frame or 0)
    if number >= count:
        raise ImageError(f"An image must have the frame {frame}. Got {name} with {count} frames.")
    if not _seek(image, number, most):
        raise ImageError(
            f"An image's frames must have at most {most:,} pixels up to the one that is read. "
            f"Got {name} with more before frame {number}."
        )
    return decode(image)


def add_up(frames: NDArray[np.uint8]) -> bool:
    """Whether frames show parts of one text, such as letters that appear one after the other.

    Parameters
    ----------
    frames : (n, H, W, C) uint8 array

    Notes
    -----
    Letters come and go as a whole: of the ink that not all frames show, a frame holds in most
    columns of pixels all or none. Noise, lines, a text that moves and several texts stand in parts
    of a column. Ink is what differs by 64 levels from the first frame's background; 8 % of what
    changes may be partly there. Where half of all pixels change, so does the background, and frames
    do not add up. Of 300 GIFs in which letters appear one after the other, in five ways and five
    schemes, 278 add up; of 360 with other noise, lines, movement or several texts, 12 do.
    """
    background = _background(frames[0])
    ink = np.stack([np.abs(frame - background).max(axis=2) > _INK for frame in frames])
    ink &= ~ink.all(axis=0)
    columns, together = ink.sum(axis=1), ink.any(axis=0).sum(axis=0)
    if together.sum() > _MOST_CHANGED * ink[0].size:
        return False
    partly = np.minimum(columns, together - columns).sum()
    return bool(partly <= _PARTLY * len(frames) * together.sum())


def merged(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One image with each pixel of the frame in which it is farthest from the background.

    Parameters
    ----------
    frames : (n, H, W, C) uint8 array

    Returns
    -------
    (H, W, C) uint8 array

    Notes
    -----
    The background is the median colour of the first frame. This shows all letters that appear one
    after the other, whether they stay or go; a median shows those that stay long.
    """
    result, background = frames[0].copy(), _background(frames[0])
    farthest = np.abs(result - background).sum(axis=2)
    for frame in frames[1:]:
        distance = np.abs(frame - background).sum(axis=2)
        is_farther = distance > farthest
        result[is_farther], farthest[is_farther] = frame[is_farther], distance[is_farther]
    return result


def _background(first: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the median colour of the first frame."""
    return np.median(first.reshape(-1, first.shape[2]), axis=0).astype(np.int16)


def _stacked(image: Image.Image, count: int, decode: Decode, most: int) -> NDArray[np.uint8] | None:
    """Return all frames, (n, H, W, 4), or None where they are too many or of several sizes."""
    if count * image.size[0] * image.size[1] > most:
        return None
    size, frames = image.size, []
    for number in range(count):
        image.seek(number)
        if image.size != size:
            return None
        frames.append(_with_opacity(decode(image)))
    return np.stack(frames) if len({frame.shape for frame in frames}) == 1 else None


def _with_opacity(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGBA, black where it is transparent: what colour that has is chance."""
    if image.shape[2] == 3:
        return np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return image * (image[..., 3:] > 0)


def _seek(image: Image.Image, number: int, most: int) -> bool:
    """Go to a frame; return whether those up to it have few enough pixels."""
    pixels = 0
    for step in range(number + 1):
        image.seek(step)
        pixels += image.size[0] * image.size[1]
        if pixels > most:
            return False
    return True
