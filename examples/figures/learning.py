"""Measure what is read after training on images labelled with their whole texts.

    python examples/figures/learning.py SCHEME [--data DIR] [--labels N | --folds K]
                                        [--charset C] [--length L] [--test N]
                                        [--epochs E] [--out BUNDLE]

SCHEME is a generated one (its seed 0 to train on, its seed 1 to test on), or any name for the
images in DIR, named by their texts: so many of them to train on, the others, or so many of
them, to test on; or each image once, by k-fold cross-validation.
"""

import argparse
import resource
import time
from pathlib import Path

import cv2
import numpy as np
from sklearn.model_selection import KFold

import segcap
from segcap.benchmark import hardware
from segcap.core.image import load_image
from segcap.datasets import load_named
from segcap.evaluate import character_accuracy, exact_match
from segcap.generate import TextGenerator

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("scheme")
parser.add_argument("--data", type=Path)
parser.add_argument("--labels", type=int, default=300)
parser.add_argument("--folds", type=int)
parser.add_argument("--test", type=int, default=100_000)
parser.add_argument("--charset")
parser.add_argument("--length", type=int)
parser.add_argument("--classifier", choices=("span_cnn", "span_roi"), default="span_cnn")
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path)
args = parser.parse_args()


def parts():
    """Images and labels, and pairs of indices to train on and to test on."""
    if args.data is None:
        generator = TextGenerator(args.scheme, charset=args.charset, length=args.length)
        train = generator.samples(args.labels, seed=0)
        others = generator.samples(min(args.test, 1000), seed=1)
        images = [sample.image for sample in train + others]
        labels = np.array([sample.label for sample in train + others])
        return images, labels, [(np.arange(args.labels), np.arange(args.labels, len(labels)))]
    images, labels = load_named(args.data)
    labels = np.array(labels)
    if args.folds:
        folds = KFold(args.folds, shuffle=True, random_state=args.seed)
        return images, labels, list(folds.split(labels))
    order = np.random.default_rng(args.seed).permutation(len(labels))
    return images, labels, [(order[: args.labels], order[args.labels :][: args.test])]


images, labels, splits = parts()
lengths = sorted(set(map(len, labels)))
read, truth = [], []
for number, (train, tested) in enumerate(splits):
    reader = segcap.GlyphReader(
        "".join(sorted(set("".join(labels)))),
        length=lengths[0] if len(lengths) == 1 else None,
        classifier=args.classifier,
        epochs=args.epochs,
        random_state=args.seed,
    )
    started = time.perf_counter()
    reader.fit([images[i] for i in train], labels[train])
    minutes = (time.perf_counter() - started) / 60
    answers = reader.predict([images[i] for i in tested])
    read += answers.tolist()
    truth += labels[tested].tolist()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"part {number + 1} of {len(splits)}: {len(train)} labels, {minutes:.1f} minutes, ")
    print(f"  peak {peak:.1f} GiB, {reader.provenance_['figures']}")
    print(f"  texts {exact_match(answers, labels[tested])}", flush=True)
    if args.out:
        reader.save(args.out)
wrong = [pair for pair in zip(truth, read, strict=True) if pair[0] != pair[1]]
cv2.setNumThreads(1)
spent = []
for i in tested[:200]:
    image = load_image(images[i])
    started = time.perf_counter()
    reader.read(image)
    spent.append(time.perf_counter() - started)
print(f"{args.scheme}; {hardware()}")
print(f"  texts       {exact_match(read, truth)}")
print(f"  characters  {character_accuracy(read, truth)}")
print(f"  one image   {1e3 * np.median(spent):.1f} ms")
print(f"  wrong       {', '.join(f'{a} as {b}' for a, b in wrong[:20])}")
