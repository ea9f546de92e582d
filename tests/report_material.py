"""A benchmark's result from real readings, small enough for tests."""

import time
from dataclasses import replace
from functools import cache
from itertools import combinations

import cv2
import numpy as np
from sklearn.neighbors import NearestCentroid

import segcap
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
    RobustnessPoint,
    TopRate,
)
from segcap.benchmark.results import BenchmarkResult, Hardware, ImageResult, Pair, SplitResult
from segcap.core.bundle import bundle_path, digest
from segcap.evaluate.abstention import coverage_curve
from segcap.evaluate.agreement import agreement_between, vote
from segcap.evaluate.confusions import character_confusion, most_confused
from segcap.evaluate.metrics import (
    character_accuracy,
    exact_match,
    expected_calibration_error,
    wilson,
)
from segcap.evaluate.text_metrics import (
    character_error_rate,
    errors_by_position,
    length_accuracy,
    top_k_accuracy,
)
from segcap.generate import TextGenerator

DIGITS = "0123456789"
KINDS = ("under-segmented", "over-segmented", "misplaced", "misread", "rejected", "unreadable")
READERS = {
    "six-char": ("end-to-end", {"allowlist": DIGITS}),
    "mixed": ("segment", {"allowlist": DIGITS, "length": 6}),
    "digits": ("segment", {"reject_below": 0.2}),
}


@cache
def drawn(n=24, seed=5, difficulty=0.4):
    return TextGenerator("six-char", charset=DIGITS, difficulty=difficulty).samples(n, seed=seed)


@cache
def reader(name):
    return segcap.load(name, **READERS[name][1])


@cache
def material():
    """A result and its images: three shipped readers, templates that are trained, and a vote."""
    samples = drawn()
    truths = [sample.label for sample in samples]
    replies = {name: read(name, samples) for name in READERS}
    replies["templates"] = templates(drawn(seed=1), samples)
    replies["vote"] = elected(list(replies.values()))
    answers = tuple(
        ImageResult(
            f"{place:02}-{sample.label}.png",
            sample.label,
            None,
            tuple(map(tuple, sample.boxes.tolist())),
            {name: own[place] for name, own in replies.items()},
        )
        for place, sample in enumerate(samples)
    )
    result = BenchmarkResult(
        version=segcap.__version__,
        task="six-char",
        title="Six digits in many styles",
        split=SplitResult(5, len(drawn(seed=1)), len(samples), seal(drawn(seed=1)), seal(samples)),
        hardware=Hardware("any", 2, 8.0, ()),
        methods=tuple(method(name, own, truths, samples) for name, own in replies.items()),
        pairs=tuple(pair(*names, replies, truths) for names in combinations(replies, 2)),
        answers=answers,
    )
    return result, [sample.image for sample in samples]


def seal(samples):
    return digest(*(sample.image for sample in samples))


def read(name, samples):
    readings = reader(name).read_many([sample.image for sample in samples])
    is_segmenting = READERS[name][0] == "segment"
    return [
        Judged(
            one.text,
            one.confidence,
            one.status,
            one.failure(sample.label, sample.boxes) if is_segmenting else None,
            tuple(glyph.box for glyph in one.glyphs) if is_segmenting else None,
        )
        for one, sample in zip(readings, samples, strict=True)
    ]


def templates(train, samples):
    """Classify characters, whose places are known, by the nearest mean of those trained on."""
    glyphs = [cut for sample in train for cut in cuts(sample)]
    known = NearestCentroid().fit(glyphs, [char for sample in train for char in sample.label])
    texts = ["".join(known.predict(cuts(sample))) for sample in samples]
    return [
        Judged(text, None, "ok", None if text == sample.label else "misread")
        for text, sample in zip(texts, samples, strict=True)
    ]


def cuts(sample):
    grey = sample.image if sample.image.ndim == 2 else sample.image.mean(axis=2)
    crops = [grey[y0:y1, x0:x1] for x0, y0, x1, y1 in sample.boxes.tolist()]
    return [cv2.resize(np.float32(crop), (12, 16)).ravel() for crop in crops]


def elected(members):
    votes = vote([[[(one.value, one.confidence or 0.0)] for one in own] for own in members])
    return [Judged(one.value, min(one.confidence, 1.0), "ok") for one in votes]


