"""Images with their labels, and their splits."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.errors import DataError, ParameterError
from segcap.datasets.near_duplicates import content_of, identical, near_duplicates, numbered
from segcap.datasets.splits import divide, folds

__all__ = ["Dataset", "Duplicates"]

Duplicates: TypeAlias = Literal["look", "label", "content"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels; `segcap.datasets.load` makes it from files.

    Parameters
    ----------
    name : str
    images : list of Path, or (N, H, W) array
    labels : (N,) array
        str: texts or names of classes; int: sums.
    root : Path
        The folder that holds the images.
    charset : str, optional
        The characters of texts, sorted; those of the labels unless given.
    classes : tuple of str, optional
        The names of classes, sorted.
    duplicates : {"look", "label", "content"}
        Which images never come on both sides of a split: photos that look alike
        (`near_duplicates`), all that bear the same label, or those of the same content.

    Raises
    ------
    DataError
        There are not as many labels as images.
    ParameterError
        `duplicates` is unknown.
    """

    name: str
    images: list[Path] | NDArray = field(repr=False)
    labels: NDArray = field(repr=False)
    root: Path
    charset: str | None = None
    classes: tuple[str, ...] | None = None
    duplicates: Duplicates = "content"

    def __post_init__(self) -> None:
        are_texts = self.classes is None and np.asarray(self.labels).dtype.kind == "U"
        if are_texts and self.charset is None:
            charset = "".join(sorted({*"".join(self.labels)}))
            object.__setattr__(self, "charset", charset)
        if len(self.images) != len(self.labels):
            raise DataError(
                "A data set must have a label an image. "
                f"Got {len(self.images)} images and {len(self.labels)} labels."
            )
        if self.duplicates not in get_args(Duplicates):
            raise ParameterError(
                f"The 'duplicates' of a data set must be one of {', '.join(get_args(Duplicates))}. "
                f"Got {self.duplicates!r}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def ids(self) -> list[str]:
        """Name of each image: its path below `root`, or, of an array, its number."""
        if isinstance(self.images, np.ndarray):
            return list(map(str, range(len(self))))
        return [Path(os.path.relpath(image, self.root)).as_posix() for image in self.images]

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """Numbers, the same for images that no split separates, (N,); found once."""
        if self.duplicates == "look":
            return near_duplicates(self.images)
        return (
            numbered(self.labels.tolist()) if self.duplicates == "label" else identical(self.images)
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the images' names below `root`, or of their pixels, and labels, in order.

        It names a split: equal digests are equal names, or pixels, with equal labels, in equal
        order.
        """
        sha = hashlib.sha256()
        if isinstance(self.images, np.ndarray):
            sha.update(f"{self.images.dtype.str} {self.images.shape}".encode())
            for image in self.images:
                sha.update(image.tobytes())
        else:
            for name in self.ids:
                sha.update(_marked(name))
        for label in self.labels.tolist():
            sha.update(_marked(label))
        return sha.hexdigest()

    @cached_property
    def content_digest(self) -> str:
        """SHA-256 of what the images and labels hold, in order, whatever the files are called.

        Files are read once, byte by byte; one that cannot be read counts by its path.
        """
        sha = hashlib.sha256()
        if isinstance(self.images, np.ndarray):
            sha.update(f"{self.images.dtype.str} {self.images.shape}".encode())
        for image, label in zip(self.images, self.labels.tolist(), strict=True):
            sha.update(content_of(image) + _marked(label))
        return sha.hexdigest()

    def subset(self, indices: ArrayLike) -> "Dataset":
        """Return some of the images, in the order asked for; charset and classes stay.

        Parameters
        ----------
        indices : (M,) array of int
            In 0 ... N - 1.

        Raises
        ------
        ParameterError
            An index is outside its range, or no whole number.
        """
        chosen = np.asarray(indices)
        if chosen.size == 0:
            chosen = np.empty(0, np.intp)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
            raise ParameterError(
                "The 'indices' of a subset must be an (M,) array of whole numbers. "
                f"Got {chosen.dtype} of shape {chosen.shape}."
            )
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(self):
            raise ParameterError(
                f"The 'indices' of a subset must lie in 0 ... {len(self) - 1}. "
                f"Got {chosen.min()} to {chosen.max()}."
            )
        if isinstance(self.images, np.ndarray):
            images: list[Path] | NDArray = self.images[chosen]
        else:
            images = [self.images[index] for index in chosen.tolist()]
        part = replace(self, images=images, labels=self.labels[chosen])
        if "groups" in self.__dict__:
            part.__dict__["groups"] = self.groups[chosen]
        return part

    def split(self, test: float = 0.2, seed: int = 0) -> tuple["Dataset", "Dataset"]:
        """Divide in two, near duplicates on one side, classes in equal fractions.

        For three parts, split twice: ``rest, test = data.split()``, then
        ``train, validation = rest.split()``.

        Parameters
        ----------
        test : float or int
            A fraction in (0, 1), or a number of images; see `segcap.datasets.splits.divide`.
        seed : int

        Returns
        -------
        train, test : Dataset
            In the order of the whole.

        Raises
        ------
        ParameterError
            `test` or `seed` is outside its range.
        DataError
            All images are near duplicates of each other.
        """
        train, held_out = divide(self.groups, self._strata, test=test, seed=seed)
        return self.subset(train), self.subset(held_out)

    def kfold(self, k: int, seed: int = 0) -> Iterator[tuple["Dataset", "Dataset"]]:
        """Divide `k` times as `split` does, each image being in exactly one test part.

        Parameters
        ----------
        k : int
            At least 2.
        seed : int

        Returns
        -------
        iterator of (train, test)

        Raises
        ------
        ParameterError
            `k` or `seed` is outside its range.
        DataError
            There are fewer than `k` groups of near duplicates.
        """
        parts = folds(self.groups, self._strata, k=k, seed=seed)
        return ((self.subset(train), self.subset(test)) for train, test in parts)

    @property
    def _strata(self) -> NDArray | None:
        return None if self.classes is None else self.labels


def _marked(word: object) -> bytes:
    """A name, which need be no Unicode, or a label, with a mark where it ends."""
    return f"{word}\0".encode("utf-8", "surrogateescape")
