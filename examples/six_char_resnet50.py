"""Read six letters or digits from the whole image: ResNet50 with six heads, and a small network.

python examples/six_char_resnet50.py [FOLDER] [--n 10000] [--classifier multihead] [--quick]

FOLDER holds INDEX_LABEL.jpeg; without one, images are drawn in all styles. 80 % are trained on, a
tenth of which calibrates, and 20 % test. On a CPU, ResNet50 takes hours.
"""

import argparse
from pathlib import Path

import numpy as np

import segcap
from segcap.evaluate import character_accuracy, exact_match, most_confused
from segcap.generate import TextGenerator

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path, nargs="?")
parser.add_argument("--n", type=int, default=10_000)
parser.add_argument("--classifier", default="resnet50")
parser.add_argument("--epochs", type=int)
parser.add_argument("--quick", action="store_true", help="two plain digits, the small network")
args = parser.parse_args()

if args.folder:
    dataset = segcap.datasets.load("six-char", args.folder)
    train, test = dataset.split(test=0.2, seed=0)
    images, labels, charset = train.images, train.labels, dataset.charset
    test_images, test_labels = test.images, test.labels
else:
    options = {"charset": "0123456789", "length": 2, "size": (80, 40), "difficulty": 0.05}
    generator = TextGenerator("six-char", **options if args.quick else {})
    count, charset = 1200 if args.quick else args.n, generator.charset
    drawn, texts, _ = generator.arrays(count, seed=0, n_jobs=-1)
    tenths = count * 8 // 10
    images, labels = drawn[:tenths], np.array(texts[:tenths])
    test_images, test_labels = drawn[tenths:], np.array(texts[tenths:])
print(f"{len(labels)} images to train on, {len(test_labels)} to test on, {charset}")

reader = segcap.SequenceReader(
    charset,
    length=len(labels[0]),
    classifier="multihead" if args.quick else args.classifier,
    epochs=args.epochs or (4 if args.quick else 12),
)
reader.fit(
    images, labels, on_epoch=lambda epoch, history: print(epoch, f"{history.accuracy[-1]:.3f}")
)

read = [reading.text for reading in reader.read_many(test_images)]
print(f"characters {character_accuracy(read, test_labels.tolist())}")
print(f"texts      {exact_match(read, test_labels.tolist())}")
for pair in most_confused(read, test_labels.tolist(), unit="character"):
    print(f"  {pair.true} read as {pair.read}: {pair.count} times")
