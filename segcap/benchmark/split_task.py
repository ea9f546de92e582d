"""What methods are compared on: one split of one data set, and all that is known about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.benchmark.outcomes import Box
from segcap.benchmark.results import SplitResult
from segcap.core.errors import DataError
from segcap.core.image import ImageSource
from segcap.datasets.dataset import Dataset
from segcap.datasets.splits import divide
from segcap.generate.folder import MANIFEST, read_manifest

__all__ = [
    "Asks",
    "ImageGenerator",
    "Images",
    "SplitTask",
    "Truth",
    "asked",
    "drawn_truth",
]

Asks: TypeAlias = Literal["texts", "sums", "classes"]
Images: TypeAlias = Sequence[ImageSource] | NDArray


@dataclass(frozen=True, eq=False)
class Truth:
    """What characters an image shows, and where: boxes x0, y0, x1, y1, half-open, pixels."""

    text: str
    boxes: tuple[Box, ...] | None = None


@dataclass(frozen=True, eq=False)
class ImageGenerator:
    """A generator of images like those of a task, at any difficulty.

    Attributes
    ----------
    name : str
        What it draws, with all that decides about it but the difficulty.
    draw : callable
        Gives, for a difficulty in [0, 1] and a number n, n images and what they show.
    """

    name: str
    draw: Callable[[float, int], tuple[Sequence[NDArray[np.uint8]], list[str]]]


def asked(dataset: Dataset) -> Asks:
    """Return what a data set asks for: classes, sums (whole numbers) or texts."""
    if dataset.classes is not None:
        return "classes"
    return "sums" if dataset.charset is None else "texts"


@dataclass(frozen=True, eq=False)
class SplitTask:
    """One split of one data set.

    Attributes
    ----------
    task, title : str
    training, tested : Dataset
        Two parts of one split.
    seed : int
        Of the split.
    ids : tuple of str
        Name of each tested image: its path below the data's folder, or its number.
    known : tuple of (Truth or None)
        What is known of the characters of each tested image.
    generator : ImageGenerator, optional
    problems : tuple of str
        What methods cannot help, a sentence each.
    folded : bool
        Whether letters of both cases are one, in answers and truths.
    """

    task: str
    title: str
    training: Dataset
    tested: Dataset
    seed: int
    ids: tuple[str, ...]
    known: tuple[Truth | None, ...]
    generator: ImageGenerator | None = None
    problems: tuple[str, ...] = ()
    folded: bool = False

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        *,
        test: float = 0.2,
        seed: int = 0,
        known: Sequence[Truth | None] | None = None,
        generator: ImageGenerator | None = None,
    ) -> "SplitTask":
        """Divide a data set as `Dataset.split` does.

        Parameters
        ----------
        dataset : Dataset
        test : float or int
            A fraction in (0, 1), or a number of images; 1.0 for all, none being trained on.
        seed : int
        known : sequence of (Truth or None), optional
            One an image; where a manifest of generated images lies beside them, what it says
            unless given.
        generator : ImageGenerator, optional

        Raises
        ------
        ParameterError
            `test` or `seed` is outside its range.
        DataError
            All images are near duplicates of each other, or there are not as many truths as images.
        """
        truths = drawn_truth(dataset) if known is None else list(known)
        if len(truths) != len(dataset):
            raise DataError(
                "What is known of images must be as much as there are images. "
                f"Got {len(truths)} for {len(dataset)} images."
            )
        if isinstance(test, float) and test == 1:
            train, held_out = np.empty(0, np.intp), np.arange(len(dataset))
        else:
            strata = dataset.labels if dataset.classes is not None else None
            train, held_out = divide(dataset.groups, strata, test=test, seed=seed)
        training, tested = dataset.subset(train), dataset.subset(held_out)
        names = dataset.ids
        return cls(
            dataset.name,
            f"{_title(dataset)}, segment-then-classify against end-to-end",
            training,
            tested,
            seed,
            tuple(names[index] for index in held_out.tolist()),
            tuple(truths[index] for index in held_out.tolist()),
            generator,
            tuple(_not_trained_on(training, tested)),
        )

    def trained_on(self, training: Dataset) -> "SplitTask":
        """Return the task with other images to train on."""
        problems = tuple(_not_trained_on(training, self.tested))
        return replace(self, training=training, problems=problems)

    @property
    def asks(self) -> Asks:
        """What is asked for."""
        return asked(self.tested)

    @property
    def truths(self) -> list[str]:
        """Right answers to the tested images, as text."""
        return self.as_compared([str(label) for label in self.tested.labels.tolist()])

    def as_compared(self, truths: list[str]) -> list[str]:
        """Return truths as answers are compared with them: in small letters if cases are one."""
        return [true.lower() for true in truths] if self.folded else truths

    def characters(self, index: int) -> Truth | None:
        """Return what is known of the characters of a tested image."""
        known = self.known[index]
        if known is None and self.asks == "texts":
            return Truth(self.truths[index])
        return known

    def split(self) -> SplitResult:
        """Describe the split."""
        return SplitResult(
            self.seed,
            len(self.training),
            len(self.tested),
            self.training.digest,
            self.tested.digest,
        )


def drawn_truth(dataset: Dataset) -> list[Truth | None]:
    """Find what a manifest of generated images beside them says; None where it does not agree.

    A part of an array has lost its numbers: nothing is known of it.

    Raises
    ------
    DataError
        There is a manifest in their folder, but it is not as segcap writes it. One above may be of
        something else.
    """
    places = (dataset.root, dataset.root.parent)
    folder = next((one for one in places if (one / MANIFEST).is_file()), None)
    if folder is None:
        return [None] * len(dataset)
    known: dict[Path | int, Truth] = {}
    try:
        records = read_manifest(folder)
    except DataError:
        if folder == dataset.root:
            raise
        return [None] * len(dataset)
    for number, record in enumerate(records):
        boxes = record.get("boxes")
        truth = Truth(record["label"], boxes and tuple(tuple(box) for box in boxes))
        known[number if "row" in record else folder / record["file"]] = truth
    is_array = isinstance(dataset.images, np.ndarray)
    keys: list[Any] = [*range(len(dataset))] if is_array else [*dataset.images]
    found = [
        _agreeing(known.get(key), label)
        for key, label in zip(keys, dataset.labels.tolist(), strict=True)
    ]
    if is_array and (len(records) != len(dataset) or None in found):
        return [None] * len(dataset)  # other rows, whose numbers are lost
    return found


def _agreeing(truth: Truth | None, label: str | int) -> Truth | None:
    """Return what a manifest says unless it is about something else than the label."""
    if truth is None or truth.text == label:
        return truth
    adds_up = truth.text.isdecimal() and sum(map(int, truth.text)) == label
    return truth if adds_up else None


def _title(dataset: Dataset) -> str:
    """Return a data set's name, or that of the folder where it is named by its layout alone."""
    is_own = dataset.name in ("labelled", "named", "folders")
    return (dataset.root.resolve().name if is_own else "") or dataset.name


def _not_trained_on(training: Dataset, tested: Dataset) -> list[str]:
    """Report characters and classes that are tested on but not trained on."""
    asks = asked(tested)
    if asks == "sums" or not len(training):
        return []
    pieces = "".join if asks == "texts" else list
    known, wanted = (set(pieces(part.labels.tolist())) for part in (training, tested))
    absent = sorted(wanted - known)
    if not absent:
        return []
    kind = "character" if asks == "texts" else "class"
    shown = ", ".join(map(repr, absent))
    return [
        f"Every {kind} that is tested on should be trained on. Got {shown} in no label "
        "of the training images."
    ]
