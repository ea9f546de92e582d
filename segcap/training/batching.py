"""What a network is shown: batches, and the order of samples in them."""

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

__all__ = ["Batch", "BatchSource", "Ordered", "batch_orders", "shuffled_rounds"]

_SORTED_TOGETHER = 16


class Batch(NamedTuple):
    """A batch that a network is shown.

    Attributes
    ----------
    inputs : list of (n, ...) float32 arrays
        One for each input of the network.
    classes : (n, ...) array
        Integers, but where a loss of its own takes targets of another kind.
    weights : (n, ...) float32 array or None
        How much each class counts; all the same unless given.
    """

    inputs: list[NDArray[np.float32]]
    classes: NDArray
    weights: NDArray[np.float32] | None = None


class BatchSource(Protocol):
    """What a network is trained on.

    Attributes
    ----------
    digest : str
        SHA-256 of the data.
    sizes : (N,) int array
        Of the samples; those of like size come in one batch.
    unaligned : bool
        Whether the classes are those of texts, 1 for the first character and 0 past the last,
        whose places in the network's columns are unknown: connectionist temporal classification.
    """

    digest: str
    sizes: NDArray[np.intp]
    unaligned: bool

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        """Return the samples of these indices, augmented; called from another thread."""
        ...

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Return the cross-entropy and the accuracy on samples that are not trained on."""
        ...


@runtime_checkable
class Ordered(Protocol):
    """BatchSource that say themselves how often each sample comes."""

    def order(self, draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return the indices of so many samples in random order."""
        ...


def shuffled_rounds(count: int, draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw from 0 ... count - 1 at random, all once before any comes again: (draws,) indices."""
    rounds = [rng.permutation(count) for _ in range(-(-draws // count))]
    return np.concatenate(rounds)[:draws]


def batch_orders(
    batches: BatchSource, steps: int, batch_size: int, rng: np.random.Generator
) -> list[NDArray[np.intp]]:
    """Return which samples come in each batch of an epoch, those of like size together.

    Parameters
    ----------
    batches : BatchSource
        Each sample comes once before any comes again, unless they are `Ordered`.
    steps, batch_size : int
    rng : numpy.random.Generator

    Returns
    -------
    list of (batch_size,) int arrays
        As many as `steps`.
    """
    draws = steps * batch_size
    if isinstance(batches, Ordered):
        drawn = batches.order(draws, rng)
    else:
        drawn = shuffled_rounds(len(batches.sizes), draws, rng)
    window = _SORTED_TOGETHER * batch_size
    sorted_ = [
        part[np.argsort(batches.sizes[part], kind="stable")]
        for part in (drawn[start : start + window] for start in range(0, draws, window))
    ]
    orders = np.concatenate(sorted_).reshape(steps, batch_size)
    return list(rng.permutation(orders))
