"""Generated images on disk, in the layouts of the data sets that they are like."""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.errors import DataError, ParameterError
from segcap.generate.sums import digit_sums
from segcap.generate.text import TextGenerator, in_order

__all__ = ["MANIFEST", "read_manifest", "write_digit_sums", "write_text"]

MANIFEST = "manifest.jsonl"
_SETTINGS = "settings.json"
_ROWS_IN_A_FILE = 10_000
_JPEG = (".jpeg", (cv2.IMWRITE_JPEG_QUALITY, 95))
_PNG: tuple[str, tuple[int, ...]] = (".png", ())

Record = dict[str, Any]
OnProgress = Callable[[int], None]


class _Layout(NamedTuple):
    folder: str
    name: str
    coding: tuple[str, tuple[int, ...]] = _PNG


_PLAIN = _Layout("images", "{index:06}")
_LAYOUTS = {
    "wordpress": _Layout("generated_captcha_images", "{label}{repeat}"),
    "gradient-line": _Layout("samples", "{label}{repeat}"),
    "six-char": _Layout("captchas", "{index}_{label}", _JPEG),
}


def write_text(
    generator: TextGenerator,
    n: int,
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    n_jobs: int = 1,
    masks: bool = False,
    resume: bool = False,
    on_progress: OnProgress | None = None,
) -> None:
    """Write the seed's first `n` images into a folder.

    "wordpress" becomes generated_captcha_images/LABEL.png (LABEL_2.png where it repeats),
    "gradient-line" samples/LABEL.png, "six-char" captchas/INDEX_LABEL.jpeg, all others
    images/INDEX.png. Beside them lie manifest.jsonl (a line an image: file, label, boxes,
    parameters, seed, index), settings.json (the generator's) and, when all is done, labels.csv.

    Parameters
    ----------
    generator : TextGenerator
    n : int
        At least 0.
    folder : path
        Empty or not there.
    seed : int
    n_jobs : int
        Worker processes; -1 for one per core. They change nothing but the time.
    masks : bool
        Write masks/INDEX.png, too: the characters' masks one below the other, 0 or 255.
    resume : bool
        Go on where a folder of the same generator and seed ends.
    on_progress : callable, optional
        Called with the number of images that are there.

    Raises
    ------
    DataError
        The folder holds something else, or cannot be written to.
    ParameterError
        A number is out of its range, or a character of the charset cannot be in a file's name.
    """
    layout = _LAYOUTS.get(generator.scheme, _PLAIN)
    if "{label}" in layout.name:
        _check_file_names(generator)
    generator.samples(min(n, 1), seed=seed)  # what it refuses is refused before there is a folder
    settings = {**generator.settings(), "seed": seed, "masks": masks}
    dataset = _Folder(Path(folder), settings, resume=resume)
    taken = Counter(record["label"].casefold() for record in dataset.records)
    task = partial(_encoded, generator, seed, layout.coding, masks)
    waiting = range(len(dataset.records), n)

    def records() -> Iterator[Record]:
        for index, (record, pictures) in zip(
            waiting, in_order(task, waiting, n_jobs=n_jobs), strict=True
        ):
            label = record["label"]
            taken[label.casefold()] += 1
            times = taken[label.casefold()]
            repeat = f"_{times}" if times > 1 else ""
            name = layout.name.format(index=index, label=label, repeat=repeat)
            file = f"{layout.folder}/{name}{layout.coding[0]}"
            for place, data in zip((file, f"masks/{index:06}.png"), pictures, strict=False):
                dataset.write_bytes(place, data)
            yield {"file": file, **record, "seed": seed, "index": index}

    dataset.append(records(), on_progress)
    dataset.write_labels()


