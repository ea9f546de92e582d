"""What networks that classify whole images are trained on."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.errors import ParameterError
from segcap.decoding.compose import log_softmax
from segcap.decoding.ctc import BLANK, aligned_columns, greedy_classes
from segcap.training.batching import Batch, shuffled_rounds
from segcap.training.class_balance import balanced_order

if TYPE_CHECKING:
    import keras

__all__ = ["Augment", "ImageBatches", "Labelled", "TextBatches", "along_best_paths"]

Labelled: TypeAlias = tuple[NDArray, NDArray[np.integer]]
Augment: TypeAlias = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]

_PREDICTED_TOGETHER = 256


class ImageBatches:
    """Images of one size with their classes; a `segcap.training.fit.BatchSource`.

    Parameters
    ----------
    train, validation : tuple of (N, H, W, C) array and (N,) or (N, P) int array
        Images, float32 in [0, 1] or uint8, which is scaled to that, and classes, one or P each.
    augment : callable
        From images and a generator to new images; called from another thread.
    variation : float
        How strongly it varies them: trainings that differ in it are not one.
    weights : (K,) array, optional
        How much each class counts in training, above 0; see
        `segcap.training.class_balance.class_weights`.
    balanced : bool
        Whether every class comes equally often, however many images it has.

    Raises
    ------
    ParameterError
        `weights` does not say how much each class counts, or the images have several classes each
        and are to be balanced.
    """

    unaligned = False

    def __init__(
        self,
        train: Labelled,
        validation: Labelled,
        augment: Augment,
        *,
        variation: float = 1.0,
        weights: NDArray | None = None,
        balanced: bool = False,
    ) -> None:
        self._images, self._classes = train
        self._validation, self.validation_classes = validation
        self._augment = augment
        self.sizes = np.zeros(len(self._classes), np.intp)
        self._weights = None if weights is None else self._checked(weights)
        self._balanced = balanced
        if balanced and self._classes.ndim != 1:
            raise ParameterError(
                f"The 'balanced' of {type(self).__name__} must be False where an image has several "
                f"classes. Got classes of shape {self._classes.shape}."
            )
        settings = [] if self._weights is None else [self._weights]
        settings += [np.array([balanced])] if balanced else []
        settings += [np.array([variation])] if variation != 1 else []
        self.digest = digest(*train, *validation, *settings)
        self._sample_weight: NDArray[np.float32] | None = None

    def weigh(self, sample_weight: NDArray[np.float64]) -> None:
        """Let each training image count so much, whatever its class: (N,) numbers, mean above 0."""
        self._sample_weight = (sample_weight / sample_weight.mean()).astype(np.float32)
        before = np.frombuffer(bytes.fromhex(self.digest), np.uint8)
        self.digest = digest(before, self._sample_weight)

    def __len__(self) -> int:
        return len(self._classes)

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        """Return augmented images."""
        classes = self._classes[order]
        weights = None if self._weights is None else self._weights[classes]
        if self._sample_weight is not None:
            own = self._sample_weight[order]
            weights = own if weights is None else own * weights
        return Batch([self._augment(_scaled(self._images[order]), rng)], classes, weights)

    def order(self, draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return the indices of so many images in random order, balanced if so wished."""
        if self._balanced:
            return balanced_order(self._classes, draws, rng)
        return shuffled_rounds(len(self._classes), draws, rng)

    def _checked(self, weights: NDArray) -> NDArray[np.float32]:
        """Check that weights are for the classes, above 0 and finite."""
        if self.unaligned:
            raise ParameterError(
                f"The 'weights' of {type(self).__name__} must be None: a text is of no one class. "
                f"Got an array of shape {np.shape(weights)}."
            )
        given = np.asarray(weights, np.float32)
        greatest = max(self._classes.max(), self.validation_classes.max())
        if (
            given.ndim != 1
            or len(given) <= greatest
            or not (np.isfinite(given) & (given > 0)).all()
        ):
            raise ParameterError(
                f"The 'weights' of {type(self).__name__} must be above 0, one for each class up to "
                f"{greatest}. Got {np.asarray(weights).tolist()}."
            )
        return given

    def validation_logits(self, model: "keras.Model") -> NDArray[np.float32]:
        """Return the (N, ..., C) logits of the validation part's images."""
        parts = [
            model.predict(_scaled(self._validation[start : start + _PREDICTED_TOGETHER]), verbose=0)
            for start in range(0, len(self._validation), _PREDICTED_TOGETHER)
        ]
        return np.concatenate(parts)

    def validated(self, model: "keras.Model") -> tuple[NDArray[np.float32], NDArray[np.integer]]:
        """Return the logits and classes of all in the validation part."""
        logits = self.validation_logits(model)
        return logits.reshape(-1, logits.shape[-1]), self.validation_classes.ravel()

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Return mean cross-entropy on the validation part and the fraction classified right."""
        logits, classes = self.validated(model)
        log_probabilities = log_softmax(logits)
        loss = -float(log_probabilities[np.arange(len(classes)), classes].mean())
        right = (log_probabilities.argmax(axis=1) == classes).reshape(len(self._validation), -1)
        return loss, float(right.all(axis=1).mean())


class TextBatches(ImageBatches):
    """Images of texts whose characters' places are unknown.

    Parameters
    ----------
    train, validation : tuple of (N, H, W, C) array and (N, L) int array
        Classes are 1 for the first character, and 0 past a text's last.
    augment : callable
    """

    unaligned = True

    def validated(self, model: "keras.Model") -> tuple[NDArray[np.float32], NDArray[np.integer]]:
        """Return logits and classes of the validation columns along each text's best path."""
        labels = (label[label > 0] - 1 for label in self.validation_classes)
        return along_best_paths(zip(self.validation_logits(model), labels, strict=True))

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Return the mean CTC loss a text and the fraction of texts spelled right."""
        import keras

        logits = self.validation_logits(model)
        classes = self.validation_classes
        loss = float(keras.losses.CTC()(classes, logits))
        right = [
            np.array_equal(greedy_classes(log_softmax(own)), label[label > 0] - 1)
            for own, label in zip(logits, classes, strict=True)
        ]
        return loss, float(np.mean(right))


def along_best_paths(
    texts: Iterable[tuple[NDArray[np.float32], NDArray]],
) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """Return the columns of lines with what each shows along the best path of its line's text.

    Parameters
    ----------
    texts : iterable of (T, 1 + C) float32 array and (L,) int array
        Logits, and classes from 0. Lines with too few columns for their text are left out.

    Returns
    -------
    logits, classes
        Of all columns; 0 is blank.
    """
    logits, classes = [], []
    for own, text in texts:
        columns = aligned_columns(log_softmax(own), text)
        if columns is None:
            continue
        along = np.full(len(own), BLANK)
        for char, (first, last) in zip(text, columns, strict=True):
            along[first:last] = char + 1
        logits.append(own)
        classes.append(along)
    return np.concatenate(logits), np.concatenate(classes)


def _scaled(images: NDArray) -> NDArray[np.float32]:
    return images * np.float32(1 / 255) if images.dtype == np.uint8 else images
