"""Fit how often neither look of the reader "any" proposes the right text.

    python data/fit_joint.py FONTS [--n 300]

Prints `NEITHER` and `NEITHER_OF_LENGTH` of `segcap.decoding.joint`, fitted by maximum likelihood to
N images of each generated scheme, all schemes alike, and the loss on N others. "wild" is drawn in
the typefaces of the folder FONTS, those of `data/collect_fonts.py`. Each image is read twice: as it
comes, and with its characters and length known. Letters of either case are right. How much each
look counts, `WEIGHTS`, stays: "span_roi" was trained on these schemes, and would count for too
much.
"""

import argparse
import string
from functools import cache, partial
from unittest import mock

import numpy as np
from scipy.optimize import minimize

import segcap
from segcap.decoding import joint
from segcap.generate import TextGenerator, schemes

ALPHABETS = (
    string.digits,
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("fonts")
parser.add_argument("--n", type=int, default=300)


def main():
    """Read, fit, and print."""
    args = parser.parse_args()
    fitted_on, others = [], []
    for scheme in schemes():
        generator = TextGenerator(scheme, fonts=args.fonts if scheme == "wild" else None)
        samples = generator.samples(2 * args.n, seed=4711)
        fitted_on.append(proposals(samples[: args.n]))
        others.append(proposals(samples[args.n :]))
        print(f"{scheme}: {len(others[-1])} of {2 * args.n} others have a text", flush=True)
    now = np.array([*joint.NEITHER, *joint.NEITHER_OF_LENGTH])
    found = minimize(
        partial(mean_loss, fitted_on),
        now,
        method="Nelder-Mead",
        options={"maxiter": 2000, "xatol": 1e-3, "fatol": 1e-6, "adaptive": True},
    ).x
    for name, constants in (("now", now), ("fitted", found)):
        losses = [mean_loss(some, constants) for some in (fitted_on, others)]
        print(
            f"{name}: {np.round(constants, 2)}, {losses[0]:.4f} nats a text, others {losses[1]:.4f}"
        )


def proposals(samples):
    """Return the log-scores of what is proposed, which are right, and what was known."""
    characters = reader_for(None, None).charset_
    found = []
    for sample in samples:
        own = next((some for some in ALPHABETS if {*sample.label} <= {*some}), characters)
        for is_known in (False, True):
            reader = reader_for(own, len(sample.label)) if is_known else reader_for(None, None)
            said = []
            with mock.patch.object(joint, "proposed", recorded(joint.proposed, said)):
                reader.read(sample.image)
            if said and said[-1][0]:
                texts, by_columns, by_spans = said[-1]
                spelled = ["".join(characters[index] for index in text) for text in texts]
                right = np.array([text.lower() == sample.label.lower() for text in spelled])
                found.append((joint.weighed(by_columns, by_spans), right, is_known))
    return found


@cache
def reader_for(allowlist, length):
    """Open the reader, with nothing known or what an image shows."""
    if length is None:
        return segcap.load("any")
    return segcap.load("any", allowlist=allowlist, length=length, case="fold")


def recorded(function, said):
    """Return a function that keeps what it returns."""

    def wrapped(*arguments):
        said.append(function(*arguments))
        return said[-1]

    return wrapped


def mean_loss(seen, constants):
    """Return the mean negative log-likelihood of the right texts, or that none was proposed."""
    return np.mean([np.mean([loss(constants, *own) for own in of_scheme]) for of_scheme in seen])


def loss(constants, scores, right, is_known):
    """Return that of one image."""
    least, in_doubt = constants[2:] if is_known else constants[:2]
    none = least - in_doubt * scores.max()
    likely = np.logaddexp.reduce(scores[right]) if right.any() else none
    return np.logaddexp.reduce([*scores, none]) - likely


if __name__ == "__main__":
    main()
