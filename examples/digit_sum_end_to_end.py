"""Read the sum of four handwritten digits from the whole image, and compare networks.

python examples/digit_sum_end_to_end.py [--data mnist.npz] [--n 24000] [--quick]

Rows of overlapping digits; only their sums are given. Without MNIST, scikit-learn's small digits
are drawn. A fifth of the images shows digits that are in no other; the glyph reader, which was
trained on single digits instead, reads the same ones.
"""

import argparse
from pathlib import Path

import numpy as np

import segcap
from segcap.datasets import load_mnist, load_uci_digits
from segcap.evaluate import wilson

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path)
parser.add_argument("--n", type=int, default=24_000)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--quick", action="store_true", help="one digit, few images, one network")
args = parser.parse_args()

if args.data is None:
    pictures, names = load_uci_digits()
    apart = len(pictures) * 4 // 5
    digits, others = (pictures[:apart], names[:apart]), (pictures[apart:], names[apart:])
else:
    mnist = load_mnist(args.data)
    digits, others = (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test)
count, n, epochs = (1, 1500, 5) if args.quick else (4, args.n, args.epochs)
held_out = n // 5
rows = segcap.generate.digit_sums(n - held_out, 10, seed=0, digits=digits, count=count)
tested = segcap.generate.digit_sums(held_out, 10, seed=1, digits=others, count=count)
sums, true_sums = rows.labels.sum(axis=1), tested.labels.sum(axis=1)
print(f"{n} images of {count} digits, sums {sums.min()} to {sums.max()}")


def right(name, answers):
    correct = int(np.sum(answers == true_sums))
    print(f"{name:<12} {wilson(correct, held_out)}", flush=True)


for classifier in ["digit_heads"] if args.quick else ["lenet5", "sum_cnn", "digit_heads"]:
    reader = segcap.SumClassifier(classifier, digits=count, epochs=epochs)
    reader.fit(rows.images, sums)
    right(classifier, reader.predict(tested.images))

glyph_reader = segcap.load("digits", length=count)
answers = glyph_reader.digit_sums(tested.images)
right("glyphs", np.array([-1 if answer.value is None else answer.value for answer in answers]))
