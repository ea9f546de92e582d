"""Open encoded images, in files, as bytes and as PIL images, their headers checked first."""

import ctypes
import io
import logging
import os
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from segcap.core.errors import ImageError
from segcap.core.frames import Frame, decode_frame
from segcap.core.pixels import eight_bit, file_levels, to_rgb

__all__ = ["decode_image", "upright_size"]

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else Python prints what it logs

T = TypeVar("T")

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM")
_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)


def decode_image(
    source: Any, frame: Frame | None = None, *, most: int, side: int | None = None
) -> NDArray[np.uint8]:
    """Decode an encoded image.

    Parameters
    ----------
    source : path, bytes or PIL.Image.Image
    frame : {"first", "last", "merge"} or int, optional
        As of `segcap.core.image.load_image`.
    most : int
        Pixels that it may have, and all frames that are needed together.
    side : int, optional
        Least height and width that is wanted, pixels: a JPEG is decoded at no more than it takes
        for that.

    Returns
    -------
    (H, W, 3) uint8 array
        RGB; with `side` perhaps smaller than the image, and grey.

    Raises
    ------
    ImageError
        It is none of these, missing, empty, damaged, of no known format or without that frame, or
        it has more pixels than `most`, or than ``PIL.Image`` allows.
    """
    if frame is None and isinstance(source, Image.Image):
        frame = source.tell() or None

    def decode(image: Image.Image, name: str) -> NDArray[np.uint8]:
        _check_pixels(*image.size, name, most)
        # further pictures in a photo are its previews, or the other eye's
        own = 0 if frame is None and image.format == "MPO" else frame
        if side is not None and own in (None, 0):
            image.draft("L", (side, side))
        return _from_pil(image, name, most, own)

    return _opened(source, decode, most)


def upright_size(source: Any, *, most: int) -> tuple[int, int]:
    """Width and height of an encoded image as it is decoded, from its header.

    Parameters
    ----------
    source : path, bytes or PIL.Image.Image
    most : int
        As of `decode_image`.

    Returns
    -------
    tuple of int
        Pixels.

    Raises
    ------
    ImageError
        As of `decode_image`, as far as the header shows.
    """
    return _opened(source, partial(_size_of, most=most), most)


def _opened(source: Any, use: Callable[[Image.Image, str], T], most: int) -> T:
    """Open an encoded image, its header checked, and use it."""
    if isinstance(source, Image.Image):
        stands_at = source.tell()
        try:
            return use(source, "the given PIL image")
        finally:
            if source.tell() != stands_at:
                source.seek(stands_at)
    if isinstance(source, bytes | bytearray | memoryview):
        data = _given_bytes(source)
        return _from_file(io.BytesIO(data), len(data), f"{len(data)} given bytes", use, most)
    if isinstance(source, str | os.PathLike):
        path = Path(_given_path(source))
        if not os.path.exists(path):
            raise ImageError(f"An image file must exist. Got '{path}', which does not.")
        if not os.path.isfile(path):
            raise ImageError(f"An image must be a regular file. Got '{path}', which is none.")
        try:
            with path.open("rb") as file:
                return _from_file(file, path.stat().st_size, f"'{path}'", use, most)
        except PermissionError:
            raise ImageError(
                f"An image file must be readable. Got '{path}', to which access is denied."
            ) from None
        except OSError as error:  # gone meanwhile, or on a drive that does not answer
            raise ImageError(
                f"An image file must be readable. Got '{path}': {error.strerror or error}."
            ) from None
    is_list = isinstance(source, list | tuple)
    reason = ": whether it is one image or many, and of which type, only an array says" * is_list
    raise ImageError(
        "An image must be a path, bytes, a numpy array or a PIL image. "
        f"Got {type(source).__name__} instead{reason}."
    )


def _given_bytes(source: bytes | bytearray | memoryview) -> bytes:
    try:
        return bytes(source)
    except ValueError:
        raise ImageError(
            "An image's bytes must be there when it is read. Got a memoryview that was released."
        ) from None


def _given_path(source: str | os.PathLike[str]) -> str:
    path = os.fspath(source)
    if not isinstance(path, str):
        raise ImageError(f"An image's path must be text. Got {path!r}.")
    return path


class _Quiet:
    """Ignore what Pillow warns of: an image is read, or refused by an error.

    Filters may be those of all threads: of threads that overlap, the first sets them and the last
    takes them back.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


_quiet = _Quiet()


@cache
def _hush_libtiff() -> None:
    """Stop Pillow's libtiff from writing to standard error, where its functions can be found."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(import_module("PIL._imaging").__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            function = getattr(library, name)
            function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
            function(None)


def _from_file(
    file: IO[bytes], size: int, name: str, use: Callable[[Image.Image, str], T], most: int
) -> T:
    if size == 0:
        raise ImageError(f"An image file must not be empty. Got {name} of 0 bytes.")
    try:
        with _quiet:
            image = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError:
        raise ImageError(
            f"An image must be in one of the formats {', '.join(_FORMATS)}. "
            f"Got {name}, which is in none."
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(
            f"An image must have at most {_admitted(most):,} pixels. "
            f"Got {name}, whose header announces more."
        ) from None
    except Exception as error:  # noqa: BLE001 decoders raise what they like on damaged files
        raise ImageError(f"An image must have an intact header. Got {name}: {error}.") from None
    with image:
        return use(image, name)


def _size_of(image: Image.Image, name: str, most: int) -> tuple[int, int]:
    width, height = image.size
    _check_pixels(width, height, name, most)
    if image.format == "TIFF":  # whose size is that of the upright image already
        return width, height
    try:
        # a PNG's own getexif decodes the picture to look for what may stand after it
        with _quiet:
            lies_on_its_side = Image.Image.getexif(image).get(_ORIENTATION) in _ON_ITS_SIDE
    except Exception as error:  # noqa: BLE001 as above
        raise ImageError(f"An image must be intact. Got {name}: {error}") from None
    return (height, width) if lies_on_its_side else (width, height)


def _from_pil(image: Image.Image, name: str, most: int, frame: Frame | None) -> NDArray[np.uint8]:
    if image.format == "TIFF":
        _hush_libtiff()
    decode = partial(_decoded, name=name)
    try:
        with _quiet:
            return to_rgb(decode_frame(image, frame, name, decode, most=_admitted(most)))
    except ImageError:
        raise
    except Exception as error:  # noqa: BLE001 decoders raise what they like on damaged files
        raise ImageError(f"An image must be intact. Got {name}: {error}") from None


def _decoded(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Return the RGB or RGBA of an image as it stands."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        return to_rgb(eight_bit(file_levels(np.asarray(upright), name)))
    return np.asarray(upright.convert("RGBA" if upright.has_transparency_data else "RGB"))


def _admitted(most: int) -> int:
    return min(most, Image.MAX_IMAGE_PIXELS or most)


def _check_pixels(width: int, height: int, name: str, most: int) -> None:
    if not width or not height:
        raise ImageError(
            f"An image must have at least one pixel. Got {name} of {width} x {height}."
        )
    if width * height > _admitted(most):
        raise ImageError(
            f"An image must have at most {_admitted(most):,} pixels. "
            f"Got {name}, whose header announces more: {width} x {height}."
        )
