"""Measure how the reader "any" reads number fields that nobody here drew.

    python examples/figures/number_fields.py FOLDER [--n 150] [--tasks NAME ...] [--labels 100]

FOLDER holds a folder a set: images, and labels.csv with the columns file and label. Tasks count as
right by their values, numbers by their digits, leading zeros included. The reader is given that
there is a number or a task, and which characters may occur; not how many. With --labels, it is
fitted first on so many other images, drawn at random, and given their length if they have one; the
figures end there.

Else come the handwriting in data/samples, whole texts right, and drawn counters whose last wheel
stands or is turned towards its next digit, by 0.3 of the way or more. At the end, of CAPTCHAs of
digits: in how many is the number of digits wrong, with and without "11" in them; and the confidence
of a digit that is cut off, where 15 % of the width on the right is.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np

import segcap
from segcap.core.image import load_image
from segcap.decoding.numbers import value_of
from segcap.evaluate.metrics import expected_calibration_error, wilson
from segcap.generate import TextGenerator

DIGITS = "0123456789"
TASKS = {
    "values of tasks": ("math_bjtu", "task", DIGITS + "+-*/÷=?:xX", None),
    "displays with points": ("sevenseg_meter", "number", DIGITS + ".", None),
    "displays without": ("sevenseg_meter", "number", DIGITS, 0),
    "water meters": ("watermeter_ec", "number", DIGITS, 0),
    "amounts on cheques": ("orand_car_a", "number", DIGITS, 0),
}
CAPTCHAS = "noise6_digits", "krcourt6_digits", "krwetax6_digits"
CUT_OFF = 0.15

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--n", type=int, default=150)
parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
parser.add_argument("--labels", type=int)
args = parser.parse_args()


def main():
    for task in args.tasks:
        name, kind, allowlist, decimals = TASKS[task]
        images, labels = load(args.folder / name, args.n + (args.labels or 0))
        shown = labels if decimals is None else [label.replace(".", "") for label in labels]
        if args.labels:
            reader, tested = fitted(images, shown, kind, allowlist)
            images, labels, shown = ([own[i] for i in tested] for own in (images, labels, shown))
        else:
            reader = segcap.load("any", kind=kind, allowlist=allowlist, reject_below=0.0)
        start = time.perf_counter()
        found = [reader.value(image, decimals=decimals) for image in images]
        milliseconds = 1000 * (time.perf_counter() - start) / len(images)
        if kind == "task":
            right = [one.value == value_of(label) for one, label in zip(found, labels, strict=True)]
            sure = [one.confidence for one in found]
        else:
            right = [one.text == label for one, label in zip(found, shown, strict=True)]
            sure = [one.reading.confidence for one in found]
        error = expected_calibration_error(np.array(sure), np.array(right))
        print(
            f"{task:<22}{wilson(sum(right), len(right))}, calibration error {error:.3f}, "
            f"{milliseconds:.0f} ms an image",
            flush=True,
        )
    if args.labels:
        return
    images, labels = load(Path(__file__).parents[2] / "data" / "samples", args.n)
    reader = segcap.load("any", kind="number", allowlist=DIGITS, reject_below=0.0)
    right = [one.text == label for one, label in zip(reader.read_many(images), labels, strict=True)]
    print(f"{'samples':<22}{wilson(sum(right), len(right))}", flush=True)
    turned_wheels(reader)
    for name in CAPTCHAS:
        count_and_crop(name)


def fitted(images, labels, kind, allowlist):
    """Fit a reader on some images; return it, and the indices of the others."""
    order = np.random.default_rng(0).permutation(len(images))
    train, tested = order[: args.labels], np.sort(order[args.labels :])
    lengths = {len(labels[i]) for i in train}
    reader = segcap.GlyphReader(
        "".join(dict.fromkeys(allowlist)),
        kind=kind,
        length=lengths.pop() if len(lengths) == 1 else None,
    )
    start = time.perf_counter()
    reader.fit([images[i] for i in train], [labels[i] for i in train])
    print(f"fitted in {(time.perf_counter() - start) / 60:.1f} minutes", flush=True)
    return reader, tested


def turned_wheels(reader):
    generator = TextGenerator("counter", charset=DIGITS, length=(4, 6), difficulty=0.2)
    drawn = generator.samples(400, seed=6_000_000)
    for name, is_so in (("standing", lambda turn: turn == 0), ("turned", lambda turn: turn >= 0.3)):
        own = [one for one in drawn if is_so(one.parameters["turned"])]
        readings = reader.read_many([one.image for one in own])
        labels = [one.label for one in own]
        right = sum(one.text == label for one, label in zip(readings, labels, strict=True))
        last = [
            (one.glyphs[-1], str((int(label[-1]) + 1) % 10))
            for one, label in zip(readings, labels, strict=True)
            if one.text[:-1] == label[:-1]
        ]
        named = [after in {glyph.char, *dict(glyph.alternatives)} for glyph, after in last]
        print(
            f"last wheel {name:<11}{wilson(right, len(own))}; confidence of its digit "
            f"{np.median([glyph.confidence for glyph, _ in last]):.2f} (median), the next one is "
            f"named {np.mean(named):.0%}",
            flush=True,
        )


def count_and_crop(name):
    images, labels = load(args.folder / name, args.n)
    reader = segcap.load("any", allowlist=DIGITS, reject_below=0.0)
    readings = reader.read_many(images)
    miscounted = np.array(
        [len(one.text) != len(label) for one, label in zip(readings, labels, strict=True)]
    )
    narrow = np.array(["11" in label for label in labels])
    whole, cut = last_characters(reader, images, readings)
    cropped = f"{np.median(cut):.2f}, whole {np.median(whole):.2f} (medians" if cut else "(none is"
    print(
        f"{name}: digits miscounted, with 11 {wilson(*tally(miscounted[narrow]))}, without "
        f"{wilson(*tally(miscounted[~narrow]))}; confidence of a digit that is cut off "
        f"{cropped}, n = {len(cut)})",
        flush=True,
    )


def last_characters(reader, images, readings):
    """Confidences of the digits that a crop goes through, whole and cut off."""
    whole, cut = [], []
    for image, reading in zip(images, readings, strict=True):
        edge = round((1 - CUT_OFF) * image.shape[1])
        for glyph in reading.glyphs:
            left, _, right, _ = glyph.box
            if 0.25 <= (edge - left) / (right - left) <= 0.75:
                cropped = reader.read(image[:, :edge])
                whole.append(glyph.confidence)
                cut.append(cropped.glyphs[-1].confidence if cropped.glyphs else 0.0)
    return whole, cut


def tally(flags):
    return int(flags.sum()), len(flags)


def load(folder, most):
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:most]
    return [load_image(folder / row["file"]) for row in rows], [row["label"] for row in rows]


main()
