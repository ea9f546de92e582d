"""Benchmarks that are killed, resumed, overwritten."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_material import Nearest, draw_texts, split_task_in, truth_of
from PIL import Image

import segcap
from segcap import benchmark
from segcap.benchmark import BenchmarkResult
from segcap.benchmark.cache import Parts
from segcap.benchmark.cost import used_versions
from segcap.core.errors import DataError
from segcap.datasets.dataset import Dataset
from segcap.generate import digit_sums
from segcap.scale import workers

pytestmark = pytest.mark.usefixtures("quick_benchmarks")


@pytest.mark.slow
def test_a_killed_benchmark_goes_on(split_task, tmp_path):
    asked = []
    killed = True
    known = truth_of(split_task)

    def first(image):
        asked.append("first")
        return known(image)

    def second(image):
        asked.append("second")
        if killed and asked.count("second") == 7:
            raise KeyboardInterrupt
        return known(image)

    readers = {"first": first, "second": second}
    with pytest.raises(KeyboardInterrupt):
        benchmark.run(readers, split_task, out=tmp_path / "out")
    assert not (tmp_path / "out" / "results.json").exists()
    killed = False
    asked.clear()
    seen = []
    result = benchmark.run(
        readers,
        split_task,
        out=tmp_path / "out",
        resume=True,
        on_progress=lambda done, total, note: seen.append((done, total)),
    )
    timed = 1 + 2 + 2 + 2
    assert asked.count("first") == timed
    assert asked.count("second") == timed + len(split_task.tested)
    assert seen[-1] == (3, 3)
    assert sorted(seen) == seen
    assert all(method.accuracy.exact.value == 1 for method in result.methods)
    asked.clear()
    assert benchmark.run(readers, split_task, out=tmp_path / "out", resume=True) == result
    assert asked == []


@pytest.mark.slow
def test_training_goes_on_after_the_last_epoch(handwriting, tmp_path, monkeypatch):
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 2)
    rows = digit_sums(30, 22, digits=handwriting, count=2)
    sums = Dataset("sums", rows.images, rows.labels.sum(axis=1, dtype=np.int64), Path("drawn"))
    reader = segcap.SumClassifier("lenet5", digits=2, epochs=2)
    epochs = []

    def kill(done, total, note):
        if "epoch" in note:
            epochs.append(note.split(",")[0])
            if len(epochs) == 1:
                raise KeyboardInterrupt

    options = {"out": tmp_path / "out", "on_progress": kill, "resume": True}
    with pytest.raises(KeyboardInterrupt):
        benchmark.run({"net": reader}, sums, **options)
    parts = tmp_path / "out" / "parts"
    assert sorted(file.suffix for file in parts.iterdir()) == [".seconds", ".state"]
    before = float(next(parts.glob("*.seconds")).read_text())
    result = benchmark.run({"net": reader}, sums, **options)
    assert epochs == ["net: epoch 1/2", "net: epoch 2/2"]
    (net,) = result.methods
    assert net.approach == "end-to-end"
    assert net.cost.training_seconds > before
    assert net.learning_curve[0].scores == (net.accuracy.exact.value,)
    assert net.learning_curve[0].seconds == net.cost.training_seconds
    assert [point.k for point in net.accuracy.top] == [2, 3, 5]
    assert not list(parts.glob("*.state")) + list(parts.glob("*.seconds"))
    assert not hasattr(reader, "trained_")
    monkeypatch.setattr(segcap.SumClassifier, "fit", None)
    again = benchmark.run({"net": reader}, sums, **options)
    assert again.methods == result.methods


@pytest.mark.slow
def test_workers_train_and_answer(handwriting, tmp_path, monkeypatch):
    training = "segcap.benchmark.training"
    monkeypatch.setattr(f"{training}.are_processes", lambda: True)
    monkeypatch.setattr(f"{training}.run", lambda task, jobs, as_ready: map(task, jobs))
    rows = digit_sums(30, 22, digits=handwriting, count=2)
    sums = Dataset("sums", rows.images, rows.labels.sum(axis=1, dtype=np.int64), Path("drawn"))
    reader = segcap.SumClassifier("lenet5", digits=2, epochs=1)
    notes = []
    options = {"labels": [12], "out": tmp_path / "out"}
    options["on_progress"] = lambda done, total, note: notes.append(note)
    with workers("threading", n_jobs=2):
        result = benchmark.run({"net": reader}, sums, **options)
    assert "2 of 2 trainings are done" in notes
    assert not any("epoch" in note for note in notes)
    (net,) = result.methods
    assert [point.labels for point in net.learning_curve] == [12, 24]
    assert net.cost.training_seconds > 0


@pytest.mark.slow
def test_images_that_have_changed_under_their_names_are_answered_anew(tmp_path):
    split_task = split_task_in(draw_texts(tmp_path / "drawn"))
    asked = []

    def sees(image):
        asked.append(image)
        return "1"

    benchmark.run({"sees": sees}, split_task, out=tmp_path / "out")
    asked.clear()
    changed = split_task.tested.images[0]
    Image.fromarray(255 - np.asarray(Image.open(changed))).save(changed)
    again = split_task_in(tmp_path / "drawn")
    assert again.split() == split_task.split()
    benchmark.run({"sees": sees}, again, out=tmp_path / "out", resume=True)
    assert len(asked) >= len(again.tested)


@pytest.mark.slow
def test_other_versions_answer_anew(split_task, tmp_path, monkeypatch):
    asked = []
    readers = {"sees": lambda image: asked.append(image) or "1"}
    benchmark.run(readers, split_task, out=tmp_path / "out")
    asked.clear()
    versions = {**used_versions(), "onnxruntime": "0"}
    monkeypatch.setattr("segcap.benchmark.stages.used_versions", lambda: versions)
    benchmark.run(readers, split_task, out=tmp_path / "out", resume=True)
    assert len(asked) >= len(split_task.tested)


@pytest.mark.slow
def test_why_no_cost_is_known_is_kept(split_task, tmp_path):
    known = truth_of(split_task)
    asked = []

    def tires(image):
        asked.append(image)
        if len(asked) > len(split_task.tested):
            raise RuntimeError("tired")
        return known(image)

    first = benchmark.run({"tires": tires}, split_task, out=tmp_path / "out")
    again = benchmark.run({"tires": tires}, split_task, out=tmp_path / "out", resume=True)
    assert [one.message for one in first.methods[0].problems] == [
        "No cost is known. RuntimeError: tired"
    ]
    assert again == first


def test_a_folder_is_resumed_or_overwritten_only_when_asked_to(split_task, photos, tmp_path):
    out = tmp_path / "out"
    readers = {"knows": truth_of(split_task)}
    benchmark.run(readers, split_task, out=out)
    before = (out / "results.json").read_bytes()
    with pytest.raises(DataError, match="or be resumed or overwritten"):
        benchmark.run(readers, split_task, out=out)
    with pytest.raises(DataError, match="resumed or overwritten, not both"):
        benchmark.run(readers, split_task, out=out, resume=True, overwrite=True)
    with pytest.raises(DataError, match="begun with, not another split or task"):
        benchmark.run([Nearest()], photos, out=out, resume=True)
    assert (out / "results.json").read_bytes() == before
    (out / "note.txt").write_text("mine")
    benchmark.run([Nearest()], photos, out=out, overwrite=True)
    assert BenchmarkResult.load(out / "results.json").task == "folders"
    assert (out / "note.txt").read_text() == "mine"


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"overwrite": True}])
def test_what_others_have_written_stays(split_task, tmp_path, options):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="not of something else"):
        benchmark.run({"knows": truth_of(split_task)}, split_task, out=tmp_path, **options)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(DataError, match="must write into a folder"):
        benchmark.run(
            {"knows": truth_of(split_task)}, split_task, out=tmp_path / "thesis.txt", **options
        )


@pytest.mark.slow
def test_a_damaged_part_is_made_again(split_task, tmp_path):
    asked = []
    readers = {"sees": lambda image: asked.append(image) or "1"}
    first = benchmark.run(readers, split_task, out=tmp_path / "out")
    (part,) = (tmp_path / "out" / "parts").glob("sees.answers-*.json")
    part.write_text(part.read_text()[:40])
    asked.clear()
    again = benchmark.run(readers, split_task, out=tmp_path / "out", resume=True)
    assert again.answers == first.answers
    assert len(asked) == len(split_task.tested)


@pytest.mark.slow
def test_what_is_known_of_images_is_part_of_what_answers_depend_on(split_task, tmp_path):
    out = tmp_path / "out"
    readers = {"mixed": segcap.load("mixed", length=3, allowlist="0123456789")}
    first = benchmark.run(readers, split_task, out=out)
    blind = replace(split_task, known=(None,) * len(split_task.tested))
    again = benchmark.run(readers, blind, out=out, resume=True)
    assert first.methods[0].ceiling is not None
    assert again.methods[0].ceiling is None


@pytest.mark.parametrize("mark", ["[", "[]", '{"task": "shopping"}'])
def test_a_folder_that_no_benchmark_marked_stays(split_task, tmp_path, mark):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "mine.txt").write_text("mine")
    (tmp_path / "bench.json").write_text(mark)
    readers = {"knows": truth_of(split_task)}
    with pytest.raises(DataError, match="not of something else"):
        benchmark.run(readers, split_task, out=tmp_path, overwrite=True)
    assert (tmp_path / "parts" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "bench.json").read_text() == mark


def test_a_benchmark_that_was_killed_at_its_start_goes_on(tmp_path, monkeypatch):
    mkdir = Path.mkdir

    def killed(path, *arguments, **options):
        mkdir(path, *arguments, **options)
        if path.name == "parts":
            raise KeyboardInterrupt

    identity = {"task": "texts", "split": {}}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", killed)
        with pytest.raises(KeyboardInterrupt):
            Parts(tmp_path / "out", identity)
    parts = Parts(tmp_path / "out", identity, resume=True)
    assert parts.once("costs", {}, lambda: 5) == 5


def test_a_benchmark_is_alone_in_its_folder(split_task, tmp_path):
    def second(image):
        with pytest.raises(DataError, match="Another one is writing into"):
            benchmark.run({"other": read}, split_task, out=tmp_path, overwrite=True)
        return read(image)

    read = truth_of(split_task)
    result = benchmark.run({"knows": second}, split_task, out=tmp_path)
    assert result.methods[0].accuracy.exact.value == 1
    again = benchmark.run({"knows": read}, split_task, out=tmp_path, overwrite=True)
    assert again.methods[0].name == "knows"
