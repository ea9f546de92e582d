"""What a data set holds, at a glance."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segcap.core.errors import ImageError
from segcap.core.image import image_size
from segcap.datasets.dataset import Dataset

__all__ = ["Summary", "summarise"]

_WIDTH = 79
_TITLE = 18
_GAP = 2
_MOST_SIZES = 8
_ALIKE = {"look": "near duplicates", "label": "equal labels", "content": "equal files"}


@dataclass(frozen=True)
class Summary:
    """What a data set holds; as str, a table.

    Attributes
    ----------
    name : str
    n : int
        Number of images.
    sizes : dict of (int, int) to int
        Images by width and height in pixels, most common first.
    unreadable : int
        Images whose header cannot be read.
    lengths : dict of int to int
        Labels by number of characters, ascending; empty unless labels are texts.
    counts : dict of str to int
        Characters of texts, or images by class or sum, in their order.
    repeats : int
        Groups of more than one image that no split separates.
    repeated : int
        Images in them.
    counted : str
        What `counts` counts: "characters", "classes" or "sums".
    alike : str
        What is alike in a group: "near duplicates", "equal labels" or "equal files".
    """

    name: str
    n: int
    sizes: Mapping[tuple[int, int], int]
    unreadable: int
    lengths: Mapping[int, int]
    counts: Mapping[str, int]
    repeats: int
    repeated: int
    counted: str
    alike: str

    def __str__(self) -> str:
        sizes = _cells(
            {f"{width} x {height}": count for (width, height), count in self.sizes.items()}
        )
        if len(sizes) > _MOST_SIZES:
            sizes[_MOST_SIZES:] = [f"{len(sizes) - _MOST_SIZES:,} others"]
        rows = {
            "data set": [self.name],
            "images": [f"{self.n:,}"],
            "unreadable": [f"{self.unreadable:,}"] if self.unreadable else [],
            "width x height": sizes,
            "lengths": _cells(self.lengths),
            self.counted: _cells(self.counts),
            self.alike: [f"{self.repeats:,} groups of {self.repeated:,} images"],
        }
        return "\n".join(_row(title, cells) for title, cells in rows.items() if cells)


def summarise(dataset: Dataset) -> Summary:
    """Count a data set's images, their sizes, what their labels say, and near duplicates.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Summary

    Notes
    -----
    Sizes are read from the files' headers. Photos are decoded in small to be compared, which takes
    some seconds for tens of thousands; other images are not.
    """
    labels = dataset.labels.tolist()
    is_text = dataset.charset is not None
    if isinstance(dataset.images, np.ndarray):
        sizes = Counter({dataset.images.shape[2:0:-1]: len(dataset)})
    else:
        sizes = Counter(size for size in map(_size, dataset.images) if size)
    members = np.bincount(dataset.groups)
    counts = Counter("".join(labels) if is_text else labels)
    return Summary(
        name=dataset.name,
        n=len(dataset),
        sizes=dict(sizes.most_common()),
        unreadable=len(dataset) - sizes.total(),
        lengths=dict(sorted(Counter(map(len, labels)).items())) if is_text else {},
        counts={str(key): counts[key] for key in sorted(counts)},
        repeats=int((members > 1).sum()),
        repeated=int(members[members > 1].sum()),
        counted="characters" if is_text else "sums" if dataset.classes is None else "classes",
        alike=_ALIKE[dataset.duplicates],
    )


def _size(image: Path) -> tuple[int, int] | None:
    try:
        return image_size(image)
    except ImageError:
        return None


def _cells(counts: Mapping[Any, int]) -> list[str]:
    return [f"{name}: {count:,}" for name, count in counts.items()]


def _row(title: str, cells: list[str]) -> str:
    """Set cells in columns, in as many lines as they need."""
    column = max(map(len, cells)) + _GAP
    in_line = max(1, (_WIDTH - _TITLE + _GAP) // column)
    lines = [
        "".join(cell.ljust(column) for cell in cells[start : start + in_line]).rstrip()
        for start in range(0, len(cells), in_line)
    ]
    return f"{title:<{_TITLE}}" + ("\n" + " " * _TITLE).join(lines)
