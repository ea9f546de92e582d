"""Train the network that finds ink, on drawn images whose characters' masks are known."""

import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.parallel import run
from segcap.core.pixels import to_rgb
from segcap.training.batching import Batch
from segcap.training.fit import OnEpoch, fit_network
from segcap.training.schedule import Schedule
from segcap.training.synthetic import Source, part_of_source, source_parts

if TYPE_CHECKING:
    import keras

__all__ = ["InkBatches", "InkExamples", "ink_examples", "ink_f1", "ink_loss", "train_ink"]

_CHUNK = 250
_HEIGHT, _WIDTH = 48, 192
_SMALLER, _LARGER = 0.4, 0.2
_SMOOTH = 1.0
_INVERTED = 0.3
_TOGETHER = 64


class InkExamples(NamedTuple):
    """Images of one size and what is ink in them.

    Attributes
    ----------
    images : (N, 48, 192, 3) uint8 array
        RGB.
    ink : (N, 48, 192) uint8 array
        How much of each pixel belongs to a character, 0 to 255.
    """

    images: NDArray[np.uint8]
    ink: NDArray[np.uint8]


def ink_examples(sources: Sequence[Source], n: int, *, seed: int, n_jobs: int = 1) -> InkExamples:
    """Draw images and what is ink in them, at random scales about the one of reading.

    Parameters
    ----------
    sources : sequence of Source
    n : int
    seed : int
    n_jobs : int
        Worker processes; -1 for one per core.
    """
    total = sum(round(n * source.weight) for source in sources)
    images = np.empty((total, _HEIGHT, _WIDTH, 3), np.uint8)
    ink = np.empty((total, _HEIGHT, _WIDTH), np.uint8)
    at = 0
    draw = partial(_examples, sources, seed)
    for own_images, own_ink in run(draw, source_parts(sources, n, _CHUNK), n_jobs=n_jobs):
        images[at : at + len(own_images)], ink[at : at + len(own_ink)] = own_images, own_ink
        at += len(own_images)
    return InkExamples(images, ink)


class InkBatches:
    """Images with their ink as a `segcap.training.fit.BatchSource`, colours exchanged and inverted.

    Parameters
    ----------
    train, validation : InkExamples
    """

    unaligned = False

    def __init__(self, train: InkExamples, validation: InkExamples) -> None:
        self._train, self._validation = train, validation
        self.sizes = np.zeros(len(train.images), np.intp)
        self.digest = digest(*train, *validation)

    def __len__(self) -> int:
        return len(self._train.images)

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        """Return images and how much of each pixel is ink."""
        images = self._train.images[order][..., rng.permutation(3)]
        inverted = (255 * (rng.random((len(images), 1, 1, 1)) < _INVERTED)).astype(np.uint8)
        return Batch([_as_inputs(images ^ inverted)], _as_targets(self._train.ink[order]))

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Return the mean loss, and the mean F1 of the pixels, on the validation part."""
        from keras import ops

        images, ink = self._validation
        logits = model.predict(_as_inputs(images), batch_size=_TOGETHER, verbose=0)
        loss = np.concatenate(
            [
                ops.convert_to_numpy(
                    ink_loss(_as_targets(ink[i : i + _TOGETHER]), logits[i : i + _TOGETHER])
                )
                for i in range(0, len(ink), _TOGETHER)
            ]
        )
        return float(loss.mean()), ink_f1(ink, logits[..., 0])


def train_ink(
    model: "keras.Model",
    train: InkExamples,
    validation: InkExamples,
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
) -> dict[str, Any]:
    """Train by binary cross-entropy and Dice loss.

    Parameters
    ----------
    model : keras.Model
        See `segcap.models.ink_unet`.
    train, validation : InkExamples
    epochs, batch_size, learning_rate, seed
    state, on_epoch
        As of `segcap.training.fit.fit_network`.

    Returns
    -------
    dict
        Figures on the validation part: "ink_f1" of pixels.
    """
    schedule = Schedule(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=1e-4,
        clip_norm=1.0,
        patience=None,
    )
    history = fit_network(
        model,
        InkBatches(train, validation),
        schedule=schedule,
        seed=seed,
        loss=ink_loss,
        state=state,
        on_epoch=on_epoch,
    )
    return {"ink_f1": round(history.validation_accuracy[-1], 4)}


def ink_loss(target: Any, logits: Any) -> Any:
    """Mean of binary cross-entropy, and one minus the Dice coefficient of each image.

    References
    ----------
    Milletari, Navab, Ahmadi: V-Net. 3DV 2016.
    """
    from keras import ops

    entropy = ops.mean(
        ops.maximum(logits, 0) - logits * target + ops.log1p(ops.exp(-ops.abs(logits))),
        axis=(1, 2, 3),
    )
    found = ops.sigmoid(logits)
    shared = ops.sum(found * target, axis=(1, 2, 3))
    both = ops.sum(found, axis=(1, 2, 3)) + ops.sum(target, axis=(1, 2, 3))
    return entropy + 0.5 * (1 - (2 * shared + _SMOOTH) / (both + _SMOOTH))


def ink_f1(ink: NDArray[np.uint8], logits: NDArray[np.float32]) -> float:
    """Mean F1 of the pixels of each image: (N, H, W) ink of 0 to 255, (N, H, W) logits."""
    true, found = ink > 127, logits > 0
    shared = 2 * (true & found).sum(axis=(1, 2)) + _SMOOTH
    return float((shared / (true.sum(axis=(1, 2)) + found.sum(axis=(1, 2)) + _SMOOTH)).mean())


def _examples(
    sources: Sequence[Source], seed: int, part: tuple[int, range]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    number, indices = part
    rng = np.random.default_rng((seed, number, indices.start))
    images = np.empty((len(indices), _HEIGHT, _WIDTH, 3), np.uint8)
    ink = np.empty((len(indices), _HEIGHT, _WIDTH), np.uint8)
    for place, sample in enumerate(part_of_source(sources, seed, part)):
        pixels = to_rgb(sample.image)
        mask = sample.masks.any(axis=0).view(np.uint8) * np.uint8(255)
        images[place], ink[place] = _scaled(pixels, mask, rng)
    return images, ink


def _scaled(
    pixels: NDArray[np.uint8], mask: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Scale an image so that it is about 48 pixels high, and crop or pad it to 48 x 192."""
    height, width = mask.shape
    scale = _HEIGHT / height * np.exp(rng.uniform(-_SMALLER, _LARGER))
    size = max(4, round(width * scale)), max(4, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    both = cv2.resize(np.dstack([pixels, mask]), size, interpolation=way)
    drop, shift = _HEIGHT - size[1], _WIDTH - size[0]
    top = int(rng.integers(min(drop, 0), max(drop, 0) + 1))
    left = int(rng.integers(min(shift, 0), max(shift, 0) + 1))
    both = both[max(0, -top) : max(0, -top) + _HEIGHT, max(0, -left) : max(0, -left) + _WIDTH]
    top, left = max(0, top), max(0, left)
    edges = top, _HEIGHT - top - both.shape[0], left, _WIDTH - left - both.shape[1]
    image = cv2.copyMakeBorder(both[..., :3], *edges, cv2.BORDER_REPLICATE)
    ink = cv2.copyMakeBorder(both[..., 3], *edges, cv2.BORDER_CONSTANT, value=0)
    return image, ink


def _as_inputs(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images * np.float32(1 / 255)


def _as_targets(ink: NDArray[np.uint8]) -> NDArray[np.float32]:
    return ink[..., np.newaxis] * np.float32(1 / 255)
