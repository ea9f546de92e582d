"""A folder that is being labelled: questions, answers, labels.csv, the reader behind them."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from segcap.cli.labeling.queue import LabelQueue
from segcap.cli.labeling.table import write_label
from segcap.core.errors import DataError, SegcapError
from segcap.core.image_files import find_images
from segcap.datasets.labelled import LABELS, read_labels

if TYPE_CHECKING:
    from segcap.cli.labeling.worker import Worker

__all__ = ["Session"]

_CHUNK = 32
_STARTS = "The reader starts."


class Session:
    """A folder that is being labelled; its methods may be called by any thread.

    Parameters
    ----------
    folder : Path
        Of images, perhaps with labels.csv.
    length, allowlist
        As of `LabelQueue`.
    trains : bool
        Whether the reader is trained on the labels.

    Raises
    ------
    DataError
        `folder` is no folder, holds no image, or its labels.csv has other columns.
    """

    def __init__(
        self,
        folder: Path,
        *,
        length: int | None = None,
        allowlist: str | None = None,
        trains: bool = True,
    ) -> None:
        if not folder.is_dir():
            raise DataError(f"Images to label must be in a folder. Got '{folder}', which is none.")
        self.file = folder / LABELS
        paths = {path.relative_to(folder).as_posix(): path for path in find_images([folder])}
        known = read_labels(self.file) if self.file.exists() else {}
        labels = {name: known.get(Path(os.path.normpath(path)), "") for name, path in paths.items()}
        self.paths = paths
        self.queue = LabelQueue(list(paths), labels, length=length, allowlist=allowlist)
        self.queue.unreadable = {
            name: f"A file's name must be text without spaces at its ends. Got {name!r}."
            for name in paths
            if name != name.encode(errors="replace").decode() or name != name.strip()
        }
        self.trains = trains
        self.note = _STARTS
        self._changed = threading.Condition()

    def state(self) -> dict[str, Any]:
        """All that the page shows, ready for JSON."""
        with self._changed:
            queue = self.queue
            image = queue.current
            guess = queue.guesses.get(image or "")
            return {
                "image": image,
                "number": image and queue.images.index(image),
                "guess": guess and guess._asdict(),
                "label": queue.taken_back,
                "labelled": len(queue.labels),
                "skipped": len(queue.skipped),
                "total": len(queue.images) - len(queue.unreadable),
                "seconds_left": queue.seconds_left,
                "recent": queue.recent,
                "can_undo": queue.last is not None,
                "unreadable": list(queue.unreadable.values()),
                "note": self.note,
            }

    def answer(self, image: str, text: str) -> None:
        """Write a label of the image that is asked; of any other, such as one sent twice, none.

        Raises
        ------
        ParameterError
            It cannot be a label.
        DataError, FileError
            It cannot be written.
        """
        with self._changed:
            if image == self.queue.current:
                write_label(self.file, image, self.queue.checked(text))
                self.queue.answer(image, text)
                self._changed.notify_all()

    def skip(self, image: str) -> None:
        """Leave the image that is asked for another time."""
        with self._changed:
            if image == self.queue.current:
                self.queue.skip(image)

    def undo(self) -> None:
        """Take the last answer out of labels.csv again, and ask once more.

        Raises
        ------
        DataError, FileError
            It cannot be taken out.
        """
        with self._changed:
            image = self.queue.last
            if image is not None:
                if image in self.queue.labels:
                    write_label(self.file, image, None)
                self.queue.undo()
                self._changed.notify_all()

    def cannot_show(self, image: str, reason: str) -> None:
        """Name an image that turns out to be unreadable, and ask the next one."""
        with self._changed:
            self.queue.unreadable[image] = reason

    def run(self, open_reader: "Callable[[], Worker]") -> None:
        """Let a reader guess, and train it as labels come; returns only if it cannot go on."""
        try:
            reader = open_reader()
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._wants_training or self.queue.unread(1))
                self.step(reader)
        except SegcapError as error:
            with self._changed:
                self.note = f"No more guesses. {error}"

    def step(self, reader: "Worker") -> None:
        """Train the reader if there are enough new labels; else let it read some images."""
        if self._wants_training:
            self._train(reader)
        else:
            self._read(reader)

    @property
    def _wants_training(self) -> bool:
        return self.trains and self.queue.wants_training and self.queue.is_ahead

    def _read(self, reader: "Worker") -> None:
        with self._changed:
            names = self.queue.unread(_CHUNK)
        guesses = reader.read([self.paths[name] for name in names])
        with self._changed:
            if self.note == _STARTS:
                self.note = ""
            for name, guess in zip(names, guesses, strict=True):
                if isinstance(guess, str):
                    self.queue.unreadable[name] = guess
                else:
                    self.queue.guess(name, guess)

    def _train(self, reader: "Worker") -> None:
        with self._changed:
            labels = dict(self.queue.labels)
            self.queue.trained_on = len(labels)
            self.note = f"Training on {len(labels)} labels in the background."
        started = monotonic()
        try:
            reader.train([self.paths[name] for name in labels], list(labels.values()))
        except SegcapError as error:
            with self._changed:
                self.note = f"Not trained. {error}"
            return
        with self._changed:
            self.queue.forget_reader()
            seconds = monotonic() - started
            self.note = f"New guesses: trained on {len(labels)} labels in {seconds:.0f} s."
