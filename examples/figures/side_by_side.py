"""Draw real images beside generated ones of the scheme that is like them.

    python examples/figures/side_by_side.py --data DIR --out side_by_side.png

DIR holds any of samples/ (captcha-v2), generated_captcha_images/ (captcha-wordpress), captchas/
(six-char), as these data sets come. Of six-char every style is drawn.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt

from segcap.core.image import load_image
from segcap.core.image_files import find_images
from segcap.generate import TextGenerator
from segcap.generate.six_char import STYLES

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--out", type=Path, required=True)
args = parser.parse_args()

folders = {
    "gradient-line": args.data / "samples",
    "wordpress": args.data / "generated_captcha_images",
    "six-char": args.data / "captchas",
}
rows = []
for scheme, folder in folders.items():
    if not folder.is_dir():
        continue
    paths = find_images([folder])
    wanted = len(STYLES) if scheme == "six-char" else 6
    real = [load_image(path) for path in paths[:: max(1, len(paths) // wanted)]][:wanted]
    drawn = {}
    for sample in TextGenerator(scheme).stream(seed=1):
        drawn.setdefault(sample.parameters.get("style", len(drawn)), sample.image)
        if len(drawn) == wanted:
            break
    if scheme == "six-char":
        drawn = {style: drawn[style] for style in STYLES}
    real += [None] * (wanted - len(real))
    rows += zip(real, drawn.values(), [f"{scheme}, {look}" for look in drawn], strict=True)

figure, panels = plt.subplots(len(rows), 2, figsize=(8, 1.1 * len(rows)), layout="constrained")
for (left, right), (real, drawn, title) in zip(panels, rows, strict=True):
    if real is not None:
        left.imshow(real)
    right.imshow(drawn, cmap="gray", vmin=0, vmax=255)
    right.set_title(title, loc="left", fontsize=8)
    left.set_axis_off()
    right.set_axis_off()
figure.savefig(args.out, dpi=90)
print(f"{len(rows)} pairs in {args.out}")
