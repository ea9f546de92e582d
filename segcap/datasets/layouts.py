"""How published data sets lie on disk."""

import os
import re
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError, SegcapWarning
from segcap.core.image_files import find_images
from segcap.datasets.labelled import LABELS, load_labelled
from segcap.datasets.named import load_named

__all__ = [
    "Found",
    "cats_dogs",
    "digit_sums",
    "folders",
    "indexed",
    "labelled",
    "spelled",
]


Found: TypeAlias = tuple[list[Path] | NDArray, Sequence[str] | NDArray[np.int64]]
"""A folder's images and their labels."""


def labelled(folder: Path) -> Found:
    """List images that have a label in labels.csv.

    Raises
    ------
    DataError
        As of `load_labelled`, or labels.csv names no image or labels none.

    Warns
    -----
    SegcapWarning
        Some have none, in labels.csv or beside it.
    """
    listed = load_labelled(folder)
    if not listed.images:
        raise DataError(
            f"A data set must hold at least one image. Got '{folder}', whose labels.csv names none."
        )
    known = {image: label for image, label in zip(*listed, strict=True) if label.strip()}
    if not known:
        raise DataError(f"At least one image must have a label. Got '{folder}', where none has.")
    with_label = set(map(os.path.abspath, known))
    images = _images_of(folder, listed.images)
    if without := [image for image in images if os.path.abspath(image) not in with_label]:
        warnings.warn(
            f"Every image should have a label in {LABELS}. Got {len(without)} without, "
            f"such as '{without[0]}', which are left out.",
            SegcapWarning,
            stacklevel=3,
        )
    return list(known), list(known.values())


def _images_of(folder: Path, listed: Sequence[Path]) -> list[Path]:
    """Return images that are listed, then the others in the folder."""
    inside: list[Path] = []
    with suppress(DataError):  # it may hold labels of images elsewhere
        inside = [Path(os.path.normpath(image)) for image in find_images([folder])]
    return list(dict.fromkeys([*listed, *inside]))


def spelled(folder: Path) -> Found:
    """List images that bear their letters and digits as file names; see `load_named`.

    Raises
    ------
    DataError
        The folder holds no image, or a name has something else.
    """
    found = load_named(folder)
    for image, label in zip(*found, strict=True):
        if not label.isalnum():
            raise DataError(
                f"An image of this data set must be named by its letters and digits. Got '{image}'."
            )
    return found


def indexed(folder: Path) -> Found:
    """List images named INDEX_LABEL.

    Raises
    ------
    DataError
        The folder holds no image, or a file is named otherwise.
    """
    images = find_images([folder])
    labels = [image.stem.partition("_")[2] for image in images]
    if "" in labels:
        raise DataError(
            "An image of this data set must be named INDEX_LABEL. "
            f"Got '{images[labels.index('')]}'."
        )
    return images, labels


def cats_dogs(folder: Path) -> Found:
    """List images named cat.N and dog.N.

    Raises
    ------
    DataError
        The folder holds no image, or a file is named otherwise.
    """
    images = find_images([folder])
    labels = [image.name.partition(".")[0] for image in images]
    for image, label in zip(images, labels, strict=True):
        if label not in ("cat", "dog"):
            raise DataError(
                f"An image of this data set must be named cat.N or dog.N. Got '{image}'."
            )
    return images, labels


def folders(folder: Path) -> Found:
    """List images that lie in a folder a class; files beside the folders are no part.

    Raises
    ------
    DataError
        There is no folder, or one of them holds no image.
    """
    images, labels = [], []
    for name in sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()):
        if not name.startswith("."):
            inside = find_images([folder / name])
            images += inside
            labels += [name] * len(inside)
    if not images:
        raise DataError(f"A data set must have a folder a class. Got '{folder}' without folders.")
    return images, labels


def digit_sums(folder: Path) -> Found:
    """Open data0.npy with lab0.npy, data1.npy with lab1.npy and so on, however many.

    A single file's images are memory-mapped, those of several are read into one array.

    Raises
    ------
    DataError
        There is no such file, or one lacks its counterpart, is damaged, or differs in shape.
    """
    numbers = {kind: _numbers(folder, kind) for kind in ("data", "lab")}
    alone = numbers["data"] ^ numbers["lab"]
    if alone or not numbers["data"]:
        number = min(alone, default=0)
        there = " and ".join(kind for kind, known in numbers.items() if number in known)
        raise DataError(
            f"A data set of digit sums must hold data{number}.npy with lab{number}.npy. "
            f"Got '{folder}' with {f'{there}{number}.npy alone' if there else 'neither'}."
        )
    images, labels = [], []
    for number in sorted(numbers["data"]):
        images.append(_array(folder / f"data{number}.npy"))
        labels.append(_array(folder / f"lab{number}.npy"))
        shape = images[-1].shape
        if len(shape) != 3 or shape[1:] != images[0].shape[1:]:
            raise DataError(
                "The images of digit sums must have shape (N, H, W), all of one size. "
                f"Got {shape} in '{folder / f'data{number}.npy'}'."
            )
        if labels[-1].shape != shape[:1] or labels[-1].dtype.kind not in "iu":
            raise DataError(
                f"The labels of {shape[0]} digit sums must be ({shape[0]},) integers. "
                f"Got {labels[-1].shape} {labels[-1].dtype} in '{folder / f'lab{number}.npy'}'."
            )
    together = images[0] if len(images) == 1 else np.concatenate(images)
    return together, np.concatenate(labels).astype(np.int64)


def _numbers(folder: Path, kind: str) -> set[int]:
    matches = (re.fullmatch(rf"{kind}(0|[1-9][0-9]*)\.npy", name) for name in os.listdir(folder))
    return {int(match[1]) for match in matches if match}


def _array(path: Path) -> NDArray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"An array must be an intact .npy file. Got '{path}': {error}.") from None
