"""Pictures of whole lines, for the network that reads them by connectionist temporal classes."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcap.core.bundle import digest
from segcap.core.charset import Charset
from segcap.core.parallel import run
from segcap.core.pixels import to_rgb
from segcap.decoding.calibration import fit_temperature
from segcap.decoding.compose import log_softmax
from segcap.decoding.ctc import greedy_classes, text_scores
from segcap.evaluate.metrics import character_accuracy
from segcap.segmentation.line_pictures import COLUMN, PICTURE_HEIGHT, cut_line, network_input
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.augment import Warp, augment_strips
from segcap.training.batch_sources import along_best_paths
from segcap.training.batching import Batch
from segcap.training.synthetic import Source, part_of_source, source_parts

if TYPE_CHECKING:
    import keras

__all__ = ["LabelledPictures", "LineBatches", "as_classes", "drawn_pictures", "line_picture"]

_CHUNK = 500
_WHOLE, _LEAST_OF_WHOLE = 0.3, 0.33
_USUAL_MARGIN = 0.28
_MOST_MARGIN = (1.2, 0.7, 1.2, 0.7)
_CUT_OFF = (0.02, 0.04, 0.02, 0.04)
_STRETCH = 0.12
_NARROWEST, _WIDEST = 48, 640
_EXCHANGED, _INVERTED = 0.3, 0.25
_SIZES = 0.12
_SHIFT = 3.0
_MOST_LOST = 16  # what stands around a line, on both sides
_WIDTH_STEP = 16
_TOGETHER = 64


class LabelledPictures(NamedTuple):
    """Lines of text, cut out and scaled to one height.

    Attributes
    ----------
    pixels : list of (48, W, 3) uint8 arrays
        RGB; each W is a multiple of 8.
    classes : (N, L) int array
        1 for the first character, 0 past a text's last.
    """

    pixels: list[NDArray[np.uint8]]
    classes: NDArray[np.intp]

    def part(self, chosen: NDArray[np.bool_]) -> "LabelledPictures":
        """Return some of them, (N,) bool."""
        return LabelledPictures(list(compress(self.pixels, chosen)), self.classes[chosen])

    def joined(self, others: "LabelledPictures") -> "LabelledPictures":
        """Return these and others."""
        texts = [row[row > 0] - 1 for own in (self, others) for row in own.classes]
        return LabelledPictures(self.pixels + others.pixels, as_classes(texts))


def as_classes(texts: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Turn texts, by their classes from 0, into rows of classes from 1, 0 past the last."""
    rows = np.zeros((len(texts), max(map(len, texts), default=0)), np.intp)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = text + 1
    return rows


