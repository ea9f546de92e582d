"""Whoever takes part in a benchmark, under one interface."""

import os
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeAlias, get_args, runtime_checkable
from uuid import uuid4

import cloudpickle

from segcap.benchmark.outcomes import Approach
from segcap.benchmark.peers import FunctionMethod
from segcap.benchmark.split_task import Asks, Truth
from segcap.core.bundle import available
from segcap.core.errors import ParameterError
from segcap.core.image import ImageSource
from segcap.core.reading import Result
from segcap.datasets.dataset import Dataset
from segcap.models.registry import network
from segcap.readers.glyph import GlyphReader
from segcap.readers.images import ImageClassifier
from segcap.readers.registry import load
from segcap.readers.sequence import SequenceReader
from segcap.readers.sums import SumClassifier
from segcap.readers.whole import WholeImageReader
from segcap.recognition.engines.networks import WEIGHTS, count_weights

__all__ = ["VOTE", "Method", "Progress", "ReaderMethod", "TrainableMethod", "as_methods"]

VOTE = "vote"
"""The name of what the approaches answer together."""

_MOST = 5

Progress: TypeAlias = Callable[[int, int, str], None]

_WANTED: dict[Asks, tuple[type, ...]] = {
    "texts": (GlyphReader, SequenceReader),
    "sums": (GlyphReader, SumClassifier),
    "classes": (ImageClassifier,),
}


@runtime_checkable
class Method(Protocol):
    """Whoever answers to images."""

    @property
    def name(self) -> str:
        """What it is called, in tables and files."""
        ...

    @property
    def approach(self) -> Approach:
        """How it answers: "segment", "end-to-end" or "peer"."""
        ...

    @property
    def description(self) -> str:
        """What it is, in a sentence."""
        ...

    def answer(self, images: Sequence[ImageSource]) -> Sequence[Result]:
        """Return a `segcap.Reading`, a `SumReading` or a `ClassReading` of each image, in order.

        An error counts against the images it was raised for. A confidence of NaN is none.
        """
        ...


@runtime_checkable
class TrainableMethod(Method, Protocol):
    """A method that trains on the part of a data set that is not tested on."""

    def fit(self, training: Dataset) -> None:
        """Train on a part of a data set."""
        ...


@dataclass(eq=False)
class ReaderMethod:
    """One of segcap's readers, fitted or to be fitted.

    Parameters
    ----------
    name : str
    reader : GlyphReader, SequenceReader, SumClassifier or ImageClassifier
    asks : {"texts", "sums", "classes"}
        What it is asked for.
    description : str, optional
        What it is, and where it comes from, unless given.

    Raises
    ------
    ParameterError
        The reader cannot answer to what is asked for.
    """

    name: str
    reader: Any
    asks: Asks
    description: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.reader, _WANTED[self.asks]):
            raise ParameterError(
                f"A method '{self.name}' must be a reader of {self.asks}. "
                f"Got a reader of type {type(self.reader).__name__}."
            )
        reader: Any = self.reader
        if self.is_fitted:
            reader._require_fitted()  # an own classifier is taken over by then
        if self.asks == "sums" and isinstance(self.reader, GlyphReader):
            charset = self.reader.charset_ if self.is_fitted else self.reader.charset
            if not charset.isdecimal():
                raise ParameterError(
                    f"A method '{self.name}' must be a reader of digits to add them up. "
                    f"Got one of {charset!r}."
                )
        if not self.description:
            state = "fitted before" if self.is_fitted else self._beginning
            self.description = f"{self.reader!r}, {state}"

    @property
    def approach(self) -> Approach:
        """How it answers."""
        return "segment" if isinstance(self.reader, GlyphReader) else "end-to-end"

    @property
    def _beginning(self) -> str:
        starts_elsewhere = self.approach == "segment" or self.reader.weights is not None
        return "goes on from a trained network here" if starts_elsewhere else "trained here"

    @property
    def is_fitted(self) -> bool:
        """Whether it is trained, here or before."""
        return bool(self.reader.__sklearn_is_fitted__())

    @property
    def identity(self) -> dict[str, Any]:
        """What its answers depend on besides what it is trained on here."""
        provenance = self.reader.provenance_ if self.is_fitted else None
        given = self.reader.get_params()
        parameters = {name: _identified(own) for name, own in given.items()}
        file = given.get("classifier")
        if isinstance(file, str | os.PathLike) and os.path.isfile(file):
            parameters["classifier"] = sha256(Path(file).read_bytes()).hexdigest()
        return {"reader": parameters, "asks": self.asks, "learned": provenance}

    @property
    def parameters(self) -> int | None:
        """Count the numbers that were trained; None for what is no network."""
        trained = [getattr(self.reader, part, None) for part in ("trained_", "glyphs_", "context_")]
        parts = [getattr(one, "parts", {}) for one in trained if one is not None]
        if not parts or not all(WEIGHTS in own for own in parts):
            return None
        return sum(count_weights(own[WEIGHTS]) for own in parts)

    def fitted(
        self,
        training: Dataset,
        *,
        seed: int | None = None,
        state: Path | None = None,
        on_progress: Progress | None = None,
    ) -> "ReaderMethod":
        """Return a method whose reader has the same parameters, trained.

        Parameters
        ----------
        training : Dataset
        seed : int, optional
            In place of the reader's `random_state`.
        state : path, optional
            Files of this name let a killed training go on.
        on_progress : callable, optional
            Called with the number of epochs done, their total and a note.
        """
        reader = type(self.reader)(**self.reader.get_params())
        if seed is not None:
            reader.set_params(random_state=seed)
        options: dict[str, Any] = {"state": state}
        if isinstance(reader, GlyphReader):
            options["on_progress"] = on_progress
        else:
            options["groups"] = training.groups
            if on_progress is not None:
                total = int(reader.epochs)
                options["on_epoch"] = lambda done, history: on_progress(
                    done, total, f"validation accuracy {history.validation_accuracy[-1]:.4f}"
                )
        reader.fit(training.images, training.labels.tolist(), **options)
        return replace(self, reader=reader)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted reader as a bundle."""
        self.reader.save(path)

    def opened(self, path: str | os.PathLike[str]) -> "ReaderMethod":
        """Return the method whose fitted reader is in a bundle."""
        return replace(
            self, reader=load(path, engine=self.reader.engine, device=self.reader.device)
        )

    def answer(self, images: Sequence[ImageSource]) -> list[Result]:
        """Answer to each image."""
        if self.asks == "sums":
            return self.reader.digit_sums(images)
        results = self.reader.read_many(images)
        blind = isinstance(self.reader, SequenceReader)
        if blind and not network(self.reader.classifier).has_boxes:
            return [replace(result, glyphs=()) for result in results]
        return results

    def ranked(self, images: Sequence[ImageSource]) -> list[Result]:
        """Answer to each image, with the texts of other cuts as alternatives, which cost more."""
        results = self.answer(images)
        if self.asks != "texts" or not isinstance(self.reader, GlyphReader):
            return results
        return [
            replace(result, alternatives=tuple(self.reader.read_best(image, _MOST)))
            if result.status in ("ok", "rejected")
            else result
            for result, image in zip(results, images, strict=True)
        ]

    def failure(self, image: ImageSource, truth: Truth) -> str | None:
        """Return why a segmenting reader's text is not the truth; see `segcap.Reading.failure`."""
        text = self.reader.as_answer(truth.text)
        if truth.boxes is not None:
            return self.reader.read(image).failure(text, truth.boxes)
        if set(text) <= set(self.reader.charset_):
            return self.reader.failure(image, text)
        return self.reader.read(image).failure(text)


