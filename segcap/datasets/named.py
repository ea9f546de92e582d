"""A folder of images that bear their texts as file names."""

import os

from segcap.core.errors import DataError
from segcap.core.image import find_images
from segcap.datasets.labelled import LabelledImages

__all__ = ["load_named"]


def load_named(folder: str | os.PathLike[str]) -> LabelledImages:
    """List a folder's images with the texts that their file names give.

    Parameters
    ----------
    folder : path
        Holds images, of whatever format, named by what they show; "_" and what follows it tell
        images of one text apart.

    Returns
    -------
    LabelledImages
        In natural order of their names.

    Raises
    ------
    DataError
        The folder is missing or holds no image, a file name gives no text, or all look like
        INDEX_TEXT: numbers without gap, or different ones each with a text of its own.

    Notes
    -----
    "22A6.png" and "22A6_2.png" both show "22A6".
    """
    images = find_images([folder])
    parts = [path.stem.partition("_") for path in images]
    labels, rests = [text for text, _, _ in parts], [rest for _, _, rest in parts]
    if "" in labels:
        raise DataError(
            "A named image's file name must begin with what it shows. "
            f"Got '{images[labels.index('')]}'."
        )
    if _are_numbers_before(rests, labels):
        raise DataError(
            "A named image's file name must begin with what it shows, not with its number; "
            "labels.csv can hold it, too. "
            f"Got '{images[0]}' and {len(images) - 1} more of the layout INDEX_TEXT."
        )
    return LabelledImages(images, labels)


def _are_numbers_before(rests: list[str], labels: list[str]) -> bool:
    """Return whether names look like INDEX_TEXT: numbers without gap, or each with its own text."""
    if len(labels) < 2 or not all(rests) or not all(map(str.isdecimal, labels)):
        return False
    numbers = sorted(map(int, labels))
    without_gap = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    are_texts = len(set(rests)) == len(rests) and not all(map(str.isdecimal, rests))
    return without_gap or (are_texts and len(set(numbers)) == len(numbers))
