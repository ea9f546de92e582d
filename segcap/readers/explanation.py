"""One figure that shows how an image is read."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segcap.core.reading import Reading
from segcap.evaluate.plots import new_figure
from segcap.recognition.pipeline import Pipeline, Scored

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_explanation"]

_WIDTH = 9.0
_CHOSEN = "#d95f02"
_CUT = "#1b9e77"
_LABELLED = 0.2


def draw_explanation(pipeline: Pipeline, image: NDArray[np.uint8]) -> "Figure":
    """Draw an image's ink, cuts, candidate spans, the chosen path and its scores.

    Parameters
    ----------
    pipeline : Pipeline
    image : (H, W, 3) uint8 array

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        Matplotlib is not installed.
    """
    (scored,) = pipeline.score([image])
    outcome = pipeline.choose(scored)
    ink = pipeline.settings.find(image).ink
    height, width = ink.shape
    panel = max(0.9, min(2.5, _WIDTH * height / width))
    figure = new_figure(_WIDTH, 3.4 * panel + 2.2)
    top, middle, bottom, last = figure.subplots(
        4, 1, height_ratios=[panel, panel, 1.4 * panel, 1.2]
    )
    top.imshow(image)
    _head(top, f"image, read as {outcome.reading.text!r} ({outcome.reading.status})")
    middle.imshow(~ink, cmap="gray", vmin=0, vmax=1)
    _draw_cuts(middle, scored)
    _draw_path(middle, outcome.reading)
    _head(middle, "ink, cuts and the chosen path")
    _draw_lattice(bottom, scored, outcome.reading, pipeline.charset.characters, width)
    _draw_scores(last, outcome.reading)
    return figure


def _head(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=9, loc="left", parse_math=False)
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_cuts(axes: Any, scored: Scored) -> None:
    for edge in np.unique(scored.lattice.boxes[:, [0, 2]]).tolist():
        axes.axvline(edge - 0.5, color=_CUT, linewidth=0.7, alpha=0.7)


def _draw_path(axes: Any, reading: Reading) -> None:
    from matplotlib.patches import Rectangle

    for glyph in reading.glyphs:
        x0, y0, x1, y1 = glyph.box
        axes.add_patch(
            Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, edgecolor=_CHOSEN)
        )


def _draw_lattice(axes: Any, scored: Scored, reading: Reading, characters: str, width: int) -> None:
    """Each candidate span as a bar, the wider the higher, dark where it is a character."""
    probabilities = np.exp(scored.log_probabilities)
    boxes = {glyph.box for glyph in reading.glyphs}
    for box, own in zip(scored.lattice.boxes.tolist(), probabilities, strict=True):
        x0, _, x1, _ = box
        best = int(own.argmax())
        probability = float(own[best])
        chosen = tuple(box) in boxes
        colour = _CHOSEN if chosen else "black"
        axes.plot(
            [x0, x1],
            [x1 - x0] * 2,
            color=colour,
            alpha=1.0 if chosen else 0.05 + 0.75 * probability,
            linewidth=2.5 if chosen else 1.2,
            solid_capstyle="butt",
        )
        if probability >= _LABELLED:
            axes.annotate(
                characters[best],
                ((x0 + x1) / 2, x1 - x0),
                ha="center",
                va="bottom",
                fontsize=7,
                color=colour,
                parse_math=False,
            )
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_xlabel("column of the image, pixels", fontsize=8)
    axes.set_ylabel("width of the span, pixels", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.set_title(
        "candidate spans, dark where they are probably a character", fontsize=9, loc="left"
    )


def _draw_scores(axes: Any, reading: Reading) -> None:
    """Each glyph's most probable characters as bars."""
    for place, glyph in enumerate(reading.glyphs):
        ranked = ((glyph.char, glyph.confidence), *glyph.alternatives)
        for rank, (char, probability) in enumerate(ranked):
            x = place + 0.2 * (rank - 1.5)
            axes.bar(x, probability, 0.18, color=_CHOSEN if rank == 0 else "0.6")
            at = x, probability
            axes.annotate(char, at, ha="center", va="bottom", fontsize=7, parse_math=False)
    axes.set_ylim(0, 1.2)
    axes.set_xticks([])
    axes.tick_params(labelsize=7)
    axes.set_title("probabilities of each glyph's characters", fontsize=9, loc="left")
