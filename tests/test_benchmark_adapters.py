"""Methods one by one: replies, errors, cost."""

import json
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from math import nan

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

import segcap
from segcap import ClassReading, Glyph, Reading, benchmark
from segcap.benchmark import Ddddocr, FunctionMethod, Tesseract, Truth
from segcap.benchmark.adapters import ReaderMethod, as_methods
from segcap.benchmark.answering import heard, replies_of
from segcap.benchmark.cost import measured_cost, together, used_versions
from segcap.benchmark.difficulty import texts_generator
from segcap.benchmark.memory import peak_memory
from segcap.benchmark.outcomes import Cost, Judged
from segcap.benchmark.plain import from_plain, to_plain
from segcap.benchmark.scoring import voted
from segcap.benchmark.training import identity
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.datasets import load

pytestmark = pytest.mark.usefixtures("quick_benchmarks")


class _Flat:
    """A classifier of rows of numbers as one of glyphs."""

    def __init__(self, classifier):
        self.classifier, self.classes_ = classifier, classifier.classes_

    def predict_proba(self, glyphs):
        return self.classifier.predict_proba(glyphs.reshape(len(glyphs), -1))


def test_a_function_must_answer_with_texts(split_task):
    (result,) = replies_of(FunctionMethod("bad", lambda image: 3), split_task.tested.images[:1])
    assert result.status == "failed"
    assert "must answer with a text or None. Got 3." in result.error
    nothing, missing = FunctionMethod("none", lambda image: None).answer(
        [split_task.tested.images[0], "missing.png"]
    )
    assert (nothing.answer, nothing.status) == ("", "empty")
    assert (missing.answer, missing.status) == (None, "unreadable")
    sums = FunctionMethod("sums", lambda image: "1 + 12", "sums").answer(
        split_task.tested.images[:1]
    )
    assert [own.answer for own in sums] == [4]


def test_too_few_replies_are_no_replies(split_task):
    class Short:
        name, approach, description = "short", "peer", "forgets"

        def answer(self, images):
            return []

    (reply,) = replies_of(Short(), split_task.tested.images[:1])
    assert "must give a result an image. Got 0 for 1 images." in reply.error


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (lambda: Reading("a", confidence=1.5), r"numbers in \[0, 1\]. Got 1.5"),
        (lambda: Reading(3, confidence=0.5), "must be texts that a file can hold. Got 3"),
        (lambda: Reading(0, confidence=0.5), "must be texts that a file can hold. Got 0"),
        (lambda: Reading("\ud800", confidence=0.5), r"a file can hold. Got '\\ud800'"),
        (lambda: Reading("a", error=ValueError("x")), "Got ValueError"),
        (lambda: Reading("a", (Glyph("a", 1, "xx"),)), "x0 < x1 and y0 < y1. Got 'xx'"),
        (lambda: Reading("a", (Glyph("a", 1, (5, 5, 1, 9)),)), r"Got \(5, 5, 1, 9\)"),
        (lambda: sys.exit(3), "SystemExit: 3"),
        (lambda: Reading("a", status="fine"), "must be one of ok, .* Got 'fine'"),
        (lambda: Reading("a", alternatives=(("b", 2),)), r"\[0, 1\]. Got 2"),
        (lambda: "a", "must answer with a Reading, a SumReading or a ClassReading. Got 'a'"),
    ],
)
def test_replies_that_cannot_be_are_wrong_answers(split_task, reply, message):
    class Odd:
        name, approach, description = "odd", "peer", "answers oddly"

        def answer(self, images):
            return [reply() for _ in images]

    (judged,) = replies_of(Odd(), split_task.tested.images[:1])
    assert (judged.value, judged.status) == (None, "failed")
    assert re.search(message, judged.error)


def test_numbers_of_numpy_are_kept_as_plain_ones():
    box = np.array([1, 2, 3, 4], np.int32)
    rate = np.float32(0.5)
    glyph = Glyph("a", rate, box)
    reply = Judged.of(Reading("a", (glyph,), confidence=rate, alternatives=(("b", rate),)))
    assert json.loads(json.dumps(to_plain(reply)))["confidence"] == 0.5
    assert from_plain(Judged, to_plain(reply)) == reply


