"""What settings are worth: how well a reader answers that is trained, or cuts, with them."""

import os
from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from segcap.core.errors import ParameterError
from segcap.core.validation import is_number
from segcap.datasets.dataset import Dataset
from segcap.readers.estimator import Estimator
from segcap.readers.glyph import GlyphReader
from segcap.recipes.end_to_end import EndToEndReader, figures_of_test, measure, train_and_test
from segcap.recognition.engines.networks import WEIGHTS, count_weights

if TYPE_CHECKING:
    from segcap.training.fit import History, OnEpoch, Schedule
    from segcap.training.tuning import Report

__all__ = ["Cutting", "Fitting", "configured", "schedule_of"]

_JUDGED = 0.2
_PARTS = 5
_SCHEDULE, _NETWORK, _CUTTERS = "schedule__", "network__", "cutters__"

Reader = TypeVar("Reader", bound=Estimator)


def configured(reader: Reader, settings: Mapping[str, Any]) -> Reader:
    """Copy a reader with other parameters; what is fitted, the copy has, too.

    Parameters
    ----------
    reader : GlyphReader, ImageClassifier, SequenceReader or SumClassifier
    settings : mapping
        Parameters by name. "network__filters" is the item "filters" of the parameter "network", a
        whole number for "size" the side of a square, "cutters__skeleton" whether that cutter is one
        of the "cutters"; "schedule__..." are left out, see `schedule_of`.

    Raises
    ------
    ParameterError
        The reader has no such parameter.
    """
    changes: dict[str, Any] = {}
    network: dict[str, Any] = {}
    cutters: list[str] = []
    for name, value in settings.items():
        if name.startswith(_NETWORK):
            network[name.removeprefix(_NETWORK)] = value
        elif name.startswith(_CUTTERS):
            cutters += [name.removeprefix(_CUTTERS)] * bool(value)
            changes["cutters"] = tuple(cutters)
        elif name == "size":
            changes["size"] = (value, value)
        elif not name.startswith(_SCHEDULE):
            changes[name] = value
    if network:
        changes["network"] = {**(getattr(reader, "network", None) or {}), **network}
    return copy(reader).set_params(**changes)


def schedule_of(reader: EndToEndReader, settings: Mapping[str, Any]) -> "Schedule":
    """Return a reader's schedule, changed by the settings whose names begin with "schedule__".

    Raises
    ------
    ParameterError
        A schedule has no such setting, or not this value.
    """
    from segcap.training.schedule import Schedule

    changes = {
        name.removeprefix(_SCHEDULE): value
        for name, value in settings.items()
        if name.startswith(_SCHEDULE)
    }
    known = [field.name for field in fields(Schedule)]
    for name in changes:
        if name not in known:
            raise ParameterError(
                f"A setting of a Schedule must be one of {', '.join(known)}. Got {name!r}."
            )
    return replace(reader._schedule(), **changes)


