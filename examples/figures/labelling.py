"""Measure how long labels take, by a keyboard user who types what the reader guesses wrong.

    python examples/figures/labelling.py SCHEME [--n N] [--model NAME] [--length L] [--no-train]

N images of a generated scheme are answered in the order in which `segcap label` asks: each answer
takes 1.5 seconds, and 0.25 more for every character that is typed, which are all of a text that is
guessed wrong. These are assumptions, and waited for, while the reader reads and trains beside.
"""

import argparse
import tempfile
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from segcap.benchmark import hardware
from segcap.cli.labeling import Session, Worker
from segcap.datasets import load_labelled
from segcap.generate import TextGenerator, write_text

ANSWER, CHARACTER = 1.5, 0.25  # seconds

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("scheme")
parser.add_argument("--n", type=int, default=100)
parser.add_argument("--seed", type=int, default=3)
parser.add_argument("--model", default="any")
parser.add_argument("--length", type=int)
parser.add_argument("--no-train", action="store_true")


def main():
    """Draw images, label them, and print the minutes and the guesses that were right."""
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "drawn")
        write_text(TextGenerator(args.scheme), args.n, folder, seed=args.seed)
        truth = {
            image.relative_to(folder).as_posix(): label
            for image, label in zip(*load_labelled(folder), strict=True)
        }
        (folder / "labels.csv").unlink()
        session = Session(folder, length=args.length, trains=not args.no_train)
        settings = {} if args.length is None else {"length": args.length}
        work = Thread(target=session.run, args=(lambda: Worker(args.model, settings),), daemon=True)
        work.start()
        while session.state()["guess"] is None:
            sleep(0.1)
        started = monotonic()
        right = label_all(session, truth)
        minutes = (monotonic() - started) / 60
    n = len(right)
    print(f"{args.scheme}; {args.n} images, model {args.model}; {hardware()}")
    print(f"  minutes        {minutes:.1f}")
    for begin in range(0, n, 20):
        some = right[begin : begin + 20]
        print(
            f"  {begin + 1:3} to {begin + len(some):3}    {sum(some)} of {len(some)} guesses right"
        )
    print(f"  all            {sum(right)} of {n}")


def label_all(session, truth):
    """Answer image after image, and say which guesses were right."""
    right = []
    while (state := session.state())["image"] is not None:
        label, guess = truth[state["image"]], state["guess"]
        right.append(guess is not None and guess["text"] == label)
        sleep(ANSWER + (0 if right[-1] else CHARACTER * len(label)))
        session.answer(state["image"], label)
    return right


if __name__ == "__main__":
    main()
