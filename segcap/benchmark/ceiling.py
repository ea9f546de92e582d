"""How well a segmenting reader would read if it always cut at the right places."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.benchmark.split_task import SplitTask, Truth
from segcap.core.charset import Charset
from segcap.core.image import ImageSource, load_or_error
from segcap.decoding.chains import Lattice
from segcap.evaluate.metrics import Rate, exact_match
from segcap.readers.glyph import GlyphReader
from segcap.recognition.candidate_scores import span_logits

__all__ = ["ceiling"]


def ceiling(reader: GlyphReader, split_task: SplitTask) -> Rate | None:
    """Return the fraction of right texts with each character classified at its true columns.

    Parameters
    ----------
    reader : GlyphReader
        Fitted.

    Returns
    -------
    Rate or None
        Of the images whose boxes are known; None if there are none, or if the reader names no
        spans of a line. An image that cannot be loaded, or whose ink lies in other than one line,
        counts as wrong.
    """
    located = [
        (image, truth)
        for image, truth in zip(split_task.tested.images, split_task.known, strict=True)
        if truth is not None and truth.boxes
    ]
    if not located or reader.context_ is None:
        return None
    answers = [_text_at(reader, image, truth) for image, truth in located]
    truths = [truth.text for _, truth in located]
    if split_task.asks == "sums":
        return exact_match(
            [None if text is None else _summed(text) for text in answers],
            list(map(_summed, truths)),
        )
    shown = ["" if text is None else text for text in answers]
    return exact_match(split_task.as_compared(shown), split_task.as_compared(truths))


def _summed(digits: str) -> int:
    return sum(map(int, digits))


def _text_at(reader: GlyphReader, image: ImageSource, truth: Truth) -> str | None:
    from segcap.training.spans import own_columns

    pixels = load_or_error(image)
    if not isinstance(pixels, np.ndarray) or reader.context_ is None:
        return None
    layout = reader.settings_.layout(pixels)
    if len(layout.strips) != 1:
        return None
    boxes = np.array(truth.boxes, np.int32)
    count = len(boxes)
    spans = np.stack([np.arange(count), np.arange(1, count + 1)], axis=1).astype(np.int32)
    at_truth = layout._replace(
        lattice=Lattice(spans, boxes, count),
        line=np.zeros(count, np.intp),
        columns=layout.strips[0].columns(own_columns(boxes)),
    )
    context = reader.context_
    (logits,) = span_logits(context.open(reader.engine, reader.device), [at_truth], context.classes)
    allowed = Charset(reader.charset_).mask(reader.allowlist)
    return _most_probable(logits[:, : len(allowed)], reader.charset_, allowed)


def _most_probable(logits: NDArray[np.float32], characters: str, allowed: NDArray[np.bool_]) -> str:
    answers: Sequence[int] = np.where(allowed, logits, -np.inf).argmax(axis=1).tolist()
    return "".join(characters[index] for index in answers)
