"""Measure readers on schemes that nobody here drew.

    python examples/figures/schemes.py FOLDER [--readers any mixed ddddocr tesseract rapidocr]
                                       [--sets NAME ...] [--n 300] [--labels 0 20 100]
                                       [--classifier span_roi] [--seeds 3] [--csv FILE]
                                       [--plot FILE]

FOLDER holds a folder a set: images, and labels.csv with the columns file and label. A set's charset
is that of its labels, its length theirs where they have one. "known" reads with both, "not known"
with neither. Letters of either case count as right. "any-spans" and "any-lines" are "any" with one
of its two looks alone: cutting into spans, and reading lines end to end. Of peers, ddddocr and
tesseract are given the charset, and rapidocr's answers are kept to it.

With labels, GlyphReader is fitted on so many images, and tested on the others, whatever the
readers: from "any" with the classifier span_roi, from "mixed" with span_cnn. Sets that have not
twice as many are left out.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np

import segcap
from segcap.benchmark import FunctionMethod
from segcap.benchmark.peers import PEERS, in_charset
from segcap.core.image import load_image
from segcap.decoding import joint
from segcap.evaluate.metrics import expected_calibration_error, wilson
from segcap.evaluate.plots import new_figure

FIELDS = ["set", "reader", "given", "labels", "seed", "n", "right", "ms", "fit_s"]
FIELDS += ["calibration_error", "accepted", "right_of_accepted"]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--readers", nargs="+", default=["any", "mixed"])
parser.add_argument("--sets", nargs="+")
parser.add_argument("--n", type=int, default=300)
parser.add_argument("--labels", type=int, nargs="+", default=[0])
parser.add_argument("--classifier", choices=("span_roi", "span_cnn"), default="span_roi")
parser.add_argument("--seeds", type=int, default=1)
parser.add_argument("--csv", type=Path, help="a row a set and reader is added, as they come")
parser.add_argument("--plot", type=Path, help="bars of all rows without labels, charset known")
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
        fitted = [count for count in args.labels if 0 < 2 * count <= len(images)]
        rows += measure(folder.name, args.classifier, images, labels, fitted)
    if not rows:
        parser.error(f"no set of {args.sets or 'images'} is in '{args.folder}'")
    summary(rows)
    if args.plot:
        plot([row for row in kept(rows) if row["given"] == "known" and int(row["labels"]) == 0])


def kept(rows):
    if not args.csv:
        return rows
    with args.csv.open(newline="") as file:
        return list(csv.DictReader(file))


def keep(row):
    is_new = not args.csv.exists()
    with args.csv.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if is_new:
            writer.writeheader()
        writer.writerow(row)


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
            for known in (True,) if count or name in PEERS or name == "rapidocr" else (True, False):
                tested, fit_seconds = np.arange(len(images)), 0.0
                if count:
                    order = np.random.default_rng(seed).permutation(len(images))
                    train, tested = order[:count], order[count:]
                    reader = segcap.GlyphReader(
                        charset, length=length, classifier=args.classifier, random_state=seed
                    )
                    start = time.perf_counter()
                    reader.fit([images[i] for i in train], [labels[i] for i in train])
                    fit_seconds = time.perf_counter() - start
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
                given = "known" if known else "not known"
                row = dict.fromkeys(FIELDS, "") | {
                    "set": scheme,
                    "reader": name,
                    "given": given,
                    "labels": count,
                    "seed": seed,
                    "n": len(right),
                    "right": round(float(right.mean()), 4),
                    "ms": round(1000 * seconds, 1),
                    "fit_s": round(fit_seconds),
                }
                if confidences is not None:
                    error = expected_calibration_error(np.array(confidences), right)
                    row["calibration_error"] = round(error, 4)
                    row["accepted"] = int(np.sum(accepted))
                    row["right_of_accepted"] = int(np.sum(right & accepted))
                rows.append(row)
                if args.csv:
                    keep(row)
                fitted = f", fitted in {fit_seconds / 60:.1f} min" if count else ""
                print(
                    f"{scheme:24}{name:10}{given:10}{count:4} labels  "
                    f"{wilson(int(right.sum()), len(right))}  {row['ms']} ms{fitted}",
                    flush=True,
                )
    return rows


def open_reader(name, charset, length, known):
    if name in PEERS:
        return PEERS[name](charset=charset)
    if name == "rapidocr":
        return rapidocr(charset)
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


def rapidocr(charset):
    from rapidocr import RapidOCR

    ocr = RapidOCR()

    def read(image):
        found = ocr(image[..., ::-1], use_det=False, use_cls=False, use_rec=True).txts
        return in_charset("".join(found or ()).replace(" ", ""), charset)

    return FunctionMethod("rapidocr", read)


def answers(reader, images):
    if isinstance(reader, FunctionMethod):
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


def plot(rows):
    """Draw a row of bars a set, those that the first reader reads best above."""
    readers = list(dict.fromkeys(row["reader"] for row in rows))
    rates = {(row["set"], row["reader"]): 100 * float(row["right"]) for row in rows}
    sets = sorted({row["set"] for row in rows}, key=lambda name: rates.get((name, readers[0]), 0))
    axes = new_figure(7, 0.5 + 0.12 * len(sets) * (1 + len(readers))).subplots()
    places = np.arange(len(sets)) * (1 + len(readers))
    for number, reader in enumerate(reversed(readers)):
        axes.barh(
            places + number, [rates.get((name, reader), np.nan) for name in sets], 1, label=reader
        )
    axes.set_yticks(places + (len(readers) - 1) / 2, sets)
    axes.set(xlabel="texts right, %", xlim=(0, 100))
    axes.margins(y=0.01)
    axes.legend(reverse=True, loc="lower right")
    axes.figure.savefig(args.plot, dpi=100)


main()
