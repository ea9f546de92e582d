"""Find image files in folders."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from segcap.core.errors import DataError

__all__ = ["find_images", "is_image_name", "iterate_images"]

_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".bmp",
    ".tif",
    ".tiff",
    ".gif",
    ".webp",
    ".pbm",
    ".pgm",
    ".pnm",
    ".ppm",
)


def find_images(sources: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List image files, folders searched to any depth, in natural order of their names.

    Parameters
    ----------
    sources : iterable of path
        See `iterate_images`.

    Returns
    -------
    list of Path
        Each once.

    Raises
    ------
    DataError
        See `iterate_images`.
    """
    return list(dict.fromkeys(Path(path) for source in sources for path in iterate_images(source)))


def iterate_images(source: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the paths of image files, of a folder in natural order; no list of all is made.

    Parameters
    ----------
    source : path
        A file, taken as it is whatever its ending, or a folder, of which all files with an image's
        ending are taken, to any depth; links to folders are not followed.

    Raises
    ------
    DataError
        The path does not exist, or is a folder that holds no image or cannot be listed.
    """
    start = str(Path(source))
    if not os.path.isdir(start):
        if not os.path.exists(start):
            raise DataError(f"A path must exist. Got '{source}', which does not.")
        yield start
        return
    found = False
    for path in _images_inside(start):
        found = True
        yield path
    if not found:
        raise DataError(
            f"A folder must hold at least one image ({', '.join(_SUFFIXES)}). "
            f"Got '{source}', which holds none."
        )


def is_image_name(name: str) -> bool:
    """Whether a file's name has an image's ending."""
    return name.lower().endswith(_SUFFIXES)


def _images_inside(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            # a folder is ordered by its name with what follows it in a path
            names = [
                entry.name + "/" * entry.is_dir()
                for entry in entries
                if (not entry.is_symlink() if entry.is_dir() else is_image_name(entry.name))
            ]
    except OSError as error:
        raise DataError(
            f"A folder must be readable, with all folders in it. Got '{error.filename}': "
            f"{error.strerror}."
        ) from None
    for name in sorted(names, key=lambda name: (_natural_key(name), name)):
        path = os.path.join(folder, name)
        if name.endswith("/"):
            yield from _images_inside(path[:-1])
        else:
            yield path


def _natural_key(name: str) -> str:
    """A text that stands, among others, where numbers by their values would."""
    return re.sub("0*([0-9]+)", lambda found: chr(48 + len(found[1])) + found[1], name)
