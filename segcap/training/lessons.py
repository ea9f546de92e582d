"""What glyph networks learn from."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segcap.bundle import digest
from segcap.compose import log_softmax
from segcap.training.fit import Pass

if TYPE_CHECKING:
    import keras

__all__ = ["Augment", "GlyphLessons", "in_chunks"]

Augment: TypeAlias = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]

_CHUNK = 1024


class GlyphLessons:
    """Framed glyphs with their classes; a `segcap.training.fit.Lessons`.

    Parameters
    ----------
    train, validation : tuple of (N, ...) float32 array and (N,) int array
        Glyphs and classes.
    augment : callable
        From glyphs and a generator to new glyphs.
    """

    def __init__(
        self,
        train: tuple[NDArray[np.float32], NDArray[np.integer]],
        validation: tuple[NDArray[np.float32], NDArray[np.integer]],
        augment: Augment,
    ) -> None:
        self._glyphs, self._classes = train
        self._validation = validation
        self._augment = augment
        self.digest = digest(*train, *validation)

    def __len__(self) -> int:
        return len(self._classes)

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Pass:
        """Give augmented glyphs."""
        augmented = np.empty((len(order), *self._glyphs.shape[1:]), np.float32)
        for chunk in in_chunks(len(order)):
            augmented[chunk] = self._augment(self._glyphs[order[chunk]], rng)
        return Pass([augmented], self._classes[order])

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Give mean cross-entropy and accuracy on the validation part."""
        glyphs, classes = self._validation
        log_probabilities = log_softmax(model.predict(glyphs, batch_size=_CHUNK, verbose=0))
        loss = -float(log_probabilities[np.arange(len(classes)), classes].mean())
        return loss, float((log_probabilities.argmax(axis=1) == classes).mean())


def in_chunks(count: int) -> list[slice]:
    """Part so many samples, to bound what their augmentation takes of memory."""
    return [slice(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
