"""Train the digit reader with several seeds and measure each on MNIST's x_test.

    python examples/figures/mnist_accuracy.py --data mnist.npz --out bundles --seeds 0 1 2

Goes on where it was stopped: finished bundles are kept, a begun one is resumed.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import segcap
from segcap.datasets import load_mnist
from segcap.recipes.digits import measure_glyphs, train_digits

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--epochs", type=int, default=30)
args = parser.parse_args()
args.out.mkdir(parents=True, exist_ok=True)
mnist = load_mnist(args.data)


def show(epoch: int, history) -> None:
    print(f"  epoch {epoch}: validation {history.validation_accuracy[-1]:.4f}", flush=True)


accuracies = []
for seed in args.seeds:
    bundle = args.out / f"glyph_cnn-{seed}.segcap"
    started = time.perf_counter()
    if not bundle.exists():
        state = bundle.with_suffix(".state")
        train_digits(
            args.data,
            epochs=args.epochs,
            seed=seed,
            state=state,
            on_epoch=show,
        ).save(bundle)
        state.unlink(missing_ok=True)
    minutes = (time.perf_counter() - started) / 60
    figures = measure_glyphs(segcap.load(bundle), mnist.x_test, mnist.y_test)
    accuracies.append(figures["test_accuracy"])
    print(
        f"seed {seed}: {figures['test_accuracy']:.2%} "
        f"(95 % interval {figures['test_accuracy_low']:.2%} to "
        f"{figures['test_accuracy_high']:.2%}, n = {figures['test_n']:,}), "
        f"calibration error {figures['test_calibration_error']:.4f}, "
        f"{bundle.stat().st_size:,} bytes, {minutes:.1f} min",
        flush=True,
    )
spread = np.std(accuracies, ddof=1) if len(accuracies) > 1 else 0.0
print(f"mean of {len(accuracies)} seeds {np.mean(accuracies):.3%}, standard deviation {spread:.3%}")
