"""What all readers share that answer from the whole image."""

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from segcap.batches import batched
from segcap.bundle import Bundle, digest, write_bundle
from segcap.compose import log_softmax
from segcap.engine import ENGINES, EngineName
from segcap.errors import (
    BundleError,
    DataError,
    NotFittedError,
    ParameterError,
    SegcapWarning,
)
from segcap.image import ImageSource, load_image
from segcap.models import LEAST_SIDES
from segcap.readers.checks import check_many, check_seed, check_whole_number
from segcap.readers.estimator import Estimator
from segcap.readers.kept import temperature
from segcap.trained import Trained
from segcap.whole import most_common_size, stack_images

if TYPE_CHECKING:
    from segcap.training.augment import Warp
    from segcap.training.fit import OnEpoch
    from segcap.training.lessons import ImageLessons

__all__ = ["WholeImageClassifier", "WholeImageReader"]

_BATCH = 256
_VALIDATION_SHARE = 0.1

Self = TypeVar("Self", bound="WholeImageReader")


class WholeImageReader(Estimator, ABC):
    """A network that looks at whole images of one size.

    Its subclasses say what labels are in classes of the network, and what its logits say.
    """

    kind: ClassVar[str]
    architectures: ClassVar[tuple[str, ...]]
    in_colour: ClassVar[bool] = False

    architecture: str
    engine: EngineName
    epochs: int
    random_state: int

    trained_: Trained
    size_: tuple[int, int]
    provenance_: dict[str, Any]

    @abstractmethod
    def _encode(self, labels: Sequence[Any]) -> NDArray[np.intp]:
        """Check labels and turn them into classes, (N, ...)."""

    @abstractmethod
    def _class_count(self) -> int:
        """Count the classes of the network."""

    @abstractmethod
    def _warp(self) -> "Warp":
        """Say how much images that are learned from are varied."""

    @abstractmethod
    def _as_settings(self) -> tuple[str, dict[str, Any]]:
        """Give the charset and the settings that a bundle keeps."""

    @classmethod
    @abstractmethod
    def _from_settings(cls, bundle: Bundle) -> dict[str, Any]:
        """Give the constructor's parameters that a bundle tells."""

    def _network_options(self, size: tuple[int, int]) -> dict[str, int]:
        """Say what the network's function takes besides the number of classes."""
        return {"height": size[0], "width": size[1]}

    def _lessons(self) -> "type[ImageLessons]":
        from segcap.training.lessons import ImageLessons

        return ImageLessons

    def fit(
        self: Self,
        images: Iterable[ImageSource],
        labels: Sequence[Any],
        *,
        state: str | os.PathLike[str] | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> Self:
        """Learn from images and their labels.

        A tenth of the images is held out: it shows how training goes, and calibrates the
        probabilities. Images of another size than most are resized, unreadable ones left out;
        either is told once.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
        labels : sequence
            One an image.
        state : path, optional
            File from which a killed training goes on; it is written after every epoch.
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
            There are not as many labels as images, too few of them, or `state` is of another
            training.

        Warns
        -----
        SegcapWarning
            Images were resized or left out.
        """
        from segcap.training.augment import augment_images
        from segcap.training.classifier import versions
        from segcap.training.fit import Schedule
        from segcap.training.labelled import check_counts, load_usable
        from segcap.training.network import train_network

        self._check_parameters()
        check_many(images)
        images, labels = list(images), list(labels)
        check_counts(images, labels)
        classes = self._encode(labels)
        loaded, kept = load_usable(images)
        classes = classes[kept]
        if len(np.unique(classes, axis=0)) < 2:
            raise DataError(
                "Learning needs usable images with at least 2 different labels. "
                f"Got {len(loaded)} images with {len(np.unique(classes, axis=0))}."
            )
        size = most_common_size(loaded)
        self._check_size(size, classes)
        pixels = self._stacked(loaded, size)
        order = np.random.default_rng(self.random_state).permutation(len(pixels))
        held_out, learned = np.split(order, [max(1, round(_VALIDATION_SHARE * len(order)))])
        warp = self._warp()
        trained, figures = train_network(
            self.architecture,
            self._lessons()(
                (pixels[learned], classes[learned]),
                (pixels[held_out], classes[held_out]),
                lambda batch, rng: augment_images(batch, rng, warp),
            ),
            classes=self._class_count(),
            options=self._network_options(size),
            schedule=Schedule(epochs=int(self.epochs), batch_size=64, patience=None),
            seed=int(self.random_state),
            state=state,
            on_epoch=on_epoch,
        )
        self.trained_, self.size_ = trained, size
        self._keep_learned()
        self.provenance_ = {
            "data": {
                "name": "labelled images",
                "samples": len(pixels),
                "sha256": digest(pixels, classes),
            },
            "seed": int(self.random_state),
            "versions": versions(self.architecture),
            "figures": figures,
        }
        return self

    def _check_size(
        self,
        size: tuple[int, int],
        classes: NDArray[np.intp],  # noqa: ARG002 texts need columns
    ) -> None:
        """Check that the images are large enough for the network and the labels."""
        least = LEAST_SIDES[self.architecture]
        if min(size) < least:
            raise DataError(
                f"The images for '{self.architecture}' must have at least {least} x {least} "
                f"pixels. Got {size[0]} x {size[1]}."
            )

    def _keep_learned(self) -> None:
        """Set what else is known once the network is."""

    def _logits(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Run the network on (H, W, 3) images."""
        pixels = self._stacked(images, self.size_)
        return self.trained_.open(self.engine).logits(pixels * np.float32(1 / 255))

    def _stacked(
        self, images: Sequence[NDArray[np.uint8]], size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        if any(image.shape[:2] != size for image in images):
            _warn(f"Images of another size than {size[0]} x {size[1]} pixels are resized.")
        return stack_images(images, size, colour=self.in_colour)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reader as one file; see `segcap.bundle`.

        Raises
        ------
        NotFittedError
            The reader is not fitted.
        BundleError
            The file cannot be written.
        """
        self._require_fitted()
        charset, settings = self._as_settings()
        bundle = Bundle(
            kind=self.kind,
            architecture=self.trained_.architecture,
            charset=charset,
            settings=settings | {"epochs": int(self.epochs)},
            calibration={"temperature": self.trained_.temperature},
            provenance=self.provenance_,
            parts=self.trained_.parts,
            network={"classes": self.trained_.classes, **self.trained_.options},
        )
        write_bundle(bundle, path)

    @classmethod
    def from_bundle(cls: type[Self], bundle: Bundle, **overrides: Any) -> Self:
        """Make the reader that a bundle holds, some of its settings overridden.

        Raises
        ------
        ParameterError
            An override is unknown or outside its range.
        BundleError
            The bundle does not say what its network was built with.
        """
        options = dict(bundle.network)
        if not {"classes", "height", "width"} <= options.keys():
            raise BundleError(
                f"The bundle of a {cls.__name__} must tell its network's classes, height and "
                f"width. Got {', '.join(options) or 'none'}."
            )
        settings = {"architecture": bundle.architecture, **cls._from_settings(bundle)}
        for fixed in ("architecture", "charset", "digits"):
            if fixed in overrides:
                raise ParameterError(f"The '{fixed}' of a trained reader cannot be overridden.")
        reader = cls().set_params(**settings | overrides)
        reader._check_parameters()
        reader.trained_ = Trained(
            bundle.architecture,
            options.pop("classes"),
            bundle.parts,
            temperature(bundle),
            options,
        )
        if reader._class_count() != reader.trained_.classes:
            raise BundleError(
                f"The bundle of a {cls.__name__} must tell apart what its network does. "
                f"Got {reader._class_count()} classes and a network of {reader.trained_.classes}."
            )
        reader.size_ = options["height"], options["width"]
        reader.provenance_ = dict(bundle.provenance)
        reader._keep_learned()
        return reader

    def _check_parameters(self) -> None:
        for name, value, known in (
            ("architecture", self.architecture, self.architectures),
            ("engine", self.engine, ENGINES),
        ):
            if value not in known:
                raise ParameterError(
                    f"The '{name}' of a {type(self).__name__} must be one of "
                    f"{', '.join(known)}. Got {value!r}."
                )
        check_whole_number("epochs", self.epochs, least=1)
        check_seed(self.random_state)

    def _require_fitted(self) -> None:
        if not hasattr(self, "trained_"):
            raise NotFittedError(
                f"A {type(self).__name__} must be fitted, or loaded with segcap.load, before it "
                "is used."
            )


class WholeImageClassifier(WholeImageReader, ABC):
    """A network that names whole images; `classes_` is what they may be."""

    classes_: NDArray

    def predict_proba(self, images: Iterable[ImageSource]) -> NDArray[np.float64]:
        """Give the calibrated probability of each class, (N, C), in the order of `classes_`.

        Raises
        ------
        ImageError
            An image cannot be loaded.
        NotFittedError
            The reader has learned nothing yet.
        """
        self._require_fitted()
        self._check_parameters()
        check_many(images)
        parts = [np.empty((0, len(self.classes_)))]
        for batch in batched(images, _BATCH):
            logits = self._logits([load_image(image) for image in batch])
            parts.append(np.exp(log_softmax(logits, temperature=self.trained_.temperature)))
        return np.concatenate(parts)

    def predict(self, images: Iterable[ImageSource]) -> NDArray:
        """Give the most probable class of each image, (N,); errors as of `predict_proba`."""
        probabilities = self.predict_proba(images)
        return self.classes_[probabilities.argmax(axis=1)]

    def score(self, images: Iterable[ImageSource], labels: Sequence[Any]) -> float:
        """Give the share of images whose class is right.

        Raises
        ------
        ParameterError
            There are not as many labels as images, or none at all.
        ImageError
            An image cannot be loaded.
        """
        predicted = self.predict(images)
        if len(predicted) != len(labels) or len(labels) == 0:
            raise ParameterError(
                "A score needs as many labels as images, at least one. "
                f"Got {len(predicted)} images and {len(labels)} labels."
            )
        return float(np.mean(predicted == self.classes_[self._encode(list(labels))]))


def _warn(message: str) -> None:
    warnings.warn(message, SegcapWarning, stacklevel=5)
