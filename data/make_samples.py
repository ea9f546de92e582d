"""Make data/samples anew: `python data/make_samples.py`. The same pixels every time.

Handwriting: the 1,797 digits of 8 x 8 pixels that come with scikit-learn (Alpaydin, Kaynak:
Optical recognition of handwritten digits, UCI Machine Learning Repository 1998, CC BY 4.0),
enlarged. No reader that segcap ships has learned from them.
"""

import csv
import sys
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_digits

from segcap.generate import digit_sums

SEED = 20
SUM_TIERS = {"apart": 22, "touching": 15, "overlapping": 10}
FIELD_LENGTHS = (1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10)
FIELD_HEIGHTS = (12, 16, 20, 28, 40, 64, 100, 160)


def enlarged_digits() -> tuple[np.ndarray, np.ndarray]:
    digits = load_digits()
    levels = np.rint(digits.images / 16 * 255).astype(np.uint8)
    framed = [
        cv2.copyMakeBorder(
            cv2.resize(level, (20, 20), interpolation=cv2.INTER_CUBIC), 4, 4, 4, 4, 0
        )
        for level in levels
    ]
    return np.stack(framed), digits.target


def as_field(row: np.ndarray, height: int, paper: int, ink: int, rng: np.random.Generator):
    """Scale a row so that its digits are `height` pixels tall; ink on lit, grainy paper."""
    scale = height / 20
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cover = cv2.resize(row, None, fx=scale, fy=scale, interpolation=interpolation) / 255
    light = np.linspace(0, rng.uniform(-30, 30), cover.shape[1])
    grain = rng.normal(0, 3, cover.shape)
    levels = (paper + light) * (1 - cover) + ink * cover + grain
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    digits = enlarged_digits()
    samples = {}
    for offset, (tier, min_advance) in enumerate(SUM_TIERS.items()):
        rows = digit_sums(8, min_advance, seed=SEED + offset, digits=digits)
        for number, (image, label) in enumerate(zip(rows.images, rows.labels, strict=True)):
            samples[f"sum-{tier}-{number}.png"] = image, label
    for polarity, paper, ink in (("dark", 215, 40), ("bright", 35, 225)):
        for number, length in enumerate(FIELD_LENGTHS):
            seed = int(rng.integers(2**31))
            rows = digit_sums(1, 24, seed=seed, digits=digits, count=length)
            height = FIELD_HEIGHTS[number % len(FIELD_HEIGHTS)]
            image = as_field(rows.images[0], height, paper, ink, rng)
            samples[f"field-{polarity}-{number}.png"] = image, rows.labels[0]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        for name, (image, label) in samples.items():
            cv2.imwrite(str(folder / name), image)
            writer.writerow([name, "".join(map(str, label))])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "samples")
