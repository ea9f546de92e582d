"""Two benchmarks are compared image by image where they can be, and as other images where not."""

import hashlib
import json

import pytest

import segcap
from segcap.benchmark.compare import Difference, compare
from segcap.benchmark.results import BenchmarkResult
from segcap.core.errors import DataError
from segcap.evaluate import (
    Agreement,
    RateDifference,
    agreement_between,
    exact_match,
    independent_difference,
    mcnemar,
    paired_difference,
    wilson,
)

TRUTHS = [f"{number:04}" for number in range(100)]


def read_with(*wrong):
    """Answers to TRUTHS that are wrong in these images; every other one is missing."""
    return [
        truth if place not in wrong else None if place % 2 else "wrong"
        for place, truth in enumerate(TRUTHS)
    ]


def results(answers, truths=TRUTHS, *, task="digits", tested="same", first=0):
    """Results of a benchmark whose methods have answered this."""
    return {
        "format": 1,
        "version": segcap.__version__,
        "task": task,
        "title": "A test",
        "split": {
            "seed": 0,
            "training": 10,
            "tested": len(truths),
            "training_sha256": hashlib.sha256(b"learned").hexdigest(),
            "tested_sha256": hashlib.sha256(tested.encode()).hexdigest(),
        },
        "hardware": {"processor": "any", "cores": 2, "memory_gib": 8.0, "accelerators": []},
        "methods": [
            {
                "name": name,
                "approach": "segment",
                "description": "",
                "accuracy": {
                    "exact": exact_match(own, truths)._asdict(),
                    "characters": None,
                    "character_error_rate": None,
                    "length": None,
                    "top": [],
                    "classes": [],
                    "matrix": {"labels": [], "counts": []},
                    "confusions": [],
                },
                "failures": None,
                "ceiling": None,
                "errors_by_position": None,
                "calibration": None,
                "cost": None,
                "learning_curve": [],
                "robustness": [],
                "problems": [],
            }
            for name, own in answers.items()
        ],
        "pairs": [],
        "answers": [
            {
                "image": f"{first + place}.png",
                "truth": truth,
                "picture": None,
                "boxes": None,
                "by": {
                    name: {
                        "value": own[place],
                        "confidence": 0.5,
                        "status": "ok" if own[place] else "failed",
                        "failure": None,
                        "boxes": None,
                        "error": None if own[place] else "It failed.",
                    }
                    for name, own in answers.items()
                },
            }
            for place, truth in enumerate(truths)
        ],
    }


def test_the_same_images_are_compared_one_by_one():
    before = results({"glyphs": read_with(1, 2), "crnn": read_with(5)})
    after = results({"crnn": read_with(5), "glyphs": read_with(1, 2, 3, 4, 6, 7, 8, 9)})
    first, second = compare(before, after)
    counts = Agreement(both=92, only_first=0, only_second=6, neither=2)
    assert first == Difference(
        "glyphs", wilson(98, 100), wilson(92, 100), paired_difference(counts), mcnemar(counts)
    )
    assert first.change.value == pytest.approx(-0.06)
    assert first.p_value == pytest.approx(1 / 32 / 2)
    assert (first.worse, first.better) == (True, False)
    assert second == Difference("crnn", wilson(99, 100), wilson(99, 100), (0, 0, 0), 1.0)
    assert (second.worse, second.better) == (False, False)


def test_a_change_within_its_interval_is_not_worse():
    (change,) = compare(
        results({"glyphs": read_with(1, 2)}), results({"glyphs": read_with(2, 3, 4, 5)})
    )
    assert change.change.value == pytest.approx(-0.02)
    assert change.change.high >= 0
    assert not change.worse


def test_turning_the_benchmarks_round_turns_the_verdict():
    few, many = results({"glyphs": read_with(1)}), results({"glyphs": read_with(*range(9))})
    (worse,), (better,) = compare(few, many), compare(many, few)
    assert worse.worse
    assert better.better
    assert better.change == tuple(-worse.change[place] for place in (0, 2, 1))
    assert better.p_value == worse.p_value


def test_the_order_of_images_does_not_matter():
    before, after = results({"glyphs": read_with(1)}), results({"glyphs": read_with(2)})
    straight = compare(before, after)
    after["answers"].reverse()
    assert compare(before, after) == straight


def test_other_images_are_compared_as_independent():
    before = results({"glyphs": read_with(1, 2)})
    after = results({"glyphs": read_with(*range(8))}, tested="other", first=1000)
    (change,) = compare(before, after)
    expected = independent_difference(wilson(92, 100), wilson(98, 100))
    assert change == Difference("glyphs", wilson(98, 100), wilson(92, 100), expected, None)
    assert not change.worse
    after = results({"glyphs": read_with(*range(14))}, tested="other", first=1000)
    assert compare(before, after)[0].worse


