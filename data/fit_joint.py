"""Fit how both looks of the reader "any" are weighed: the constants of `segcap.decoding.joint`.

    python data/fit_joint.py FONTS [--n 300]

N images of each generated scheme, of "wild" in the typefaces of the folder FONTS, are read twice:
as they come, and told their characters and length. All schemes count alike. Letters of either case
are right.
"""

import argparse
import string
from unittest import mock

import numpy as np
from scipy.optimize import minimize

import segcap
from segcap.decoding import joint
from segcap.generate import TextGenerator, schemes

READER = "any"
CHARSETS = (
    string.digits,
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("fonts")
parser.add_argument("--n", type=int, default=300)


def main():
    """Read, and print the constants before and after."""
    args = parser.parse_args()
    drawn = {
        scheme: TextGenerator(scheme, fonts=args.fonts if scheme == "wild" else None)
        for scheme in schemes()
    }
    seen = [list(proposals(generator.samples(args.n, seed=4711))) for generator in drawn.values()]
    start = np.array([*joint.WEIGHTS, *joint.NEITHER, *joint.NEITHER_TOLD])
    found = minimize(
        lambda constants: np.mean([loss(constants, of_scheme) for of_scheme in seen]),
        start,
        method="Nelder-Mead",
        options={"maxiter": 2000, "xatol": 1e-3, "fatol": 1e-6, "adaptive": True},
    )
    before = np.mean([loss(start, of_scheme) for of_scheme in seen])
    print(f"now    {np.round(start, 2)}: {before:.4f} nats a text")
    print(f"fitted {np.round(found.x, 2)}: {found.fun:.4f}")


def proposals(samples):
    """Yield what both looks say of each proposed text, which ones are right, what was told."""
    reader = segcap.load(READER)
    characters = reader.charset_
    for sample in samples:
        own = next((some for some in CHARSETS if {*sample.label} <= {*some}), characters)
        told = segcap.load(READER, allowlist=own, length=len(sample.label), case="fold")
        for asked, is_told in ((reader, False), (told, True)):
            said = []
            with mock.patch.object(joint, "proposed", recorded(joint.proposed, said)):
                asked.read(sample.image)
            if said and said[-1][0]:
                texts, by_columns, by_spans = said[-1]
                spelled = ["".join(characters[index] for index in text) for text in texts]
                right = np.array([text.lower() == sample.label.lower() for text in spelled])
                yield by_columns, by_spans, right, is_told


def recorded(function, said):
    """Return a function that keeps what it returns."""

    def wrapped(*arguments):
        said.append(function(*arguments))
        return said[-1]

    return wrapped


def loss(constants, seen):
    """Return the mean negative log-likelihood of the right texts, or that none was proposed."""
    of_columns, of_spans, *neither = constants
    losses = []
    for by_columns, by_spans, right, is_told in seen:
        scores = by_columns if by_spans is None else of_columns * by_columns + of_spans * by_spans
        least, in_doubt = neither[2:] if is_told else neither[:2]
        none = least - in_doubt * scores.max()
        likely = np.logaddexp.reduce(scores[right]) if right.any() else none
        losses.append(np.logaddexp.reduce([*scores, none]) - likely)
    return np.mean(losses)


if __name__ == "__main__":
    main()
