"""Read a folder of photos of meters into a table: values, how sure they are, what to look at again.

    python examples/read_meter.py [FOLDER] [--decimals 1]

Without a folder, sixteen counters and displays are drawn. A table of a folder can be had as well by
`segcap value FOLDER --decimals 1 --turned auto --csv`.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

import segcap
from segcap.core.image_files import find_images
from segcap.generate import TextGenerator

LOOK_AGAIN_BELOW = 0.8

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", nargs="?", type=Path)
parser.add_argument("--decimals", type=int, default=0, help="drawn with a point or not")
args = parser.parse_args()


def draw_meters(folder):
    """Write counters and displays, half of them upside down."""
    meters = []
    for scheme in ("counter", "seven-segment"):
        generator = TextGenerator(scheme, charset="0123456789", length=5, difficulty=0.2)
        meters += generator.samples(8, seed=5_000_000 + len(meters))
    for index, one in enumerate(meters):
        picture = Image.fromarray(one.image).rotate(180 * (index % 2))
        picture.save(folder / f"{index:02}-{one.label}.png")


with TemporaryDirectory() as drawn:
    if args.folder is None:
        draw_meters(Path(drawn))
    photos = find_images([args.folder or drawn])
    reader = segcap.load(
        "any", kind="number", allowlist="0123456789.,", reject_below=LOOK_AGAIN_BELOW
    )
    found = reader.values(photos, decimals=args.decimals, turned="auto")

print(f"{'photo':<16}{'value':>10}{'confidence':>12}{'turned':>8}  look again, or it may be")
for photo, one in zip(photos, found, strict=True):
    others = ", ".join(f"{value} ({p:.2f})" for value, p in one.alternatives[:2])
    again = "" if one.status == "ok" else f"{one.status}: {others or one.error}"
    print(
        f"{photo.name:<16}{one.value!s:>10}{one.confidence:>12.2f}"
        f"{one.reading.turned:>8}  {again}".rstrip()
    )
sure = sum(one.status == "ok" for one in found)
print(f"\n{len(found)} photos, {sure} to take over, {len(found) - sure} to look at again")
