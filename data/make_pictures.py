"""Draw the README's pictures anew: `python data/make_pictures.py`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

import segcap
from segcap.core.image import load_image, to_grey
from segcap.generate import Sample, TextGenerator
from segcap.generate.six_char import STYLES
from segcap.segmentation.glyph_crops import frame_glyphs
from segcap.segmentation.settings import SegmentationSettings

DATA = Path(__file__).parent
SCHEMES = ("clean", "wordpress", "gradient-line", "colour-lines", "number-field", "mixed")
SAMPLES = {"field-bright-6.png": None, "field-dark-8.png": None, "sum-touching-3.png": 4}


def draw(axes, sample: str, length: int | None) -> None:
    image = load_image(DATA / "samples" / sample)
    mask = SegmentationSettings().segments(image).labels > 0
    reading = segcap.load("digits", length=length).read(image)
    read = np.array([glyph.box for glyph in reading.glyphs])
    glyphs = frame_glyphs(
        to_grey(image), mask.astype(np.int32), boxes=read, spans=np.full((len(read), 2), (1, 2))
    )
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


def draw_steps(path: Path) -> None:
    figure, rows = plt.subplots(
        len(SAMPLES), 5, figsize=(13, 1.1 * len(SAMPLES)), layout="constrained"
    )
    for axes, (sample, length) in zip(rows, SAMPLES.items(), strict=True):
        draw(axes, sample, length)
    for panel, title in zip(rows[0], ("image", "mask", "boxes", "glyphs", "answer"), strict=True):
        panel.set_title(title, loc="left", fontsize=11)
    figure.savefig(path, dpi=110)


def draw_explained(path: Path) -> None:
    sample = TextGenerator("gradient-line").sample(2, seed=5)
    reader = segcap.load("mixed", length=5, allowlist="2345678bcdefgmnpwxy")
    reader.explain(sample.image).savefig(path, dpi=90)


def draw_schemes(path: Path) -> None:
    """One row a scheme; below them every style of six-char."""
    looks: dict[str, list[Sample]] = {}
    for scheme in SCHEMES:
        generator = TextGenerator(scheme)
        looks[scheme] = generator.samples(5)
    styles: dict[str, Sample] = {}
    for sample in TextGenerator("six-char").stream(seed=1):
        styles.setdefault(sample.parameters["style"], sample)
        if len(styles) == len(STYLES):
            break
    figure, rows = plt.subplots(len(looks) + 3, 5, figsize=(13, 7.4), layout="constrained")
    for axes, (scheme, samples) in zip(rows, looks.items(), strict=False):
        for panel, sample in zip(axes, samples, strict=True):
            show(panel, sample)
        axes[0].set_title(scheme, loc="left", fontsize=11)
    for panel, style in zip(rows[len(looks) :].flat, STYLES, strict=False):
        show(panel, styles[style])
        panel.set_title(f"six-char, {style}", loc="left", fontsize=9)
    for panel in rows.flat:
        panel.set_axis_off()
    figure.savefig(path, dpi=90, pil_kwargs={"optimize": True})


def show(panel, sample: Sample) -> None:
    panel.imshow(sample.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def main() -> None:
    mpl.use("agg")
    (DATA / "pictures").mkdir(exist_ok=True)
    draw_steps(DATA / "pictures" / "steps.png")
    draw_schemes(DATA / "pictures" / "schemes.png")
    draw_explained(DATA / "pictures" / "explained.png")


if __name__ == "__main__":
    main()