@dataclass(frozen=True, eq=False)
class Fitting:
    """How well a reader answers trained with other settings.

    Every trial is evaluated on the same images, which it is neither trained nor calibrated on; its
    curve is its accuracy on the tenth that `fit` itself holds out, or the mean of the folds so far.

    Attributes
    ----------
    reader : ImageClassifier, SequenceReader or SumClassifier
        What the settings change; its `random_state` is that of the split alone.
    data : Dataset
        A fifth of it judges.
    folds : int, optional
        To train so often instead, so that each image is evaluated once.
    """

    reader: EndToEndReader
    data: Dataset
    folds: int | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a search by this objective what it is."""
        return {
            "data": self.data.content_digest,
            "reader": repr(self.reader),
            "schedule": asdict(self.reader._schedule()),
            "folds": self.folds,
        }

    @cached_property
    def parts(self) -> list[tuple[Dataset, Dataset]]:
        """Images to train on and images to evaluate with, once or for every fold."""
        seed = int(self.reader.random_state)
        if self.folds is None:
            return [self.data.split(_JUDGED, seed)]
        return list(self.data.kfold(self.folds, seed))

    def __call__(self, settings: Mapping[str, Any], report: "Report") -> float:
        """Return the fraction of right answers."""

        def on_epoch(epoch: int, history: "History") -> None:
            if self.folds is None:
                report(epoch, history.validation_accuracy[-1])

        rates: list[float] = []
        for train, judges in self.parts:
            reader = configured(self.reader, settings).set_params(random_state=report.seed)
            reader.fit(
                train.images,
                train.labels,
                groups=train.groups,
                schedule=schedule_of(reader, settings),
                on_epoch=on_epoch,
            )
            if not rates:
                report.note(**_size(reader))
            rates.append(measure(reader, judges).whole.value)
            if self.folds is not None:
                report(len(rates), fmean(rates))
        return fmean(rates)

    def finish(
        self,
        settings: Mapping[str, Any],
        train: Dataset,
        tested: Dataset,
        *,
        epochs: int,
        state: str | os.PathLike[str] | None = None,
        log: str | os.PathLike[str] | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> EndToEndReader:
        """Train with settings in full, and test once.

        Parameters
        ----------
        settings : mapping
        train, tested : Dataset
            Two parts of one split; no trial has seen the second.
        epochs : int
        state, log, on_epoch
            As of `segcap.recipes.end_to_end.train_end_to_end`.
        """
        reader = configured(self.reader, settings).set_params(epochs=epochs)
        schedule = schedule_of(reader, settings)
        train_and_test(
            reader, train, tested, schedule=schedule, state=state, log=log, on_epoch=on_epoch
        )
        return reader


def _size(reader: EndToEndReader) -> dict[str, float]:
    parts = reader.trained_.complete()
    return {
        "parameters": count_weights(parts[WEIGHTS]),
        "bytes": sum(map(len, parts.values())),
    }


@dataclass(frozen=True, eq=False)
class Cutting:
    """How well a reader reads that finds and cuts characters in other ways; nothing is trained.

    The value is the fraction of right readings, less `wrong_cost` times that of wrong ones;
    rejected readings are neither. Its curve is the value of a fifth of the images, two fifths, ....

    Attributes
    ----------
    reader : GlyphReader
        Fitted, or loaded.
    data : Dataset
        Of texts, at least one.
    wrong_cost : float

    Raises
    ------
    ParameterError
        There are no images, or `wrong_cost` is below 0.
    """

    reader: GlyphReader
    data: Dataset
    wrong_cost: float = 0.0

    def __post_init__(self) -> None:
        if not is_number(self.wrong_cost) or self.wrong_cost < 0:
            raise ParameterError(
                f"The 'wrong_cost' of Cutting must be a number of at least 0. "
                f"Got {self.wrong_cost!r}."
            )
        if len(self.data) == 0:
            raise ParameterError("The 'data' of Cutting must hold at least one image. Got none.")

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a search by this objective what it is."""
        return {
            "data": self.data.content_digest,
            "reader": repr(self.reader),
            "learned": self.reader.provenance_["data"]["sha256"],
            "wrong_cost": self.wrong_cost,
        }

    def __call__(self, settings: Mapping[str, Any], report: "Report") -> float:
        """Return the value of a reader with these settings."""
        reader = configured(self.reader, settings)
        worth: list[float] = []
        for step, part in enumerate(np.array_split(np.arange(len(self.data)), _PARTS), start=1):
            readings = reader.read_many([self.data.images[index] for index in part])
            for reading, index in zip(readings, part, strict=True):
                is_right = reading.text == reader.as_answer(self.data.labels[index])
                counts = reading.status != "rejected"
                worth.append((1.0 if is_right else -self.wrong_cost) if counts else 0.0)
            report(step, fmean(worth))
        return fmean(worth)

    def finish(self, settings: Mapping[str, Any], tested: Dataset) -> GlyphReader:
        """Return the reader with settings, and test it once."""
        reader = configured(self.reader, settings)
        figures = reader.provenance_["figures"] | figures_of_test(measure(reader, tested))
        reader.provenance_ = reader.provenance_ | {"figures": figures}
        return reader