@pytest.mark.parametrize(
    ("readers", "message"),
    [
        (None, "must be a list, or a mapping of names. Got None"),
        ("digits", "must be a list, or a mapping of names. Got 'digits'"),
        ({" ": lambda image: "1"}, "must have a name. Got ' '"),
        ({1: lambda image: "1"}, "must have a name. Got 1"),
        ([], "must be at least one"),
    ],
)
def test_readers_that_are_none(split_task, readers, message):
    with pytest.raises(ParameterError, match=message):
        benchmark.run(readers, split_task)


@pytest.mark.parametrize("way", ["magic", "vote"])
def test_an_method_of_no_known_approach(split_task, way):
    class Odd:
        name, approach, description = "odd", way, "answers oddly"

        def answer(self, images):
            return []

    with pytest.raises(ParameterError, match=rf"segment, end-to-end, peer\. Got '{way}'"):
        benchmark.run([Odd()], split_task)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": 5}, "'labels' must be several numbers of images. Got 5"),
        ({"difficulties": ("a",)}, r"'difficulties' must be a number in \[0, 1\], or many"),
        ({"difficulties": (2,)}, r"'difficulties' must lie in \[0, 1\]. Got 2"),
        ({"difficulties": 0.5}, "'difficulties' must be several numbers. Got 0.5"),
    ],
)
def test_settings_of_a_benchmark_that_cannot_be(split_task, drawn_folder, options, message):
    with_generator = replace(
        split_task, generator=texts_generator("labelled", load("labelled", drawn_folder))
    )
    with pytest.raises(ParameterError, match=message):
        benchmark.run({"one": lambda image: "1"}, with_generator, **options)
    with pytest.raises(ParameterError, match="'dataset' of a benchmark must be a Dataset"):
        benchmark.run({"one": lambda image: "1"}, "data")


def test_errors_that_no_file_can_hold_are_reported_all_the_same(split_task):
    def fails(image):
        raise RuntimeError("\ud800 is\n no letter")

    (reply,) = replies_of(FunctionMethod("fails", fails), split_task.tested.images[:1])
    assert reply.error == r"RuntimeError: \ud800 is no letter"


def test_who_exits_is_wrong_and_has_no_cost(split_task):
    class Exits:
        name, approach, description = "exits", "peer", "leaves"

        def answer(self, images):
            if len(images) > 1:
                sys.exit(3)
            return [Reading("1", confidence=nan) for _ in images]

    (exits,) = benchmark.run([Exits()], split_task).methods
    assert [one.message for one in exits.problems] == ["No cost is known. SystemExit: 3"]

    class ExitsInTraining(Exits):
        def fit(self, train):
            sys.exit(4)

    (exits,) = benchmark.run([ExitsInTraining()], split_task).methods
    assert exits.problems[0].message.startswith("SystemExit: 4 (first for ")


def test_peers_that_are_not_there_are_wrong(split_task, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "ddddocr", None)
    monkeypatch.setattr("segcap.benchmark.peers.version", missing)
    result = benchmark.run([Tesseract(), Ddddocr()], split_task)
    assert [one.accuracy.exact.value for one in result.methods] == [0, 0]
    assert "FileNotFoundError" in result.methods[0].problems[0].message
    assert "ModuleNotFoundError" in result.methods[1].problems[0].message


def missing(name):
    raise PackageNotFoundError(name)


def test_versions_of_packages_by_other_names_are_left_out(monkeypatch):
    monkeypatch.setattr("segcap.benchmark.cost.version", missing)
    assert used_versions().keys() == {"segcap", "opencv", "backend"}


def test_warnings_are_heard_and_those_of_others_pass():
    problems = []

    def warn():
        with heard(problems):
            warnings.simplefilter("always")
            for _ in range(2):
                warnings.warn("resized", SegcapWarning, stacklevel=1)
            warnings.warn("other", UserWarning, stacklevel=1)

    with pytest.warns(UserWarning, match="other"):
        warn()
    assert [(one.message, one.count) for one in problems] == [("resized", 2)]


def test_warnings_are_heard_before_an_error_too():
    problems = []

    def train():
        with heard(problems):
            warnings.warn("left out", SegcapWarning, stacklevel=1)
            raise DataError("too few")

    with pytest.raises(DataError):
        train()
    assert [one.message for one in problems] == ["left out"]


def test_a_mapping_names_methods():
    peers = {"line": Tesseract(psm=7), "word": Tesseract(psm=8)}
    methods = as_methods(peers, "texts")
    assert [(one.name, one.psm) for one in methods] == [("line", 7), ("word", 8)]
    assert peers["word"].name == "tesseract"

    class Foreign:
        name, approach, description = "own", "peer", "of somebody"

        def answer(self, images):
            return []

    assert as_methods({"own": Foreign()}, "texts")[0].name == "own"
    with pytest.raises(ParameterError, match=r"under its own name, 'own'\. Got 'other'"):
        as_methods({"other": Foreign()}, "texts")


