"""Draw the README's picture anew: `python data/make_pictures.py`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

import segcap
from segcap.binarize import binarize
from segcap.clean import clean
from segcap.cutout import cut_out, find_segments
from segcap.image import load_image

DATA = Path(__file__).parent
SAMPLES = {"field-bright-6.png": None, "field-dark-8.png": None, "sum-touching-3.png": 4}


def draw(axes, sample: str, length: int | None) -> None:
    image = load_image(DATA / "samples" / sample)
    mask = clean(binarize(image))
    glyphs = cut_out(image, find_segments(image), length=length).glyphs
    reading = segcap.load("digits", length=length).read(image)
    original, ink, boxes, framed, answer = axes
    original.imshow(image)
    ink.imshow(mask, cmap="gray_r")
    boxes.imshow(image)
    for glyph in reading.glyphs:
        x0, y0, x1, y1 = glyph.box
        boxes.add_patch(Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, ec="C3"))
    framed.imshow(np.hstack(glyphs[..., 0]), cmap="gray_r")
    answer.text(0, 0.5, f"{reading.text}  ({reading.confidence:.2f})", fontsize=13, va="center")
    for panel in axes:
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)


def main() -> None:
    mpl.use("agg")
    figure, rows = plt.subplots(
        len(SAMPLES), 5, figsize=(13, 1.1 * len(SAMPLES)), layout="constrained"
    )
    for axes, (sample, length) in zip(rows, SAMPLES.items(), strict=True):
        draw(axes, sample, length)
    for panel, title in zip(rows[0], ("image", "mask", "boxes", "glyphs", "answer"), strict=True):
        panel.set_title(title, loc="left", fontsize=11)
    (DATA / "pictures").mkdir(exist_ok=True)
    figure.savefig(DATA / "pictures" / "steps.png", dpi=110)


if __name__ == "__main__":
    main()
