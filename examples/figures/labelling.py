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
from segcap.cli.labeling.session import Session
from segcap.cli.labeling.worker import Worker
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
        right = label_all(session, truth, started)
        seconds = monotonic() - started
    count = sum(map(len, right.values()))
    print(f"{args.scheme}; {args.n} images, model {args.model}; {hardware()}")
    print(f"  minutes        {seconds / 60:.1f}; {seconds / count:.1f} s an answer")
    print(f"  minutes of 100 {100 * seconds / count / 60:.1f}")
    for guessed_by, some in right.items():
        print(f"  {sum(some)} of {len(some)} guesses right    {guessed_by}")


def label_all(session, truth, started):
    """Answer image after image; return which guesses were right, by what had trained the reader."""
    right = {}
    note = said = "before any training"
    while (state := session.state())["image"] is not None:
        if state["note"] != said:
            said = state["note"]
            print(f"  {monotonic() - started:5.0f} s  {said}", flush=True)
        if said.startswith("New guesses"):
            note = said
        label, guess = truth[state["image"]], state["guess"]
        right.setdefault(note, []).append(guess is not None and guess["text"] == label)
        sleep(ANSWER + (0 if right[note][-1] else CHARACTER * len(label)))
        session.answer(state["image"], label)
    return right


if __name__ == "__main__":
    main()
