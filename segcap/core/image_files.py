"""Find image files in folders."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from segcap.core.errors import DataError

__all__ = ["find_images"]

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
        Files, taken as they are whatever their ending, and folders, of which all files with an
        image's ending are taken; links to folders are not followed.

    Returns
    -------
    list of Path
        Each once.

    Raises
    ------
    DataError
        A path does not exist, or a folder holds no image or cannot be listed.
    """
    found: dict[Path, None] = {}
    for source in map(Path, sources):
        if os.path.isdir(source):
            inside = _images_inside(source)
            if not inside:
                raise DataError(
                    f"A folder must hold at least one image ({', '.join(_SUFFIXES)}). "
                    f"Got '{source}', which holds none."
                )
            found.update(dict.fromkeys(sorted(inside, key=_natural_key)))
        elif os.path.exists(source):
            found[source] = None
        else:
            raise DataError(f"A path must exist. Got '{source}', which does not.")
    return list(found)


def _images_inside(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise DataError(
            f"A folder must be readable, with all folders in it. Got '{error.filename}': "
            f"{error.strerror}."
        )

    return [
        Path(place) / name
        for place, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if name.lower().endswith(_SUFFIXES)
    ]


def _natural_key(path: Path) -> list[int | str]:
    return [
        int(part) if index % 2 else part
        for index, part in enumerate(re.split(r"([0-9]+)", str(path)))
    ]