def test_only_methods_of_both_are_compared():
    before = results({"glyphs": read_with(), "crnn": read_with(), "old": read_with()})
    after = results({"new": read_with(), "crnn": read_with(), "glyphs": read_with()})
    assert [change.method for change in compare(before, after)] == ["glyphs", "crnn"]


def test_results_may_be_mappings_or_loaded(tmp_path):
    before, after = results({"glyphs": read_with(1)}), results({"glyphs": read_with(2)})
    (tmp_path / "before.json").write_text(json.dumps(before))
    loaded = BenchmarkResult.load(tmp_path / "before.json")
    assert compare(loaded, after) == compare(before, BenchmarkResult.from_json(after))


def test_a_reader_that_is_not_given_the_length_is_worse(handwriting):
    rows = segcap.generate.digit_sums(60, 10, seed=4, digits=handwriting)
    truths = ["".join(map(str, label)) for label in rows.labels]
    known, unknown = (
        segcap.load("digits", length=length).predict(rows.images).tolist() for length in (4, None)
    )
    (change,) = compare(results({"glyphs": known}, truths), results({"glyphs": unknown}, truths))
    counts = agreement_between(unknown, known, truths)
    assert change.worse
    assert change.p_value == mcnemar(counts) < 0.01
    assert (change.before, change.after) == (counts.second, counts.first)


@pytest.mark.parametrize(
    ("change", "p_value", "end"),
    [
        (RateDifference(-0.06, -0.11, -0.02), 0.0156, "p = 0.016: worse"),
        (RateDifference(0.06, 0.02, 0.11), 0.0156, "p = 0.016: better"),
        (RateDifference(-0.06, -0.13, 0.01), None, "other images: no difference shown"),
        (RateDifference(-0.06, -0.11, -0.02), 0.0625, "p = 0.062: no difference shown"),
        (RateDifference(0.06, 0.02, 0.11), 0.0625, "p = 0.062: no difference shown"),
    ],
)
def test_a_difference_prints_its_verdict(change, p_value, end):
    shown = str(Difference("glyphs", wilson(98, 100), wilson(92, 100), change, p_value))
    assert shown == f"glyphs: 98.00% to 92.00%, {change}, {end}"


def test_other_tasks_raise():
    with pytest.raises(DataError, match=r"must be of one task\. Got 'digits' and 'wordpress'"):
        compare(
            results({"glyphs": read_with()}), results({"glyphs": read_with()}, task="wordpress")
        )


@pytest.mark.parametrize("place", [0, 1])
def test_other_formats_raise(place):
    both = [results({"glyphs": read_with()}) for _ in range(2)]
    both[place]["format"] = 2
    with pytest.raises(DataError, match=r"must be of format 1\. Got a mapping of format 2"):
        compare(*both)


def test_what_are_no_results_raise():
    with pytest.raises(DataError, match="must follow their schema"):
        compare({"format": 1}, results({"glyphs": read_with()}))


@pytest.mark.parametrize(("names", "found"), [(["crnn"], "'crnn'"), ([], "none")])
def test_benchmarks_without_a_common_method_raise(names, found):
    with pytest.raises(DataError, match=f"a method in common. Got 'glyphs', and {found}"):
        compare(results({"glyphs": read_with()}), results({name: read_with() for name in names}))


def test_other_images_under_the_same_hash_raise():
    before, after = results({"glyphs": read_with()}), results({"glyphs": read_with()})
    after["answers"][7]["image"] = "other.png"
    with pytest.raises(DataError, match=r"same images and truths .* Got '(7|other)\.png' in one"):
        compare(before, after)


def test_results_that_are_no_numbers_raise(tmp_path):
    one = results({"glyphs": read_with()})
    one["methods"][0]["accuracy"]["exact"]["value"] = float("nan")
    file = tmp_path / "results.json"
    file.write_text(json.dumps(one))
    with pytest.raises(DataError, match=r"Got '.*results\.json', where .*not JSON compliant"):
        BenchmarkResult.load(file)
    one = results({"glyphs": read_with()})
    one["answers"][0]["by"]["glyphs"]["boxes"] = [[5, 5, 1, 1]]
    with pytest.raises(DataError, match=r"Got a mapping, where A box of an answer must"):
        BenchmarkResult.from_json(one)
    with pytest.raises(DataError, match=r"must be a JSON file\. Got 3"):
        BenchmarkResult.load(3)
    with pytest.raises(DataError, match=r"or a mapping each\. Got None"):
        compare(None, results({"glyphs": read_with()}))
