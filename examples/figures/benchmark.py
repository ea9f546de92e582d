"""Print a benchmark's figures as docs/results.md shows them, and draw its curves.

segcap bench TASK --data DIR --out OUT
python examples/figures/benchmark.py OUT/results.json [OTHER/results.json] [--plot PNG]
"""

import argparse
from pathlib import Path

from segcap.benchmark import BenchmarkResult

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("results", type=Path, nargs="+")
parser.add_argument("--plot", type=Path)
args = parser.parse_args()
results = [BenchmarkResult.load(path) for path in args.results]
HEAD = ("", "exact match", "characters", "p50, p95", "images/s", "memory", "on disk", "trained in")


def bounded(rate):
    return f"{rate.value:.2%} ({100 * rate.low:.2f} to {100 * rate.high:.2f})"


def row(one):
    characters, cost = one.accuracy.characters, one.cost
    known = ("–",) * 5
    if cost is not None:
        known = (
            f"{cost.latency_ms_p50:.1f}, {cost.latency_ms_p95:.1f} ms",
            f"{cost.images_per_second:,.0f}",
            "–" if cost.peak_memory_mib is None else f"{cost.peak_memory_mib:,.0f} MiB",
            "–" if cost.bytes is None else f"{cost.bytes / 1e6:.2f} MB",
            "–" if cost.training_seconds is None else f"{cost.training_seconds / 60:.1f} min",
        )
    shown = "–" if characters is None else f"{characters.value:.2%}"
    return (one.name, bounded(one.accuracy.exact), shown, *known)


for result in results:
    split = result.split
    print(
        f"{result.task}: {split.training:,} images to train on, {split.tested:,} tested; ", end=""
    )
    print(result.hardware)
    for cells in (HEAD, ("---",) * len(HEAD), *map(row, result.methods)):
        print(f"| {' | '.join(cells)} |")
    for pair in result.pairs:
        print(f"{pair.first} - {pair.second}: {pair.difference}, p = {pair.p_value:.2g}")
    for one in result.methods:
        details = {"failures": one.failures, "ceiling": one.ceiling and bounded(one.ceiling)}
        if one.calibration is not None:
            details["calibration error"] = f"{one.calibration.expected_error:.4f}"
        if one.errors_by_position:
            rates = [f"{place.wrong.value:.2%}" for place in one.errors_by_position]
            details["wrong by position"] = ", ".join(rates)
        for name, known in details.items():
            if known is not None:
                print(f"{one.name}, {name}: {known}")
        for point in one.learning_curve:
            print(f"{one.name}, {point.labels} labels: {point.mean:.2%}, seeds {point.scores}")
        curve = ", ".join(f"{own.difficulty:g}: {own.exact.value:.1%}" for own in one.robustness)
        print(f"{one.name}, by difficulty: {curve or '–'}")
        for problem in one.problems:
            print(f"{one.name}, problem: {problem.message} ({problem.count})")
    print()

if args.plot:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, rows = plt.subplots(
        len(results), 3, figsize=(11, 3.3 * len(results)), squeeze=False, layout="constrained"
    )
    for result, (cost, middle, robust) in zip(results, rows, strict=True):
        has_curve = any(len(one.learning_curve) > 1 for one in result.methods)
        middle.set_xscale("log" if has_curve else "linear")
        middle.minorticks_off()
        for place, one in enumerate(result.methods):
            style = {
                "color": f"C{place}",
                "marker": "os^Dv*"[place % 6],
                "ms": 4,
                "label": one.name,
            }
            exact = one.accuracy.exact
            if one.cost is not None:
                ends = [[exact.value - exact.low], [exact.high - exact.value]]
                cost.errorbar(one.cost.latency_ms_p50, exact.value, ends, ls="", **style)
            points = one.learning_curve
            labels = [point.labels for point in points]
            if points:
                middle.plot(labels, [point.mean for point in points], **style)
                low, high = ([getattr(p, side) for p in points] for side in ("low", "high"))
                middle.fill_between(labels, low, high, color=style["color"], alpha=0.2, lw=0)
                middle.set_xticks(labels, map(str, labels))
            elif not has_curve and one.calibration is not None:
                curve = one.calibration.curve
                rates = [point.coverage for point in curve]
                middle.plot(rates, [own.accuracy for own in curve], color=style["color"])
            steps = [own.difficulty for own in one.robustness]
            robust.plot(steps, [own.exact.value for own in one.robustness], **style)
        cost.set(xscale="log", xlabel="one image, ms", ylabel=f"{result.task}, exact match")
        middle.set_xlabel("labelled images to train on" if has_curve else "answered, surest first")
        robust.set(xlabel="difficulty of generated images", xlim=(-0.03, 1.03))
        for axes in (cost, middle, robust):
            axes.grid(alpha=0.3)
        for axes in (cost, middle, robust) if has_curve else (cost, robust):
            axes.set_ylim(-0.03, 1.03)
        cost.xaxis.set_major_formatter("{x:g}")
        cost.legend(fontsize=8)
    figure.savefig(args.plot, dpi=90)
