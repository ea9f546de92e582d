"""What all readers share that name whole images."""

from abc import ABC
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.errors import ImageError, ParameterError
from segcap.core.image import ImageSource, load_image, load_or_error
from segcap.core.reading import Status
from segcap.core.validation import Errors, check_errors, tell_impossible
from segcap.decoding.compose import log_softmax
from segcap.readers.whole import WholeImageReader

__all__ = ["Answer", "WholeImageClassifier"]

_Load: TypeAlias = Callable[[ImageSource], NDArray[np.uint8] | ImageError]


class Answer(NamedTuple):
    """What was answered to one image.

    Attributes
    ----------
    value : str, int or None
        A text, a sum or a class; None for an image that could not be loaded, or has no sum.
    confidence : float
        In [0, 1].
    status : str
        As of `segcap.Reading`.
    error : str or None
    """

    value: str | int | None
    confidence: float
    status: Status
    error: str | None = None


class WholeImageClassifier(WholeImageReader, ABC):
    """A network that names whole images; `classes_` is what they may be."""

    classes_: NDArray

    def answer_many(
        self, images: Iterable[ImageSource], *, errors: Errors = "record"
    ) -> list[Answer]:
        """Name images, those that cannot be loaded among them.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
        errors : {"record", "raise"}
            Whether an image that cannot be loaded gives an Answer of status "unreadable" or raises.

        Returns
        -------
        list of Answer
            In the order of `images`.

        Raises
        ------
        ImageError
            An image cannot be loaded and `errors` is "raise".
        NotFittedError
            The reader has learned nothing yet.
        """
        named = list(self._shares(images, errors))
        return self._as_answers(named)

    def answer_with_probabilities(
        self, images: Iterable[ImageSource], *, errors: Errors = "record"
    ) -> tuple[list[Answer], NDArray[np.float64]]:
        """Name images; parameters and errors as of `answer_many`.

        Returns
        -------
        answers : list of Answer
        probabilities : (N, C) float64 array
            Of the classes, in the order of `classes_`; 0 for an image that cannot be loaded.
        """
        named = list(self._shares(images, errors))
        unknown = np.zeros(len(self.classes_))
        rows = [unknown if isinstance(shares, ImageError) else shares for shares in named]
        return self._as_answers(named), np.array(rows).reshape(-1, len(unknown))

    def _as_answers(self, named: Sequence[NDArray[np.float64] | ImageError]) -> list[Answer]:
        classes = self.classes_.tolist()
        return [
            Answer(None, 0.0, "unreadable", str(shares))
            if isinstance(shares, ImageError)
            else Answer(classes[shares.argmax()], float(shares.max()), "ok")
            for shares in named
        ]

    def predict_proba(self, images: Iterable[ImageSource]) -> NDArray[np.float64]:
        """Give the calibrated probability of each class, (N, C), in the order of `classes_`.

        Raises
        ------
        ImageError
            An image cannot be loaded.
        NotFittedError
            The reader has learned nothing yet.
        """
        shares = list(self._shares(images, "raise"))
        return np.array(shares).reshape(-1, len(self.classes_))

    def predict(self, images: Iterable[ImageSource]) -> NDArray:
        """Give the most probable class of each image, (N,); errors as of `predict_proba`."""
        probabilities = self.predict_proba(images)
        return self.classes_[probabilities.argmax(axis=1)]

    def can_answer(self, label: object) -> bool:
        """Say whether a label is one of `classes_`; the text "3" is not the number 3."""
        self._require_fitted()
        return label in self.classes_.tolist()

    def score(self, images: Iterable[ImageSource], labels: Sequence[Any]) -> float:
        """Give the share of images whose class is right.

        Parameters
        ----------
        images : iterable of path, bytes, array or PIL.Image.Image
            An image that cannot be loaded counts as wrong.
        labels : sequence

        Raises
        ------
        ParameterError
            There are not as many labels as images, or none at all.

        Warns
        -----
        SegcapWarning
            Labels are none of the classes.
        """
        answers = self.answer_many(images)
        if len(answers) != len(labels) or not answers:
            raise ParameterError(
                "A score needs as many labels as images, at least one. "
                f"Got {len(answers)} images and {len(labels)} labels."
            )
        tell_impossible(labels, self.can_answer, stacklevel=2)
        pairs = zip(answers, labels, strict=True)
        return float(np.mean([answer.value == truth for answer, truth in pairs]))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        return tags

    def _keep_answers(self, answers: Sequence[Any]) -> None:
        self.classes_ = np.array(answers)

    def _shares(
        self, images: Iterable[ImageSource], errors: Errors
    ) -> Iterator[NDArray[np.float64] | ImageError]:
        """Give each image's probabilities of the classes, (C,), or why it cannot be loaded."""
        check_errors(errors)
        load: _Load = load_image if errors == "raise" else load_or_error
        for loaded in self._loaded_batches(images, load):
            usable = [image for image in loaded if not isinstance(image, ImageError)]
            shares = iter(self._named(usable) if usable else ())
            yield from (
                image if isinstance(image, ImageError) else next(shares) for image in loaded
            )

    def _named(self, images: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
        self._tell_if_resized(images, stacklevel=6)
        return np.exp(log_softmax(self._logits(images), temperature=self.trained_.temperature))
