"""What span networks are trained on: lines of text with the place and name of each character."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.decoding.compose import log_softmax
from segcap.segmentation.text_lines import (
    CHANNELS,
    STRIP_HEIGHT,
    WIDTH_STEP,
    Strip,
    span_rows,
)
from segcap.training.augment import augment_strips
from segcap.training.batching import Batch

if TYPE_CHECKING:
    import keras

__all__ = ["LabelledStrips", "SpanBatches", "join_strips", "own_columns", "stack_strips"]

_BATCH = 64
_JITTER = 0.08
_NEGATIVE_WEIGHT = 0.5
_LEAST_WIDTH = 2.0
_INKED = 60
_ROOM_TO_GROW = 1.06
_FARTHEST = 2.0
_FRAGMENT = (0.08, 0.6)
_LEAST_BESIDE = 5
_KINDS = (0.08, 0.08, 0.12, 0.15, 0.13, 0.08, 0.08, 0.11, 0.11, 0.06)
_FIRST_BLANK = 7


class LabelledStrips(NamedTuple):
    """Lines of text, the place and the class of each character.

    Attributes
    ----------
    pixels : (N, height, W, C) uint8 array
        See `segcap.segmentation.text_lines.Strip`, padded to one width.
    spans : (N, L, 2) float32 array
        First and last edge of each character, pixels of the strip, ascending; NaN past the last.
    classes : (N, L) int array
        -1 past the last.
    """

    pixels: NDArray[np.uint8]
    spans: NDArray[np.float32]
    classes: NDArray[np.intp]

    def part(self, kept: NDArray) -> "LabelledStrips":
        """Return some of the lines."""
        return LabelledStrips(self.pixels[kept], self.spans[kept], self.classes[kept])


def stack_strips(
    strips: list[Strip],
    spans: list[NDArray[np.float32]],
    classes: list[NDArray[np.intp]],
) -> LabelledStrips:
    """Pad lines to one width and one number of characters.

    Parameters
    ----------
    strips : list of Strip
    spans : list of (L, 2) float32 arrays
        In pixels of the strip.
    classes : list of (L,) int arrays
    """
    count = len(strips)
    width = max((strip.pixels.shape[1] for strip in strips), default=0)
    longest = max(map(len, classes), default=0)
    height, _, channels = strips[0].pixels.shape if strips else (STRIP_HEIGHT, 0, CHANNELS)
    pixels = np.zeros((count, height, width, channels), np.uint8)
    edges = np.full((count, longest, 2), np.nan, np.float32)
    names = np.full((count, longest), -1, np.intp)
    for index, (strip, own, name) in enumerate(zip(strips, spans, classes, strict=True)):
        pixels[index, :, : strip.pixels.shape[1]] = strip.pixels
        edges[index, : len(own)] = own
        names[index, : len(name)] = name
    return LabelledStrips(pixels, edges, names)


def join_strips(parts: Sequence[LabelledStrips], width: int) -> LabelledStrips:
    """Put lines together.

    Parameters
    ----------
    parts : sequence of LabelledStrips
    width : int
        Pixels that all lines are padded or cut to; characters beyond are left out.

    Returns
    -------
    LabelledStrips
    """
    longest = max(part.classes.shape[1] for part in parts)
    total = sum(len(part.pixels) for part in parts)
    height, _, channels = parts[0].pixels.shape[1:]
    pixels = np.zeros((total, height, width, channels), np.uint8)
    spans = np.full((total, longest, 2), np.nan, np.float32)
    classes = np.full((total, longest), -1, np.intp)
    start = 0
    for part in parts:
        rows = slice(start, start + len(part.pixels))
        kept = min(width, part.pixels.shape[2])
        pixels[rows, :, :kept] = part.pixels[:, :, :kept]
        spans[rows, : part.spans.shape[1]] = part.spans
        classes[rows, : part.classes.shape[1]] = part.classes
        start = rows.stop
    beyond = ~(spans[..., 1] <= width)
    spans[beyond], classes[beyond] = np.nan, -1
    inside = (classes >= 0).any(axis=1)
    return LabelledStrips(pixels[inside], spans[inside], classes[inside])


def own_columns(boxes: NDArray[np.number]) -> NDArray[np.float64]:
    """Part the columns of characters that overlap at the middle of what they share.

    Parameters
    ----------
    boxes : (L, 4) array
        x0, y0, x1, y1 from left to right.

    Returns
    -------
    (L, 2) float array
        First and last edge of each, at least 2 apart.
    """
    columns = boxes[:, [0, 2]].astype(np.float64)
    starts, ends = columns[1:, 0], columns[:-1, 1]
    overlapping = ends > starts
    middles = (np.minimum(ends, columns[1:, 1]) + starts) / 2
    ends[overlapping] = starts[overlapping] = middles[overlapping]
    columns[:, 1] = np.maximum(columns[:, 1], columns[:, 0] + _LEAST_WIDTH)
    return columns


class SpanBatches:
    """Lines of text as a `segcap.training.fit.BatchSource`.

    Each character is shown with its edges moved a little, and for each one span that is no
    character. The reject class is for a fragment, a character or a part of it with a part of what
    stands beside it, and a pair; the blank class for what stands before, after and between the
    characters. They come after the last character, in this order. Spans in strips of learned
    ink and colours come with their rows.

    Parameters
    ----------
    train, validation : LabelledStrips
    classes : int
        Number of characters to distinguish.
    """

    unaligned = False

    def __init__(self, train: LabelledStrips, validation: LabelledStrips, classes: int) -> None:
        self._train = train
        self._boxed = train.pixels.shape[-1] > CHANNELS
        self._characters = classes
        self._validation = _Examples.of(validation, classes, np.random.default_rng(0))
        self._validation_pixels = _as_inputs(validation.pixels)
        self._validation_spans = self._as_spans(validation.pixels, self._validation.spans)
        self.sizes = _inked_columns(train.pixels)
        self.digest = digest(*train, *validation)

    def __len__(self) -> int:
        return len(self._train.pixels)

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        """Return augmented lines with the spans to name."""
        lines = self._train.part(order)
        widest = _ROOM_TO_GROW * int(self.sizes[order].max())
        width = min(-(-int(widest) // WIDTH_STEP) * WIDTH_STEP, lines.pixels.shape[2])
        pixels, spans = augment_strips(lines.pixels[:, :, :width], lines.spans, rng)
        if self._boxed:
            pixels = _recoloured(pixels, rng)
        examples = _Examples.of(lines._replace(pixels=pixels, spans=spans), self._characters, rng)
        inputs = [_as_inputs(pixels), self._as_spans(pixels, examples.spans)]
        return Batch(inputs, examples.classes, examples.weights)

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Return mean cross-entropy and accuracy on the validation part's spans."""
        logits, classes = self.validation_logits(model)
        log_probabilities = log_softmax(logits)
        loss = -float(log_probabilities[np.arange(len(classes)), classes].mean())
        return loss, float((log_probabilities.argmax(axis=1) == classes).mean())

    def character_accuracy(self, model: "keras.Model") -> float:
        """Return the fraction of the validation part's characters that are classified right."""
        logits, classes = self.validation_logits(model)
        shown = classes < self._characters
        return float((logits[shown].argmax(axis=1) == classes[shown]).mean())

    def validation_logits(
        self, model: "keras.Model"
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Return the logits and classes of the validation part's spans, (N, C) and (N,)."""
        examples = self._validation
        logits = model.predict(
            [self._validation_pixels, self._validation_spans], batch_size=_BATCH, verbose=0
        )
        counted = examples.weights > 0
        return logits[counted], examples.classes[counted]

    def _as_spans(
        self, pixels: NDArray[np.uint8], spans: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        if not self._boxed:
            return spans
        rows = [span_rows(one[..., 0], own) for one, own in zip(pixels, spans, strict=True)]
        return np.concatenate([spans, np.stack(rows)], axis=-1)


def _recoloured(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Exchange the colours behind the ink, and invert them in some lines."""
    colours = pixels[..., 1:][..., rng.permutation(pixels.shape[-1] - 1)]
    inverted = (255 * (rng.random((len(pixels), 1, 1, 1)) < 0.3)).astype(np.uint8)
    return np.concatenate([pixels[..., :1], colours ^ inverted], axis=-1)


class _Examples(NamedTuple):
    """Spans to classify, (N, 2 L, 2), their classes and weights, (N, 2 L)."""

    spans: NDArray[np.float32]
    classes: NDArray[np.intp]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, lines: LabelledStrips, characters: int, rng: np.random.Generator) -> "_Examples":
        middles = lines.spans.mean(axis=2)
        known = (lines.classes >= 0) & (middles > 0) & (middles < lines.pixels.shape[2])
        wrong, is_blank, has_room = _wrong_spans(lines, rng)
        widths = lines.spans[..., 1:] - lines.spans[..., :1]
        right = lines.spans + _JITTER * widths * rng.normal(size=lines.spans.shape)
        spans = np.concatenate([right, wrong], axis=1)
        classes = np.concatenate([lines.classes, characters + is_blank], axis=1)
        weights = np.concatenate([known, _NEGATIVE_WEIGHT * (known & has_room)], axis=1)
        spans[weights == 0] = 0
        classes[weights == 0] = characters
        return cls(spans.astype(np.float32), classes, weights.astype(np.float32))


def _wrong_spans(
    lines: LabelledStrips, rng: np.random.Generator
) -> tuple[NDArray[np.floating], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each character draw a span that is none.

    Returns the spans, whether each is blank, and whether there is room for it.
    """
    left, right = lines.spans[..., 0], lines.spans[..., 1]
    own = right - left
    after = np.full((len(left), 1), np.nan, left.dtype)
    next_left = np.concatenate([left[:, 1:], after], axis=1)
    next_right = np.concatenate([right[:, 1:], after], axis=1)
    next_own = next_right - next_left
    first = np.broadcast_to(np.nanmin(left, axis=1)[:, None], left.shape)
    last = np.broadcast_to(np.nanmax(right, axis=1)[:, None], left.shape)
    inked = _inked_columns(lines.pixels)[:, None]
    one, other = rng.uniform(0, 1, (2, *left.shape))
    reach = np.minimum(_FARTHEST * own * one, np.maximum(first, 0))
    far = np.minimum(_FARTHEST * own * one, np.maximum(inked - last, 0))
    beside = np.maximum((0.45 + 0.45 * other) * own, _LEAST_BESIDE)
    part = _FRAGMENT[0] + (_FRAGMENT[1] - _FRAGMENT[0]) * one
    kinds = [
        (left, left + part * own),
        (right - part * own, right),
        (left + (1 - part) * other * own, left + ((1 - part) * other + part) * own),
        (left + (0.35 + 0.3 * one) * own, next_left + (0.35 + 0.3 * other) * next_own),
        (left + 0.1 * (one - 0.5) * own, next_right - 0.3 * other * next_own),
        (left - beside, right),
        (left, right + beside),
        (first - reach, first - reach * other * 0.7),
        (last + far * other * 0.7, last + far),
        (right, next_left),
    ]
    kind = rng.choice(len(kinds), size=left.shape, p=_KINDS)
    begin, end = (np.choose(kind, edges) for edges in zip(*kinds, strict=True))
    has_room = (end - begin >= _LEAST_WIDTH) & (begin >= -2) & (end <= inked + 2)
    return np.stack([begin, end], axis=-1), kind >= _FIRST_BLANK, has_room


def _inked_columns(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Count the columns up to the last with ink, at least one: (N,)."""
    return np.cumsum(pixels[..., 0].max(axis=1) > _INKED, axis=1).argmax(axis=1) + 1


def _as_inputs(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels * np.float32(1 / 255)
