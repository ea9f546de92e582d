"""Classify street photos, rare classes as well as frequent ones.

python examples/recaptcha_tiles.py FOLDER [--balance files] [--epochs 40] [--quick]

FOLDER holds a folder of photos for each class. 30 % are tested on. Classes are balanced in the part
that is trained on alone: by drawing each as often ("sampling"), by weighing errors ("weights"),
by a folder "balanced_images" with varied copies ("files"), or not at all ("none").
"""

import argparse
from pathlib import Path

import segcap
from segcap.evaluate import classification_report, exact_match, most_confused, sample_page

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--balance", default="sampling")
parser.add_argument("--classifier", default="resnet_small")
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--quick", action="store_true", help="three classes, small photos, few epochs")
args = parser.parse_args()
if args.quick and args.balance == "files":
    parser.error("--balance files must not be combined with --quick")

dataset = segcap.datasets.load("recaptcha-tiles", args.folder)
if args.quick:
    some = [i for i, label in enumerate(dataset.labels) if label in ("Hydrant", "Palm", "Bus")]
    dataset = dataset.subset(some[::4])
print(segcap.datasets.summarise(dataset))

if args.balance == "files":
    train, test = segcap.training.balance(dataset.root, "balanced_images", resume=True)
else:
    train, test = dataset.split(test=0.3, seed=0)
reader = segcap.ImageClassifier(
    args.classifier,
    classes=sorted(set(train.labels)),
    size=(32, 32) if args.quick else (64, 64),
    balance="none" if args.balance == "files" else args.balance,
    epochs=6 if args.quick else args.epochs,
)
reader.fit(
    train.images,
    train.labels,
    groups=train.groups,
    on_epoch=lambda epoch, history: print(epoch, f"{history.accuracy[-1]:.3f}"),
)

readings = reader.read_many(test.images)
answers = [reading.answer for reading in readings]
truths = test.labels.tolist()
print(f"accuracy   {exact_match(answers, truths)}")
print(classification_report(answers, truths))
for pair in most_confused(answers, truths):
    print(f"  {pair.true} taken for {pair.read}: {pair.count} times")
sample_page(
    "tiles.html", test.images, answers, truths, [reading.confidence for reading in readings]
)
