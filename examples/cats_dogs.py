"""Distinguish cats from dogs, and what that means for a challenge of twelve photos.

python examples/cats_dogs.py FOLDER [--unlabelled FOLDER] [--epochs 50] [--quick]

FOLDER holds train/cat.0.jpg ..., train/dog.0.jpg ...; a fifth is tested on. Photos in the folder
--unlabelled, such as test1, are answered in predictions.csv: 1 for a dog, 0 for a cat. The shipped
reader was trained longer, in the way of `segcap train cats-dogs`.
"""

import argparse
from pathlib import Path

import segcap
from segcap.core.image_files import find_images
from segcap.evaluate import classification_report, exact_match, sample_page, write_predictions
from segcap.training import Schedule, plot_history

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--unlabelled", type=Path)
parser.add_argument("--classifier", default="resnet_small")
parser.add_argument("--epochs", type=int, default=50)
parser.add_argument("--quick", action="store_true", help="600 small photos, few epochs")
args = parser.parse_args()

dataset = segcap.datasets.load("cats-dogs", args.folder)
if args.quick:
    dataset = dataset.subset(range(0, len(dataset), max(1, len(dataset) // 600)))
train, test = dataset.split(test=0.2, seed=0)
print(f"{len(train)} photos to train on, {len(test)} to test on")

side = 32 if args.quick else 112
reader = segcap.ImageClassifier(args.classifier, size=(side, side), tta=4)
schedule = Schedule(
    epochs=6 if args.quick else args.epochs,
    batch_size=64,
    decay="plateau",
    patience=10,
    label_smoothing=0.1,
)
reader.fit(train.images, train.labels, groups=train.groups, schedule=schedule, log="cats-dogs-log")
reader.save("cats-dogs-own.segcap")
plot_history(reader.history_, "cats-dogs-history.png")

readings = reader.read_many(test.images)
answers, sure = zip(*((own.answer, own.confidence) for own in readings), strict=True)
accuracy = exact_match(answers, test.labels.tolist())
print(f"accuracy {accuracy}")
print(classification_report(answers, test.labels.tolist()))
print(f"all of 12 right: once in {1 / max(accuracy.value, 1e-9) ** 12:,.1f} challenges")
sample_page("cats-dogs.html", test.images, answers, test.labels, sure)

if args.unlabelled:
    photos = find_images([args.unlabelled])
    codes = {"cat": 0, "dog": 1}
    named = [reading.answer for reading in reader.read_many(photos)]
    write_predictions("predictions.csv", photos, named, codes=codes, overwrite=True)
