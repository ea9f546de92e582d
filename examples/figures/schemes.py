"""Measure readers on schemes that nobody here drew.

    python examples/figures/schemes.py FOLDER [--readers any mixed ddddocr] [--sets NAME ...]
                                       [--n 300] [--labels 0 20 100] [--classifier span_roi]
                                       [--seeds 3] [--csv FILE]

FOLDER holds a folder a set: images, and labels.csv with the columns file and label. A set's charset
is that of its labels, its length theirs where they have one. "known" reads with both, "not known"
with neither. Letters of either case count as right. "any-spans" and "any-lines" are "any" with one
of its two looks alone: cutting into spans, and reading lines end to end.

With labels, GlyphReader is fitted on so many images, and tested on the others, whatever the
readers: from "any" with the classifier span_roi, from "mixed" with span_cnn.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np

import segcap
from segcap.benchmark import Ddddocr
from segcap.core.image import load_image
from segcap.decoding import joint
from segcap.evaluate.metrics import expected_calibration_error, wilson

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--readers", nargs="+", default=["any", "mixed"])
parser.add_argument("--sets", nargs="+")
parser.add_argument("--n", type=int, default=300)
parser.add_argument("--labels", type=int, nargs="+", default=[0])
parser.add_argument("--classifier", choices=("span_roi", "span_cnn"), default="span_roi")
parser.add_argument("--seeds", type=int, default=1)
parser.add_argument("--csv", type=Path, help="a row a set and reader")
args = parser.parse_args()
BOTH = joint.WEIGHTS


def main():
    rows = []
    for folder in sorted(path for path in args.folder.iterdir() if path.is_dir()):
        if args.sets and folder.name not in args.sets:
            continue
        images, labels = load(folder)
        for name in args.readers:
            rows += measure(folder.name, name, images, labels, [n for n in args.labels if n == 0])
        fitted = [count for count in args.labels if count]
        rows += measure(folder.name, args.classifier, images, labels, fitted)
    if not rows:
        parser.error(f"no set of {args.sets or 'images'} is in '{args.folder}'")
    summary(rows)
    if args.csv:
        with args.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def load(folder):
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))[: args.n]
    return [load_image(folder / row["file"]) for row in listed], [row["label"] for row in listed]


def measure(scheme, name, images, labels, counts):
    charset = "".join(sorted({*"".join(labels)}))
    lengths = set(map(len, labels))
    length = lengths.pop() if len(lengths) == 1 else None
    rows = []
    for count in counts:
        for seed in range(args.seeds if count else 1):
            for known in (True, False) if name != "ddddocr" and not count else (True,):
                tested = np.arange(len(images))
                if count:
                    order = np.random.default_rng(seed).permutation(len(images))
                    train, tested = order[:count], order[count:]
                    reader = segcap.GlyphReader(
                        charset, length=length, classifier=args.classifier, random_state=seed
                    )
                    reader.fit([images[i] for i in train], [labels[i] for i in train])
                else:
                    reader = open_reader(name, charset, length, known)
                start = time.perf_counter()
                texts, confidences, accepted = answers(reader, [images[i] for i in tested])
                seconds = (time.perf_counter() - start) / len(tested)
                right = np.array(
                    [
                        text.lower() == labels[i].lower()
                        for text, i in zip(texts, tested, strict=True)
                    ]
                )
                row = {
                    "set": scheme,
                    "reader": name,
                    "given": "known" if known else "not known",
                    "labels": count,
                    "seed": seed,
                    "n": len(right),
                    "right": round(float(right.mean()), 4),
                    "calibration_error": "",
                    "accepted": "",
                    "right_of_accepted": "",
                    "ms": round(1000 * seconds, 1),
                }
                if confidences is not None:
                    error = expected_calibration_error(np.array(confidences), right)
                    row["calibration_error"] = round(error, 4)
                    row["accepted"] = int(np.sum(accepted))
                    row["right_of_accepted"] = int(np.sum(right & accepted))
                rows.append(row)
                print(
                    f"{scheme:24}{name:10}{row['given']:10}{count:4} labels  "
                    f"{wilson(int(right.sum()), len(right))}  {row['ms']} ms",
                    flush=True,
                )
    return rows


def open_reader(name, charset, length, known):
    if name == "ddddocr":
        return Ddddocr(charset=charset)
    name, _, look = name.partition("-") if name in ("any-spans", "any-lines") else (name, "", "")
    joint.WEIGHTS = (BOTH[0], 0.0) if look == "lines" else BOTH
    reader = segcap.load(name)
    if look == "spans":
        reader.line_ = None
    if not known:
        return reader
    characters = reader.charset
    allowed = {form for char in charset for form in (char, char.swapcase()) if form in characters}
    allowed = {char for char in charset if char in characters} or allowed
    return reader.set_params(allowlist="".join(sorted(allowed)), length=length, case="fold")


def answers(reader, images):
    if isinstance(reader, Ddddocr):
        return [reader.function(image) for image in images], None, None
    readings = reader.read_many(images, batch_size=1)
    accepted = [one.status == "ok" for one in readings]
    return [one.text for one in readings], [one.confidence for one in readings], accepted


def summary(rows):
    kinds = sorted({(row["reader"], row["given"], row["labels"]) for row in rows})
    for reader, given, labels in kinds:
        own = [
            row
            for row in rows
            if (row["reader"], row["given"], row["labels"]) == (reader, given, labels)
        ]
        by_set = {}
        for row in own:
            by_set.setdefault(row["set"], []).append(row["right"])
        rates = [float(np.mean(values)) for values in by_set.values()]
        errors = [row["calibration_error"] for row in own if row["calibration_error"] != ""]
        print(
            f"{reader}, {given}, {labels} labels: median {np.median(rates):.1%}, mean "
            f"{np.mean(rates):.1%} of {len(rates)} sets; "
            f"{np.median([row['ms'] for row in own]):.1f} ms an image (median)"
            + (f"; calibration error {np.mean(errors):.3f}" if errors else "")
        )
        if errors:
            total, accepted, right = (
                sum(row[name] for row in own) for name in ("n", "accepted", "right_of_accepted")
            )
            print(
                f"  not rejected {accepted / total:.1%} of {total} images, of these right "
                f"{right / max(accepted, 1):.1%}"
            )


main()
