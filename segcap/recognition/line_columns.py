"""Read an image's lines as a whole, and again where that leaves doubt."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from segcap.decoding.ctc import BLANK
from segcap.decoding.joint import Columns
from segcap.recognition.engines import Engine
from segcap.segmentation.line_pictures import LOOKS, LinePicture, cut_line, network_input

__all__ = ["look_at_lines"]


def look_at_lines(
    image: NDArray[np.uint8],
    lines: NDArray[np.int32],
    engine: Engine,
    calibrate: Callable[[NDArray[np.float32]], NDArray[np.float64]],
) -> Columns | None:
    """Look at lines once and, where one look is not sure, twice more, cut out otherwise.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        RGB.
    lines : (L, 4) int32 array
        Boxes of their ink, from top to bottom.
    engine : Engine
        Of a network that reads lines; see `segcap.models.line_ctc`.
    calibrate : callable
        From logits to log-probabilities, (T, 1 + C).

    Returns
    -------
    Columns or None
        Those of all lines, one after the other; None without lines.
    """
    if len(lines) == 0:
        return None

    def seen(pictures: list[LinePicture]) -> NDArray[np.float64]:
        looks = [
            calibrate(engine.logits(network_input(one.pixels[np.newaxis]))[0]) for one in pictures
        ]
        for look in looks[:-1]:  # characters at an end and a beginning are two
            look[-1] = np.where(np.arange(look.shape[1]) == BLANK, 0.0, -np.inf)
        return np.concatenate(looks)

    first, *others = LOOKS
    pictures = [cut_line(image, box, first) for box in lines]
    columns = Columns(seen(pictures), np.concatenate([one.columns for one in pictures]))
    if columns.is_sure:
        return columns
    again = ([cut_line(image, box, look) for box in lines] for look in others)
    return columns._replace(others=tuple(map(seen, again)))
