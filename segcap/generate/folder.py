"""A folder that is being filled with generated images: settings, manifest, files."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import DataError, FileError
from segcap.core.files import write_atomically

__all__ = ["MANIFEST", "Folder", "OnProgress", "Record", "as_path", "read_manifest"]

MANIFEST = "manifest.jsonl"
_SETTINGS = "settings.json"
_LABELS = "labels.csv"

Record = dict[str, Any]
OnProgress = Callable[[int], None]


def read_manifest(folder: str | os.PathLike[str]) -> list[Record]:
    """Read manifest.jsonl; a last line that was cut off is left out.

    Parameters
    ----------
    folder : path

    Returns
    -------
    list of dict
        An image each: file, label, boxes, parameters, seed, index.

    Raises
    ------
    DataError
        It is missing, or not as segcap writes it.
    """
    path = as_path(folder) / MANIFEST
    try:
        records = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    except (OSError, ValueError) as error:
        raise DataError(f"A manifest must be JSON lines. Got '{path}': {error}.") from None
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict) or not all(
            isinstance(record.get(name), str) for name in ("file", "label")
        ):
            raise DataError(
                "Every line of a manifest must have a file and a label. "
                f"Got '{path}' with line {number}: {record!r}."
            )
    return records


def as_path(folder: str | os.PathLike[str]) -> Path:
    """Return a folder's path.

    Raises
    ------
    DataError
        It is no path.
    """
    if not isinstance(folder, str | os.PathLike):
        raise DataError(f"A folder must be a path. Got {folder!r}.")
    return Path(folder)


class Folder:
    """A folder that is being filled.

    Parameters
    ----------
    path : Path
    settings : dict
        What the images are made with, as JSON takes it.
    n : int
        How many there shall be.
    resume : bool
        Go on with a folder that was begun with the same settings.
    batch : int
        The images come in batches of so many; one that is not complete is made again.
    labelled : bool
        Whether labels.csv is written when all are there. A folder that is resumed loses it until
        then if images are to be made again.
    beside : callable, optional
        The other file of an image with this line of the manifest; none unless given.

    Attributes
    ----------
    labels : list of tuple of str
        File and label of each image that is there.

    Raises
    ------
    DataError
        The folder holds something else, more images or a labels.csv that was changed, or cannot
        be written to.
    """

    def __init__(
        self,
        path: Path,
        settings: Record,
        n: int,
        *,
        resume: bool,
        batch: int = 1,
        labelled: bool = False,
        beside: Callable[[Record], str] | None = None,
    ) -> None:
        self._path = path
        self._beside = beside
        self._labelled = labelled
        self.labels: list[tuple[str, str]] = []
        if resume and os.path.isfile(path / _SETTINGS):
            self._check_settings(settings)
            self._resume(n, batch)
            return
        if os.path.exists(path) and not (os.path.isdir(path) and not os.listdir(path)):
            raise DataError(
                "Images must go into a folder that is empty or not there, unless a begun one is "
                f"resumed. Got '{path}'."
            )
        with self._writing():
            path.mkdir(parents=True, exist_ok=True)
            write_atomically(path / _SETTINGS, json.dumps(settings, ensure_ascii=False).encode())

    def append(self, records: Iterator[Record], on_progress: OnProgress | None) -> None:
        """Add records to the manifest, each when its files are written."""
        with self._writing():
            manifest = (self._path / MANIFEST).open("ab")
        with manifest:
            for record in records:
                with self._writing():
                    manifest.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
                    manifest.flush()
                self.labels.append((record["file"], record["label"]))
                if on_progress is not None:
                    on_progress(len(self.labels))

    def write_labels(self) -> None:
        """Write labels.csv."""
        self.write_table(_LABELS, self.labels)

    def write_table(self, name: str, labels: Sequence[tuple[str, str]]) -> None:
        """Write a CSV file of files and their labels."""
        self.write(name, _as_table(labels))

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        with self._writing():
            place = self._path / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)

    def save_array(self, name: str, array: NDArray[Any]) -> None:
        """Write an array as .npy."""
        with self._writing():
            np.save(self._path / name, array)

    def _check_settings(self, settings: Record) -> None:
        file = self._path / _SETTINGS
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            old = {name: found.get(name) for name in settings}
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(
                f"A folder is resumed by its settings. Got '{file}': {error}."
            ) from None
        for name, value in json.loads(json.dumps(settings)).items():
            if old[name] != value:
                raise DataError(
                    "A folder must be resumed with the settings that it was begun with. "
                    f"Got {name} {value!r} for '{self._path}', begun with {old[name]!r}."
                )

    def _resume(self, n: int, batch: int) -> None:
        if not (self._path / MANIFEST).exists():
            return
        records = read_manifest(self._path)
        if len(records) > n:
            raise DataError(
                f"A folder is resumed to hold more images. Got {n} for '{self._path}', which "
                f"holds {len(records)}."
            )
        for index, record in enumerate(records):
            if record.get("index") != index:
                raise DataError(
                    "A manifest must have a line for every image. "
                    f"Got '{self._path / MANIFEST}' without image {index}."
                )
        labels = [(record["file"], record["label"]) for record in records]
        if self._labelled:
            self._check_labels(labels)
        there = list(map(self._is_whole, records))
        whole = (there.index(False) if False in there else len(there)) // batch * batch
        self.labels = labels[:whole]
        with self._writing(), (self._path / MANIFEST).open("r+b") as manifest:
            if self._labelled and whole < len(labels):
                (self._path / _LABELS).unlink(missing_ok=True)
            for _ in range(whole):
                manifest.readline()
            manifest.truncate(manifest.tell())

    def _check_labels(self, labels: Sequence[tuple[str, str]]) -> None:
        """Refuse to go on where labels.csv, which would be written anew, was changed."""
        file = self._path / _LABELS
        with self._writing():
            written = file.read_bytes() if file.exists() else b""
        if not _as_table(labels).startswith(written):
            raise DataError(
                f"A folder must be resumed with {_LABELS} as it was written, or without. "
                f"Got '{file}', which was changed."
            )

    def _is_whole(self, record: Record) -> bool:
        files = [record["file"]] if self._beside is None else [record["file"], self._beside(record)]
        try:
            return all(os.path.getsize(self._path / file) > 0 for file in files)
        except OSError:
            return False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except FileError as error:
            raise DataError(str(error)) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DataError(
                f"Images must go into a folder that can be written to. Got '{self._path}': "
                f"{reason}."
            ) from None


def _as_table(labels: Sequence[tuple[str, str]]) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", "label"])
    writer.writerows(labels)
    return table.getvalue().encode("utf-8", errors="surrogateescape")
