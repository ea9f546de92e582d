"""A folder of images with their texts in labels.csv."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from segcap.core.errors import DataError

__all__ = [
    "LABELS",
    "LabelledImages",
    "label_columns",
    "listed_path",
    "load_labelled",
    "read_labels",
]

LABELS = "labels.csv"
_FILES, _TEXTS = ("file", "filename", "path", "image"), ("label", "text")


class LabelledImages(NamedTuple):
    """Images and what they show.

    Attributes
    ----------
    images : list of Path
    labels : list of str
    """

    images: list[Path]
    labels: list[str]


def load_labelled(folder: str | os.PathLike[str]) -> LabelledImages:
    """List a folder's images that labels.csv names.

    Parameters
    ----------
    folder : path
        Holds images and "labels.csv" with a column of paths within the folder, "file", "filename",
        "path" or "image", and one of labels, "label" or "text".

    Returns
    -------
    LabelledImages
        In the order of labels.csv.

    Raises
    ------
    DataError
        labels.csv is missing or damaged, or names a file that does not exist.
    """
    labels = read_labels(Path(folder) / LABELS)
    missing = [path for path in labels if not os.path.isfile(path)]
    if missing:
        raise DataError(
            f"Every entry of {LABELS} must be a file that exists. Got '{missing[0]}', which is none"
            + (f", nor are {len(missing) - 1} more." if len(missing) > 1 else ".")
        )
    return LabelledImages(list(labels), list(labels.values()))


def read_labels(path: str | os.PathLike[str]) -> dict[Path, str]:
    """Read labels.csv.

    Returns
    -------
    dict of Path to str
        From each image's path, in the file's folder, to its label.

    Raises
    ------
    DataError
        The file is missing, has other columns, or names an image twice.
    """
    path = Path(path)
    labels: dict[Path, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            names, texts = label_columns(rows.fieldnames or [], path)
            for row in rows:
                is_blank = not any(map(str.strip, filter(None, (row[names], row[texts]))))
                if is_blank and None not in row:
                    continue
                image = listed_path(path, row[names])
                if image in labels or row[texts] is None or None in row:
                    raise DataError(
                        "Labels must name each image once, with its one label. "
                        f"Got '{path}', line {rows.line_num}: {row[names]!r}."
                    )
                labels[image] = row[texts].strip()
    except FileNotFoundError:
        raise DataError(
            f"A folder of the layout 'labelled' must hold {LABELS}, unlike those of other layouts, "
            f"such as 'named' for files named by their texts. Got '{path.parent}', which does not."
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"Labels must be a readable CSV file. Got '{path}': {error}.") from None
    return labels


def listed_path(table: Path, name: str | None) -> Path:
    """Return the path of an image as a row of labels.csv names it."""
    return Path(os.path.normpath(table.parent / (name or "").strip()))


def label_columns(header: Sequence[str], path: Path) -> list[str]:
    """Return the columns of the files and of the labels, each the first that is there."""
    known = {column.strip().lower(): column for column in header}
    found = [next(filter(known.get, names), None) for names in (_FILES, _TEXTS)]
    if None in found:
        raise DataError(
            f"Labels must have a column {' or '.join(_FILES)} and a column {' or '.join(_TEXTS)}. "
            f"Got '{path}' with {', '.join(header) or 'none'}."
        )
    return [known[name] for name in found if name is not None]
