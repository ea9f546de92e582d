"""Measure time to import, to read one file, and one image after another, on one core.

    python examples/figures/speed.py [--engine keras]

Rows of four digits from scikit-learn's handwriting, 40 x 168 pixels, neighbours apart; the same
touching; generated images like those of captcha-v2, 200 x 50 pixels. Then each other shipped reader
on images of its kind or, of photos, of its size.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np

import segcap
from segcap.benchmark import hardware
from segcap.datasets import load_uci_digits

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--n", type=int, default=10_000)
parser.add_argument("--engine", choices=["onnx", "keras"], default="onnx")
args = parser.parse_args()
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def seconds(command: list[str], times: int = 7) -> float:
    """Median wall time of a whole process."""
    runs = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        runs.append(time.perf_counter() - started)
    return median(runs)


digits = load_uci_digits()
rows = segcap.generate.digit_sums(args.n, 22, seed=0, digits=digits)

python = [sys.executable, "-c"]
peers = seconds([*python, "import numpy, cv2"]) - seconds([*python, "pass"])
ours = seconds([*python, "import segcap"]) - seconds([*python, "pass"])
print(hardware())
print(f"import segcap {ours * 1e3:.0f} ms, {ours / peers:.2f} of import numpy and cv2")
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "one.png"
    cv2.imwrite(str(file), rows.images[0])
    command = [sys.executable, "-m", "segcap", "read", str(file)]
    print(f"segcap read ONE.png, whole process: {seconds(command):.2f} s")


def show_latency(name, reader, images):
    reader.read(images[0])
    latencies = []
    for image in images[:500]:
        started = time.perf_counter()
        reader.read(image)
        latencies.append(1e3 * (time.perf_counter() - started))
    most = np.percentile(latencies, 95)
    print(f"{name}, one after another: median {median(latencies):.2f} ms, 95 % below {most:.2f} ms")


reader = segcap.load("digits", length=4, engine=args.engine)
touching = segcap.generate.digit_sums(min(args.n, 500), 15, seed=0, digits=digits)
lines = segcap.generate.TextGenerator("gradient-line").samples(min(args.n, 500), seed=0)
show_latency("digits apart", reader, rows.images)
show_latency("digits touching", reader, touching.images)
captcha_v2 = segcap.load("captcha-v2", engine=args.engine)
show_latency("like captcha-v2", captcha_v2, [line.image for line in lines])
photos = np.random.default_rng(0).integers(0, 256, (min(args.n, 500), 112, 112, 3), np.uint8)
of_scheme = {"any": "wordpress", "mixed": "wordpress", "wordpress": "wordpress"}
of_scheme |= {"captcha-v2-crnn": "gradient-line", "six-char": "six-char"}
for name, scheme in of_scheme.items():
    samples = segcap.generate.TextGenerator(scheme).samples(min(args.n, 200), seed=0)
    own = segcap.load(name, engine=args.engine)
    show_latency(f"{name}, images of {scheme}", own, [sample.image for sample in samples])
show_latency("digit-sum", segcap.load("digit-sum", engine=args.engine), touching.images)
show_latency("cats-dogs", segcap.load("cats-dogs", engine=args.engine), photos)
tiles = segcap.load("recaptcha-tiles", engine=args.engine)
show_latency("recaptcha-tiles", tiles, photos[:, :72, :72])
started = time.perf_counter()
reader.read_many(rows.images)
print(f"{args.n:,} in one read_many: {args.n / (time.perf_counter() - started):,.0f} images/s")
glyphs = np.repeat(digits[0][..., None].astype(np.float32) / 255, 10, axis=0)
started = time.perf_counter()
reader.logits(glyphs)
print(f"classifier alone: {len(glyphs) / (time.perf_counter() - started):,.0f} glyphs/s")
