"""One label at a time in labels.csv, everything else in it kept."""

import csv
import io
from pathlib import Path
from typing import Any

from segcap.core.files import write_atomically
from segcap.datasets.labelled import label_columns, listed_path, read_labels

__all__ = ["write_label"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_label(path: Path, image: str, label: str | None) -> None:
    """Write an image's label into labels.csv, or take it out, with its row if that holds no more.

    Parameters
    ----------
    path : Path
        The file; it is read anew, so that what others wrote meanwhile is kept.
    image : str
        The image's path within the file's folder.

    Raises
    ------
    DataError
        The file is damaged, or has no column of files or of labels.
    FileError
        It cannot be written.
    """
    fields, encoding = ["file", "label"], "utf-8"
    rows: list[dict[str, Any]] = []
    if path.exists():
        read_labels(path)
        content = path.read_bytes()
        encoding = "utf-8-sig" if content.startswith(_BYTE_ORDER_MARK) else "utf-8"
        text = io.StringIO(content.decode(encoding), newline="")
        table = csv.DictReader(text, skipinitialspace=True)
        rows, fields = list(table), list(table.fieldnames or [])
    name, column = label_columns(fields, path)
    own = [row for row in rows if listed_path(path, row[name]) == listed_path(path, image)]
    if label is None:
        for row in own:
            row[column] = ""
        rows = [row for row in rows if row not in own or any(row[k] for k in row if k != name)]
    else:
        row = own[0] if own else {name: image}
        row[column] = label
        rows += [] if own else [row]
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, fields, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, written.getvalue().encode(encoding))
