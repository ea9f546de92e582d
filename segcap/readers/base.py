"""What all readers share: one image, many images, scikit-learn's verbs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from segcap.core.batching import batched, batched_by_size, check_batching
from segcap.core.errors import ImageError, ParameterError
from segcap.core.frames import Frame, check_frame
from segcap.core.image import CHANNELS, Channels, ImageSource, as_rgb, load_image, load_or_error
from segcap.core.parallel import are_processes, run
from segcap.core.reading import Reading, Result
from segcap.core.validation import Errors, check_errors, check_many, sample_weights, warn_impossible
from segcap.readers.estimator import Estimator

if TYPE_CHECKING:
    from segcap.evaluate.abstention import CoverageCurve

__all__ = ["BATCH", "Reader", "TextReader"]

BATCH = 256
MOST_BYTES = 200 * 2**20
"""Of images that are loaded before they are read; one more may come on top."""

R = TypeVar("R", bound=Result)
T = TypeVar("T")


class Reader(Estimator, ABC, Generic[R]):
    """A reader of images, whose results are of one kind.

    Its subclasses say how loaded images are read, many at once.
    """

    channels: Channels
    frame: Frame | None

    @abstractmethod
    def _check_parameters(self) -> None:
        """Refuse parameters that are outside their range."""

    @abstractmethod
    def _read_loaded(self, images: list[NDArray[np.uint8]]) -> list[R]:
        """Read RGB images, at least one."""

    @staticmethod
    @abstractmethod
    def _unreadable(error: str) -> R:
        """The result of an image that cannot be loaded."""

    @abstractmethod
    def can_answer(self, label: object) -> bool:
        """Whether a label may be an answer of the reader."""

    def read(self, image: ImageSource) -> R:
        """Read one image.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
            See `segcap.core.image.load_image`.

        Returns
        -------
        Reading, SumReading or ClassReading
            Whichever the reader gives.

        Raises
        ------
        ImageError
            The image cannot be loaded.
        NotFittedError
            The reader is not fitted.
        """
        self._require_ready()
        pixels = self._load(image)
        return replace(self._read_loaded([pixels])[0], image=pixels)

    def read_many(
        self,
        images: Iterable[ImageSource],
        batch_size: int = BATCH,
        *,
        n_jobs: int | None = None,
        errors: Errors = "record",
    ) -> list[R]:
        """Read images, many in one call of the network.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
            An (N, H, W) or (N, H, W, 3) array is N images; one of shape (N, H, 3) is refused, for
            it is a single one.
        batch_size : int
            Images per call, at least 1.
        n_jobs : int, optional
            Workers; -1 for one per core. Unless given, what `joblib.parallel_config` says, which
            also says where they are, else one: this process.
        errors : {"record", "raise"}
            Whether an image that cannot be loaded gives a result of status "unreadable" or raises.

        Returns
        -------
        list of Reading, SumReading or ClassReading
            In the order of `images`.

        Raises
        ------
        ImageError
            An image cannot be loaded and `errors` is "raise".
        NotFittedError
            The reader is not fitted.
        ParameterError
            A parameter is outside its range, or `images` is a single image.
        """
        read = self._read_loaded, self._unreadable
        return self._in_batches(*read, images, batch_size, n_jobs=n_jobs, errors=errors)

    def predict(self, images: Iterable[ImageSource]) -> NDArray:
        """Read images, (N,) array of texts, sums or classes.

        Raises
        ------
        ImageError
            An image cannot be loaded.
        NotFittedError
            The reader is not fitted.
        """
        return np.array([result.answer for result in self.read_many(images, errors="raise")])

    def score(
        self,
        images: Iterable[ImageSource],
        labels: Sequence[Any] | NDArray,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Fraction of images whose whole answer is right.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
            An image that cannot be loaded counts as wrong; a rejected reading counts by its text.
        labels : sequence
        sample_weight : (N,) array, optional
            How much each image counts, at least 0; all alike unless given.

        Raises
        ------
        ParameterError
            There are not as many labels or weights as images, or none at all.

        Warns
        -----
        SegcapWarning
            Labels are no answers that the reader gives.
        """
        results, right = self._compared(images, labels)
        return float(np.average(right, weights=sample_weights(sample_weight, len(results))))

    def coverage_curve(
        self, images: Iterable[ImageSource], labels: Sequence[Any] | NDArray
    ) -> "CoverageCurve":
        """Accuracy and coverage at every threshold of confidence, to choose `reject_below` by.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
            Others than those that the accuracy is reported on.
        labels : sequence

        Returns
        -------
        CoverageCurve
            `reader.coverage_curve(images, labels).widest(0.99).threshold` is the confidence from
            which on 99 % of these answers are right.

        Raises
        ------
        ParameterError
            There are not as many labels as images, or none at all.
        """
        from segcap.evaluate.abstention import coverage_curve

        results, right = self._compared(images, labels)
        return coverage_curve([result.confidence for result in results], right)

    def _compared(
        self, images: Iterable[ImageSource], labels: Sequence[Any] | NDArray
    ) -> tuple[list[R], NDArray[np.bool_]]:
        """Read images, and say which whole answers are the labels."""
        results = self.read_many(images)
        if len(results) != len(labels) or not results:
            raise ParameterError(
                "A score needs as many labels as images, at least one. "
                f"Got {len(results)} images and {len(labels)} labels."
            )
        warn_impossible(labels, self.can_answer, stacklevel=3)
        pairs = zip(results, labels, strict=True)
        right = [
            result.answer is not None and result.answer == self.as_answer(label)
            for result, label in pairs
        ]
        return results, np.array(right, bool)

    def as_answer(self, label: Any) -> Any:
        """Return a label as the reader would answer it: what its answers are compared with."""
        return label

    def _require_ready(self) -> None:
        self._require_fitted()
        self._check_parameters()

    def _check_loading(self) -> None:
        check_frame(self.frame)
        if self.channels not in CHANNELS:
            raise ParameterError(
                f"The 'channels' of {type(self).__name__} must be one of {', '.join(CHANNELS)}. "
                f"Got {self.channels!r}."
            )

    def _load(self, image: ImageSource) -> NDArray[np.uint8]:
        return load_image(image, channels=self.channels, frame=self.frame)

    def _as_rgb(self, images: Iterable[ImageSource]) -> Iterator[Any]:
        """Images to train on, of the frame and in the order of colours that are read.

        One that does not have the frame is the error that loading it again raises.
        """
        for image in images:
            yield as_rgb(image, self.channels) if self.frame is None else self._load_or_error(image)

    def _load_or_error(self, image: ImageSource) -> NDArray[np.uint8] | ImageError:
        return load_or_error(image, channels=self.channels, frame=self.frame)

    def _to_send(self, batches: Iterator[Sequence[ImageSource]]) -> Iterator[Sequence[Any]]:
        """Put arrays, or errors, in place of PIL images, which do not reach other processes whole.

        A single batch is read in this one.
        """
        first, second = next(batches, []), next(batches, None)
        if second is None:
            yield first
            return
        for batch in chain([first, second], batches):
            yield [self._sent(one) if isinstance(one, Image.Image) else one for one in batch]

    def _sent(self, image: Image.Image) -> Any:
        loaded = self._load_or_error(image)
        # in the order of colours that the reader loads arrays in
        return loaded if isinstance(loaded, ImageError) else as_rgb(loaded, self.channels)

    def _loaded_batches(self, images: Iterable[ImageSource]) -> Iterator[list[NDArray[np.uint8]]]:
        """Check that the reader can answer many images, and load them a batch at a time."""
        self._require_ready()
        check_many(images)
        loaded = (map(self._load, batch) for batch in batched(images, BATCH))
        return chain.from_iterable(batched_by_size(batch, MOST_BYTES) for batch in loaded)

    def _in_batches(
        self,
        read: Callable[[list[NDArray[np.uint8]]], list[T]],
        unreadable: Callable[[str], T],
        images: Iterable[ImageSource],
        batch_size: int,
        *,
        n_jobs: int | None,
        errors: Errors,
    ) -> list[T]:
        self._require_ready()
        check_many(images)
        check_batching(batch_size, n_jobs)
        check_errors(errors)
        load = self._load if errors == "raise" else self._load_or_error

        def read_batch(batch: Sequence[ImageSource]) -> list[T]:
            results = []
            for loaded in batched_by_size(map(load, batch), MOST_BYTES):
                usable = [image for image in loaded if not isinstance(image, ImageError)]
                read_now = iter(read(usable) if usable else ())
                results += [
                    unreadable(str(image)) if isinstance(image, ImageError) else next(read_now)
                    for image in loaded
                ]
            return results

        batches = batched(images, batch_size)
        sent = self._to_send(iter(batches)) if are_processes(n_jobs) else batches
        results = run(read_batch, sent, n_jobs=n_jobs)
        return [result for batch in results for result in batch]


class TextReader(Reader[Reading], ABC):
    """A reader that gives each image a text."""

    charset_: str
    allowlist: str | None
    length: int | None

    _unreadable = staticmethod(Reading.unreadable)

    def as_answer(self, label: Any) -> str:
        """Return a label as the reader would answer it: as text."""
        return str(label)

    def predict(self, images: Iterable[ImageSource]) -> NDArray[np.str_]:
        """Read images, (N,) array of str; "" where there is no ink.

        Raises
        ------
        ImageError
            An image cannot be loaded.
        NotFittedError
            The reader is not fitted.
        """
        return super().predict(images).astype(str)

    def can_answer(self, label: object) -> bool:
        """Whether a label has only characters, and as many, as the reader may answer."""
        self._require_fitted()
        text = str(label)
        allowed = self.charset_ if self.allowlist is None else "".join(self.allowlist)
        return set(text) <= set(allowed) and (not text or self.length in (None, len(text)))
