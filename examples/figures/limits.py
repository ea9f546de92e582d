"""Measure the worst time and memory a pixel, by kind of content.

    python examples/figures/limits.py [--megapixels 4] [--model digits] [--binarization auto]

Each image is read in a process of its own, on one core. Memory is the most that the process had
resident, beyond what it had with the image loaded and the reader warm; time is the CPU's.
"""

import argparse
import os
import subprocess
import sys
import time

import cv2
import numpy as np

import segcap
from segcap.benchmark import hardware

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--megapixels", type=float, default=4.0)
parser.add_argument("--model", default="digits")
parser.add_argument("--binarization", default=None)
parser.add_argument("--line-removal", default=None)
parser.add_argument("--only", default=None, help="one kind of content, read in this process")
args = parser.parse_args()

PIXELS = int(args.megapixels * 1e6)
SIDE = int(PIXELS**0.5)
RNG = np.random.default_rng(0)


def noise(height=SIDE, width=SIDE):
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


def pattern(of):
    """From functions of row and column to an image of black and white."""
    y, x = np.ogrid[:SIDE, :SIDE]
    mask = np.broadcast_to(of(y, x), (SIDE, SIDE))
    return np.repeat(np.where(mask, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def photo():
    soft = cv2.resize(RNG.integers(0, 256, (40, 40, 3), np.uint8), (SIDE, SIDE))
    grain = RNG.integers(-20, 21, (SIDE, SIDE, 1))
    return np.clip(soft + grain, 0, 255).astype(np.uint8)


def text():
    image = np.full((SIDE, SIDE, 3), 255, np.uint8)
    cv2.putText(image, "2048", (SIDE // 20, SIDE // 2), 0, SIDE / 90, (0, 0, 0), SIDE // 30)
    return image


def equal_luminance():
    image = np.full((SIDE, SIDE, 3), (255, 0, 0), np.uint8)
    image[SIDE // 3 : SIDE // 2, SIDE // 3 : SIDE // 2] = 0, 130, 0
    return image


def combs():
    image = pattern(lambda y, x: (y % 40 < 20) & ((y % 40 > 9) | (x % 4 < 2)))
    image[:, : SIDE // 50] = image[:, -SIDE // 50 :] = 255
    return image


def low_combs():
    y, x = np.ogrid[:60, : PIXELS // 60]
    mask = (y % 40 < 20) & ((y % 40 > 9) | (x % 4 < 2)) & (x > 9) & (x < PIXELS // 60 - 9)
    mask = mask & (y > 4) & (y < 56)
    return np.repeat(np.where(mask, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


CONTENTS = {
    "blank": lambda: np.full((SIDE, SIDE, 3), 255, np.uint8),
    "noise": noise,
    "photo": photo,
    "text over the whole image": text,
    "colours of one luminance": equal_luminance,
    "chessboard of 1 pixel": lambda: pattern(lambda y, x: (x + y) % 2 == 0),
    "dots": lambda: pattern(lambda y, x: (x % 7 < 3) & (y % 7 < 3)),
    "bars": lambda: pattern(lambda y, x: (y % 8 < 4) & (x > 9) & (x < SIDE - 9)),
    "columns": lambda: pattern(lambda y, x: (x % 8 < 4) & (y > 9) & (y < SIDE - 9)),
    "diagonals": lambda: pattern(lambda y, x: (x + y) % 40 < 6),
    "rings": lambda: pattern(lambda y, x: np.hypot(y - SIDE / 2, x - SIDE / 2) % 40 < 6),
    "combs": combs,
    "combs, 60 pixels high": low_combs,
    "26 pixels wide": lambda: noise(PIXELS // 26, 26),
    "26 pixels high": lambda: noise(26, PIXELS // 26),
    "1 pixel wide": lambda: noise(PIXELS, 1),
    "1 pixel high": lambda: noise(1, PIXELS),
}


def peak(reset=False):
    """Most resident memory so far, bytes."""
    if reset:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def measure(kind):
    cv2.setNumThreads(1)
    settings = {"binarization": args.binarization, "line_removal": args.line_removal}
    reader = segcap.load(args.model, **{name: own for name, own in settings.items() if own})
    reader.read(noise(60, 200))
    image = CONTENTS[kind]()
    before = peak(reset=True)
    started = time.process_time()
    result = reader.read(image)
    seconds = time.process_time() - started
    pixels = image.shape[0] * image.shape[1] / 1e6
    print(
        f"{kind:27} {seconds / pixels:6.2f} {max(0, peak() - before) / pixels / 1e6:6.1f}   "
        f"{result.status}",
        flush=True,
    )


if args.only:
    measure(args.only)
    sys.exit()
print(hardware())
print(f"{args.model}, {args.megapixels} million pixels")
print(f"{'content':27} s/Mpx  B/px")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
for kind in CONTENTS:
    subprocess.run([sys.executable, *sys.argv, "--only", kind], check=True)
