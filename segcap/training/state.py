"""The state of a training on disk, from which a killed run goes on."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.errors import DataError
from segcap.core.files import write_atomically
from segcap.training.history import History
from segcap.training.logs import Tolerance

__all__ = ["State"]


class State:
    """A file with the arrays and the history of one run.

    What cannot be written is warned of once and does not stop the run.

    Parameters
    ----------
    path : Path
    identity : mapping
        What makes the run what it is, as JSON can hold it.

    Raises
    ------
    DataError
        `path` is a folder, or in none.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        if path.is_dir() or not path.parent.is_dir():
            raise DataError(
                f"A training state must be a file in a folder that exists. Got '{path}'."
            )
        self._path = path
        self._tolerance = Tolerance(f"The training goes on without its state in '{path}'.")
        self._identity = json.dumps(identity, sort_keys=True)

    def read(self) -> tuple[History, dict[str, NDArray]] | None:
        """Return what was kept last; None before the first time.

        Raises
        ------
        DataError
            The file is none that a run wrote, or of another run.
        """
        if not self._path.exists():
            return None
        from safetensors import safe_open

        try:
            with safe_open(self._path, framework="numpy") as file:
                notes = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except Exception as error:  # noqa: BLE001 safetensors' own error has no public base
            raise DataError(
                f"A training state must be a file that a run wrote. Got '{self._path}': {error}."
            ) from None
        if notes.get("identity") != self._identity:
            raise DataError(
                "A training state must be of the same data, network, schedule, seed and versions. "
                f"Got '{self._path}' of another run: delete it to begin anew."
            )
        if notes.get("sha256") != _seal(notes.get("history", ""), arrays):
            raise DataError(
                f"A training state must be as a run wrote it. Got '{self._path}', which is damaged."
            )
        return History(**json.loads(notes["history"])), arrays

    def keep(self, history: History, arrays: Mapping[str, NDArray]) -> None:
        """Write the file anew, whole or not at all.

        Warns
        -----
        SegcapWarning
            The folder is missing or has no room; once.
        """
        from safetensors.numpy import save

        written = json.dumps(asdict(history))
        notes = {"identity": self._identity, "history": written, "sha256": _seal(written, arrays)}
        with self._tolerance:
            write_atomically(self._path, save(dict(arrays), notes))


def _seal(history: str, arrays: Mapping[str, NDArray]) -> str:
    ordered = (arrays[name] for name in sorted(arrays))
    return digest(np.frombuffer(history.encode(), np.uint8), *ordered)
