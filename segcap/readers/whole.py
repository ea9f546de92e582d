"""What all readers share that answer from the whole image."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcap.core.batching import batched
from segcap.core.bundle import Bundle, digest, write_bundle
from segcap.core.errors import BundleError, DataError, ParameterError
from segcap.core.image import ImageSource
from segcap.core.reading import Result
from segcap.core.validation import check_many, check_size, sample_weights, seed_number, whole_number
from segcap.models.registry import Task, network, networks_for
from segcap.readers.base import BATCH
from segcap.readers.serialization import kept_frame, network_bundle, settings_of, trained_network
from segcap.readers.whole_network import WholeImageNetwork, warn_of_resizing
from segcap.recognition.engines import ENGINES, check_device

if TYPE_CHECKING:
    from segcap.training.batch_sources import ImageBatches, Labelled
    from segcap.training.fit import History, OnEpoch, Schedule

__all__ = ["WholeImageReader"]


R = TypeVar("R", bound=Result)
Self = TypeVar("Self", bound="WholeImageReader")


class WholeImageReader(WholeImageNetwork[R], ABC):
    """A network that looks at whole images of one size.

    Its subclasses say what labels are in classes of the network, and what its logits say.
    """

    kind: ClassVar[str]
    task: ClassVar[Task]
    fixed = ("classifier", "charset", "classes", "digits", "network", "size", "weights")

    weights: str | None = None
    schedule: Mapping[str, Any] | None
    classifier: str
    epochs: int
    random_state: int

    provenance_: dict[str, Any]
    history_: "History"

    @abstractmethod
    def _answers(self, labels: Sequence[Any]) -> Sequence[Any]:
        """Return what the network distinguishes: characters, sums, names."""

    @abstractmethod
    def _encode(self, labels: Sequence[Any], answers: Sequence[Any]) -> NDArray[np.intp]:
        """Check labels and turn them into classes, (N, ...)."""

    @abstractmethod
    def _keep_answers(self, answers: Sequence[Any]) -> None:
        """Set what decodes the answers once there is a network for them."""

    @abstractmethod
    def _augment(self, images: NDArray[np.float32], rng: np.random.Generator) -> NDArray:
        """Vary (n, H, W, C) images in [0, 1] that are trained on."""

    @abstractmethod
    def _as_settings(self) -> tuple[str, dict[str, Any]]:
        """Return the charset and the settings that a bundle keeps."""

    @classmethod
    @abstractmethod
    def _from_settings(cls, bundle: Bundle) -> dict[str, Any]:
        """Return the constructor's parameters that a bundle holds."""

    def _class_count(self, answers: Sequence[Any]) -> int:
        """Count the classes of the network."""
        return len(answers)

    def _network_options(self, size: tuple[int, int]) -> dict[str, int]:
        """What the network's function takes besides the number of classes."""
        return {"height": size[1], "width": size[0]}

    def _batches(self, train: "Labelled", held_out: "Labelled") -> "ImageBatches":
        """Make what the network is trained on of images and their classes."""
        from segcap.training.batch_sources import ImageBatches

        return ImageBatches(train, held_out, self._augment)

    def _own_schedule(self) -> dict[str, Any]:
        """Return how the network is trained unless the caller does."""
        own = network(self.classifier).schedules.get(self.task, {})
        return {"batch_size": 64, "patience": None, **own}

    def _ways_to_train(self) -> dict[str, Any]:
        """Return what provenance says of the training besides the schedule."""
        return {"weights": self.weights}

    def _schedule(self) -> "Schedule":
        """Return the reader's own schedule, changed by its parameter."""
        from segcap.training.schedule import Schedule

        known = {field.name for field in fields(Schedule)} - {"epochs"}
        given = {} if self.schedule is None else self.schedule
        if not isinstance(given, Mapping) or not set(given) <= known:
            raise ParameterError(
                f"The 'schedule' of {type(self).__name__} must map some of "
                f"{', '.join(sorted(known))}; a whole Schedule goes to fit. Got {given!r}."
            )
        return Schedule(epochs=int(self.epochs), **{**self._own_schedule(), **given})

    def _common_size(self, images: Sequence[ImageSource]) -> tuple[int, int]:
        """Choose the width and height to which images are scaled."""
        if self.size is not None:
            return int(self.size[0]), int(self.size[1])
        from segcap.training.pictures import most_common

        if self.frame in (None, "first", 0):
            return most_common(images)
        return most_common(images, lambda image: self._load(image).shape[1::-1])

    def fit(
        self: Self,
        images: Iterable[ImageSource],
        labels: Sequence[Any] | NDArray,
        *,
        sample_weight: ArrayLike | None = None,
        groups: Sequence[int] | NDArray | None = None,
        schedule: "Schedule | None" = None,
        state: str | os.PathLike[str] | None = None,
        log: str | os.PathLike[str] | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> Self:
        """Train on images and their labels.

        A tenth of the images is held out: it shows how training goes, and calibrates the
        probabilities. Images of another size than most are resized, unless a `size` is asked for,
        and unreadable ones left out; a warning says so once. After Ctrl-C the reader has what was
        trained until the last epoch's end.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
        labels : sequence
            One an image.
        sample_weight : (N,) array, optional
            How much each image counts in training, at least 0; all alike unless given.
        groups : sequence of int, optional
            Images of equal numbers, such as copies of one photo, are held out together or not at
            all; see `segcap.datasets.Dataset.groups`.
        schedule : segcap.training.Schedule, optional
            How to train, in place of the reader's own way, its `epochs` and its `schedule`.
        state : path, optional
            File from which a killed training goes on; it is written after every epoch.
        log : path, optional
            Folder for "history.csv" and TensorBoard's files.
        on_epoch : callable, optional
            Called after each epoch with the number of epochs done and the history.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            A parameter or a label is outside its range.
        DataError
            There are not as many labels as images, too few of them, `log` is a file,
            or `state` is of another training.

        Warns
        -----
        SegcapWarning
            Images were resized or left out.
        """
        from segcap.training.fit import check_log
        from segcap.training.labelled import check_counts, held_out_first
        from segcap.training.network import train_network
        from segcap.training.pictures import stack_usable

        self._check_parameters()
        check_many(images)
        check_log(log)
        images, labels = list(images), list(labels)
        check_counts(images, labels)
        sample_weight = sample_weights(sample_weight, len(images))
        answers = self._answers(labels)
        classes = self._encode(labels, answers)
        size = self._common_size(images)
        self._check_size(size, classes)
        schedule = self._schedule() if schedule is None else schedule
        order, held_out = held_out_first(len(images), groups, int(self.random_state))
        ordered = [images[index] for index in order]
        pixels, kept, are_alike = stack_usable(
            ordered, size, colour=self.in_colour, load=self._load
        )
        classes = classes[order[kept]]
        held_out = max(1, int((kept < held_out).sum()))
        _check_variety(classes, held_out)
        if not are_alike and self.size is None:
            warn_of_resizing(size)
        batches = self._batches(
            (pixels[held_out:], classes[held_out:]), (pixels[:held_out], classes[:held_out])
        )
        if sample_weight is not None:
            batches.weigh(_above_0(sample_weight[order[kept[held_out:]]]))
        result = train_network(
            self.classifier,
            batches,
            classes=self._class_count(answers),
            options=self._network_options(size),
            weights=self.weights,
            schedule=schedule,
            seed=int(self.random_state),
            state=state,
            log=log,
            on_epoch=on_epoch,
        )
        self.trained_, self.size_, self.history_ = result.trained, size, result.history
        self._has_warned = False
        self._keep_answers(answers)
        self.provenance_ = self._provenance(pixels, classes, schedule, result.figures)
        first = [ordered[index] for index in kept[:held_out]]
        self.provenance_["figures"] |= self._recalibrated(first, classes[:held_out])
        if result.was_interrupted:
            raise KeyboardInterrupt
        return self

    def _provenance(
        self,
        pixels: NDArray[np.uint8],
        classes: NDArray[np.intp],
        schedule: "Schedule",
        figures: dict[str, Any],
    ) -> dict[str, Any]:
        """Return what the network was trained on, how, and with what success."""
        from segcap.training.classifier import versions

        return {
            "data": {
                "name": "labelled images",
                "samples": len(pixels),
                "sha256": digest(pixels, classes),
            },
            "seed": int(self.random_state),
            "versions": versions(),
            "training": asdict(schedule) | self._ways_to_train(),
            "figures": figures,
        }

    def _recalibrated(
        self, images: Sequence[ImageSource], classes: NDArray[np.intp]
    ) -> dict[str, float]:
        """Calibrate anew what answers otherwise than its network; return figures that change."""
        if self.tta == 1:
            return {}
        from segcap.decoding.calibration import fit_temperature

        logits = np.concatenate(
            [
                self._logits([self._load(image) for image in batch])
                for batch in batched(images, BATCH)
            ]
        )
        fitted = fit_temperature(logits.reshape(-1, logits.shape[-1]), classes.ravel())
        self.trained_ = replace(self.trained_, temperature=fitted)
        right = (logits.argmax(axis=-1) == classes).reshape(len(classes), -1).all(axis=1)
        return {"validation_accuracy": round(float(right.mean()), 6)}

    def _stays(self, name: str, value: Any) -> bool:
        """Count the size that was trained as the one that is set: no bundle says which was."""
        return super()._stays(name, value) or (name == "size" and np.array_equal(value, self.size_))

    def _check_size(
        self,
        size: tuple[int, int],
        classes: NDArray[np.intp],  # noqa: ARG002 texts need columns
    ) -> None:
        """Check that the images are large enough for the network and the labels."""
        least = network(self.classifier).least_side
        if min(size) < least:
            raise DataError(
                f"'{self.classifier}' must be shown at least {least} x {least} pixels. "
                f"Got {size[0]} x {size[1]}."
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reader as one file; see `segcap.core.bundle`.

        Raises
        ------
        NotFittedError
            The reader is not fitted.
        ParameterError
            A parameter is outside its range.
        FileError
            The file cannot be written.
        """
        self._require_fitted()
        self._check_parameters()
        charset, settings = self._as_settings()
        settings |= {"epochs": int(self.epochs), **kept_frame(self.frame)}
        write_bundle(
            network_bundle(self.kind, self.trained_, charset, settings, self.provenance_), path
        )

    @classmethod
    def from_bundle(cls: type[Self], bundle: Bundle, **overrides: Any) -> Self:
        """Make the reader that a bundle holds, some of its settings overridden.

        Raises
        ------
        ParameterError
            An override is unknown or outside its range.
        BundleError
            The bundle does not say what its network was built with, its temperature is missing,
            its own settings are outside their range, or it does not distinguish as many classes as
            its network.
        """
        trained = trained_network(bundle)
        with settings_of(bundle):
            settings = {"classifier": bundle.architecture, **cls._from_settings(bundle)}
            reader = cls().set_params(**settings)
            reader._check_parameters()
            answers = reader._answers([])
        reader.trained_ = trained
        if reader._class_count(answers) != trained.classes:
            raise BundleError(
                f"The bundle of a {cls.kind} must distinguish what its network does. Got "
                f"{reader._class_count(answers)} classes and a network of "
                f"{trained.classes}."
            )
        reader.size_ = trained.options["width"], trained.options["height"]
        reader.provenance_ = dict(bundle.provenance)
        reader._keep_answers(answers)
        with settings_of(bundle):
            reader._require_fitted()
        reader.set_params(**overrides)
        reader._check_parameters()
        return reader

    def _check_parameters(self) -> None:
        for name, value, known in (
            ("classifier", self.classifier, networks_for(self.task)),
            ("engine", self.engine, ENGINES),
        ):
            if value not in known:
                raise ParameterError(
                    f"The '{name}' of {type(self).__name__} must be one of "
                    f"{', '.join(known)}. Got {value!r}."
                )
        if self.weights not in (starts := (None, *network(self.classifier).pretrained)):
            raise ParameterError(
                f"The 'weights' that '{self.classifier}' starts from must be one of "
                f"{', '.join(map(str, starts))}. Got {self.weights!r}."
            )
        check_device(self.device, self.engine)
        self._check_loading()
        check_size(self.size)
        whole_number("epochs", self.epochs, least=1)
        if self.schedule is not None:
            self._schedule()
        seed_number("random_state", self.random_state)


def _above_0(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of what is trained on, of which one counts at least."""
    if not weights.any():
        raise DataError(
            "The 'sample_weight' of an image that is trained on must be above 0. "
            f"Got 0 for all {len(weights)}; the others are held out or cannot be loaded."
        )
    return weights


def _check_variety(classes: NDArray[np.intp], held_out: int) -> None:
    """Check that there are two labels, and two beside the first images, which are held out."""
    different = len(np.unique(classes, axis=0))
    if different < 2:
        raise DataError(
            "Training needs usable images with at least 2 different labels. "
            f"Got {len(classes)} images with {different}."
        )
    if len(np.unique(classes[held_out:], axis=0)) < 2:
        raise DataError(
            "Training needs at least 2 different labels beside what is held out. "
            f"Got {len(classes)} images, of which {held_out} are held out."
        )