def method(name, replies, truths, samples):
    values = [reply.value for reply in replies]
    approach = READERS[name][0] if name in READERS else "vote" if name == "vote" else "peer"
    robustness, curve, cost = (), (), None
    if name in READERS:
        cost = costs(name, samples)
        robustness = tuple(
            RobustnessPoint(level, exact(read(name, drawn(6, 2, level)), drawn(6, 2, level)))
            for level in (0.0, 1.0)
        )
    if name == "templates":
        curve = tuple(learning_point(n, samples) for n in (3, 8, 24))
    failures = None
    if approach == "segment":
        failures = {kind: sum(reply.failure == kind for reply in replies) for kind in KINDS}
    return MethodResult(
        name=name,
        approach=approach,
        description=f"{name} as shipped" if name in READERS else "",
        accuracy=accuracy(values, truths),
        failures=failures,
        ceiling=wilson(
            sum(len(v) == len(t) for v, t in zip(values, truths, strict=True)), len(truths)
        )
        if failures
        else None,
        errors_by_position=tuple(
            PositionErrors(place, wrong)
            for place, wrong in enumerate(errors_by_position(values, truths))
        ),
        calibration=calibration(replies, values, truths),
        cost=cost,
        learning_curve=curve,
        robustness=robustness,
        problems=(),
    )


def exact(replies, samples):
    return exact_match([reply.value for reply in replies], [sample.label for sample in samples])


def accuracy(values, truths):
    matrix = character_confusion(values, truths).matrix
    report = matrix.report()
    rows = zip(report.classes, report.scores, strict=True)
    return Accuracy(
        exact=exact_match(values, truths),
        characters=character_accuracy(values, truths),
        character_error_rate=character_error_rate(values, truths),
        length=length_accuracy(values, truths),
        top=(TopRate(1, top_k_accuracy([[value] for value in values], truths, 1)),),
        classes=tuple(
            ClassRow(str(label), *map(float, scores[:3]), int(scores[3])) for label, scores in rows
        ),
        matrix=Matrix.of(matrix),
        confusions=tuple(most_confused(values, truths, unit="character")),
    )


def calibration(replies, values, truths):
    if any(reply.confidence is None for reply in replies):
        return None
    sure = np.array([reply.confidence for reply in replies])
    right = np.array([value == truth for value, truth in zip(values, truths, strict=True)])
    error = expected_calibration_error(sure, right)
    return Calibration(error, coverage_curve(sure, right).points)


def costs(name, samples):
    begun = time.perf_counter()
    for sample in samples[:3]:
        reader(name).read(sample.image)
    took = (time.perf_counter() - begun) / 3
    size = bundle_path(name).stat().st_size
    return Cost(None, 1000 * took, 1000 * took, 1 / took, None, None, size)


def learning_point(n, samples):
    scores = [exact(templates(drawn(seed=seed)[:n], samples), samples).value for seed in (1, 3)]
    return LearningPoint(n, tuple(scores), float(np.mean(scores)), min(scores), max(scores))


def pair(first, second, replies, truths):
    counts = agreement_between(
        *([reply.value for reply in replies[name]] for name in (first, second)), truths
    )
    return Pair.of(first, second, counts)


def renamed(result, names):
    """The same result with methods of other names."""
    return replace(
        result,
        methods=tuple(replace(one, name=names.get(one.name, one.name)) for one in result.methods),
        pairs=tuple(
            replace(
                one, first=names.get(one.first, one.first), second=names.get(one.second, one.second)
            )
            for one in result.pairs
        ),
        answers=tuple(
            replace(one, by={names.get(name, name): own for name, own in one.by.items()})
            for one in result.answers
        ),
    )


def only(result, names):
    """The same result with some of its methods."""
    return replace(
        result,
        methods=tuple(one for one in result.methods if one.name in names),
        pairs=tuple(one for one in result.pairs if {one.first, one.second} <= set(names)),
        answers=tuple(
            replace(one, by={name: own for name, own in one.by.items() if name in names})
            for one in result.answers
        ),
    )


def by_name(result, name):
    return next(one for one in result.methods if one.name == name)
