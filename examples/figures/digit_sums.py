"""Measure sums, and where digits are read texts, on images of four digits of MNIST's x_test.

python examples/figures/digit_sums.py --data mnist.npz [--model digits] [--n 10000]

Three tiers: apart, often touching, overlapping. The models "digits" and "digit-sum" are shipped.
"""

import argparse
from pathlib import Path

import segcap
from segcap.datasets import load_mnist
from segcap.evaluate import character_accuracy, exact_match

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--model", default="digits")
parser.add_argument("--n", type=int, default=10_000)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
mnist = load_mnist(args.data)
reader = segcap.load(args.model)
if not hasattr(reader, "digit_sums"):
    parser.error(f"--model must be of a reader that adds digits, such as digits. Got {args.model}.")
reads_digits = isinstance(reader, segcap.GlyphReader)
if reads_digits:
    reader.set_params(length=4)

for tier, min_advance in (("separated", 22), ("touching", 15), ("overlapping", 10)):
    rows = segcap.generate.digit_sums(
        args.n, min_advance, seed=args.seed, digits=(mnist.x_test, mnist.y_test)
    )
    answers = reader.digit_sums(rows.images)
    print(f"{tier} (min_advance {min_advance})")
    sums = rows.labels.sum(axis=1)
    print(f"  sums        {exact_match([answer.value for answer in answers], sums)}", flush=True)
    if reads_digits:
        read = [answer.reading.text for answer in answers]
        texts = ["".join(map(str, label)) for label in rows.labels.tolist()]
        print(f"  texts       {exact_match(read, texts)}")
        print(f"  characters  {character_accuracy(read, texts)}", flush=True)
