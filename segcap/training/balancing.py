"""A folder with as many photos of each class, the rare ones varied, for training alone."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from joblib import Parallel, delayed

from segcap.core.errors import DataError, ImageError
from segcap.core.image import load_image, load_or_error
from segcap.core.validation import seed_number, whole_number
from segcap.datasets.catalogue import load
from segcap.datasets.dataset import Dataset
from segcap.datasets.near_duplicates import numbered
from segcap.generate.folder import Folder, OnProgress, Record, as_path
from segcap.training.labelled import warn_of_left_out
from segcap.training.photos import augment_photos

__all__ = ["Balanced", "balance"]

_QUALITY = 95


class Balanced(NamedTuple):
    """What is trained on and what is tested on.

    Attributes
    ----------
    train : Dataset
        The written folder.
    test : Dataset
        The photos held out, untouched where they are, whether they can be loaded or not.
    """

    train: Dataset
    test: Dataset


class _Copy(NamedTuple):
    source: Path
    label: str
    number: int


def balance(
    root: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    per_class: int = 2000,
    test: float = 0.3,
    seed: int = 0,
    resume: bool = False,
    on_progress: OnProgress | None = None,
) -> Balanced:
    """Split photos in folders by class, and write a balanced folder of those to train on.

    First the split, then the balance: no varied copy of a photo that is tested on is written. Of a
    class with more photos than `per_class` as many are drawn; of one with fewer each comes as it
    is, and then again, turned, skewed, mirrored, brighter or darker, until there are enough. All
    photos to train on are opened first, and those that cannot be loaded left out.

    Beside these, "manifest.jsonl" lists for each file its source, its label and whether it is
    varied, and "held_out.csv" has file and label of the photos that are tested on.
    `segcap.ImageClassifier` draws classes equally often without any files, too.

    Parameters
    ----------
    root : path
        One folder a class, or what holds the published "Large".
    out : path
        Folder to write, empty or not there: "balanced_images", say.
    per_class : int
        Photos of each class.
    test : float or int
        See `segcap.datasets.Dataset.split`.
    seed : int
        Of the split, of what is drawn and how it is varied.
    resume : bool
        Go on with a folder that was begun with the same settings.
    on_progress : callable, optional
        Called with the number of files that are there.

    Returns
    -------
    Balanced

    Raises
    ------
    ParameterError
        A parameter is outside its range.
    DataError
        The photos are laid out otherwise, all of a class are held out or cannot be loaded, or
        `out` holds something else or cannot be written to.

    Warns
    -----
    SegcapWarning
        Photos were left out.
    """
    per_class, seed = whole_number("per_class", per_class, least=1), seed_number("seed", seed)
    folder = as_path(out)
    whole = load("recaptcha-tiles", root)
    if folder.resolve().is_relative_to(whole.root.resolve()):
        raise DataError(
            f"A balanced folder must not lie in the folder that it is made from. Got '{folder}'."
        )
    train, held_out = whole.split(test, seed)
    train = _usable(train)
    copies = _copies(train, per_class, seed)
    settings = {"per_class": per_class, "seed": seed, "learned": train.content_digest}
    written = Folder(folder, settings, len(copies), resume=resume)

    def records() -> Iterator[Record]:
        for index in range(len(written.labels), len(copies)):
            copy = copies[index]
            ending = ".jpg" if copy.number else copy.source.suffix
            name = f"{copy.label}/{index:06}{ending}"
            written.write(name, _encoded(copy, seed, index))
            yield {
                "file": name,
                "label": copy.label,
                "source": os.path.relpath(copy.source, train.root),
                "varied": copy.number > 0,
                "index": index,
            }

    written.append(records(), on_progress)
    written.write_table(
        "held_out.csv",
        [
            (os.path.relpath(image, whole.root), label)
            for image, label in zip(held_out.images, held_out.labels.tolist(), strict=True)
        ],
    )
    return Balanced(_grouped(load("folders", folder), copies), held_out)


def _usable(dataset: Dataset) -> Dataset:
    """Leave out the photos that cannot be loaded."""
    errors = Parallel(n_jobs=-1, prefer="threads")(delayed(_error)(one) for one in dataset.images)
    kept = [index for index, error in enumerate(errors) if error is None]
    warn_of_left_out([error for error in errors if error], len(dataset), stacklevel=3)
    return dataset.subset(kept)


def _error(photo: Path) -> str | None:
    loaded = load_or_error(photo)
    return str(loaded) if isinstance(loaded, ImageError) else None


def _grouped(dataset: Dataset, copies: list[_Copy]) -> Dataset:
    """Keep all copies of a photo on one side of further splits."""
    sources = {f"{copy.label}/{index:06}": copy.source for index, copy in enumerate(copies)}
    names = [f"{Path(image).parent.name}/{Path(image).stem}" for image in dataset.images]
    dataset.__dict__["groups"] = numbered(sources[name] for name in names)
    return dataset


def _copies(train: Dataset, per_class: int, seed: int) -> list[_Copy]:
    """Return which photo is written how often: (source, label, 0 or the number of a copy)."""
    copies = []
    for place, label in enumerate(train.classes or ()):
        own = np.flatnonzero(train.labels == label)
        if len(own) == 0:
            raise DataError(
                "Every class must have photos to train on that can be loaded. "
                f"Got none of '{label}' after the split."
            )
        order = np.random.default_rng([seed, place]).permutation(own)
        copies += [
            _Copy(Path(train.images[order[index % len(order)]]), label, index // len(order))
            for index in range(per_class)
        ]
    return copies


def _encoded(copy: _Copy, seed: int, index: int) -> bytes:
    if copy.number == 0:
        return copy.source.read_bytes()
    scaled = load_image(copy.source)[np.newaxis] * np.float32(1 / 255)
    varied = augment_photos(scaled, np.random.default_rng([seed, index]))
    pixels = np.rint(255 * varied[0]).astype(np.uint8)
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
