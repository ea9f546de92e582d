"""Generated images on disk, in the layouts of the data sets that they are like."""

import io
import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike

from segcap.core.batching import check_jobs
from segcap.core.bundle import digest
from segcap.core.errors import ParameterError
from segcap.core.parallel import run_each
from segcap.core.validation import whole_number
from segcap.generate.folder import Folder, OnProgress, Record, as_path
from segcap.generate.sums import digit_sums
from segcap.generate.text import TextGenerator
from segcap.generate.typefaces import check_digits

__all__ = ["write_digit_sums", "write_text"]

_ROWS_IN_A_FILE = 10_000


class _Layout(NamedTuple):
    folder: str
    name: str
    ending: str = ".png"


_PLAIN = _Layout("images", "{index:06}")
_LAYOUTS = {
    "wordpress": _Layout("generated_captcha_images", "{label}{repeat}"),
    "gradient-line": _Layout("samples", "{label}{repeat}"),
    "six-char": _Layout("captchas", "{index}_{label}", ".jpeg"),
}


def write_text(
    generator: TextGenerator,
    n: int,
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    n_jobs: int | None = None,
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
    n_jobs : int, optional
        Workers, as of `TextGenerator.samples`.
    masks : bool
        Write masks/INDEX.npz, too, whose "masks" are (L, H, W) bool.
    resume : bool
        Go on where a folder of the same generator, seed and versions ends, or where the first
        file is missing.
    on_progress : callable, optional
        Called with the number of images that are there.

    Raises
    ------
    DataError
        The folder holds something else, more images or a labels.csv that was changed, or cannot
        be written to.
    ParameterError
        A number is out of its range, or a character of the charset cannot be in a file's name.

    Notes
    -----
    Files of "six-char" are stored as JPEG of the quality that the image was drawn with, and so
    differ by some levels from the generator's array; all others are the same.
    """
    layout = _LAYOUTS.get(generator.scheme, _PLAIN)
    if "{label}" in layout.name:
        _check_file_names(generator)
    n, seed = whole_number("n", n), whole_number("seed", seed)
    check_jobs(n_jobs)
    settings = {**generator.settings(), "seed": seed, "masks": masks}
    dataset = Folder(
        as_path(folder),
        settings,
        n,
        resume=resume,
        labelled=True,
        beside=_mask_file if masks else None,
    )
    taken = Counter(label.casefold() for _, label in dataset.labels)
    waiting = range(len(dataset.labels), n)
    task = partial(_encoded, generator, seed, layout.ending, masks)

    def records() -> Iterator[Record]:
        for record, files in run_each(task, waiting, n_jobs=n_jobs):
            label = record["label"]
            taken[label.casefold()] += 1
            times = taken[label.casefold()]
            repeat = f"_{times}" if times > 1 else ""
            name = layout.name.format(index=record["index"], label=label, repeat=repeat)
            file = f"{layout.folder}/{name}{layout.ending}"
            for place, content in zip((file, _mask_file(record)), files, strict=False):
                dataset.write(place, content)
            yield {"file": file, **record}

    dataset.append(records(), on_progress)
    dataset.write_labels()


def write_digit_sums(
    n: int,
    folder: str | os.PathLike[str],
    *,
    digits: tuple[ArrayLike, ArrayLike],
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
        The folder holds something else, or more images, or cannot be written to.
    ParameterError
        See `segcap.generate.digit_sums`.
    """
    n, seed = whole_number("n", n), whole_number("seed", seed)
    min_advance = whole_number("min_advance", min_advance, least=1)
    count = whole_number("count", count, least=1)
    digits = check_digits(digits)
    draw = partial(digit_sums, min_advance=min_advance, digits=digits, count=count, seed=seed)
    draw(0)  # what it refuses is refused before there is a folder
    settings = {
        "scheme": "digit-sum",
        "min_advance": min_advance,
        "count": count,
        "seed": seed,
        "digits": digest(*digits),
    }
    dataset = Folder(
        as_path(folder),
        settings,
        n,
        resume=resume,
        batch=_ROWS_IN_A_FILE,
        beside=lambda record: f"lab{record['index'] // _ROWS_IN_A_FILE}.npy",
    )

    def records() -> Iterator[Record]:
        for start in range(len(dataset.labels), n, _ROWS_IN_A_FILE):
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


def _mask_file(record: Record) -> str:
    return f"masks/{record['index']:06}.npz"


def _encoded(
    generator: TextGenerator, seed: int, ending: str, masks: bool, index: int
) -> tuple[Record, list[bytes]]:
    """Draw an image: its line of the manifest, and the contents of its files."""
    sample = generator.sample(index, seed=seed)
    record = {
        "label": sample.label,
        "boxes": sample.boxes.tolist(),
        "parameters": sample.parameters,
        "seed": seed,
        "index": index,
    }
    options = []
    if ending == ".jpeg":
        options = [cv2.IMWRITE_JPEG_QUALITY, sample.parameters["quality"]]
    pixels = sample.image
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    files = [cv2.imencode(ending, pixels, options)[1].tobytes()]
    if masks:
        archive = io.BytesIO()
        np.savez_compressed(archive, masks=sample.masks)
        files.append(archive.getvalue())
    return record, files


def _check_file_names(generator: TextGenerator) -> None:
    for char in generator.charset:
        if not char.isalnum():
            raise ParameterError(
                f"Images of '{generator.scheme}' are named by their labels, whose characters must "
                f"be letters and digits. Got {char!r}."
            )
