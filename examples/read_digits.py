"""Read number fields: texts, boxes, confidences, and when to ask a person instead."""

from pathlib import Path

import segcap
from segcap.datasets import load_labelled

SAMPLES = Path(__file__).parent.parent / "data" / "samples"

reader = segcap.load("digits")

reading = reader.read(SAMPLES / "field-dark-4.png")
print(f"text {reading.text}, confidence {reading.confidence:.2f}, {reading.status}")
for glyph in reading.glyphs:
    runner_up, probability = glyph.alternatives[0]
    print(
        f"  {glyph.char} in {glyph.box}: {glyph.confidence:.2f}, else {runner_up} {probability:.2f}"
    )

images, labels = load_labelled(SAMPLES)
readings = reader.read_many(images)
right = [reading.text == label for reading, label in zip(readings, labels, strict=True)]
print(f"\nall {len(right)} samples: {sum(right)} right")

careful = segcap.load("digits", reject_below=0.9)
accepted = [
    reading.text == label
    for reading, label in zip(careful.read_many(images), labels, strict=True)
    if reading.status == "ok"
]
print(f"of confidence 0.9 or more: {len(accepted)}, of them {sum(accepted)} right")
