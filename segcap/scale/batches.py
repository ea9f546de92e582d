"""Read batches of images in whatever process they come to."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError
from segcap.readers import base
from segcap.readers.registry import load
from segcap.scale.sources import records_of

__all__ = ["Reader", "read_bag"]


class Reader:
    """A reader of batches that travels to workers as a name, and is opened once in each process.

    Parameters
    ----------
    model : str
        A shipped reader's name, or a bundle's path that every worker can open.
    column : str
        Which column of a batch holds the images: paths, URLs, or the bytes of files.
    **options
        As of `segcap.load`.

    Examples
    --------
    >>> read = Reader("digits", column="bytes", length=4)
    >>> rows = ray.data.read_binary_files("scans/")  # doctest: +SKIP
    >>> rows.map_batches(read).write_parquet("out")  # doctest: +SKIP
    """

    def __init__(self, model: str = "any", *, column: str = "path", **options: Any) -> None:
        self.model = model
        self.column = column
        self.options = options

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Add the answers to a batch, as `ray.data.Dataset.map_batches` wants it.

        Parameters
        ----------
        batch : mapping of str to (N,) arrays

        Returns
        -------
        dict of str to (N,) arrays
            The batch, and a column for each value of `records`.

        Raises
        ------
        DataError
            The batch has no such column, or has one that is to be added.
        """
        if self.column not in batch:
            raise DataError(
                f"A batch must have the column '{self.column}'. Got {', '.join(batch)}."
            )
        records = self.records(batch[self.column])
        names = records[0] if records else {}
        if taken := [name for name in names if name in batch]:
            raise DataError(
                f"A batch must not have the column '{taken[0]}', which is to be added. "
                "Give it another name."
            )
        answers = {name: _column([record[name] for record in records]) for name in names}
        return {**batch, **answers}

    def records(self, images: Iterable[Any]) -> list[dict[str, Any]]:
        """Read images into flat records.

        Parameters
        ----------
        images : iterable of path, URL, bytes, array or PIL.Image.Image

        Returns
        -------
        list of dict
            "text", "value" or "label", "confidence", "status", "error" and, of texts, "turned";
            one that cannot be read has the status "unreadable".
        """
        options = (
            (name, tuple(value) if isinstance(value, list | set) else value)
            for name, value in sorted(self.options.items())
        )
        reader = _opened(self.model, tuple(options))
        kept = records_of(reader.read_many, images)
        return [
            {name: own[name] for name in own if not isinstance(own[name], list | dict)}
            for own in kept
        ]


def read_bag(images: Any, model: str = "any", **options: Any) -> Any:
    """Read the images of a Dask bag, or of a column of a Dask table.

    Parameters
    ----------
    images : dask.bag.Bag or dask.dataframe.Series
        Paths, URLs, or the bytes of files.
    model, **options
        As of `Reader`.

    Returns
    -------
    dask.bag.Bag of dict, or dask.dataframe.DataFrame
        See `Reader.records`; a table keeps its index. Lazy, as all of Dask.
    """
    reader = Reader(model, **options)
    if not hasattr(images, "to_frame"):
        return images.map_partitions(reader.records)
    import pandas as pd

    def read(part: Any) -> Any:
        return pd.DataFrame(reader.records(part), index=part.index)

    sample = pd.DataFrame(reader.records([b""]), index=[0]).iloc[:0]
    return images.map_partitions(read, meta=sample)


@lru_cache(maxsize=4)
def _opened(model: str, options: tuple[tuple[str, Any], ...]) -> base.Reader[Any]:
    return load(model, **dict(options))


def _column(values: list[Any]) -> NDArray[Any]:
    return np.array(values, object if None in values else None)
