"""Compare cutters on touching and overlapping digits: each alone, and their union.

    python examples/figures/cutters.py --data mnist.npz [--n 2000]

Rows of four digits of x_train's last 10,000, read by "digits" with length 4 and only these cutters;
"equal parts" has none, "union" all five, "default" is what readers use. "clean cut": of neighbours
in one blob, how often a proposed cut leaves 95 % of the ink of either on its own side; "proposed":
cuts for a blob; "columns" are cuts at every column.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

import segcap
from segcap.cutout import choose, cut_out, find_segments
from segcap.cutters import CUTTERS, DEFAULT_CUTTERS, propose_cuts
from segcap.datasets import load_mnist
from segcap.evaluate import exact_match
from segcap.image import load_image

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--n", type=int, default=2000)
args = parser.parse_args()
LENGTH = 4
SETS = {
    "equal parts": (),
    **{name: (name,) for name in CUTTERS},
    "union": tuple(CUTTERS),
    "default": DEFAULT_CUTTERS,
}
reader = segcap.load("digits", length=LENGTH)
mnist = load_mnist(args.data)
digits = mnist.x_train[40_000:], mnist.y_train[40_000:]


def read(images, cutters):
    cutouts = [
        cut_out(image, find_segments(image), length=LENGTH, cutters=cutters) for image in images
    ]
    logits = reader.logits(np.concatenate([cutout.glyphs for cutout in cutouts]))
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    stops = np.cumsum([len(cutout.glyphs) for cutout in cutouts])[:-1]
    return [
        choose(cutout, share, reader.charset_, length=LENGTH, reject_below=0).reading.text
        for cutout, share in zip(cutouts, np.split(scores.astype(float), stops), strict=True)
    ]


def neighbours_in_one_blob(rows):
    """Blobs that hold two neighbours, and whose ink is the left and the right one's."""
    for index, image in enumerate(rows.images):
        ink = image > 60
        _, labels = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
        masks = rows.masks(index) & ink
        owners = [np.bincount(labels[mask], minlength=2)[1:].argmax() + 1 for mask in masks]
        for left in range(LENGTH - 1):
            if owners[left] == owners[left + 1]:
                blob = labels == owners[left]
                x, y, w, h = cv2.boundingRect(blob.astype(np.uint8))
                area = slice(y, y + h), slice(x, x + w)
                yield (
                    blob[area],
                    masks[left][area] & ~masks[left + 1][area],
                    (masks[left + 1][area] & ~masks[left][area]),
                )


def cut_share(blob, left, right, paths):
    columns = np.arange(blob.shape[1])
    sides = columns < paths[:, :, np.newaxis]
    kept = (sides & left).sum(axis=(1, 2)) + (~sides & right).sum(axis=(1, 2))
    return kept.max(initial=0) / (left | right).sum()


for tier, min_advance in (("touching", 15), ("overlapping", 10)):
    rows = segcap.generate.digit_sums(args.n, min_advance, seed=2, digits=digits)
    images = [load_image(image) for image in rows.images]
    texts = ["".join(map(str, label)) for label in rows.labels.tolist()]
    pairs = list(neighbours_in_one_blob(rows))
    print(f"{tier}, {len(pairs)} pairs in one blob")
    for name, cutters in SETS.items():
        answers = exact_match(read(images, cutters), texts)
        if not cutters:
            print(f"  {name:<12} texts {answers}", flush=True)
            continue
        started = time.perf_counter()
        proposed = [propose_cuts(blob, cutters=cutters, limit=8) for blob, _, _ in pairs]
        spent = (time.perf_counter() - started) / len(pairs)
        clean = np.mean(
            [cut_share(*pair, paths) >= 0.95 for pair, paths in zip(pairs, proposed, strict=True)]
        )
        number = np.mean([len(paths) for paths in proposed])
        print(
            f"  {name:<12} texts {answers}, clean cut {clean:.1%}, proposed {number:.1f}, "
            f"{spent * 1e3:.2f} ms a blob",
            flush=True,
        )
    everywhere = [
        np.repeat(np.arange(1, blob.shape[1])[:, None], len(blob), axis=1) for blob, _, _ in pairs
    ]
    clean = np.mean(
        [cut_share(*pair, paths) >= 0.95 for pair, paths in zip(pairs, everywhere, strict=True)]
    )
    print(f"  columns      clean cut {clean:.1%}")
