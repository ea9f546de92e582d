"""The figures of a training in files, while it goes on: CSV, and events for TensorBoard."""

import io
import os
import time
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from segcap.bundle import write_atomically
from segcap.errors import BundleError, SegcapWarning
from segcap.training.history import History, history_csv

__all__ = ["HISTORY_CSV", "Log"]

HISTORY_CSV = "history.csv"
_EVENTS = "events.out.tfevents"
_FILE_VERSION = "brain.Event:2"


class Log:
    """A folder with the figures of a run.

    `history.csv` has one row an epoch. Where the package tensorboard is installed, event files have
    the same scalars; a run that is resumed, or begun anew, adds a file, by which TensorBoard
    forgets what it knew of the epochs from there on.

    What cannot be written is told once and does not stop the run.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: Path | None = None
        self._has_tensorboard = find_spec("tensorboard") is not None
        self._told = False

    def write(self, history: History) -> None:
        """Write the last epoch down.

        Warns
        -----
        SegcapWarning
            The folder cannot be written to; once.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / HISTORY_CSV, history_csv(history).encode())
            if self._has_tensorboard:
                self._add_events(history)
        except (OSError, BundleError) as error:
            self._tell(error)

    def _add_events(self, history: History) -> None:
        epoch = len(history.loss)
        records = _as_records(history.at(epoch - 1), epoch, is_first=self._events is None)
        path = self._events or self._folder / f"{_EVENTS}.{time.time_ns()}.{os.getpid()}"
        self._events = None  # what is half written must not be gone on with
        with path.open("ab") as file:
            file.write(records)
        self._events = path

    def _tell(self, error: Exception) -> None:
        if self._told:
            return
        self._told = True
        warnings.warn(
            f"The training goes on without its log in '{self._folder}'. Got: {error}",
            SegcapWarning,
            stacklevel=4,
        )


def _as_records(scalars: Mapping[str, float], epoch: int, *, is_first: bool) -> bytes:
    """Give an epoch's scalars as records of an event file.

    TensorBoard's own `Writer` would import TensorFlow wherever that is installed.
    """
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    now = time.time()
    events = []
    if is_first:
        start = SessionLog(status=SessionLog.START)
        events += [
            Event(wall_time=now, file_version=_FILE_VERSION),
            Event(wall_time=now, step=epoch, session_log=start),
        ]
    values = [Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
    events.append(Event(wall_time=now, step=epoch, summary=Summary(value=values)))
    records = io.BytesIO()
    writer = RecordWriter(records)
    for event in events:
        writer.write(event.SerializeToString())
    return records.getvalue()
