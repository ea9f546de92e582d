"""Make data/samples anew: `python data/make_samples.py`. The same pixels every time.

Handwriting: the 1,797 digits of 8 x 8 pixels that come with scikit-learn (Alpaydin, Kaynak:
Optical recognition of handwritten digits, UCI Machine Learning Repository 1998, CC BY 4.0),
enlarged. No shipped reader was trained on them.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from segcap.datasets import load_uci_digits
from segcap.generate import TextGenerator, digit_sums

SEED = 20
SUM_TIERS = {"apart": 22, "touching": 15, "overlapping": 10}
FIELD_LENGTHS = (1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10)
FIELD_HEIGHTS = (20, 26, 34, 48, 70, 110, 160, 240)


def samples() -> Iterator[tuple[str, np.ndarray, str]]:
    digits = load_uci_digits()
    for offset, (tier, min_advance) in enumerate(SUM_TIERS.items()):
        rows = digit_sums(8, min_advance, seed=SEED + offset, digits=digits)
        for number, (image, label) in enumerate(zip(rows.images, rows.labels, strict=True)):
            yield f"sum-{tier}-{number}", image, "".join(map(str, label))
    for ink in ("dark", "bright"):
        for number, length in enumerate(FIELD_LENGTHS):
            height = FIELD_HEIGHTS[number % len(FIELD_HEIGHTS)]
            size = round(height * (0.6 * length + 0.7)), height
            fields = TextGenerator("number-field", length=length, size=size, handwriting=digits)
            field = next(
                field
                for field in fields.stream(seed=SEED + number)
                if field.parameters["ink_is"] == ink
            )
            yield f"field-{ink}-{number}", field.image, field.label


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        for name, image, label in samples():
            cv2.imwrite(str(folder / f"{name}.png"), image)
            writer.writerow([f"{name}.png", label])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "samples")
