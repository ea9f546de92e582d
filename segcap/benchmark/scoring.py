"""From replies to figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from segcap.benchmark.outcomes import (
    Accuracy,
    Calibration,
    ClassRow,
    Cost,
    Judged,
    LearningPoint,
    Matrix,
    MethodResult,
    PositionErrors,
    Problem,
    TopRate,
)
from segcap.benchmark.results import Pair
from segcap.benchmark.split_task import SplitTask
from segcap.core.reading import Failure
from segcap.evaluate.abstention import coverage_curve
from segcap.evaluate.agreement import agreement_between, vote
from segcap.evaluate.classes import confusion_matrix
from segcap.evaluate.confusions import character_confusion, most_confused
from segcap.evaluate.labels import shown_label
from segcap.evaluate.metrics import (
    Rate,
    character_accuracy,
    exact_match,
    expected_calibration_error,
)
from segcap.evaluate.text_metrics import (
    character_error_rate,
    errors_by_position,
    length_accuracy,
    top_k_accuracy,
)

__all__ = ["judged", "learning_point", "pairs", "right", "voted"]

_FAILURES: tuple[Failure, ...] = (
    "under-segmented",
    "over-segmented",
    "misplaced",
    "misread",
    "rejected",
    "unreadable",
)
_TOP = (2, 3, 5)
_MOST_POINTS = 100


def judged(
    split_task: SplitTask,
    *,
    name: str,
    approach: str,
    description: str,
    replies: Sequence[Judged],
    cost: Cost | None,
    ceiling: Rate | None = None,
) -> MethodResult:
    """Score a method's replies, but for learning curve and robustness."""
    truths = split_task.truths
    positions = None
    if split_task.asks == "texts":
        wrong = errors_by_position(_values(replies), truths)
        positions = tuple(PositionErrors(place, rate) for place, rate in enumerate(wrong))
    return MethodResult(
        name=name,
        approach=approach,  # type: ignore[arg-type]
        description=description,
        accuracy=_accuracy(replies, split_task),
        failures=_failures(split_task, replies) if approach == "segment" else None,
        ceiling=ceiling,
        errors_by_position=positions,
        calibration=_calibration(replies, truths),
        cost=cost,
        learning_curve=(),
        robustness=(),
        problems=tuple(_raised(split_task, replies)),
    )


def right(replies: Sequence[Judged], truths: Sequence[str]) -> Rate:
    """Fraction of right replies."""
    return exact_match(_values(replies), truths)


def pairs(split_task: SplitTask, replies: dict[str, list[Judged]]) -> tuple[Pair, ...]:
    """Compare each method with each that comes after it."""
    truths = split_task.truths
    found = []
    for first, second in combinations(replies, 2):
        counts = agreement_between(_values(replies[first]), _values(replies[second]), truths)
        found.append(Pair.of(first, second, counts))
    return tuple(found)


def voted(members: Sequence[Sequence[Judged]]) -> list[Judged]:
    """Let methods vote, each with the probabilities that it gives to its answers."""
    elected = vote([[_ballot(reply) for reply in replies] for replies in members])
    return [
        Judged(
            None if one.value is None else str(one.value),
            min(one.confidence, 1.0),
            "empty" if one.value is None else "ok",
        )
        for one in elected
    ]


def learning_point(
    labels: int, scores: Sequence[float], seconds: Sequence[float] = ()
) -> LearningPoint:
    """Put the scores of several seeds into one point, with the least and the greatest of them."""
    mean = sum(scores) / len(scores)
    spent = sum(seconds) / len(seconds) if seconds else None
    return LearningPoint(labels, tuple(scores), mean, min(scores), max(scores), spent)


def _accuracy(replies: Sequence[Judged], split_task: SplitTask) -> Accuracy:
    answers, truths = _values(replies), split_task.truths
    is_text = split_task.asks == "texts"
    matrix = (
        character_confusion(answers, truths).matrix
        if is_text
        else confusion_matrix(answers, truths, _classes(split_task))
    )
    report = matrix.report()
    rows = zip(report.classes, report.scores, strict=True)
    confusions = most_confused(answers, truths, unit="character" if is_text else "class")
    return Accuracy(
        exact=report.accuracy if not is_text else exact_match(answers, truths),
        characters=character_accuracy(answers, truths) if is_text else None,
        character_error_rate=character_error_rate(answers, truths) if is_text else None,
        length=length_accuracy(answers, truths) if is_text else None,
        top=_top(replies, truths),
        classes=tuple(ClassRow(shown_label(label), *scores) for label, scores in rows),
        matrix=Matrix.of(matrix),
        confusions=tuple(
            replace(pair, true=shown_label(pair.true), read=shown_label(pair.read))
            for pair in confusions
        ),
    )


def _classes(split_task: SplitTask) -> list[str]:
    """Return the classes, or the sums in the order of numbers, that may be right."""
    labels = {*split_task.training.labels.tolist(), *split_task.tested.labels.tolist()}
    return list(map(str, sorted(labels)))


def _top(replies: Sequence[Judged], truths: list[str]) -> tuple[TopRate, ...]:
    if not any(reply.alternatives for reply in replies):
        return ()
    candidates = [_candidates(reply) for reply in replies]
    most = max(map(len, candidates))
    return tuple(
        TopRate(k, top_k_accuracy(candidates, truths, k)) for k in _TOP if k <= max(most, _TOP[0])
    )


def _candidates(reply: Judged) -> list[str]:
    """List what a reply holds, its own value first."""
    named = [reply.value, *(value for value, _ in reply.alternatives)]
    return [value for value in dict.fromkeys(named) if value is not None]


def _ballot(reply: Judged) -> list[tuple[str, float]]:
    """Return a reply's answers with their probabilities, which sum to at most 1.

    One that holds no answer, or saw nothing, abstains.
    """
    if not reply.value or reply.confidence is None:
        return []
    others = [(value, rate) for value, rate in reply.alternatives if value != reply.value]
    total = reply.confidence + sum(rate for _, rate in others)
    shrink = 1 / total if total > 1 else 1.0
    named = [(reply.value, reply.confidence), *others]
    return [(value, min(rate * shrink, 1.0)) for value, rate in named]


def _failures(split_task: SplitTask, replies: Sequence[Judged]) -> dict[str, int] | None:
    if all(split_task.characters(index) is None for index in range(len(replies))):
        return None
    counts = Counter(reply.failure for reply in replies)
    return {kind: counts[kind] for kind in _FAILURES}


def _calibration(replies: Sequence[Judged], truths: Sequence[str]) -> Calibration | None:
    """Compare confidences with what is right; None where answers come without."""
    if any(reply.confidence is None for reply in replies):
        return None
    sure = np.array([reply.confidence for reply in replies], np.float64)
    is_right = np.array([own.value == true for own, true in zip(replies, truths, strict=True)])
    curve = coverage_curve(sure, is_right).thinned(_MOST_POINTS)
    return Calibration(expected_calibration_error(sure, is_right), curve.points)


def _raised(split_task: SplitTask, replies: Sequence[Judged]) -> list[Problem]:
    """Count the errors that were raised, each with the first image that it was raised for."""
    errors: dict[str, list[int]] = {}
    for index, reply in enumerate(replies):
        if reply.status == "failed":
            errors.setdefault(reply.error or "", []).append(index)
    return [
        Problem(f"{message} (first for '{split_task.ids[places[0]]}')", len(places))
        for message, places in errors.items()
    ]


def _values(replies: Sequence[Judged]) -> list[str | None]:
    return [reply.value for reply in replies]
