"""Events for TensorBoard, and files that may fail to be written."""

import io
import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segcap.core.errors import FileError, SegcapWarning

__all__ = ["EventFile", "Tolerance", "as_summary"]

_EVENTS = "events.out.tfevents"
_FILE_VERSION = "brain.Event:2"


class Tolerance:
    """A context in which files may fail to be written: the first time warns, none stops the run.

    Parameters
    ----------
    message : str
        A sentence; what the system says is added to it.
    """

    def __init__(self, message: str) -> None:
        self._message = message
        self._has_warned = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, OSError | FileError):
            return False
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(f"{self._message} Got: {error}", SegcapWarning, stacklevel=4)
        return True


class EventFile:
    """Summaries for TensorBoard, which forgets what it knew of a folder's later steps before.

    TensorBoard's own `Writer` would import TensorFlow wherever that is installed.

    Parameters
    ----------
    folder : Path
        Must exist when something is added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None

    def add(self, step: int, summary: Any) -> None:
        """Append a `tensorboard.compat.proto.summary_pb2.Summary`.

        Raises
        ------
        OSError
            The file cannot be written; what comes next begins another.
        """
        records = _as_records(summary, step, is_first=self._path is None)
        path = self._path or self._folder / f"{_EVENTS}.{time.time_ns()}.{os.getpid()}"
        self._path = None  # what is half written must not be gone on with
        with path.open("ab") as file:
            file.write(records)
        self._path = path


def as_summary(scalars: Mapping[str, float]) -> Any:
    """Return scalars by name as a summary."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
    return Summary(value=values)


def _as_records(summary: Any, step: int, *, is_first: bool) -> bytes:
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.summary.writer.record_writer import RecordWriter

    now = time.time()
    events = []
    if is_first:
        start = SessionLog(status=SessionLog.START)
        events += [
            Event(wall_time=now, file_version=_FILE_VERSION),
            Event(wall_time=now, step=step, session_log=start),
        ]
    events.append(Event(wall_time=now, step=step, summary=summary))
    records = io.BytesIO()
    writer = RecordWriter(records)
    for event in events:
        writer.write(event.SerializeToString())
    return records.getvalue()
