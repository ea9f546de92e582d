"""What all readers of text share: one image, many images, scikit-learn's verbs."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from segcap.core.batching import batched, check_batching
from segcap.core.errors import ImageError, ParameterError
from segcap.core.image import ImageSource, load_image, load_or_error
from segcap.core.reading import Reading
from segcap.core.validation import Errors, check_errors, check_many, tell_impossible
from segcap.readers.estimator import Estimator

__all__ = ["TextReader"]


class _HasReading(Protocol):
    @property
    def reading(self) -> Reading: ...


Outcome = TypeVar("Outcome", bound=_HasReading)


class TextReader(Estimator, ABC, Generic[Outcome]):
    """A reader that gives each image a text.

    Its subclasses say how loaded images are read, many at once; an outcome holds a `Reading` and
    whatever else they compose answers from.
    """

    charset_: str
    allowlist: str | None
    length: int | None

    @abstractmethod
    def _require_fitted(self) -> None:
        """Refuse to go on without anything learned."""

    @abstractmethod
    def _read_loaded(self, images: Sequence[NDArray[np.uint8] | ImageError]) -> list[Outcome]:
        """Read RGB images; an error stands for an image that could not be loaded."""

    def read(self, image: ImageSource) -> Reading:
        """Read one image.

        Parameters
        ----------
        image : path, bytes, array or PIL.Image.Image
            See `segcap.core.image.load_image`.

        Returns
        -------
        Reading

        Raises
        ------
        ImageError
            The image cannot be loaded.
        """
        return self._read_loaded([load_image(image)])[0].reading

    def read_many(
        self,
        images: Iterable[ImageSource],
        batch_size: int = 256,
        *,
        n_jobs: int = 1,
        errors: Errors = "record",
    ) -> list[Reading]:
        """Read images, many in one call of the classifier.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
            An (N, H, W) or (N, H, W, 3) array is N images; one of shape (N, H, 3) is refused, for
            it is a single one.
        batch_size : int
            Images per call, at least 1.
        n_jobs : int
            Worker processes; -1 for one per core.
        errors : {"record", "raise"}
            Whether an image that cannot be loaded gives a Reading of status "unreadable" or
            raises.

        Returns
        -------
        list of Reading
            In the order of `images`.

        Raises
        ------
        ImageError
            An image cannot be loaded and `errors` is "raise".
        ParameterError
            A parameter is outside its range, or `images` is a single image.
        """
        return [outcome.reading for outcome in self._outcomes(images, batch_size, n_jobs, errors)]

    def predict(self, images: Iterable[ImageSource]) -> NDArray[np.str_]:
        """Read images, (N,) array of str; "" where there is no ink.

        Raises
        ------
        ImageError
            An image cannot be loaded.
        """
        return np.array([reading.text for reading in self.read_many(images, errors="raise")], str)

    def can_answer(self, label: object) -> bool:
        """Say whether a label has only characters, and as many, as the reader may answer."""
        self._require_fitted()
        text = str(label)
        allowed = self.charset_ if self.allowlist is None else "".join(self.allowlist)
        return set(text) <= set(allowed) and (not text or self.length in (None, len(text)))

    def score(self, images: Iterable[ImageSource], labels: Sequence[str]) -> float:
        """Give the share of images whose whole text is right.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
            An image that cannot be loaded counts as wrong; a rejected reading counts by its text.
        labels : sequence of str

        Raises
        ------
        ParameterError
            There are not as many labels as images, or none at all.

        Warns
        -----
        SegcapWarning
            Labels hold characters that the reader cannot answer.
        """
        readings = self.read_many(images)
        if len(readings) != len(labels) or not readings:
            raise ParameterError(
                "A score needs as many labels as images, at least one. "
                f"Got {len(readings)} images and {len(labels)} labels."
            )
        tell_impossible(labels, self.can_answer, stacklevel=2)
        right = [
            reading.status != "unreadable" and reading.text == str(label)
            for reading, label in zip(readings, labels, strict=True)
        ]
        return float(np.mean(right))

    def _outcomes(
        self, images: Iterable[ImageSource], batch_size: int, n_jobs: int, errors: Errors
    ) -> list[Outcome]:
        check_many(images)
        check_batching(batch_size, n_jobs)
        check_errors(errors)
        batches = batched(images, batch_size)
        results: Iterable[list[Outcome]]
        if n_jobs == 1:
            results = (self._read_batch(batch, errors) for batch in batches)
        else:
            results = Parallel(n_jobs=n_jobs)(
                delayed(self._read_batch)(batch, errors) for batch in batches
            )
        return [outcome for batch in results for outcome in batch]

    def _read_batch(self, images: Sequence[ImageSource], errors: Errors) -> list[Outcome]:
        load = load_image if errors == "raise" else load_or_error
        return self._read_loaded([load(image) for image in images])
