"""Measure single digits of MNIST's x_test, 12 to 400 pixels tall, bright and dark.

python examples/figures/sizes.py --data mnist.npz [--n 1000]
"""

import argparse
from pathlib import Path

import cv2

import segcap
from segcap.datasets import load_mnist
from segcap.evaluate import exact_match

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--model", default="digits")
parser.add_argument("--n", type=int, default=1000)
args = parser.parse_args()
mnist = load_mnist(args.data)
reader = segcap.load(args.model)
labels = mnist.y_test[: args.n].astype(str).tolist()

for height in (12, 20, 40, 100, 200, 400):
    scale = height / 20
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    bright = [
        cv2.resize(digit, None, fx=scale, fy=scale, interpolation=interpolation)
        for digit in mnist.x_test[: args.n]
    ]
    for polarity, images in (("bright", bright), ("dark", [255 - image for image in bright])):
        read = list(reader.predict(images))
        print(f"{height:>3} pixels, {polarity:<6}  {exact_match(read, labels)}", flush=True)
