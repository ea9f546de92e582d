"""Networks that classify the digit sum of a whole image."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import Bundle
from segcap.core.errors import ParameterError
from segcap.core.frames import Frame
from segcap.core.image import Channels, ImageSource
from segcap.core.reading import Reading, SumReading
from segcap.core.validation import Errors, whole_number
from segcap.decoding.compose import next_answers
from segcap.readers.classifier import WholeImageClassifier
from segcap.recognition.engines import Device, EngineName

__all__ = ["SumClassifier"]

_GREATEST_DIGIT = 9


class SumClassifier(WholeImageClassifier[SumReading]):
    """Classify an image's digit sum end to end, without looking for its digits.

    The other way, by `segcap.GlyphReader.digit_sum`, needs labels of digits; this one is trained on
    sums alone.

    Parameters
    ----------
    classifier : {"sum_cnn", "lenet5", "plain_cnn", "digit_heads"}
        "digit_heads" classifies digits at as many places as there are, and is trained on the exact
        distribution of their sum; the others have one class a sum.
    digits : int
        How many digits an image shows.
    size : tuple of int, optional
        Width and height to which images are scaled before they are trained on, pixels; those of
        most images unless given.
    schedule : mapping of str to int, float or str, optional
        What `segcap.training.Schedule` takes besides `epochs`, in place of the reader's own.
    engine : {"onnx", "keras"}
    device : {"auto", "cpu", "cuda"}
        See `segcap.recognition.engines.open_engine`.
    channels : {"rgb", "bgr"}
        Order of the colours in arrays: "bgr" for those of OpenCV.
    frame : {"first", "last", "merge"} or int, optional
        Which frame of an animation or page of a TIFF; see `segcap.core.image.load_image`.
    epochs : int
        Epochs over the images in training, each of at least 50 batches.
    random_state : int
        Seed of all random choices in training.

    Attributes
    ----------
    classes_ : (9 digits + 1,) int array
        The sums.
    size_ : tuple of int
        Width and height to which images are resized, pixels.
    trained_ : Trained
    provenance_ : dict
        Data, seed, versions, schedule and figures of the training.
    history_ : History
        What happened, epoch by epoch; only after `fit`. See `segcap.training.plot_history`.
    """

    kind = "sum-classifier"
    task = "sums"

    _unreadable = staticmethod(SumReading.unreadable)

    def __init__(
        self,
        classifier: str = "sum_cnn",
        *,
        digits: int = 4,
        size: tuple[int, int] | None = None,
        schedule: Mapping[str, Any] | None = None,
        engine: EngineName = "onnx",
        device: Device = "auto",
        channels: Channels = "rgb",
        frame: Frame | None = None,
        epochs: int = 30,
        random_state: int = 0,
    ) -> None:
        self.classifier = classifier
        self.digits = digits
        self.size = size
        self.schedule = schedule
        self.engine = engine
        self.device = device
        self.channels = channels
        self.frame = frame
        self.epochs = epochs
        self.random_state = random_state

    def digit_sum(self, image: ImageSource) -> SumReading:
        """Read one image, as `read` does: the other reader of sums, too, has this method."""
        return self.read(image)

    def digit_sums(
        self,
        images: Iterable[ImageSource],
        batch_size: int = 256,
        *,
        n_jobs: int | None = None,
        errors: Errors = "record",
    ) -> list[SumReading]:
        """Read images, as `read_many` does."""
        return self.read_many(images, batch_size, n_jobs=n_jobs, errors=errors)

    def _result(self, probabilities: NDArray[np.float64]) -> SumReading:
        confidence = float(probabilities.max())
        return SumReading(
            int(probabilities.argmax()),
            probabilities,
            Reading(confidence=confidence),
            confidence=confidence,
            alternatives=next_answers(probabilities, range(len(probabilities))),
        )

    def _check_parameters(self) -> None:
        super()._check_parameters()
        whole_number("digits", self.digits, least=1)

    def _answers(self, labels: Sequence[Any]) -> range:  # noqa: ARG002 whatever the labels
        return range(_GREATEST_DIGIT * int(self.digits) + 1)

    def _encode(self, labels: Sequence[Any], answers: Sequence[Any]) -> NDArray[np.intp]:
        greatest = answers[-1]
        for label in labels:
            whole = isinstance(label, Integral) and not isinstance(label, bool)
            if not whole or not 0 <= label <= greatest:
                raise ParameterError(
                    f"A sum of {self.digits} digits must be an integer in 0 to {greatest}. "
                    f"Got {label!r}."
                )
        return np.array(labels, np.intp)

    def _augment(self, images: NDArray[np.float32], rng: np.random.Generator) -> NDArray:
        from segcap.training.augment import Warp, augment_images

        warp = Warp(rotation=3, scale=0.08, shear=0.1, shift=2, elastic=1)
        return augment_images(images, rng, warp)

    def _as_settings(self) -> tuple[str, dict[str, Any]]:
        return "0123456789", {}

    @classmethod
    def _from_settings(cls, bundle: Bundle) -> dict[str, Any]:
        digits = (bundle.network["classes"] - 1) // _GREATEST_DIGIT
        return {"digits": digits, **bundle.settings}
