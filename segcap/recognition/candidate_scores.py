"""Name the spans of many images in few calls of a span network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.recognition.engines import Engine
from segcap.segmentation.candidates import Layout

__all__ = ["span_logits"]

MOST_A_CALL = 2_000_000


def span_logits(engine: Engine, layouts: Sequence[Layout], classes: int) -> list[NDArray]:
    """Give each image's spans their logits.

    Strips of one width go through the network together; what others are read beside a strip
    hence never changes its answer. So many go together that strips x spans x columns stay below
    two million, which bounds the memory.

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
            _name_strips(engine, layouts, places[start : start + strips], logits)
    return logits


def _name_strips(
    engine: Engine,
    layouts: Sequence[Layout],
    places: list[tuple[int, int]],
    logits: list[NDArray],
) -> None:
    owns = [layouts[index].line == number for index, number in places]
    columns = [layouts[index].columns[own] for (index, _), own in zip(places, owns, strict=True)]
    spans = np.zeros((len(places), max(map(len, columns)), 2), np.float32)
    for row, own_columns in zip(spans, columns, strict=True):
        row[: len(own_columns)] = own_columns
    strips = np.stack([layouts[index].strips[number].pixels for index, number in places])
    named = engine.logits(strips * np.float32(1 / 255), spans)
    for (index, _), own, row, named_row in zip(places, owns, columns, named, strict=True):
        logits[index][own] = named_row[: len(row)]
