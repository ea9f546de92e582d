"""From a folder of labelled images to a reader, and an honest figure for it.

python examples/train_new_scheme.py [FOLDER] [--quick]

FOLDER holds images named by their texts, such as 7K2P.png; without one, 300 images of a generated
scheme are drawn. A sixth of the images is held out, never trained on, and read once, at the end.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import segcap
from segcap.datasets import load_labelled, load_named
from segcap.evaluate import character_accuracy, exact_match
from segcap.generate import TextGenerator, write_text

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path, nargs="?")
parser.add_argument("--quick", action="store_true", help="train for one epoch only")
args = parser.parse_args()

if args.folder is None:
    folder = Path(tempfile.mkdtemp())
    write_text(TextGenerator("gradient-line"), 300, folder / "drawn", seed=1003)
    images, labels = load_labelled(folder / "drawn")
else:
    images, labels = load_named(args.folder)
print(f"{len(images)} images, for example {labels[0]!r}")

held_out = len(images) // 6
order = np.random.default_rng(0).permutation(len(images))
images, labels = [images[i] for i in order], [labels[i] for i in order]
lengths = set(map(len, labels))
reader = segcap.GlyphReader(
    "".join(sorted(set("".join(labels)))),
    length=lengths.pop() if len(lengths) == 1 else None,
    epochs=1 if args.quick else 12,
)
reader.fit(
    images[held_out:],
    labels[held_out:],
    on_progress=lambda done, total, note: print(f"epoch {done} of {total}: {note}"),
)
for name, value in reader.provenance_["figures"].items():
    print(f"  {name}: {value}")

read = [reading.text for reading in reader.read_many(images[:held_out])]
print(f"texts       {exact_match(read, labels[:held_out])}")
print(f"characters  {character_accuracy(read, labels[:held_out])}")
for image, text, label in zip(images, read, labels, strict=False):
    if text != label:
        print(f"  {label} read as {text}: {reader.failure(image, label)}")
reader.save(Path(tempfile.mkdtemp()) / "mine.segcap")
