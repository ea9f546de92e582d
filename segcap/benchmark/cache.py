"""The folder of a benchmark: finished parts, from which a killed one goes on."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from segcap.core.errors import DataError, FileError
from segcap.core.files import lock, write_atomically

__all__ = ["Parts", "alone_in"]

_MARK = "bench.json"
_PARTS = "parts"
_OUTPUTS = (_MARK, "results.json", "answers.csv", "report.html")
_DIGITS = 12


@contextmanager
def alone_in(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other benchmarks out of a folder, which is made. On Windows nothing is locked.

    Raises
    ------
    DataError
        Another benchmark is writing into it.
    """
    held: int | None = None
    with suppress(OSError):  # a folder that cannot be made is reported by what writes into it
        os.makedirs(folder, exist_ok=True)
        held = os.open(folder, os.O_RDONLY)
    try:
        if held is not None and not lock(held):
            raise DataError(
                "A benchmark must be alone in its folder. "
                f"Another one is writing into '{os.fspath(folder)}'."
            )
        yield
    finally:
        if held is not None:
            os.close(held)


class Parts:
    """Finished parts of one benchmark, each a file.

    They are JSON, as a folder that others hand on must not run their code, as pickles would.

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
        self._parts = self.folder / _PARTS
        broken = _broken_rule(self.folder, identity, resume=resume, overwrite=overwrite)
        if broken is not None:
            raise DataError(f"A benchmark must {broken}. Got '{self.folder}'.")
        if overwrite and self.folder.is_dir():
            shutil.rmtree(self._parts, ignore_errors=True)
            for name in _OUTPUTS:
                (self.folder / name).unlink(missing_ok=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # first what says that it is a benchmark's, so that a killed one can be resumed
            write_atomically(self.folder / _MARK, _as_bytes(identity))
            self._parts.mkdir(exist_ok=True)
        except FileError:
            raise
        except OSError as error:
            raise DataError(
                "A benchmark must write into a folder that can be made. "
                f"Got '{self.folder}': {error.strerror}."
            ) from None

    def path(self, name: str, key: Mapping[str, Any], ending: str) -> Path:
        """Return the file of a part that depends on what its key holds."""
        sha = hashlib.sha256(_as_bytes(key)).hexdigest()[:_DIGITS]
        plain = re.sub(r"[^\w.-]+", "_", name)
        return self._parts / f"{plain}-{sha}{ending}"

    def read(self, name: str, key: Mapping[str, Any]) -> Any:
        """Return a finished part; None if it is not there, or not whole."""
        return _read(self.path(name, key, ".json"))

    def keep(self, name: str, key: Mapping[str, Any], value: Any) -> None:
        """Write a finished part, whole or not at all."""
        write_atomically(self.path(name, key, ".json"), _as_bytes(value))

    def once(self, name: str, key: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        """Return a part as it is read, made now unless it is finished; never None."""
        kept = self.read(name, key)
        if kept is None:
            self.keep(name, key, make())
            kept = self.read(name, key)
        return kept


def _broken_rule(
    folder: Path, identity: Mapping[str, Any], *, resume: bool, overwrite: bool
) -> str | None:
    """Return what a folder must be and is not; None if a benchmark may write into it."""
    if resume and overwrite:
        return "be resumed or overwritten, not both"
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    found = _read(folder / _MARK)
    if not isinstance(found, dict) or not {"task", "split"} <= found.keys():
        return "go into a folder that is empty, not there or of a benchmark, not of something else"
    own = json.loads(_as_bytes(identity))
    differing = [name for name in own if found.get(name) != own[name]]
    if not resume and not overwrite:
        return "go into an empty folder, or be resumed or overwritten"
    if resume and differing:
        return f"be resumed with what it was begun with, not another {' or '.join(differing)}"
    return None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _as_bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()
