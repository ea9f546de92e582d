"""Measure how reading suffers from each difficulty of the generator, in eleven steps.

    python examples/figures/robustness.py --data mnist.npz [--model digits] [--n 1000] [--out PNG]

Five digits of MNIST's x_test a text, scheme "clean", 200 x 50 pixels, length known. The same
digits at every step of every difficulty, the others at 0; "all" sets the five together.
"""

import argparse
from pathlib import Path

import numpy as np

import segcap
from segcap.datasets import load_mnist
from segcap.evaluate import exact_match
from segcap.generate import DIFFICULTIES, TextGenerator

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--model", default="digits")
parser.add_argument("--n", type=int, default=1000)
parser.add_argument("--out", type=Path, help="plot")
args = parser.parse_args()
mnist = load_mnist(args.data)
reader = segcap.load(args.model, length=5)
steps = np.linspace(0, 1, 11).round(1).tolist()


def accuracy(difficulty):
    generator = TextGenerator(
        "clean", length=5, handwriting=(mnist.x_test, mnist.y_test), difficulty=difficulty
    )
    images, labels, _ = generator.arrays(args.n, seed=0)
    return exact_match(reader.predict(images), labels)


print("whole texts right, %, n = " + f"{args.n:,} a step")
print("difficulty" + "".join(f"{step:>7}" for step in steps))
curves = {}
for name in (*DIFFICULTIES, "all"):
    curves[name] = [accuracy(step if name == "all" else {name: step}) for step in steps]
    print(
        f"{name:<10}" + "".join(f"{100 * point.value:7.1f}" for point in curves[name]), flush=True
    )
if args.out:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, points in curves.items():
        low, high = ([getattr(p, side) for p in points] for side in ("low", "high"))
        (line,) = axes.plot(steps, [p.value for p in points], marker="o", ms=3, label=name)
        axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, lw=0)
    axes.set(xlabel="difficulty", ylabel="whole texts right", ylim=(0, 1.02), xlim=(0, 1))
    axes.legend()
    figure.savefig(args.out, dpi=90)
