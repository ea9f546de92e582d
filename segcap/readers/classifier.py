"""What all readers share that classify whole images."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from segcap.core.image import ImageSource
from segcap.core.reading import Result
from segcap.decoding.compose import log_softmax
from segcap.readers.whole import WholeImageReader

__all__ = ["WholeImageClassifier"]

R = TypeVar("R", bound=Result)


class WholeImageClassifier(WholeImageReader[R], ABC):
    """A network that classifies whole images; `classes_` is what they may be."""

    classes_: NDArray

    @abstractmethod
    def _result(self, probabilities: NDArray[np.float64]) -> R:
        """The result of an image whose classes have these probabilities."""

    def predict_proba(self, images: Iterable[ImageSource]) -> NDArray[np.float64]:
        """Calibrated probability of each class, (N, C), in the order of `classes_`.

        Raises
        ------
        ImageError
            An image cannot be loaded.
        NotFittedError
            The reader is not fitted.
        """
        batches = self._loaded_batches(images)
        parts = [self._probabilities(loaded) for loaded in batches]
        return np.concatenate([np.empty((0, len(self.classes_))), *parts])

    def predict(self, images: Iterable[ImageSource]) -> NDArray:
        """Most probable class of each image, (N,); errors as of `predict_proba`."""
        return super().predict(images).astype(self.classes_.dtype)

    def can_answer(self, label: object) -> bool:
        """Whether a label is one of `classes_`; the text "3" is not the number 3."""
        self._require_fitted()
        return label in self.classes_.tolist()

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        return tags

    def _keep_answers(self, answers: Sequence[Any]) -> None:
        self.classes_ = np.array(answers)

    def _read_loaded(self, images: list[NDArray[np.uint8]]) -> list[R]:
        return [self._result(probabilities) for probabilities in self._probabilities(images)]

    def _probabilities(self, images: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
        self._warn_if_resized(images)
        return np.exp(log_softmax(self._logits(images), temperature=self.trained_.temperature))
