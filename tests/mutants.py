"""Name some of the faults that mutmut has made, chosen at random: `python -m tests.mutants 100`."""

import argparse
import json
import random
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    names = []
    for file in sorted(Path("mutants").rglob("*.py.meta")):
        names += sorted(json.loads(file.read_text())["exit_code_by_key"])
    sys.stdout.write(" ".join(random.Random(args.seed).sample(names, args.count)) + "\n")


if __name__ == "__main__":
    main()
