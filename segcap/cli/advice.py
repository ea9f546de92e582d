"""What is said of labels before a training, and of a reader after it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from segcap.cli.app import say
from segcap.readers.glyph import GlyphReader

__all__ = ["advise", "characters", "common_length", "warn_of_rare"]

_FEW = 20
_MOST = 0.9
_GOOD = 0.95
_SHOWN = 3
_FOR_A_NETWORK = 300
"""Labels from which on a network without cuts is worth a try; on fewer, cutting was far ahead."""


def common_length(labels: Sequence[str]) -> int | None:
    """Return the length that all labels have, None where they differ; say what looks wrong."""
    lengths = Counter(map(len, labels))
    ((length, count),) = lengths.most_common(1)
    if len(lengths) == 1:
        say(f"All {count} labels have {length} characters; the reader expects that length.")
        return length
    if all(label.isdecimal() and label[0] != "0" for label in labels):
        say(
            f"The labels are numbers of {min(lengths)} to {max(lengths)} digits, none of which "
            "begins with 0. If they lost leading zeros, as in tables of numbers, restore them."
        )
    elif count >= _MOST * len(labels):
        say(
            f"{count} of {len(labels)} labels have {length} characters. If the others are slips, "
            "correct them: a reader of one length reads better."
        )
    return None


def characters(labels: Sequence[str]) -> str:
    """Return the characters of the labels; say whether both cases of a letter are among them."""
    charset = "".join(sorted(set("".join(labels))))
    letters = {char for char in charset if char != char.swapcase()}
    both = sorted(char for char in letters if char.isupper() and char.swapcase() in letters)
    cases = ""
    if both:
        cases = f", both cases of {len(both)} letters among them, which are distinguished"
    elif letters:
        cases = ", each letter in one case"
    say(f"The labels hold {len(charset)} characters{cases}: {charset}")
    return charset


def warn_of_rare(images: Sequence[Path], labels: Sequence[str]) -> None:
    """Report the characters that look like slips of the labelling: those of a single label."""
    if len(labels) < _FEW:
        return
    holders: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        for char in set(label):
            holders.setdefault(char, []).append(index)
    rare = {char: own[0] for char, own in sorted(holders.items()) if len(own) == 1}
    if 0 < len(rare) <= len(holders) // 4:
        shown = ", ".join(
            f"{char!r} ('{labels[index]}' of '{images[index]}')" for char, index in rare.items()
        )
        say(f"Characters of one label only, perhaps slips: {shown}.")


def advise(
    reader: GlyphReader,
    images: Sequence[Path],
    labels: Sequence[str],
    *,
    data: Path,
    out: Path,
    pattern: str | None,
) -> None:
    """Report how well a trained reader reads, what to do next, and which labels to look at."""
    from segcap.evaluate.metrics import wilson

    figures = reader.provenance_["figures"]
    if "validation_accuracy" in figures:  # of a network of single characters
        say(f"Characters held out that are read right: {figures['validation_accuracy']:.1%}.")
    held_out, right = figures.get("images_held_out"), figures.get("texts_held_out")
    if held_out is not None and right is not None:
        rate = wilson(round(right * held_out), held_out)
        before = figures.get("texts_held_out_before")
        gained = "" if before is None else f", and {before:.1%} of them before the training"
        say(
            f"Texts of images held out that are read right: {rate}{gained}. They also chose what "
            "is kept: other images, by segcap eval, are the better test."
        )
        assert reader.context_ is not None  # it read the texts held out
        say(_next_step(right, len(labels), reader.context_.classifier, data, out, pattern))
    readings = zip(reader.read_many(images), labels, images, strict=True)
    others = [
        (own.confidence, label, own.text, path)
        for own, label, path in readings
        if own.text != label and own.status != "unreadable"
    ]
    doubtful = sorted(others, key=lambda row: -row[0])
    if doubtful:
        shown = ", ".join(
            f"'{path}' (label {label!r}, read {text!r})"
            for _, label, text, path in doubtful[:_SHOWN]
        )
        say(f"Labels to look at, {len(doubtful)} of {len(labels)} read otherwise: {shown}.")


def _next_step(
    right: float, labels: int, classifier: str, data: Path, out: Path, pattern: str | None
) -> str:
    """What to do after a training that reads so many of the texts that were held out."""
    if right >= _GOOD:
        return (
            "Next: find the confidence below which to check readings yourself, by other images "
            f"with labels: segcap threshold {quote(str(out))} --data DIR"
        )
    from segcap.training.text_fitting import LEAST_IMAGES

    readers = f"{classifier} end-to-end" if labels >= _FOR_A_NETWORK else classifier
    beside = ", and whether a network without cuts is ahead" if labels >= _FOR_A_NETWORK else ""
    named = "" if pattern is None else f" --pattern {quote(pattern)}"
    points = [count for count in (labels // 4, labels // 2) if count >= LEAST_IMAGES]
    if not points:
        return "Next: more labelled images help most."
    return (
        f"Next: more labelled images help most. How much labels add{beside}: segcap bench "
        f"--data {quote(str(data))}{named} --out OUT --readers {readers} "
        f"--labels {' '.join(map(str, points))}"
    )