def line_picture(
    settings: SegmentationSettings, image: NDArray[np.uint8], text: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Cut the text out of an image, its lines side by side; without ink it is all of the image."""
    lines = settings.find(image).lines()
    if not len(lines):
        lines = np.array([[0, 0, image.shape[1], image.shape[0]]], np.int32)
    picture = np.concatenate([cut_line(image, box).pixels for box in lines], axis=1)
    needed = COLUMN * _columns_for(text)
    if picture.shape[1] >= needed:
        return picture
    return cv2.resize(picture, (needed, PICTURE_HEIGHT))


def _columns_for(text: NDArray[np.intp]) -> int:
    """How many columns a text needs, by classes from 0: blanks stand between repetitions."""
    return len(text) + 2 + int((np.diff(text) == 0).sum())


def drawn_pictures(
    sources: Sequence[Source], n: int, *, seed: int, charset: Charset, n_jobs: int = 1
) -> LabelledPictures:
    """Draw texts, and cut each image's line out with more or less of what is around it.

    Parameters
    ----------
    sources, n, seed, charset, n_jobs
        As of `segcap.training.synthetic.drawn_texts`.
    """
    draw = partial(_drawn, sources, seed, charset)
    found = [
        line
        for lines in run(draw, source_parts(sources, n, _CHUNK), n_jobs=n_jobs)
        for line in lines
    ]
    return LabelledPictures([line for line, _ in found], as_classes([text for _, text in found]))


def _drawn(
    sources: Sequence[Source], seed: int, charset: Charset, part: tuple[int, range]
) -> list[tuple[NDArray[np.uint8], NDArray[np.intp]]]:
    number, indices = part
    rng = np.random.default_rng((seed, number, indices.start))
    lines = []
    for sample in part_of_source(sources, seed, part):
        text = charset.encode(sample.label)
        lines.append((_cut(to_rgb(sample.image), sample.boxes, text, rng), text))
    return lines


def _cut(
    pixels: NDArray[np.uint8],
    boxes: NDArray[np.int32],
    text: NDArray[np.intp],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    tall = max(int(high[1] - low[1]), 4)
    if rng.random() >= _WHOLE or tall < _LEAST_OF_WHOLE * len(pixels):
        margins = np.minimum(rng.exponential(_USUAL_MARGIN, 4), _MOST_MARGIN) - _CUT_OFF
        x0, y0 = np.maximum(low - margins[:2] * tall, 0).astype(int)
        x1, y1 = np.ceil(high + margins[2:] * tall).astype(int)
        pixels = pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    stretched = PICTURE_HEIGHT * pixels.shape[1] / len(pixels) * np.exp(rng.normal(0, _STRETCH))
    columns = round(np.clip(stretched, _NARROWEST, _WIDEST) / COLUMN)
    width = COLUMN * max(columns, _columns_for(text))
    way = cv2.INTER_AREA if len(pixels) > PICTURE_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, PICTURE_HEIGHT), interpolation=way)


class LineBatches:
    """Pictures of lines as a `segcap.training.fit.BatchSource`.

    Whenever one is shown it is moved and resized a little, and stretched to the widest of its
    batch; colours are exchanged and inverted in some.

    Parameters
    ----------
    train, validation : LabelledPictures
    warp : Warp, optional
        How lines are bent besides, and their tone and sharpness changed; see `augment_strips`.
    """

    unaligned = True

    def __init__(
        self, train: LabelledPictures, validation: LabelledPictures, warp: Warp | None = None
    ) -> None:
        self._train, self._validation, self._warp = train, validation, warp
        self._forward: tuple[keras.Model, Callable[[NDArray[np.float32]], Any]] | None = None
        self.sizes = np.array([own.shape[1] for own in train.pixels], np.intp)
        self.digest = digest(*train.pixels, train.classes, *validation.pixels, validation.classes)

    def __len__(self) -> int:
        return len(self._train.pixels)

    def draw(self, order: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        """Return pictures of one width, and their texts."""
        width = -(-int(self.sizes[order].max()) // _WIDTH_STEP) * _WIDTH_STEP
        shown = np.stack([_moved(self._train.pixels[i], width, rng) for i in order])
        if self._warp is not None:
            nowhere = np.empty((len(shown), 0, 2), np.float32)
            shown, _ = augment_strips(shown, nowhere, rng, self._warp, border=cv2.BORDER_REPLICATE)
        for picture in shown:
            if rng.random() < _EXCHANGED:
                picture[:] = picture[..., rng.permutation(3)]
            if rng.random() < _INVERTED:
                picture[:] = 255 - picture
        return Batch([network_input(shown)], self._train.classes[order])

    def evaluate(self, model: "keras.Model") -> tuple[float, float]:
        """Return the mean CTC loss a text and the fraction of texts spelled right."""
        seen = [(log_softmax(logits), text) for logits, text in self._validated(model)]
        losses = [-text_scores(own, [text.tolist()])[0] for own, text in seen]
        right = [np.array_equal(greedy_classes(own), text) for own, text in seen]
        return float(np.mean(losses)), float(np.mean(right))

    def character_accuracy(self, model: "keras.Model") -> float:
        """Return the fraction of characters of the validation part that are read right."""
        lines = self._validated(model)
        read = ["".join(map(chr, greedy_classes(log_softmax(own)))) for own, _ in lines]
        return character_accuracy(read, ["".join(map(chr, text)) for _, text in lines]).value

    def temperature(self, model: "keras.Model") -> float:
        """Calibrate a network on the columns along the best paths of the validation part.

        It is made no surer: few lines that are all read right would make it sure of anything.
        """
        return max(1.0, fit_temperature(*along_best_paths(self._validated(model))))

    def _validated(
        self, model: "keras.Model"
    ) -> list[tuple[NDArray[np.float32], NDArray[np.intp]]]:
        """Return the logits and the text of each line in the validation part."""
        import keras

        if self._forward is None or self._forward[0] is not model:
            self._forward = model, _compiled(model)
        pixels, classes = self._validation
        widths = np.array([own.shape[1] for own in pixels], np.intp)
        seen: list[tuple[NDArray[np.float32], NDArray[np.intp]]] = []
        for width in np.unique(widths):
            places = np.flatnonzero(widths == width)
            for start in range(0, len(places), _TOGETHER):
                own = places[start : start + _TOGETHER]
                pictures = network_input(np.stack([pixels[i] for i in own]))
                texts = [classes[i][classes[i] > 0] - 1 for i in own]
                logits = keras.ops.convert_to_numpy(self._forward[1](pictures))
                seen += zip(logits, texts, strict=True)
        return seen


def _compiled(model: "keras.Model") -> Callable[[NDArray[np.float32]], Any]:
    """Return a function from pictures to logits, compiled once for all widths where it can be."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return partial(model, training=False)
    import tensorflow as tf

    shape = tf.TensorSpec((None, PICTURE_HEIGHT, None, 3), tf.float32)
    # what TensorFlow rewrites it writes to files, which stay where it is killed
    return tf.function(partial(model, training=False), input_signature=[shape], autograph=False)


def _moved(pixels: NDArray[np.uint8], width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Scale a picture to a width, its content a little larger or smaller and moved."""
    height = len(pixels)
    sizes = 1 + rng.uniform(-_SIZES, _SIZES, 2)
    sizes[0] = min(sizes[0], 1 + _MOST_LOST / pixels.shape[1])
    middle = np.array([width, height]) / 2
    scale = sizes * [width / pixels.shape[1], 1]
    moved = middle - sizes * middle + rng.uniform(-_SHIFT, _SHIFT, 2)
    matrix = np.array([[scale[0], 0, moved[0]], [0, scale[1], moved[1]]])
    size = width, height
    return cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REPLICATE)
