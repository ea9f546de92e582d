"""Measure networks that answer from the whole image.

    python examples/figures/end_to_end.py digit-sum --data mnist.npz [--architecture sum_cnn]
                                          [--n 24000] [--test 6000] [--epochs 30] [--out BUNDLE]
    python examples/figures/end_to_end.py captcha-v2 --data DIR [--architecture crnn]
                                          [--folds 5] [--epochs 60] [--out BUNDLE]

digit-sum: rows of four overlapping digits (`min_advance` 10), of which the sums alone are told;
those to learn from show digits of x_train, those to test on digits of x_test. captcha-v2: images
in DIR named by their texts, each read once, by k-fold cross-validation.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
from sklearn.model_selection import KFold

import segcap
from segcap.datasets import load_mnist, load_named
from segcap.evaluate import character_accuracy, exact_match, wilson

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("task", choices=["digit-sum", "captcha-v2"])
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--architecture")
parser.add_argument("--n", type=int, default=24_000)
parser.add_argument("--test", type=int, default=6000)
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--epochs", type=int)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--state", type=Path)
parser.add_argument("--out", type=Path)
args = parser.parse_args()


def learn(reader, images, labels):
    def show(epoch, history):
        accuracy = history.validation_accuracy[-1]
        print(f"  epoch {epoch}: loss {history.loss[-1]:.3f}, held out {accuracy:.3f}", flush=True)

    started = time.perf_counter()
    reader.fit(images, labels, state=args.state, on_epoch=show)
    minutes = (time.perf_counter() - started) / 60
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{len(labels)} labels, {minutes:.1f} minutes, peak {peak:.1f} GiB", flush=True)
    if args.out:
        reader.save(args.out)


if args.task == "digit-sum":
    mnist = load_mnist(args.data)
    architecture = args.architecture or "sum_cnn"
    learned = segcap.generate.digit_sums(
        args.n, 10, seed=args.seed, digits=(mnist.x_train, mnist.y_train)
    )
    tested = segcap.generate.digit_sums(
        args.test, 10, seed=args.seed + 1, digits=(mnist.x_test, mnist.y_test)
    )
    reader = segcap.SumClassifier(architecture, epochs=args.epochs or 30, random_state=args.seed)
    learn(reader, learned.images, learned.labels.sum(axis=1))
    right = reader.predict(tested.images) == tested.labels.sum(axis=1)
    print(f"digit-sum, overlapping, {architecture}")
    print(f"  sums        {wilson(int(right.sum()), len(right))}")
else:
    images, labels = load_named(args.data)
    labels = np.array(labels)
    architecture = args.architecture or "crnn"
    read, truth = [], []
    folds = KFold(args.folds, shuffle=True, random_state=args.seed)
    for learned, tested in folds.split(labels):
        reader = segcap.SequenceReader(
            "".join(sorted(set("".join(labels)))),
            length=len(labels[0]),
            architecture=architecture,
            epochs=args.epochs or 60,
            random_state=args.seed,
        )
        learn(reader, [images[i] for i in learned], labels[learned])
        answers = reader.predict([images[i] for i in tested])
        print(f"  texts {exact_match(answers, labels[tested])}", flush=True)
        read += answers.tolist()
        truth += labels[tested].tolist()
    print(f"captcha-v2, {architecture}")
    print(f"  texts       {exact_match(read, truth)}")
    print(f"  characters  {character_accuracy(read, truth)}")
