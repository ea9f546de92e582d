"""A reader in a process of its own, so that the page stays quick while it reads and trains."""

import multiprocessing
import signal
import warnings
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from segcap.core.errors import DataError, ParameterError, SegcapError
from segcap.labeling.queue import Guess
from segcap.readers.glyph import GlyphReader
from segcap.readers.registry import load

__all__ = ["Worker"]

_EPOCHS = 6


class Worker:
    """A reader that reads and is trained in another process.

    Parameters
    ----------
    model : str
        Name or bundle of a reader of texts.
    settings : dict
        Those that override its own.
    """

    def __init__(self, model: str, settings: dict[str, Any]) -> None:
        # neither a server's threads nor Keras live through a fork
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(theirs, model, settings), daemon=True, name="segcap-label-reader"
        )
        self._process.start()
        theirs.close()

    def read(self, images: Sequence[Path]) -> list[Guess | str]:
        """Read images: a guess of each, or what is wrong with it.

        Raises
        ------
        SegcapError
            They cannot be read.
        """
        return self._ask("read", images)

    def train(self, images: Sequence[Path], labels: Sequence[str]) -> None:
        """Train the model, as it was at first, on images and their labels.

        Raises
        ------
        SegcapError
            It cannot be trained.
        """
        return self._ask("train", images, labels)

    def _ask(self, *request: Any) -> Any:
        try:
            self._pipe.send(request)
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise DataError(
                "The process that reads must go on. Got its end, perhaps for want of memory."
            ) from None
        if isinstance(answer, str):
            raise DataError(answer)
        return answer


def _work(pipe: Connection, model: str, settings: dict[str, Any]) -> None:
    """Answer requests until the page's process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the page's process
    warnings.simplefilter("ignore")
    reader = load(model, **settings)
    with suppress(EOFError, OSError):
        while True:
            task, *given = pipe.recv()
            answer: list[Guess | str] | str | None = None
            try:
                if task == "train":
                    reader = _train(load(model, **settings), *given)
                else:
                    answer = [
                        one.error or Guess(one.text, one.confidence)
                        for one in reader.read_many(*given)
                    ]
            except (SegcapError, MemoryError) as error:
                answer = str(error)
            pipe.send(answer)


def _train(reader: Any, images: Sequence[Path], labels: Sequence[str]) -> Any:
    """Train a reader on the labels that it may answer, and leave when the page's process ends."""
    if not isinstance(reader, GlyphReader):
        raise ParameterError(
            "To be trained on labels, the model must be a reader that cuts. "
            f"Got a {type(reader).__name__}."
        )

    def look_up(*_: object) -> None:
        parent = multiprocessing.parent_process()
        if parent is None or not parent.is_alive():
            raise SystemExit

    known = [pair for pair in zip(images, labels, strict=True) if reader.can_answer(pair[1])]
    reader.set_params(epochs=_EPOCHS)
    return reader.partial_fit(
        [path for path, _ in known], [label for _, label in known], on_progress=look_up
    )
