"""A folder of images that bear their texts as file names."""

import os

from segcap.datasets.labelled import LabelledImages
from segcap.errors import DataError
from segcap.image import find_images

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
        The folder is missing or holds no image, a file name gives no text, or all are named
        INDEX_TEXT.

    Notes
    -----
    "22A6.png" and "22A6_2.png" both show "22A6".
    """
    images = find_images([folder])
    labels = [path.stem.split("_")[0] for path in images]
    if "" in labels:
        raise DataError(
            "A named image's file name must begin with what it shows. "
            f"Got '{images[labels.index('')]}'."
        )
    if _are_numbers_of_images(labels) and all("_" in path.stem for path in images):
        raise DataError(
            "A named image's file name must begin with what it shows, not with its number. "
            f"Got '{images[0]}' and {len(images) - 1} more of the layout INDEX_TEXT."
        )
    return LabelledImages(images, labels)


def _are_numbers_of_images(labels: list[str]) -> bool:
    numbers = {int(label) for label in labels if label.isdecimal()}
    return len(numbers) == len(labels) > 1
