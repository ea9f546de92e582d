"""Draw the pictures of README.md and docs/ anew: `python data/make_pictures.py`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from PIL import Image

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
    mask = SegmentationSettings().find(image).ink
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


def draw_wild(path: Path) -> None:
    """One hundred images of the scheme "wild"."""
    samples = TextGenerator("wild").samples(100, seed=1)
    tiled([sample.image for sample in samples], 10, (150, 46)).save(path, optimize=True)


def draw_numbers(path: Path) -> None:
    """Displays, and counters below."""
    samples = [
        sample
        for scheme in ("seven-segment", "counter")
        for sample in TextGenerator(scheme, length=(4, 7)).samples(15, seed=2)
    ]
    tiled([sample.image for sample in samples], 5, (180, 54)).save(path, optimize=True)


def draw_ink(path: Path) -> None:
    """Images, and below each what a threshold and what the network of "any" take for ink."""
    reader = segcap.load("any")
    columns = []
    for sample in TextGenerator("wild", length=(4, 7)).samples(16, seed=3):
        masks = [
            SegmentationSettings().find(sample.image).ink,
            reader.settings_.find(sample.image).ink,
        ]
        shown = [sample.image, *(np.dstack([np.uint8(255) * ~mask] * 3) for mask in masks)]
        columns.append(np.vstack(shown))
    tiled(columns, 4, (300, 160)).save(path, optimize=True)


def tiled(images: list[np.ndarray], columns: int, size: tuple[int, int]) -> Image.Image:
    """Images side by side, each fitted into a cell of a width and a height, 64 colours."""
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * size[0], rows * size[1]), "white")
    for number, pixels in enumerate(images):
        tile = Image.fromarray(pixels)
        tile.thumbnail((size[0] - 4, size[1] - 4))
        row, column = divmod(number, columns)
        sheet.paste(tile, (column * size[0] + 2, row * size[1] + 2))
    return sheet.quantize(64)


def main() -> None:
    mpl.use("agg")
    (DATA / "pictures").mkdir(exist_ok=True)
    draw_steps(DATA / "pictures" / "steps.png")
    draw_schemes(DATA / "pictures" / "schemes.png")
    draw_explained(DATA / "pictures" / "explained.png")
    draw_wild(DATA / "pictures" / "wild.png")
    draw_numbers(DATA / "pictures" / "numbers.png")
    draw_ink(DATA / "pictures" / "ink.png")


if __name__ == "__main__":
    main()