def write_digit_sums(
    n: int,
    folder: str | os.PathLike[str],
    *,
    digits: tuple[NDArray[np.uint8], NDArray[np.integer]],
    min_advance: int = 15,
    count: int = 4,
    seed: int = 0,
    resume: bool = False,
    on_progress: OnProgress | None = None,
) -> None:
    """Write rows of digits as data0.npy, lab0.npy, data1.npy, ... of 10,000 each.

    dataK.npy is (10000, height, width) uint8, labK.npy the (10000,) sums; manifest.jsonl has a
    line a row: file, row, label (the digits), sum, boxes, parameters, seed, index.

    Parameters
    ----------
    n, digits, min_advance, count, seed
        See `segcap.generate.digit_sums`.
    folder, resume, on_progress
        See `write_text`.

    Raises
    ------
    DataError
        The folder holds something else, or cannot be written to.
    ParameterError
        See `segcap.generate.digit_sums`.
    """
    draw = partial(digit_sums, min_advance=min_advance, digits=digits, count=count, seed=seed)
    draw(min(n, 0))  # what it refuses is refused before there is a folder
    settings = {"scheme": "digit-sum", "min_advance": min_advance, "count": count, "seed": seed}
    dataset = _Folder(Path(folder), settings, resume=resume, batch=_ROWS_IN_A_FILE)

    def records() -> Iterator[Record]:
        for start in range(len(dataset.records), n, _ROWS_IN_A_FILE):
            rows = draw(min(_ROWS_IN_A_FILE, n - start), start=start)
            part = start // _ROWS_IN_A_FILE
            sums = rows.labels.sum(axis=1, dtype=np.int64)
            dataset.save_array(f"data{part}.npy", rows.images)
            dataset.save_array(f"lab{part}.npy", sums)
            for row in range(len(rows.images)):
                yield {
                    "file": f"data{part}.npy",
                    "row": row,
                    "label": "".join(map(str, rows.labels[row].tolist())),
                    "sum": int(sums[row]),
                    "boxes": rows.boxes[row].tolist(),
                    "parameters": {
                        "min_advance": min_advance,
                        "chosen": rows.chosen[row].tolist(),
                        "corners": rows.corners[row].tolist(),
                    },
                    "seed": seed,
                    "index": start + row,
                }

    dataset.append(records(), on_progress)


def read_manifest(folder: str | os.PathLike[str]) -> list[Record]:
    """Read manifest.jsonl; a last line that was cut off is left out.

    Raises
    ------
    DataError
        It is missing, or not as segcap writes it.
    """
    path = Path(folder) / MANIFEST
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise DataError(f"A manifest must be JSON lines. Got '{path}': {error}.") from None


class _Folder:
    """A folder that is being filled: settings, pictures, a manifest that grows line by line."""

    def __init__(self, path: Path, settings: Record, *, resume: bool, batch: int = 1) -> None:
        self.path = path
        self.records: list[Record] = []
        if resume and (path / _SETTINGS).is_file():
            self._resume(settings, batch)
            return
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise DataError(
                "Images must go into a folder that is empty or not there, unless a begun one is "
                f"resumed. Got '{path}'."
            )
        self.write_bytes(_SETTINGS, _as_json(settings).encode())
        self.write_bytes(MANIFEST, b"")

    def _resume(self, settings: Record, batch: int) -> None:
        file = self.path / _SETTINGS
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        if not isinstance(found, dict):
            found = {}
        for name, value in json.loads(_as_json(settings)).items():
            if found.get(name) != value:
                raise DataError(
                    f"A folder is resumed with the settings it was begun with. Got '{name}' "
                    f"{value!r} where '{file}' has {found.get(name)!r}."
                )
        records = read_manifest(self.path)
        self.records = records[: len(records) // batch * batch]
        whole = "".join(_as_json(record) + "\n" for record in self.records)
        self.write_bytes(MANIFEST, whole.encode())

    def append(self, records: Iterator[Record], on_progress: OnProgress | None) -> None:
        with self._writing():
            file = (self.path / MANIFEST).open("a", encoding="utf-8")
        with file:
            for record in records:
                with self._writing():
                    file.write(_as_json(record) + "\n")
                    file.flush()
                self.records.append(record)
                if on_progress is not None:
                    on_progress(len(self.records))

    def write_labels(self) -> None:
        with (
            self._writing(),
            (self.path / "labels.csv").open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["file", "label"])
            writer.writerows([record["file"], record["label"]] for record in self.records)

    def write_bytes(self, name: str, data: bytes) -> None:
        with self._writing():
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def save_array(self, name: str, array: NDArray[Any]) -> None:
        with self._writing():
            np.save(self.path / name, array)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                "Images must go into a folder that can be written to. "
                f"Got '{self.path}': {error.strerror or error}."
            ) from None


def _encoded(
    generator: TextGenerator,
    seed: int,
    coding: tuple[str, tuple[int, ...]],
    masks: bool,
    index: int,
) -> tuple[Record, list[bytes]]:
    sample = generator.sample(index, seed=seed)
    record = {
        "label": sample.label,
        "boxes": sample.boxes.tolist(),
        "parameters": sample.parameters,
    }
    pictures = [_as_file(sample.image, coding)]
    if masks:
        pictures.append(
            _as_file(255 * sample.masks.reshape(-1, sample.masks.shape[-1]).astype(np.uint8), _PNG)
        )
    return record, pictures


def _as_file(image: NDArray[np.uint8], coding: tuple[str, tuple[int, ...]]) -> bytes:
    pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(coding[0], pixels, list(coding[1]))[1].tobytes()


def _check_file_names(generator: TextGenerator) -> None:
    for char in generator.charset:
        if not char.isalnum():
            raise ParameterError(
                f"Images of '{generator.scheme}' are named by their labels, whose characters must "
                f"be letters and digits. Got {char!r}."
            )


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
