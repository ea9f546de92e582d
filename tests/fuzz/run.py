"""Run cases and report: how many, their outcomes, the worst time and memory."""

import json
import random
import resource
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import segcap
from segcap.core.errors import SegcapWarning
from segcap.core.files import write_atomically

from . import cases

KINDS = ("image", "shape", "bundle", "argument")
RATES = (0.6, 0.1, 0.2, 0.1)
SAVED_EVERY = 500
BUNDLES = ("digits", "digit-sum", "captcha-v2-crnn", "any")


@dataclass
class Report:
    """What came of cases.

    Attributes
    ----------
    done : int
        How many cases have run.
    outcomes : Counter
        By kind and outcome.
    faults : list of (str, int, str)
        Kind, seed and error of cases whose outcome is none of the documented ones.
    worst : (float, str, int)
        Seconds of CPU, kind and seed of the slowest case.
    memory : float
        Most resident memory of the process, MiB.
    """

    done: int = 0
    outcomes: Counter = field(default_factory=Counter)
    faults: list = field(default_factory=list)
    worst: tuple = (0.0, "", 0)
    memory: float = 0.0

    @classmethod
    def of(cls, path):
        """A report as it was saved; a new one where there is none."""
        if path is None or not Path(path).exists():
            return cls()
        kept = json.loads(Path(path).read_text())
        kept["outcomes"] = Counter({(kind, what): n for kind, what, n in kept["outcomes"]})
        return cls(**{**kept, "worst": tuple(kept["worst"])})

    def save(self, path):
        """Write what `of` reads."""
        outcomes = [[kind, what, n] for (kind, what), n in sorted(self.outcomes.items())]
        write_atomically(path, json.dumps({**vars(self), "outcomes": outcomes}).encode())

    def __str__(self):
        lines = [f"{self.done:,} cases"]
        lines += [
            f"  {kind:9} {what:14} {n:8,}" for (kind, what), n in sorted(self.outcomes.items())
        ]
        lines += [f"{len(self.faults)} faults"]
        lines += [f"  {kind} {seed}: {error}" for kind, seed, error in self.faults[:50]]
        lines += [f"slowest: {self.worst[0]:.2f} s of CPU, {self.worst[1]} {self.worst[2]}"]
        lines += [f"most memory of the process: {self.memory:.0f} MiB"]
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


def run(count, first_seed=0, kinds=KINDS, *, saved=None, on_progress=None):
    """Run so many cases of these kinds, and report; what is saved in a file goes on from there."""
    report = Report.of(saved)
    weights = [RATES[KINDS.index(kind)] for kind in kinds]
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(folder)
        while report.done < count:
            seed = first_seed + report.done
            (kind,) = random.Random(seed).choices(kinds, weights)
            started = time.process_time()
            try:
                report.outcomes[kind, fuzzer.case(kind, seed)] += 1
            except Exception as error:  # noqa: BLE001 each is a fault to be reported
                report.faults.append((kind, seed, repr(error)[:300]))
            report.worst = max(report.worst, (time.process_time() - started, kind, seed))
            report.done += 1
            if report.done % SAVED_EVERY == 0 or report.done == count:
                used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                report.memory = max(report.memory, used)
                if saved is not None:
                    report.save(saved)
                if on_progress is not None:
                    on_progress(report.done, count, len(report.faults))
    return report
