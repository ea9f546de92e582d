"""The scheme "wild": a randomised image of everything that texts on images are drawn with.

Every element has a probability and a strength and many come together: how characters stand
(`typesetting`), what their strokes look like (`strokes`), what is behind and before them
(`backgrounds`, `clutter`), what happened to the image afterwards (`camera`). Displays and
counters are drawn by `displays` and `counters`. The text is drawn by `texts`.

References
----------
Tobin et al.: Domain randomization for transferring deep neural networks from simulation to the
real world. IROS 2017.
"""

import numpy as np

from segcap.generate.draws import Draws
from segcap.generate.page import Drawn, Page
from segcap.generate.wild.backgrounds import background
from segcap.generate.wild.camera import finish
from segcap.generate.wild.clutter import scatter_clutter
from segcap.generate.wild.colours import contrasting
from segcap.generate.wild.counters import counter
from segcap.generate.wild.displays import segment_display
from segcap.generate.wild.strokes import paint_characters, shape_strokes
from segcap.generate.wild.texts import is_number, wild_text
from segcap.generate.wild.typesetting import typeset, warp

__all__ = ["counter", "segment_display", "wild", "wild_size", "wild_text"]

_DISPLAY, _COUNTER = 0.28, 0.56


def wild(draws: Draws, page: Page) -> Drawn:
    """Draw a text with everything at random."""
    rng = draws.rng
    family = rng.random()
    if is_number(page.text) and not page.handwritten:
        if family < _DISPLAY:
            return segment_display(draws, page)
        if family < _COUNTER:
            return counter(draws, page)
    draws.parameters["family"] = "text"
    masks = warp(draws, page, typeset(draws, page))
    masks = shape_strokes(draws, page, masks)
    ground = background(draws, page)
    level = ground.reshape(-1, 3).mean(axis=0)
    ink = contrasting(rng, level, page.difficulty.contrast)
    canvas = scatter_clutter(draws, page, ground, ink, before=False)
    canvas = paint_characters(draws, page, canvas, masks, ink)
    canvas = scatter_clutter(draws, page, canvas, ink, before=True)
    return Drawn(finish(draws, page, canvas), masks)


def wild_size(draws: Draws, length: int) -> tuple[int, int]:
    """Draw a width and a height, pixels."""
    rng = draws.rng
    height = int(np.exp(rng.uniform(np.log(22), np.log(80))))
    each = rng.uniform(0.75, 1.3) if rng.random() < 0.08 else rng.uniform(0.4, 0.75)
    text = height * length * each
    room = height * rng.choice([0.3, 0.8, 2.0], p=[0.5, 0.4, 0.1])
    widest = max(400, round(0.4 * height * length))
    return min(widest, max(20, round(text + room))), height
