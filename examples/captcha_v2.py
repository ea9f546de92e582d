"""captcha-v2: look at the data, clean and cut it, train, and look at what is read wrong.

python examples/captcha_v2.py FOLDER [--quick]

FOLDER holds the images of "CAPTCHA Images (version 2)", named by their texts. Every fifth image is
held out. Pictures of an image's way, and of the wrong ones, are written into captcha_v2_pictures.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

import segcap
from segcap.core.image import load_image
from segcap.datasets import load_named
from segcap.evaluate import character_accuracy, exact_match
from segcap.segmentation.settings import SegmentationSettings

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--quick", action="store_true", help="train for two epochs only")
parser.add_argument("--out", type=Path, default=Path("captcha_v2_pictures"))
args = parser.parse_args()
args.out.mkdir(exist_ok=True)

images, labels = map(np.array, load_named(args.folder))
counts = Counter("".join(labels))
print(f"{len(images)} images, lengths {sorted(set(map(len, labels)))}")
print("characters", " ".join(f"{char}:{counts[char]}" for char in sorted(counts)))

for line_removal in ("none", "hough"):
    settings = SegmentationSettings(line_removal=line_removal)
    numbers = Counter(
        len(settings.find(load_image(image)).segments.boxes) for image in images[:200]
    )
    print(f"components of ink with line_removal={line_removal!r}: {sorted(numbers.items())}")

held_out = np.arange(len(images)) % 5 == 0
settings = {"length": 5, "classifier": "span_cnn", "epochs": 2 if args.quick else 12}
reader = segcap.GlyphReader("".join(sorted(counts)), **settings)
reader.fit(images[~held_out], labels[~held_out])
for name, value in reader.provenance_["figures"].items():
    print(f"  {name}: {value}")
reader.explain(images[0]).savefig(args.out / "way.png", dpi=100)

read = [reading.text for reading in reader.read_many(images[held_out])]
truth = labels[held_out]
print(f"texts       {exact_match(read, truth)}")
print(f"characters  {character_accuracy(read, truth)}")
confused = Counter(
    (true, char) for a, b in zip(truth, read, strict=True) for true, char in zip(a, b, strict=False)
)
missed = Counter({pair: n for pair, n in confused.items() if pair[0] != pair[1]})
print("most confused", ", ".join(f"{a} as {b}: {n}" for (a, b), n in missed.most_common(6)))
for image, text, label in zip(images[held_out], read, truth, strict=True):
    if text != label:
        print(f"  {label} read as {text}: {reader.failure(image, label)}")
        reader.explain(image).savefig(args.out / f"{label}.png", dpi=100)
