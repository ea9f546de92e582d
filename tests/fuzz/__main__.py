"""`python -m tests.fuzz --cases N`: run mutated images, arguments and bundles, and report."""

import argparse
import sys

from .run import KINDS, run

parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("--cases", type=int, default=100_000)
parser.add_argument("--seed", type=int, default=0, help="of the first case")
parser.add_argument("--kind", choices=KINDS, action="append", help="all unless given")
args = parser.parse_args()
report = run(args.cases, args.seed, tuple(args.kind or KINDS))
sys.stdout.write(f"{report}\n")
sys.exit(bool(report.faults))
