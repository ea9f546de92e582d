"""Data sets by name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segcap.core.errors import DataError, ParameterError
from segcap.datasets import layouts
from segcap.datasets.dataset import Dataset, Duplicates
from segcap.datasets.labelled import LABELS
from segcap.datasets.layouts import Found
from segcap.datasets.named import load_named

__all__ = ["load", "names"]


class _Entry(NamedTuple):
    find: Callable[[Path], Found]
    duplicates: Duplicates
    published_as: str = ""
    has_classes: bool = False


_WORDPRESS = _Entry(layouts.spelled, "label", "generated_captcha_images")
_ENTRIES = {
    "digit-sum": _Entry(layouts.digit_sums, "content"),
    "captcha-v2": _Entry(layouts.spelled, "label", "samples"),
    "captcha-wordpress": _WORDPRESS,
    "wordpress": _WORDPRESS,
    "six-char": _Entry(layouts.indexed, "label", "captchas"),
    "recaptcha-tiles": _Entry(layouts.folders, "look", "Large", has_classes=True),
    "cats-dogs": _Entry(layouts.cats_dogs, "look", "train", has_classes=True),
    "labelled": _Entry(layouts.labelled, "content"),
    "named": _Entry(load_named, "label"),
    "folders": _Entry(layouts.folders, "look", has_classes=True),
}


def names() -> list[str]:
    """Names of the data sets, and of the ways to lay out one's own, that `load` knows.

    Examples
    --------
    >>> "captcha-v2" in names()
    True
    """
    return list(_ENTRIES)


def load(
    name: str,
    root: str | os.PathLike[str],
    *,
    duplicates: Duplicates | None = None,
    pattern: str | None = None,
) -> Dataset:
    """List a data set's images with their labels; no image is opened.

    ==================  =================================================  ==================
    name                layout                                             never on both sides
    ==================  =================================================  ==================
    digit-sum           data0.npy (N, H, W) with lab0.npy (N,), data1 …    content
    captcha-v2          samples/LABEL.png or .jpg                          label
    captcha-wordpress   generated_captcha_images/LABEL.png, LABEL_2.png    label
    wordpress           the same                                           label
    six-char            captchas/INDEX_LABEL.jpeg                          label
    recaptcha-tiles     Large/CLASS/…                                      look
    cats-dogs           train/cat.N.jpg, train/dog.N.jpg                   look
    labelled            labels.csv with the columns file and label, or     content
                        named where there is none; images without a
                        label are left out, with a warning
    named               LABEL.*, LABEL_2.*                                 label
    folders             CLASS/…                                            look
    ==================  =================================================  ==================

    Parameters
    ----------
    name : str
        One of `names()`.
    root : path
        The folder that holds the images, or the one that holds the published folder.
    duplicates : {"look", "label", "content"}, optional
        Instead of what the table says, see `Dataset`. In a folder of few texts, such as single
        digits, "label" would keep all images of a text on one side.
    pattern : str, optional
        Where a file's name has the text, see `load_named`: of "named", and of "labelled" instead of
        its labels.csv.

    Returns
    -------
    Dataset
        Images in natural order of their names, or as labels.csv lists them.

    Raises
    ------
    ParameterError
        `name` or `duplicates` is unknown, or `pattern` is no pattern or not asked for.
    DataError
        The folder is missing, is laid out otherwise, holds no image, or only one class.
    """
    if not isinstance(name, str) or name not in _ENTRIES:
        raise ParameterError(
            f"The 'name' of a data set must be one of {', '.join(_ENTRIES)}. Got {name!r}."
        )
    if pattern is not None and name not in ("named", "labelled"):
        raise ParameterError(
            f"A 'pattern' must be for the data set 'named' or 'labelled'. Got it for '{name}'."
        )
    place = os.fspath(root) if isinstance(root, os.PathLike) else root
    if not isinstance(place, str) or not os.path.isdir(place):
        raise DataError(f"The 'root' of a data set must be an existing folder. Got {place!r}.")
    if name == "labelled" and (pattern is not None or not os.path.isfile(Path(root) / LABELS)):
        name = "named"
    entry = _ENTRIES[name]
    published = Path(root) / entry.published_as
    folder = published if published.is_dir() else Path(root)
    images, found = entry.find(folder) if pattern is None else load_named(folder, pattern=pattern)
    labels = np.asarray(found)
    classes = tuple(sorted(set(labels.tolist()))) if entry.has_classes else None
    if classes is not None and len(classes) < 2:
        raise DataError(
            f"A data set of classes must have at least 2. Got '{folder}' with '{classes[0]}' only."
        )
    return Dataset(
        name,
        images,
        labels,
        folder,
        classes=classes,
        duplicates=entry.duplicates if duplicates is None else duplicates,
    )
