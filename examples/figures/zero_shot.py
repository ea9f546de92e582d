"""Measure "mixed" or "any" on schemes whose characters and length alone they are given.

    python examples/figures/zero_shot.py [--reader any] [--captcha-v2 DIR] [--wordpress DIR]
                                         [--n 1000] [--schemes six-char ...]

The generated schemes are drawn with a seed that neither was trained on; DIR holds real images, of
which they were trained on none, named by their texts.
"""

import argparse
import string
from pathlib import Path

import segcap
from segcap.datasets import load_named
from segcap.evaluate import character_accuracy, exact_match
from segcap.generate import TextGenerator

SCHEMES = ["clean", "wordpress", "gradient-line", "colour-lines", "number-field", "six-char"]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--reader", choices=("mixed", "any"), default="mixed")
parser.add_argument("--captcha-v2", type=Path)
parser.add_argument("--wordpress", type=Path)
parser.add_argument("--n", type=int, default=1000)
parser.add_argument("--schemes", nargs="+", default=SCHEMES, choices=SCHEMES)
args = parser.parse_args()


def measure(name, images, labels, charset):
    lengths = set(map(len, labels))
    reader = segcap.load(
        args.reader, allowlist=charset, length=lengths.pop() if len(lengths) == 1 else None
    )
    read = reader.predict(images)
    print(f"{name}")
    print(f"  texts       {exact_match(read, labels)}")
    print(f"  characters  {character_accuracy(read, labels)}", flush=True)
    return read


if args.captcha_v2:
    measure("captcha-v2", *load_named(args.captcha_v2), "2345678bcdefgmnpwxy")
if args.wordpress:
    capitals = "".join(sorted({*string.ascii_uppercase, *string.digits} - {*"01IO"}))
    measure("captcha-wordpress", *load_named(args.wordpress), capitals)
for scheme in args.schemes:
    generator = TextGenerator(scheme)
    samples = generator.samples(args.n, seed=1_000_000)
    shown = [s.label.upper() if scheme == "six-char" else s.label for s in samples]
    charset = generator.charset.upper() if scheme == "six-char" else generator.charset
    read = measure(f"{scheme}, generated", [s.image for s in samples], shown, charset)
    styles = [sample.parameters.get("style") for sample in samples]
    for style in sorted({*styles} - {None}):
        own = [index for index, other in enumerate(styles) if other == style]
        rate = exact_match([read[index] for index in own], [shown[index] for index in own])
        print(f"    {style:<18}{rate}", flush=True)
