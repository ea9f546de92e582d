"""Name the spans of many images in few calls of a span network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segcap.engine import Engine
from segcap.layout import Layout

__all__ = ["span_logits"]

_STRIPS_A_CALL = 64


def span_logits(engine: Engine, layouts: Sequence[Layout], classes: int) -> list[NDArray]:
    """Give each image's spans their logits.

    Strips of one width go through the network together; what others are read beside a strip
    hence never changes its answer.

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
    for places in by_width.values():
        for start in range(0, len(places), _STRIPS_A_CALL):
            _name_strips(engine, layouts, places[start : start + _STRIPS_A_CALL], logits)
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
    strips = np.stack([layouts[index].strips[number].ink for index, number in places])
    named = engine.logits(strips[..., np.newaxis] * np.float32(1 / 255), spans)
    for (index, _), own, row, named_row in zip(places, owns, columns, named, strict=True):
        logits[index][own] = named_row[: len(row)]
