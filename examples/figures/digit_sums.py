"""Measure sums and texts on images of four digits from MNIST's x_test, three tiers.

python examples/figures/digit_sums.py --data mnist.npz [--model digits] [--n 10000]
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
reader = segcap.load(args.model, length=4)

for tier, min_advance in (("separated", 22), ("touching", 15), ("overlapping", 10)):
    rows = segcap.generate.digit_sums(
        args.n, min_advance, seed=args.seed, digits=(mnist.x_test, mnist.y_test)
    )
    answers = reader.digit_sums(rows.images)
    texts = ["".join(map(str, label)) for label in rows.labels.tolist()]
    read = [answer.reading.text for answer in answers]
    print(f"{tier} (min_advance {min_advance})")
    print(f"  sums        {exact_match([a.value for a in answers], rows.labels.sum(axis=1))}")
    print(f"  texts       {exact_match(read, texts)}")
    print(f"  characters  {character_accuracy(read, texts)}", flush=True)
