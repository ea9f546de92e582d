"""The folder of a benchmark: finished parts, from which a killed one goes on."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from segcap.core.errors import DataError
from segcap.core.files import write_atomically

__all__ = ["Parts"]

_MARK = "bench.json"
_PARTS = "parts"
_OUTPUTS = (_MARK, "results.json", "answers.csv", "report.html")
_DIGITS = 12


class Parts:
    """Finished parts of one benchmark, each a file.

    Parameters
    ----------
    folder : path
        Empty or not there, unless `resume` or `overwrite`.
    identity : mapping
        What makes the benchmark what it is, as JSON takes it.
    resume : bool
        Go on with the folder's benchmark.
    overwrite : bool
        Delete what a benchmark has written into the folder first.

    Raises
    ------
    DataError
        The folder holds something and neither is asked for, or both; it holds another benchmark
        or none; or it cannot be written to.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        identity: Mapping[str, Any],
        *,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.folder = Path(folder)
        if resume and overwrite:
            raise DataError(
                "A benchmark's folder must be resumed or overwritten. "
                f"Got both for '{self.folder}'."
            )
        if os.path.lexists(self.folder) and not self.folder.is_dir():
            raise DataError(
                f"A benchmark must write into a folder. Got '{self.folder}', which is none."
            )
        if self._is_filled():
            self._take_over(identity, resume=resume, overwrite=overwrite)
        try:
            (self.folder / _PARTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                "A benchmark must write into a folder that can be made. "
                f"Got '{self.folder}': {error.strerror}."
            ) from None
        write_atomically(self.folder / _MARK, _as_bytes(identity))

    def path(self, name: str, key: Mapping[str, Any], ending: str) -> Path:
        """Return the file of a part that depends on what its key holds."""
        sha = hashlib.sha256(_as_bytes(key)).hexdigest()[:_DIGITS]
        plain = re.sub(r"[^\w.-]+", "_", name)
        return self.folder / _PARTS / f"{plain}-{sha}{ending}"

    def read(self, name: str, key: Mapping[str, Any]) -> Any:
        """Return a finished part; None if it is not there, or not whole."""
        try:
            content = self.path(name, key, ".json").read_text("utf-8", errors="surrogateescape")
            kept = json.loads(content)
        except (OSError, ValueError):
            return None
        is_whole = isinstance(kept, dict) and {"key", "value"} <= kept.keys()
        return kept["value"] if is_whole and kept["key"] == _as_plain(key) else None

    def keep(self, name: str, key: Mapping[str, Any], value: Any) -> None:
        """Write a finished part, whole or not at all."""
        kept = {"key": _as_plain(key), "value": value}
        write_atomically(self.path(name, key, ".json"), _as_bytes(kept))

    def once(self, name: str, key: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        """Return a part, made now unless it is finished; never None."""
        kept = self.read(name, key)
        if kept is None:
            self.keep(name, key, make())
            kept = self.read(name, key)
        return kept

    def _marked(self) -> dict[str, Any] | None:
        """Return what a benchmark has marked its folder with; None if none has."""
        try:
            found = json.loads((self.folder / _MARK).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and {"task", "split"} <= found.keys() else None

    def _is_filled(self) -> bool:
        return self.folder.is_dir() and any(self.folder.iterdir())

    def _take_over(self, identity: Mapping[str, Any], *, resume: bool, overwrite: bool) -> None:
        found = self._marked()
        if found is None:
            raise DataError(
                "A benchmark must go into a folder that is empty, not there, or of a benchmark. "
                f"Got '{self.folder}', which holds something else."
            )
        if overwrite:
            shutil.rmtree(self.folder / _PARTS, ignore_errors=True)
            for name in _OUTPUTS:
                (self.folder / name).unlink(missing_ok=True)
            return
        if not resume:
            raise DataError(
                "A benchmark must go into an empty folder, or be resumed or overwritten. "
                f"Got '{self.folder}', which holds one."
            )
        own = _as_plain(identity)
        differing = [name for name, value in own.items() if found.get(name) != value]
        if differing:
            raise DataError(
                "A benchmark must be resumed with the data and the split that it was begun with. "
                f"Got '{self.folder}', whose {' and '.join(differing)} differs."
            )


def _as_plain(value: Any) -> Any:
    return json.loads(_as_bytes(value).decode("utf-8", errors="surrogateescape"))


def _as_bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode(
        "utf-8", errors="surrogateescape"
    )