def as_methods(readers: Mapping[str, Any] | Sequence[Any], asks: Asks) -> list[Method]:
    """Make methods of readers.

    Parameters
    ----------
    readers : mapping of str to reader, or sequence of reader
        Each an `Method`, a reader of segcap's, fitted or not, the name of a shipped one or the
        path of a bundle, or a function from an (H, W, 3) uint8 RGB image to a text. A mapping
        names them.
    asks : {"texts", "sums", "classes"}

    Raises
    ------
    ParameterError
        There is none, two bear one name, or something is no reader of what is asked for.
    """
    if isinstance(readers, str | os.PathLike) or not isinstance(readers, Mapping | Sequence):
        raise ParameterError(
            f"The 'readers' of a benchmark must be a list, or a mapping of names. Got {readers!r}."
        )
    named = (
        list(readers.items())
        if isinstance(readers, Mapping)
        else [(_name(one), one) for one in readers]
    )
    methods = [_method(name, one, asks) for name, one in named]
    names = [method.name for method in methods]
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise ParameterError(f"A reader of a benchmark must have a name. Got {name!r}.")
    if not names or len({*names, VOTE}) <= len(names):
        raise ParameterError(
            "The 'readers' of a benchmark must be at least one, each with a name of its own other "
            f"than '{VOTE}'. Got {', '.join(names) or 'none'}."
        )
    return methods


def _method(name: str, one: Any, asks: Asks) -> Method:
    if isinstance(one, str | os.PathLike):
        path = os.fspath(one)
        kind = "shipped reader" if path in available() else "reader in"
        reader = load(path)
        return ReaderMethod(name, reader, asks, f"{kind} '{path}', {reader!r}")
    if isinstance(one, GlyphReader | SequenceReader | SumClassifier | ImageClassifier):
        return ReaderMethod(name, one, asks)
    if isinstance(one, Method):
        if one.approach not in (known := [own for own in get_args(Approach) if own != VOTE]):
            raise ParameterError(
                f"The 'approach' of a method must be one of {', '.join(known)}. "
                f"Got {one.approach!r}."
            )
        if one.name == name:
            return one
        if not isinstance(one, FunctionMethod | ReaderMethod):
            raise ParameterError(
                f"A method must be given under its own name, '{one.name}'. Got {name!r}."
            )
        named = copy(one)
        named.name = name
        return named
    if callable(one):
        return FunctionMethod(name, one, asks)
    raise ParameterError(
        "A reader of a benchmark must be a method, a reader, a shipped reader's name, a "
        f"bundle's path or a function of an image. Got {type(one).__name__}."
    )


def _identified(parameter: Any) -> str:
    """Describe a parameter so that another value of it is described otherwise.

    An own classifier or segmenter is known by what it holds, an importable function by its name,
    and what cannot be pickled by chance.
    """
    if not (callable(parameter) or hasattr(parameter, "__dict__")):
        return repr(parameter)
    try:
        return sha256(cloudpickle.dumps(parameter)).hexdigest()
    except Exception:  # noqa: BLE001 what is pickled raises what it likes
        return uuid4().hex


def _name(one: Any) -> str:
    if isinstance(one, str | os.PathLike):
        return Path(one).stem if os.fspath(one) not in available() else os.fspath(one)
    if isinstance(one, GlyphReader):
        return "glyphs"
    if isinstance(one, WholeImageReader):
        return one.classifier
    return str(getattr(one, "name", None) or getattr(one, "__name__", type(one).__name__))
