"""Classify the spans of many images in few calls of a span network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.recognition.engines import Engine
from segcap.segmentation.candidates import Layout
from segcap.segmentation.text_lines import CHANNELS, span_rows

__all__ = ["span_logits"]

MOST_A_CALL = 2_000_000


def span_logits(engine: Engine, layouts: Sequence[Layout], classes: int) -> list[NDArray]:
    """Compute the logits of each image's spans.

    Strips of one width go through the network together; what others are read beside a strip
    hence never changes its answer. So many go together that strips x spans x columns stay below
    two million, and the spans of a strip that alone has more go in turns, which bounds the memory.

    Parameters
    ----------
    engine : Engine
        Of a span network; see `segcap.models.span_cnn`.
    layouts : sequence of Layout
    classes : int
        Number of classes of the network.

    Returns
    -------
    list of (S, classes) float32 arrays
    """
    logits = [np.empty((len(layout.line), classes), np.float32) for layout in layouts]
    by_width: dict[int, list[tuple[int, int]]] = {}
    for index, layout in enumerate(layouts):
        for number, strip in enumerate(layout.strips):
            by_width.setdefault(strip.ink.shape[1], []).append((index, number))
    for width, places in by_width.items():
        spans = max(len(layouts[index].line) for index, _ in places)
        strips = max(1, MOST_A_CALL // (width * max(spans, 1)))
        for start in range(0, len(places), strips):
            _score_strips(engine, layouts, places[start : start + strips], logits)
    return logits


def _score_strips(
    engine: Engine,
    layouts: Sequence[Layout],
    places: list[tuple[int, int]],
    logits: list[NDArray],
) -> None:
    owns = [layouts[index].line == number for index, number in places]
    columns = [layouts[index].columns[own] for (index, _), own in zip(places, owns, strict=True)]
    shown = [layouts[index].strips[number] for index, number in places]
    boxed = shown[0].pixels.shape[-1] > CHANNELS
    spans = np.zeros((len(places), max(map(len, columns)), 4 if boxed else 2), np.float32)
    for row, strip, own_columns in zip(spans, shown, columns, strict=True):
        row[: len(own_columns), :2] = own_columns
        if boxed:
            row[: len(own_columns), 2:] = span_rows(strip.ink, own_columns)
    strips = np.stack([strip.pixels for strip in shown]) * np.float32(1 / 255)
    most = max(1, MOST_A_CALL // (len(strips) * strips.shape[2]))
    starts = range(0, max(spans.shape[1], 1), most)
    parts = [engine.logits(strips, spans[:, start : start + most]) for start in starts]
    found = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
    for (index, _), own, row, found_row in zip(places, owns, columns, found, strict=True):
        logits[index][own] = found_row[: len(row)]
