"""Read images of schemes that the reader has never seen, with more and more given about them."""

import segcap
from segcap.evaluate import character_accuracy, exact_match
from segcap.generate import TextGenerator

SEED = 2_000_000
DIGITS = "0123456789"

reader = segcap.load("any")
print("nothing given:")
for sample in TextGenerator("wild").samples(6, seed=SEED):
    reading = reader.read(sample.image)
    boxes = " ".join(str(glyph.box) for glyph in reading.glyphs[:2])
    print(f"  {sample.label:<9}read as {reading.text:<9}{reading.confidence:.2f}  {boxes}")

samples = TextGenerator("wild", charset=DIGITS, length=4).samples(200, seed=SEED)
images, labels = [one.image for one in samples], [one.label for one in samples]
for given in ({}, {"allowlist": DIGITS}, {"allowlist": DIGITS, "length": 4}):
    read = segcap.load("any", **given).predict(images)
    print(f"\ngiven {given or 'nothing'}, four digits in any look:")
    print(f"  texts       {exact_match(read, labels)}")
    print(f"  characters  {character_accuracy(read, labels)}")