def test_another_classifier_is_another_method(tmp_path):
    inputs = np.zeros((4, 784))
    constant = [DummyClassifier(strategy="constant", constant=c) for c in (0, 1)]
    readers = [
        segcap.GlyphReader("01", classifier=_Flat(one.fit(inputs, [0, 1, 0, 1])))
        for one in constant
    ]
    first, second = (ReaderMethod("own", one, "texts").identity for one in readers)
    assert first != second
    whole = [identity(ReaderMethod("own", one, "texts")) for one in (readers[0], readers[0])]
    assert whole[0] == whole[1]
    assert first == ReaderMethod("own", readers[0], "texts").identity
    by_function = segcap.GlyphReader("01", segmenter=lambda image: image[..., 0] < 9)
    assert "lambda" not in ReaderMethod("own", by_function, "texts").identity["reader"]["segmenter"]
    network = tmp_path / "own.onnx"
    on_file = segcap.GlyphReader("01", classifier=network)
    known = []
    for content in (b"one", b"other"):
        network.write_bytes(content)
        known.append(ReaderMethod("own", on_file, "texts").identity)
    assert known[0] != known[1]


def test_failures_without_known_boxes_are_those_of_the_reader(drawn_folder, split_task):
    blind = replace(split_task, known=(None,) * len(split_task.tested))
    reader = segcap.load("digits", length=3)
    (digits,) = benchmark.run({"digits": reader}, blind).methods
    assert digits.accuracy.exact.value == 0
    failures = digits.failures
    assert failures["under-segmented"] + failures["rejected"] == len(split_task.tested)
    assert digits.ceiling is None
    method = ReaderMethod("digits", segcap.load("digits", length=4), "texts")
    assert method.failure(split_task.tested.images[0], Truth("abcd")) == "misread"


def test_no_cost_without_a_readable_image(split_task):
    method = FunctionMethod("none", lambda image: None)
    with pytest.raises(ParameterError, match="Got none among 1"):
        measured_cost(method, ["missing.png"])


def test_costs_add_up_as_far_as_they_are_known():
    first = Cost(1.0, 2.0, 3.0, 100.0, 50.0, 10, 20)
    second = Cost(None, 1.0, 1.0, 100.0, 25.0, 5, None)
    assert together([first, second]) == Cost(None, 3.0, 4.0, 50.0, 75.0, 15, None)


def test_memory_is_that_of_a_process_of_its_own():
    held = np.ones(40_000_000)
    image = np.zeros((4, 4, 3), np.uint8)
    small = peak_memory("", [], [image])
    large = peak_memory("held = np.ones(15_000_000)\nassert options == ['a']", ["a"], [image])
    assert small < held.nbytes / 2**20 * 0.8
    assert large - small > 90
    with pytest.raises(DataError, match="Got: NameError: name 'nothing' is not defined"):
        peak_memory("nothing", [], [image])


def test_nothing_heavy_is_imported():
    heavy = {"keras", "tensorflow", "matplotlib", "ddddocr"}
    code = f"import sys, segcap.benchmark; print({heavy} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_numbered_classes_are_answers():
    judged = Judged.of(ClassReading(3, confidence=0.5, alternatives=((4, 0.2),)))
    assert (judged.value, judged.alternatives) == ("3", (("4", 0.2),))


def test_what_saw_nothing_has_no_vote():
    seen, nothing = Judged("12", 0.9, "ok"), Judged("", 0.0, "empty")
    for members in ([[seen]], [[seen], [nothing]]):
        (elected,) = voted(members)
        assert (elected.value, elected.confidence) == ("12", 0.9)
    assert voted([[nothing]])[0].status == "empty"


def test_a_fitted_own_classifier_takes_part_as_what_it_is(tmp_path):
    class Zeros:
        def predict_proba(self, glyphs):
            return np.tile(np.eye(10)[0], (len(glyphs), 1))

    reader = segcap.GlyphReader("0123456789", classifier=Zeros())
    assert ReaderMethod("zeros", reader, "sums").is_fitted
    kept = identity(ReaderMethod("zeros", reader, "texts"))
    assert kept["name"] == "zeros"
    assert kept["learned"] == reader.provenance_
