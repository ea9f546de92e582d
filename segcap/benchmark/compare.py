"""Whether a second benchmark's methods are worse than a first's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segcap.benchmark.results import BenchmarkResult
from segcap.core.errors import DataError
from segcap.evaluate.agreement import agreement_between
from segcap.evaluate.metrics import Rate
from segcap.evaluate.paired import (
    RateDifference,
    independent_difference,
    is_shown,
    mcnemar,
    paired_difference,
)

__all__ = ["Difference", "compare"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a method's exact match has changed.

    Attributes
    ----------
    method : str
    before, after : Rate
        Exact match in the first and in the second benchmark.
    change : RateDifference
        After less before.
    p_value : float or None
        Of McNemar's test, mid-p; None where the benchmarks have tested different images.
    """

    method: str
    before: Rate
    after: Rate
    change: RateDifference
    p_value: float | None

    @property
    def worse(self) -> bool:
        """Whether the whole interval of the change lies below 0, and McNemar's test agrees."""
        return self.change.value < 0 and is_shown(self.change, self.p_value)

    @property
    def better(self) -> bool:
        """Whether the whole interval of the change lies above 0, and McNemar's test agrees."""
        return self.change.value > 0 and is_shown(self.change, self.p_value)

    def __str__(self) -> str:
        verdict = "worse" if self.worse else "better" if self.better else "no difference shown"
        images = "other images" if self.p_value is None else f"p = {self.p_value:.2g}"
        return (
            f"{self.method}: {self.before.value:.2%} to {self.after.value:.2%}, "
            f"{self.change}, {images}: {verdict}"
        )


def compare(
    before: BenchmarkResult | Mapping[str, Any], after: BenchmarkResult | Mapping[str, Any]
) -> list[Difference]:
    """Compare the exact match of each method that stands in two benchmarks.

    Parameters
    ----------
    before, after : BenchmarkResult or mapping
        A mapping as `BenchmarkResult.to_json` gives it.

    Returns
    -------
    list of Difference
        In the first's order. Where both have tested the same images, answers are compared image by
        image, which shows smaller differences: see `segcap.evaluate.paired_difference`. Otherwise
        images are taken as drawn independently: see `segcap.evaluate.independent_difference`.

    Raises
    ------
    DataError
        The benchmarks are of different tasks, have no method in common, or one follows no schema.
    """
    first, second = _result(before), _result(after)
    if first.task != second.task:
        raise DataError(
            f"The results of compare must be of one task. Got '{first.task}' and '{second.task}'."
        )
    measured = {method.name: method.accuracy.exact for method in second.methods}
    common = [method for method in first.methods if method.name in measured]
    if not common:
        raise DataError(
            "The results of compare must have a method in common. "
            f"Got {_names(first)}, and {_names(second)}."
        )
    if first.split.tested_sha256 == second.split.tested_sha256:
        return [_paired(method.name, first, second) for method in common]
    return [
        _independent(method.name, method.accuracy.exact, measured[method.name]) for method in common
    ]


def _result(given: BenchmarkResult | Mapping[str, Any]) -> BenchmarkResult:
    if isinstance(given, BenchmarkResult):
        return given
    if not isinstance(given, Mapping):
        raise DataError(
            f"The results of compare must be a BenchmarkResult or a mapping each. Got {given!r}."
        )
    return BenchmarkResult.from_json(dict(given))


def _names(result: BenchmarkResult) -> str:
    return ", ".join(f"'{method.name}'" for method in result.methods) or "none"


def _independent(name: str, before: Rate, after: Rate) -> Difference:
    return Difference(name, before, after, independent_difference(after, before), None)


def _paired(name: str, first: BenchmarkResult, second: BenchmarkResult) -> Difference:
    old, new = _answers(name, first), _answers(name, second)
    if old.keys() != new.keys():
        image, _ = next(iter(old.keys() ^ new.keys()))
        raise DataError(
            "The results of compare must hold the same images and truths where their SHA-256 is "
            f"the same. Got '{image}' in one alone."
        )
    truths = [truth for _, truth in old]
    counts = agreement_between([new[image] for image in old], list(old.values()), truths)
    change = paired_difference(counts)
    return Difference(name, counts.second, counts.first, change, mcnemar(counts))


def _answers(name: str, result: BenchmarkResult) -> dict[tuple[str, str], str | None]:
    """Answers of a method by image and its truth."""
    return {(answer.image, answer.truth): answer.by[name].value for answer in result.answers}
