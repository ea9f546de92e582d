"""Measure how many images a second are generated.

    python examples/figures/generation_speed.py [--n 4000] [--jobs 2]

Texts of 200 x 50 pixels at each scheme's own difficulty, in one process and in worker processes
that are there already; digit sums of 40 x 168 in one process.
"""

import argparse
import time
from functools import partial

import segcap
from segcap.benchmark import hardware
from segcap.datasets import load_uci_digits
from segcap.generate import TextGenerator, schemes

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--n", type=int, default=4000)
parser.add_argument("--jobs", type=int, default=2)
args = parser.parse_args()


def rate(draw) -> float:
    draw(args.n)
    started = time.perf_counter()
    draw(args.n)
    return args.n / (time.perf_counter() - started)


print(hardware())
print(f"scheme          one process   {args.jobs} processes   images/s")
for scheme in schemes():
    draw = TextGenerator(scheme, size=(200, 50)).arrays
    one, many = rate(draw), rate(partial(draw, n_jobs=args.jobs))
    print(f"{scheme:<15} {one:11,.0f}   {many:11,.0f}", flush=True)
rows = rate(partial(segcap.generate.digit_sums, digits=load_uci_digits()))
print(f"{'digit-sum':<15} {rows:11,.0f}")
