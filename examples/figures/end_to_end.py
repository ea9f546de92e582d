"""Measure networks that answer from the whole image.

    python examples/figures/end_to_end.py TASK [--data PATH] [--classifier NAME] [--epochs N]
                                          [--rate R] [--size 160 32] [--folds 5]
                                          [--tta 2] [--balance sampling] [--state FILE]

TASK and PATH are as of `segcap train`: digit-sum (mnist.npz: rows of four overlapping digits;
only their sums are given; those tested on show digits of x_test), captcha-v2, six-char,
recaptcha-tiles, cats-dogs. A fifth of the images is held out, of the tiles 0.3; with --folds each
image is tested on once. --balance is for tiles and cats-dogs; "files" writes a balanced folder of
2,000 photos a class first. A killed run goes on from the files FILE.0, FILE.1, ..., one a fold.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from segcap.benchmark import hardware
from segcap.evaluate import character_accuracy, classification_report, exact_match
from segcap.recipes.end_to_end import end_to_end_reader, task_data
from segcap.recipes.tasks import END_TO_END
from segcap.training import balance

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("task", choices=list(END_TO_END))
parser.add_argument("--data", type=Path)
parser.add_argument("--classifier")
parser.add_argument("--epochs", type=int)
parser.add_argument("--rate", type=float, help="learning rate")
parser.add_argument("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"))
parser.add_argument("--tta", type=int, help="versions of an image in test-time augmentation")
parser.add_argument("--folds", type=int)
parser.add_argument("--balance", choices=["none", "sampling", "weights", "files"])
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--state", type=Path)
args = parser.parse_args()


def answer(train, test, state):
    def show(epoch, history):
        accuracy = history.validation_accuracy[-1]
        print(f"  epoch {epoch}: loss {history.loss[-1]:.3f}, held out {accuracy:.3f}", flush=True)

    reader = end_to_end_reader(
        args.task, train, classifier=args.classifier, epochs=args.epochs, seed=args.seed
    )
    if args.size:
        reader.set_params(size=tuple(args.size))
    if args.tta:
        reader.set_params(tta=args.tta)
    if args.rate:
        reader.set_params(schedule={**(reader.schedule or {}), "learning_rate": args.rate})
    if args.balance:
        reader.set_params(balance="none" if args.balance == "files" else args.balance)
    started = time.perf_counter()
    reader.fit(train.images, train.labels, groups=train.groups, state=state, on_epoch=show)
    minutes = (time.perf_counter() - started) / 60
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{len(train)} labels, {minutes:.1f} minutes, peak {peak:.1f} GiB", flush=True)
    return [reading.answer for reading in reader.read_many(test.images)]


answers, truths = [], []
if args.balance == "files" and (args.task != "recaptcha-tiles" or args.folds):
    parser.error("--balance files is for recaptcha-tiles without --folds")
if args.balance == "files":
    folder = tempfile.mkdtemp()
    parts = [balance(args.data, Path(folder, "balanced_images"), test=0.3, seed=args.seed)]
else:
    parts = task_data(args.task, args.data, folds=args.folds, seed=args.seed)
for fold, (train, test) in enumerate(parts):
    state = args.state and args.state.with_name(f"{args.state.name}.{fold}")
    answers += answer(train, test, state)
    truths += test.labels.tolist()
    print(f"  right  {exact_match(answers, truths)}", flush=True)
print(f"{args.task}, {args.classifier or END_TO_END[args.task].classifier}; {hardware()}")
print(f"  whole       {exact_match(answers, truths)}")
if test.charset is not None:
    print(f"  characters  {character_accuracy(answers, truths)}")
if test.classes is not None:
    print(classification_report(answers, truths))
