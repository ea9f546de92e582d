"""`python -m tests.fuzz --cases N`: run mutated images, arguments and bundles, and report."""

import argparse
import sys

from .run import KINDS, run


def show(done, count, faults):
    sys.stderr.write(f"\r{done:,} of {count:,} cases, {faults} faults")
    sys.stderr.write("\n" if done == count else "")
    sys.stderr.flush()


parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("--cases", type=int, default=100_000)
parser.add_argument("--seed", type=int, default=0, help="of the first case")
parser.add_argument("--kind", choices=KINDS, action="append", help="all unless given")
parser.add_argument(
    "--saved", help="file that keeps the report so far; the same command goes on from it"
)
args = parser.parse_args()
kinds = tuple(args.kind or KINDS)
report = run(args.cases, args.seed, kinds, saved=args.saved, on_progress=show)
sys.stdout.write(f"{report}\n")
sys.exit(bool(report.faults))
