"""What all readers share that name whole images."""

from abc import ABC
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.compose import log_softmax
from segcap.errors import ParameterError
from segcap.image import ImageSource
from segcap.readers.whole import WholeImageReader

__all__ = ["WholeImageClassifier"]


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
        batches = self._loaded_batches(images)
        parts = [np.empty((0, len(self.classes_)))]
        for loaded in batches:
            logits = self._logits(loaded)
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
        pairs = zip(predicted.tolist(), labels, strict=True)
        return float(np.mean([answer == truth for answer, truth in pairs]))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        return tags

    def _keep_answers(self, answers: Sequence[Any]) -> None:
        self.classes_ = np.array(answers)
