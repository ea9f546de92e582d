"""Run cases and report: how many, their outcomes, the worst time and memory."""

import random
import resource
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field

import segcap
from segcap.core.errors import SegcapWarning

from . import cases

KINDS = ("image", "shape", "bundle", "argument")
RATES = (0.6, 0.1, 0.2, 0.1)
BUNDLES = ("digits", "digit-sum", "captcha-v2-crnn")


@dataclass
class Report:
    """What came of cases.

    Attributes
    ----------
    outcomes : Counter
        By kind and outcome.
    faults : list of (str, int, str)
        Kind, seed and error of cases whose outcome is none of the documented ones.
    worst : (float, str, int)
        Seconds of CPU, kind and seed of the slowest case.
    """

    outcomes: Counter = field(default_factory=Counter)
    faults: list = field(default_factory=list)
    worst: tuple = (0.0, "", 0)

    def __str__(self):
        lines = [f"{sum(self.outcomes.values()) + len(self.faults):,} cases"]
        lines += [
            f"  {kind:9} {what:14} {n:8,}" for (kind, what), n in sorted(self.outcomes.items())
        ]
        lines += [f"{len(self.faults)} faults"]
        lines += [f"  {kind} {seed}: {error}" for kind, seed, error in self.faults[:50]]
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        lines += [f"slowest: {self.worst[0]:.2f} s of CPU, {self.worst[1]} {self.worst[2]}"]
        lines += [f"most memory of the process: {most:.0f} MiB"]
        return "\n".join(lines)


class Fuzzer:
    """Runs cases by kind and seed; the same seed is the same case."""

    def __init__(self, folder):
        self._folder = folder
        self._samples = cases.encoded_samples()
        self._readers = {name: segcap.load(name) for name in cases.READABLE}
        self._bundles = {name: cases.unpacked(name) for name in BUNDLES}

    def case(self, kind, seed):
        """Run one case and return its outcome; any other error than a documented one is raised."""
        rng = random.Random(f"{kind} {seed}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SegcapWarning)
            if kind == "image":
                return cases.image_case(rng, self._samples, self._readers)
            if kind == "shape":
                return cases.shape_case(rng, self._readers)
            if kind == "bundle":
                return cases.bundle_case(rng, self._bundles, self._folder)
            return cases.argument_case(rng)


def run(count, first_seed=0, kinds=KINDS):
    """Run so many cases of these kinds, and report."""
    report = Report()
    weights = [RATES[KINDS.index(kind)] for kind in kinds]
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(folder)
        for seed in range(first_seed, first_seed + count):
            (kind,) = random.Random(seed).choices(kinds, weights)
            started = time.process_time()
            try:
                report.outcomes[kind, fuzzer.case(kind, seed)] += 1
            except Exception as error:  # noqa: BLE001 each is a fault to be reported
                report.faults.append((kind, seed, repr(error)[:300]))
            report.worst = max(report.worst, (time.process_time() - started, kind, seed))
    return report
