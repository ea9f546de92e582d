"""A reader in a process of its own, so that the page stays quick while it reads and trains."""

import multiprocessing
import signal
import warnings
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from segcap.cli.labeling.queue import Guess
from segcap.core.errors import DataError, ParameterError
from segcap.evaluate.metrics import character_accuracy
from segcap.readers.glyph import GlyphReader
from segcap.readers.registry import load

__all__ = ["EPOCHS", "Worker", "trained"]

EPOCHS = 8
"""Of a training in the background: few, for it is made anew once there are more labels."""


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
    reader: Any = load(model, **settings)
    with suppress(EOFError, OSError):
        while True:
            task, *given = pipe.recv()
            answer: list[Guess | str] | str | None = None
            try:
                if task == "train":
                    reader = trained(load(model, **settings), *given)
                else:
                    answer = [
                        one.error or Guess(one.text, one.confidence)
                        for one in reader.read_many(*given)
                    ]
            except Exception as error:  # noqa: BLE001 whatever a training ends with, guesses go on
                answer = str(error)
            pipe.send(answer)


def trained(reader: Any, images: Sequence[Path], labels: Sequence[str]) -> Any:
    """Train a reader on the labels that it may answer, if that makes it better.

    Parameters
    ----------
    reader : GlyphReader
        As it was before all labels; changed in place.

    Returns
    -------
    GlyphReader
        The same.

    Raises
    ------
    ParameterError
        It is a reader of another kind.
    DataError
        There are too few labels that it may answer, or what is held out of them is read worse than
        all were before.
    """
    if not isinstance(reader, GlyphReader):
        raise ParameterError(
            "To be trained on labels, the model must be a reader that cuts. "
            f"Got a {type(reader).__name__}."
        )
    known = [pair for pair in zip(images, labels, strict=True) if reader.can_answer(pair[1])]
    if not known:
        raise DataError(
            f"Training needs labels that the reader may answer. Got none among {len(labels)}."
        )
    images, labels = [path for path, _ in known], [reader.as_answer(label) for _, label in known]
    before = character_accuracy([one.text for one in reader.read_many(images)], labels)
    reader.set_params(epochs=EPOCHS).partial_fit(images, labels, on_progress=_look_up)
    after = reader.provenance_["figures"]["characters_held_out"]
    if after < before.low:  # few are held out: some fewer may be chance
        raise DataError(
            "What is trained must read no worse. "
            f"Got {after:.0%} of the characters held out, and {before.value:.0%} of all before."
        )
    return reader


def _look_up(*_: object) -> None:
    """Leave in the midst of a training when the page's process has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise SystemExit
