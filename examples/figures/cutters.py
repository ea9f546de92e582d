"""Compare what proposes cuts, and what the choice among them is worth.

    python examples/figures/cutters.py --data mnist.npz [--model digits] [--n 2000]

Rows of four digits of x_train's last 2,000, from which "digits" has only its temperature,
read by its span network alone with length 4. "equal parts" has no cutter, "union" all five,
"default" is what readers use; "no reject class" is the default without the probabilities of the
reject class and the blank class; "true places" classifies the digits at their true columns. "clean
cut": of neighbours in one component, how often a cut leaves 95 % of the ink of either on its side;
"proposed": cuts for a component; "columns" are cuts at every column.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

import segcap
from segcap.core.charset import Charset
from segcap.core.image import load_image
from segcap.datasets import load_mnist
from segcap.decoding.chains import Lattice, choose
from segcap.decoding.compose import log_softmax
from segcap.evaluate import exact_match
from segcap.recognition.candidate_scores import span_logits
from segcap.recognition.pipeline import Pipeline
from segcap.segmentation.cut_candidates import CUTTERS, DEFAULT_CUTTERS, propose_cuts
from segcap.segmentation.settings import SegmentationSettings
from segcap.training.spans import own_columns

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--model", default="digits")
parser.add_argument("--n", type=int, default=2000)
args = parser.parse_args()
LENGTH = 4
SETS = {
    "equal parts": (),
    **{name: (name,) for name in CUTTERS},
    "union": tuple(CUTTERS),
    "default": DEFAULT_CUTTERS,
}
reader = segcap.load(args.model)
pipeline = Pipeline(
    Charset(reader.charset_),
    None,
    reader.context_,
    SegmentationSettings(),
    LENGTH,
    None,
    0.0,
    "onnx",
)
mnist = load_mnist(args.data)
digits = mnist.x_train[48_000:], mnist.y_train[48_000:]


def without_reject_class(images):
    for scored in pipeline.score(images):
        named = scored.log_probabilities
        rates = named - np.logaddexp.reduce(named, axis=1, keepdims=True)
        yield choose(scored.lattice, rates, reader.charset_, length=LENGTH, reject_below=0)


def at_true_places(images, boxes):
    for image, own in zip(images, boxes, strict=True):
        layout = pipeline.settings.layout(image)
        spans = np.stack([np.arange(LENGTH), np.arange(1, LENGTH + 1)], axis=1)
        columns = layout.strips[0].columns(own_columns(own))
        layout = layout._replace(
            lattice=Lattice(spans, own, LENGTH), line=np.zeros(LENGTH, int), columns=columns
        )
        (logits,) = span_logits(reader.context_.open("onnx"), [layout], reader.context_.classes)
        yield "".join(
            reader.charset_[i]
            for i in log_softmax(logits)[:, : len(reader.charset_)].argmax(axis=1)
        )


def neighbours_in_one_component(rows):
    """Components that hold two neighbours, and whose ink is the left and the right one's."""
    for index, image in enumerate(rows.images):
        ink = image > 60
        _, labels = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
        masks = rows.masks(index) & ink
        owners = [np.bincount(labels[mask], minlength=2)[1:].argmax() + 1 for mask in masks]
        for left in range(LENGTH - 1):
            if owners[left] == owners[left + 1]:
                component = labels == owners[left]
                x, y, w, h = cv2.boundingRect(component.astype(np.uint8))
                area = slice(y, y + h), slice(x, x + w)
                yield (
                    component[area],
                    masks[left][area] & ~masks[left + 1][area],
                    (masks[left + 1][area] & ~masks[left][area]),
                )


def clean_rate(pairs, proposed):
    clean = 0
    for (component, left, right), columns in zip(pairs, proposed, strict=True):
        sides = np.arange(component.shape[1]) < columns[:, np.newaxis]
        kept = sides @ left.sum(axis=0) + ~sides @ right.sum(axis=0)
        clean += kept.max(initial=0) >= 0.95 * (left | right).sum()
    return clean / len(pairs)


for tier, min_advance in (("touching", 15), ("overlapping", 10)):
    rows = segcap.generate.digit_sums(args.n, min_advance, seed=2, digits=digits)
    images = [load_image(image) for image in rows.images]
    texts = ["".join(map(str, label)) for label in rows.labels.tolist()]
    pairs = list(neighbours_in_one_component(rows))
    print(f"{tier}, {len(pairs)} pairs in one component")
    for name, cutters in SETS.items():
        chosen = replace(pipeline, settings=SegmentationSettings(cutters=cutters))
        answers = [outcome.reading.text for outcome in chosen.read(images)]
        print(f"  {name:<16} texts {exact_match(answers, texts)}", flush=True)
        if cutters:
            started = time.perf_counter()
            proposed = [propose_cuts(ink, cutters=cutters, limit=8) for ink, _, _ in pairs]
            spent = 1e3 * (time.perf_counter() - started) / len(pairs)
            number = np.mean([len(columns) for columns in proposed])
            clean = clean_rate(pairs, proposed)
            print(f"    clean cut {clean:.1%}, proposed {number:.1f}, {spent:.2f} ms a component")
    everywhere = [np.arange(1, component.shape[1]) for component, _, _ in pairs]
    print(f"  columns          clean cut {clean_rate(pairs, everywhere):.1%}")
    answers = [outcome.reading.text for outcome in without_reject_class(images)]
    print(f"  no reject class  texts {exact_match(answers, texts)}")
    answers = list(at_true_places(images, rows.boxes))
    print(f"  true places      texts {exact_match(answers, texts)}", flush=True)
