"""A hill to climb, for the tests of searches."""

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

SPACE = {"x": FloatDistribution(0, 10), "n": IntDistribution(1, 64, log=True), "kind": ["a", "b"]}
GRID = {"x": [1, 2, 3], "kind": ["a", "b"]}


def hill(settings, report):
    """Highest at x = 3, n = 8 and kind "a"."""
    value = -((settings["x"] - 3) ** 2) - abs(np.log2(settings.get("n", 8)) - 3)
    return float(value - (settings["kind"] == "b"))


def climbed(settings, report):
    """The same, reported in four steps."""
    value = hill(settings, report)
    for step in (1, 2, 3, 4):
        report(step, value / step)
    return value


def what_was_tried(result):
    """All of each trial that does not depend on the clock."""
    return [(one.trial, one.settings, one.state, one.value, one.notes) for one in result.trials]
