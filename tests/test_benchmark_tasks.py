"""What is compared on: labels, splits, truths, generators, tasks."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bench_material import Nearest, truth_of

import segcap
from segcap import benchmark
from segcap.benchmark import SplitTask
from segcap.benchmark.adapters import ReaderMethod, as_methods
from segcap.benchmark.bench import DIFFICULTIES, _doubts, _voters
from segcap.benchmark.ceiling import ceiling
from segcap.benchmark.difficulty import texts_generator
from segcap.benchmark.outcomes import CANNOT_ANSWER, Problem
from segcap.benchmark.split_task import drawn_truth
from segcap.benchmark.tasks import default_readers, open_task, task_readers
from segcap.core.charset import Charset
from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.datasets import load
from segcap.datasets.dataset import Dataset
from segcap.datasets.mnist import Mnist
from segcap.generate import TextGenerator, digit_sums, write_digit_sums, write_text
from segcap.recipes import mixed
from segcap.recipes.ink import wild_sources
from segcap.training.synthetic import drawn_texts, source_seed

pytestmark = pytest.mark.usefixtures("quick_benchmarks")


def test_missing_labels_are_left_out_and_reported(drawn_folder, tmp_path):
    dataset = load("labelled", drawn_folder)
    lines = (drawn_folder / "labels.csv").read_text().splitlines()
    for image in dataset.images:
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "images" / image.name).write_bytes(image.read_bytes())
    without = lines[1].split(",")[0]
    (tmp_path / "labels.csv").write_text("\n".join([lines[0], f"{without},", *lines[2:31]]))
    with pytest.warns(SegcapWarning, match=r"Got 11 without, such as '.*000000\.png', which are"):
        split_task = open_task("labelled", tmp_path)
    assert len(split_task.training) + len(split_task.tested) == 29
    (tmp_path / "labels.csv").write_text(f"file,label\n{without},")
    with pytest.raises(DataError, match="where none has"):
        load("labelled", tmp_path)


def test_what_is_tested_without_having_been_trained_on_is_reported(handwriting):
    images = np.stack([np.tile(handwriting[0][place], (1, 2)) for place in range(12)])
    labels = np.array(["11"] * 11 + ["77"])
    dataset = Dataset("mine", images, labels, Path("mine"), charset="17", duplicates="label")
    seed = next(s for s in range(9) if "77" in dataset.split(0.2, s)[1].labels)
    split_task = SplitTask.of(dataset, seed=seed)
    assert split_task.problems == (
        "Every character that is tested on should be trained on. Got '7' in no label of "
        "the training images.",
    )
    assert SplitTask.of(dataset, seed=seed, known=[None] * 12).known == (None,)
    with pytest.raises(DataError, match="Got 1 for 12 images"):
        SplitTask.of(dataset, known=[None])


@pytest.mark.slow
def test_classes_without_a_training_image_are_reported(photos):
    split_task = SplitTask.of(replace(photos, duplicates="label"), test=0.5)
    (name,) = set(split_task.truths)
    assert split_task.problems == (
        f"Every class that is tested on should be trained on. Got {name!r} in no label of "
        "the training images.",
    )
    result = benchmark.run([Nearest()], split_task)
    assert result.methods[0].problems[0].message == split_task.problems[0]
    assert result.methods[0].accuracy.exact.value == 0


@pytest.mark.parametrize("is_folder", [True, False])
def test_sums(handwriting, tmp_path, is_folder):
    write_digit_sums(60, tmp_path, digits=handwriting, min_advance=22)
    dataset = load("digit-sum", tmp_path)
    if not is_folder:
        dataset = replace(dataset, root=Path("nowhere"))
    split_task = SplitTask.of(dataset, test=0.5)
    reader = segcap.load("digits", length=4)
    result = benchmark.run({"digits": reader, "name": lambda image: "9999"}, split_task)
    digits, constant = result.methods
    values = [total.value for total in reader.digit_sums(split_task.tested.images)]
    right = np.mean(np.array(values) == split_task.tested.labels)
    assert digits.accuracy.exact.value == pytest.approx(right)
    assert constant.accuracy.exact.value == np.mean(split_task.tested.labels == 36)
    assert result.answers[0].by["name"].value == "36"
    assert digits.accuracy.characters is None
    if is_folder:
        wrong = sum(
            value != label for value, label in zip(values, split_task.tested.labels, strict=True)
        )
        assert sum(digits.failures.values()) == wrong
        assert digits.ceiling.value >= digits.accuracy.exact.value - 0.1
    else:
        assert digits.failures is None
        assert digits.ceiling is None


def test_sums_are_drawn_to_test_on_with_other_digits(handwriting, monkeypatch):
    pictures, names = handwriting
    mnist = Mnist(pictures[:1500], names[:1500], pictures[1500:], names[1500:])
    monkeypatch.setattr("segcap.benchmark.tasks.load_mnist", lambda _: mnist)
    split_task = open_task("digit-sum", quick=True, test=0.1, seed=4)
    assert (len(split_task.training), len(split_task.tested)) == (270, 30)
    rows = digit_sums(30, 10, seed=5, digits=(mnist.x_test, mnist.y_test))
    assert (split_task.tested.images == rows.images).all()
    assert split_task.truths == list(map(str, rows.labels.sum(axis=1).tolist()))
    assert [own.text for own in split_task.known] == ["".join(map(str, row)) for row in rows.labels]
    assert split_task.known[3].boxes == tuple(map(tuple, rows.boxes[3].tolist()))
    readers = task_readers(split_task, ["glyphs", "end-to-end"], epochs=2)
    assert list(readers) == ["glyphs", "digit_heads"]
    assert readers["digit_heads"].epochs == 2
    assert readers["glyphs"].reader.length == 4
    easy, hard = (split_task.generator.draw(difficulty, 40) for difficulty in (0, 1))
    scores = [
        np.mean([str(own.answer) == true for own, true in zip(given, truths, strict=True)])
        for given, truths in ((readers["glyphs"].answer(one[0]), one[1]) for one in (easy, hard))
    ]
    assert scores[0] >= scores[1] > 0.3
    with pytest.raises(ParameterError, match="must be a fraction in"):
        open_task("digit-sum", test=1.0)


@pytest.mark.slow
def test_matrices_stand_in_the_order_of_numbers_and_count_all(handwriting, photos):
    rows = digit_sums(60, 22, digits=handwriting, count=2)
    sums = Dataset("sums", rows.images, rows.labels.sum(axis=1, dtype=np.int64), Path("drawn"))
    said = iter([None, "99", "7"])
    split_task = SplitTask.of(sums, test=0.5)
    (one,) = benchmark.run({"says": lambda image: next(said, "7")}, split_task).methods
    matrix = one.accuracy.matrix
    assert matrix.labels[:-1] == tuple(map(str, sorted(set(sums.labels.tolist()))))
    assert matrix.labels[-1] == "(none)"
    seven = matrix.labels.index("7")
    for truth, counts in zip(matrix.labels, matrix.counts, strict=True):
        assert sum(counts) == split_task.truths.count(truth)
    read = [sum(counts) for counts in zip(*matrix.counts, strict=True)]
    # 99 is no sum of these digits, but its own digits add up to 18
    assert (read[seven], read[-1]) == (len(split_task.truths) - 2, 1)
    (one,) = benchmark.run([Nearest()], photos, test=0.5).methods
    assert one.accuracy.matrix.labels == ("cat", "coffee")
    right = sum(counts[place] for place, counts in enumerate(one.accuracy.matrix.counts))
    assert right == round(one.accuracy.exact.value * one.accuracy.exact.n)


def test_the_matrix_of_texts_has_a_column_for_what_was_left_out(split_task):
    first = split_task.truths[0]
    answers = iter([first[:-1], *split_task.truths[1:]])
    (one,) = benchmark.run({"reads": lambda image: next(answers, "1")}, split_task).methods
    matrix = one.accuracy.matrix
    assert matrix.labels[-1] == "(none)"
    left_out = [counts[-1] for counts in matrix.counts]
    assert left_out == [int(label == first[-1]) for label in matrix.labels]
    assert sum(map(sum, matrix.counts)) == sum(map(len, split_task.truths))


def test_images_that_mixed_was_trained_on_are_refused(monkeypatch):
    drawn = {}
    sample = TextGenerator("clean", charset="A", length=1).sample()

    def note(self, index, *, seed):
        drawn.setdefault(self.scheme, set()).add(seed)
        return sample

    monkeypatch.setattr(TextGenerator, "sample", note)
    for seed in (mixed._SEED, mixed._OTHER_SEED):
        sources, charset = mixed._sources(), Charset(mixed.MIXED_CHARSET)
        drawn_texts(sources, 100, seed=seed, charset=charset, n_jobs=1)
    assert all(mixed.is_training_seed("colour-lines", seed) for seed in drawn["colour-lines"])
    assert not mixed.is_training_seed("colour-lines", 3)
    assert not mixed.is_training_seed("six-char", 4)
    for seed in drawn["six-char"]:
        with pytest.raises(ParameterError, match=rf"must not be 5 or end in 05, .* Got {seed}\."):
            open_task("six-char", seed=seed)


def test_any_draws_six_char_at_the_same_place_as_mixed(monkeypatch):
    digits, shown = np.full((48_010, 28, 28), 255, np.uint8), np.arange(48_010) % 10
    mnist = Mnist(digits, shown, digits[:0], shown[:0])
    monkeypatch.setattr("segcap.recipes.ink.load_mnist", lambda _: mnist)
    sources = wild_sources(None, None, held_out=True)
    place = [one.generator.scheme for one in sources].index("six-char")
    assert mixed.is_training_seed("six-char", source_seed(2, place))


@pytest.mark.slow
def test_robustness_follows_the_difficulty(drawn_folder, split_task, tmp_path):
    generator = texts_generator("labelled", load("labelled", drawn_folder))
    with_generator = replace(split_task, generator=generator)
    reader = segcap.load("digits", length=4)
    options = {"out": tmp_path / "out", "difficulties": (0, 1), "drawn": 10}
    (digits,) = benchmark.run({"digits": reader}, with_generator, **options).methods
    easy, hard = digits.robustness
    assert (easy.difficulty, hard.difficulty, easy.exact.n) == (0, 1, 10)
    assert easy.exact.value > hard.exact.value
    images, labels = generator.draw(0, 10)
    assert easy.exact.value == reader.score(images, labels)
    assert texts_generator("labelled", replace(split_task.training, root=tmp_path)) is None
    assert texts_generator("six-char", replace(split_task.training, charset="aA")) is None
    sums = replace(split_task.training, labels=np.arange(len(split_task.training)), charset=None)
    assert texts_generator("captcha-v2", sums) is None
    assert DIFFICULTIES[0] == 0


def test_the_tasks_refuse_what_they_cannot_do(split_task, photos):
    with pytest.raises(ParameterError, match="The task of a benchmark must be one of digit-sum"):
        open_task("mnist")
    with pytest.raises(ParameterError, match="To compare on 'captcha-v2', 'data' must be a folder"):
        open_task("captcha-v2")
    with pytest.raises(ParameterError, match="A reader for 'labelled' must be one of glyphs"):
        task_readers(split_task, ["lenet5"])
    assert default_readers("classes") == ["end-to-end"]
    (name,) = task_readers(SplitTask.of(photos))
    assert name == "resnet_small"
    with pytest.raises(ParameterError, match="A reader for 'folders' must be one of"):
        task_readers(SplitTask.of(photos), ["glyphs"])


def test_readers_of_a_task_are_made_for_its_texts(split_task):
    made = task_readers(
        split_task, ["glyphs", "end-to-end", "multihead", "mixed"], epochs=3, seed=5
    )
    assert list(made) == ["glyphs", "crnn", "multihead", "mixed"]
    for name in ("glyphs", "crnn", "multihead"):
        reader = made[name]
        assert (reader.charset, reader.length) == ("0123456789", 4)
        assert (reader.epochs, reader.random_state) == (3, 5)
    assert made["mixed"].reader.allowlist == "0123456789"
    assert "trained on generated schemes" in made["mixed"].description


def test_two_readers_of_one_name_are_refused(split_task, tmp_path):
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        segcap.load("digits").save(tmp_path / folder / "mine.segcap")
    paths = [str(tmp_path / folder / "mine.segcap") for folder in ("old", "new")]
    with pytest.raises(ParameterError, match=r"different names\. Got two called 'mine'"):
        task_readers(split_task, paths)


def test_letters_cannot_be_added_up(handwriting, tmp_path):
    write_digit_sums(20, tmp_path, digits=handwriting, min_advance=22)
    split_task = SplitTask.of(load("digit-sum", tmp_path), test=0.5)
    with pytest.raises(ParameterError, match="'mixed' must be a reader of digits to add them up"):
        benchmark.run({"mixed": "mixed"}, split_task)


def test_the_ceiling_keeps_to_the_characters_that_are_allowed(split_task):
    ones = segcap.load("mixed", length=4, allowlist="1")
    rate = ceiling(ones, split_task)
    all_ones = [set(truth) == {"1"} for truth in split_task.truths]
    assert (rate.value, rate.n) == (np.mean(all_ones), len(split_task.tested))
    assert ceiling(segcap.load("mixed", length=4, allowlist="0123456789"), split_task).value > 0.8


@pytest.mark.slow
def test_a_reader_that_may_know_the_tested_images_is_doubted(split_task):
    readers = {name: segcap.load(name, length=4) for name in ("digits", "wordpress")}
    found = benchmark.run(readers, split_task, difficulties=())
    problems = {one.name: [problem.message for problem in one.problems] for one in found.methods}
    assert problems["digits"] == []
    knows = readers["wordpress"].can_answer
    assert problems["wordpress"] == [
        *([] if all(map(knows, split_task.truths)) else [CANNOT_ANSWER]),
        "It was fitted before, and may have been trained on tested images.",
    ]


def test_readers_that_cannot_give_the_labels_are_told():
    generator = TextGenerator("clean", charset="ab12", length=4)
    images, labels, _ = generator.arrays(12, seed=1)
    dataset = Dataset("folders", images, labels, Path("mine"), charset="ab12", duplicates="label")
    split_task = SplitTask.of(dataset, test=1.0)
    assert split_task.title == "mine, segment-then-classify against end-to-end"
    assert (len(split_task.training), len(split_task.tested)) == (0, 12)
    assert split_task.problems == ()
    (method,) = as_methods({"digits": "digits"}, "texts")
    doubt = Problem(CANNOT_ANSWER, sum(not label.isdecimal() for label in labels.tolist()))
    assert _doubts(split_task, method) == [doubt]
    with pytest.raises(ParameterError, match=r"trained already .* Got nearest, glyphs\."):
        benchmark.run({"nearest": Nearest(), "glyphs": segcap.GlyphReader("ab12")}, split_task)
    spans = task_readers(split_task, ["glyphs", "span_cnn", "span_roi"])
    assert [own.classifier for own in spans.values()] == ["span_cnn", "span_cnn", "span_roi"]
    (ready,) = task_readers(split_task, ["any"]).values()
    assert (ready.reader.allowlist, ready.reader.case) == ("ab12", "fold")
    both = SplitTask.of(replace(dataset, charset="aAb12"), test=1.0)
    assert task_readers(both, ["any"])["any"].reader.case == segcap.load("any").case


@pytest.mark.parametrize(
    ("right", "voters"),
    [((1.0, 0.5, 0.4), 2), ((0.0, 0.0, 0.0), 0), ((0.3, 0.2, 0.2), 3), ((0.9, 0.1, 0.0), 1)],
)
def test_who_is_right_half_as_often_as_the_best_votes(right, voters):
    def found(rate, approach):
        accuracy = SimpleNamespace(exact=SimpleNamespace(value=rate))
        return SimpleNamespace(approach=approach, accuracy=accuracy)

    members = [found(rate, "segment") for rate in right]
    assert _voters([*members, found(1.0, "peer")]) == members[:voters]


def test_six_characters_are_drawn_with_their_boxes():
    split_task = open_task("six-char", quick=True, seed=3)
    assert (split_task.task, len(split_task.training) + len(split_task.tested)) == ("six-char", 300)
    sample = TextGenerator("six-char").sample(int(split_task.ids[0]), seed=3)
    assert split_task.known[0].text == split_task.truths[0] == sample.label
    assert split_task.known[0].boxes == tuple(map(tuple, sample.boxes.tolist()))
    assert len(split_task.generator.draw(0.5, 2)[1][0]) == 6


def test_a_manifest_above_the_images_may_be_of_something_else(tmp_path):
    inner = tmp_path / "images"
    inner.mkdir()
    for number in range(4):
        (inner / f"12{number}.png").touch()
    (tmp_path / "manifest.jsonl").write_text('{"name": "of another tool"}\n')
    dataset = segcap.datasets.load("named", inner)
    assert drawn_truth(dataset) == [None] * 4
    (inner / "manifest.jsonl").write_text('{"name": "of another tool"}\n')
    with pytest.raises(DataError):
        drawn_truth(dataset)


def test_where_cases_are_one_they_are_so_for_all(tmp_path):
    write_text(TextGenerator("wordpress", length=4), 6, tmp_path, seed=3)
    folded = open_task("labelled", tmp_path, test=1.0, case="fold")
    kept = open_task("labelled", tmp_path, test=1.0)
    assert folded.truths == [true.lower() for true in kept.truths] != kept.truths
    readers = {"mixed": segcap.load("mixed", length=4, case="fold"), "knows": truth_of(kept)}
    found = benchmark.run(readers, folded)
    mixed, knows = (method.accuracy.exact.value for method in found.methods[:2])
    assert knows == 1
    assert mixed > 0.5


def test_a_task_trained_on_less_names_what_it_lacks(tmp_path):
    write_text(TextGenerator("clean", charset="0123456789", length=2), 30, tmp_path, seed=3)
    whole = open_task("labelled", tmp_path, test=0.5)
    less = whole.trained_on(whole.training.subset([0]))
    assert len(less.training) == 1
    assert "in no label of the training images" in less.problems[0]


def test_letters_of_both_cases_are_one_for_all_that_a_bench_says(tmp_path):
    capitals = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    write_text(TextGenerator("wordpress", charset=capitals), 8, tmp_path, seed=1)
    folded = open_task("labelled", tmp_path, test=1, case="fold")
    assert len(folded.tested) == 8
    assert ceiling(segcap.load("mixed", case="fold"), folded).value > 0.5
    table = tmp_path / "labels.csv"
    header, *lines = table.read_text().splitlines()
    rows = [line.rsplit(",", 1) for line in lines]
    table.write_text(
        "\n".join([header, *(f"{file},{label.lower()}" for file, label in rows)]) + "\n"
    )
    task = open_task("labelled", tmp_path, test=1, case="fold")
    known = {"case": "fold", "allowlist": capitals.lower()}
    (reader,) = task_readers(task, ["wordpress"], known=known).values()
    assert {*reader.reader.allowlist} == {*capitals}
    assert CANNOT_ANSWER not in [one.message for one in _doubts(task, reader)]


def test_labels_of_classes_are_asked_about_as_they_are(photos, monkeypatch):
    task = SplitTask.of(photos, test=0.5)
    numbered = replace(task.tested, labels=np.arange(len(task.tested)) % 2)
    reader, asked = segcap.load("cats-dogs"), []
    monkeypatch.setattr(reader, "can_answer", lambda label: asked.append(label) or True)
    doubts = _doubts(replace(task, tested=numbered), ReaderMethod("own", reader, "classes"))
    assert set(asked) == {0, 1}
    assert CANNOT_ANSWER not in [one.message for one in doubts]


def test_rows_whose_numbers_are_lost_have_no_truth_of_others(tmp_path, handwriting, monkeypatch):
    write_digit_sums(40, tmp_path / "rows", digits=handwriting, seed=2)
    whole = load("digit-sum", tmp_path / "rows")
    truths = drawn_truth(whole)
    assert None not in truths
    assert drawn_truth(whole.subset(range(3, 30))) == [None] * 27
    monkeypatch.setattr("segcap.benchmark.tasks._QUICK", 10)
    quick = open_task("digit-sum", tmp_path / "rows", test=1, quick=True)
    assert len(quick.tested) == 10
    assert [sum(map(int, truth.text)) for truth in quick.known] == quick.tested.labels.tolist()


def test_an_unknown_case_is_refused(drawn_folder):
    with pytest.raises(ParameterError, match="'case' must be one of keep, fold"):
        open_task("labelled", drawn_folder, case="FOLD")
