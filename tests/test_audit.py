"""segcap audit: from images, a generator or a program to one page."""

import json
import re
import shlex
import string
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from test_report import Page

import segcap
from segcap import benchmark
from segcap.benchmark import AuditTerms, FunctionMethod, ReaderMethod
from segcap.benchmark.audit import run as run_module
from segcap.benchmark.audit.findings import labels_needed, passes
from segcap.benchmark.audit.images import (
    divided,
    legibility,
    moved,
    one_look,
    printed_images,
    steps,
)
from segcap.benchmark.audit.run import least_labels
from segcap.benchmark.cache import alone_in
from segcap.cli import auditing  # noqa: F401 registers the command
from segcap.core.errors import DataError, ParameterError
from segcap.core.image import load_image
from segcap.evaluate.metrics import wilson
from segcap.evaluate.paired import RateDifference
from segcap.generate import TextGenerator

pytestmark = pytest.mark.usefixtures("quick_benchmarks")

CURVE = [(0, 0.2), (20, 0.6), (100, 0.5), (300, 0.95)]


@pytest.fixture
def one_reader(monkeypatch):
    """Let the reader "digits" alone be at hand, which is quick."""

    def ready(task):
        return [ReaderMethod("digits", segcap.load("digits", length=4), "texts", "quick")]

    monkeypatch.setattr(run_module, "_ready", ready)


def drawn(**options):
    return TextGenerator("clean", charset="0123456789", length=4, **options)


@pytest.mark.parametrize(
    ("wanted", "labels"), [(0.1, 0), (0.2, 0), (0.4, 4), (0.6, 20), (0.95, 300), (0.96, None)]
)
def test_labels_are_interpolated_where_the_rate_is_first_reached(wanted, labels):
    assert labels_needed(CURVE, wanted) == labels


def test_passes_and_prices_are_carried_through():
    terms = AuditTerms(attempts_per_hour=100, price_per_attempt=0.01, price_per_hour=3.6)
    found = passes("any", wilson(50, 100), 10.0, terms)
    assert found.per_hour.value == 50
    assert found.price[0] == pytest.approx(0.04)  # an attempt costs 0.01 and 10 s of 3.6 an hour
    assert found.price[1] < 0.04 < found.price[2]
    assert passes("blind", wilson(0, 10), 1.0, terms).price[::2] == (None, None)


def test_legibility_is_measured_with_the_true_pixels():
    image = np.full((4, 8), 255, np.uint8)
    masks = np.zeros((2, 4, 8), bool)
    masks[0, :, 0:2] = masks[1, :, 4:6] = True
    image[masks.any(axis=0)] = 0
    assert legibility(image, masks) == (1, 0, 0, 1)
    image[:2, 7] = 0  # two of 18 dark pixels are of no character
    contrast, clutter, overlap, value = legibility(image, masks)
    assert (clutter, overlap) == (pytest.approx(2 / 18), 0)
    assert contrast == pytest.approx(14 / 16)
    masks[1, :, 1] = True  # 4 of 16 are of both
    assert legibility(np.dstack([image] * 3), masks).overlap == pytest.approx(4 / 16)
    assert legibility(image, masks).value < value
    assert legibility(image, np.zeros((1, 4, 8), bool)).value == 0


def test_each_difficulty_goes_a_step_down_and_up():
    generator = drawn(difficulty={"overlap": 0.1, "noise": 1})
    found = steps(generator)
    assert found[:2] == [("overlap", 0.1, 0.0), ("overlap", 0.1, 0.35)]
    assert [own for own in found if own[0] == "noise"] == [("noise", 1.0, 0.75)]
    assert ("lines", 0.0, 0.25) in found


def test_images_are_divided_as_labels_ask(drawn_folder):
    dataset = segcap.datasets.load("labelled", drawn_folder)

    def sizes(images, labels):
        task, possible = divided(dataset, "t", images=images, labels=labels, least=16, seed=0)
        return len(task.tested), len(task.training), possible

    assert sizes(100, ()) == (40, 0, ())
    assert sizes(12, ()) == (12, 0, ())
    assert sizes(20, (16, 18)) == (20, 18, (16, 18))
    assert sizes(100, (5, 500)) == (20, 20, (20,))
    assert sizes(100, (5,)) == (40, 0, ())


def test_training_takes_a_label_a_character_where_characters_are_learned():
    letters = string.digits + string.ascii_letters
    assert least_labels(letters, end_to_end=False) == 16
    assert least_labels(letters, end_to_end=True) == 62
    assert least_labels(letters + "ß", end_to_end=False) == 63


@pytest.mark.slow
def test_a_generator_is_audited(one_reader, tmp_path, monkeypatch):
    seen = []
    options = {"generator": drawn(difficulty=0.2), "images": 12, "labels": ()}
    result = benchmark.audit(tmp_path / "out", **options, on_progress=lambda *own: seen.append(own))
    out = tmp_path / "out"
    assert len(result.changes) == 10
    assert result.changes[0].legibility.overlap <= result.legibility.overlap
    assert [own[0] for own in seen] == sorted(own[0] for own in seen)
    assert seen[-1][0] == seen[-1][1]
    plain = json.loads((out / "audit.json").read_text("utf-8"))
    assert plain["summary"] == result.summary
    assert plain["bench"]["methods"][0]["name"] == "digits"
    page = Page(out / "audit.html")
    assert all(sentence in page.words for sentence in result.summary)
    assert "Which change helps" in page.heads
    assert any("default-src 'none'" in own.get("content", "") for _, own in page.tags)
    sources = [own.get("src") or own.get("href") for _, own in page.tags]
    assert all(own.startswith(("data:", "#")) for own in sources if own)
    assert sum(name == "img" for name, _ in page.tags) >= 11 + 12

    def fail(*_, **__):
        raise AssertionError("what is finished is asked for again")

    monkeypatch.setattr(segcap.GlyphReader, "read_many", fail)
    again = benchmark.audit(out, **options)
    assert replace(again, seconds=0) == replace(result, seconds=0)
    with pytest.raises(DataError, match="must be resumed with what it was begun with"):
        benchmark.audit(out, data=out / "images")

    helps = replace(result.changes[0], name="overlap", effect=RateDifference(-0.3, -0.4, -0.2))
    unsure = replace(result.changes[1], name="noise", effect=RateDifference(-0.5, -1.1, 0.1))
    words = " ".join(replace(result, changes=(unsure, helps)).summary)
    assert "Of the changes tried, overlap from" in words
    assert "−30.00 points" in words
    words = " ".join(replace(result, changes=(unsure,)).summary)
    assert "No single change that was tried lowers the rate" in words


def printing(place, body):
    """A command that runs a script of its own."""
    script = place / "draw.py"
    script.write_text(body)
    return shlex.join([sys.executable, str(script)])


def test_a_program_is_run_once(command, one_reader, drawn_folder, tmp_path):
    listing = segcap.datasets.load("labelled", drawn_folder)
    lines = "\\n".join(
        f"{image}\\t{label}"
        for image, label in zip(listing.images[:12], listing.labels[:12], strict=True)
    )
    program = printing(tmp_path, f'print("{lines}\\n")\nopen("{tmp_path}/ran", "x")')
    options = ["--command", program, "--out", tmp_path / "out", "--labels", 0]
    status, told, err = command("audit", *options)
    assert status == 0
    assert told.startswith("Trained on no image of this scheme")
    assert f"The page is '{tmp_path / 'out' / 'audit.html'}'." in err
    assert command("audit", *options)[:2] == (0, told)
    page = (tmp_path / "out" / "audit.html").read_text("utf-8")
    status, told, err = command("audit", *options[2:], "--command", "false")
    assert (status, told) == (2, "")
    assert (tmp_path / "out" / "audit.html").read_text("utf-8") == page


@pytest.mark.slow
def test_an_unreadable_image_among_many_is_one_that_nobody_reads(
    command, one_reader, drawn_folder, tmp_path
):
    dataset = segcap.datasets.load("labelled", drawn_folder)
    lines = ["file,label", "torn.png,1234"]
    for image, label in zip(dataset.images[:8], dataset.labels[:8], strict=True):
        (tmp_path / image.name).write_bytes(image.read_bytes())
        lines.append(f"{image.name},{label}")
    (tmp_path / "torn.png").write_bytes(b"torn")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    out = tmp_path.parent / f"{tmp_path.name}-out"
    status, told, err = command("audit", "--data", tmp_path, "--out", out, "--labels", 0)
    assert status == 0, err
    assert "Trained on no image" in told
    answers = json.loads((out / "audit.json").read_text("utf-8"))["bench"]["answers"]
    assert len(answers) == 9
    (torn,) = (one for one in answers if one["image"] == "torn.png")
    assert [one["status"] for one in torn["by"].values()] == ["unreadable"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise SystemExit('out of ink')", "which failed with 1: 'out of ink'."),
        ("", "which prints none."),
        ("print('nonsense')", "Got the line 'nonsense', which has no text."),
        ("print('a.png\\t')", "which has no text."),
        ("print('a.png\\tabcd')", "Got the line 'a.png\\tabcd', whose file is missing."),
        ("import sys; sys.stdout.buffer.write(bytes(range(256)))", "which has no text."),
    ],
)
def test_a_program_that_prints_something_else_is_refused(tmp_path, body, message):
    with pytest.raises(DataError, match=re.escape(message)) as error:
        printed_images(printing(tmp_path, body))
    assert "must be a program that prints a line an image" in str(error.value)


@pytest.mark.parametrize("program", ["/no/such/program", "", "'unclosed"])
def test_a_program_that_cannot_be_started_is_refused(program):
    with pytest.raises(DataError, match="cannot be started"):
        printed_images(program)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "must be given one of 'data', 'generator' and 'command'"),
        (["--data", ".", "--generator", "clean"], "must be given one of"),
        (["--data", "."], "A folder must hold at least one image"),
        (["--data", "none"], "none"),
        (["--generator", "nonsense"], "A scheme must be one of"),
        (["--generator", "mixed"], "must draw with known difficulties"),
        (["--command", "false"], "which failed with 1"),
        (["--generator", "clean", "--attempts-per-hour", -1], "'attempts_per_hour' must"),
        (["--generator", "clean", "--price-per-attempt", "nan"], "'price_per_attempt' must"),
        (["--generator", "clean", "--end-to-end"], "an audit must be given 'labels'"),
    ],
)
def test_wrong_use_is_one_sentence(command, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    status, told, err = command("audit", "--out", "out", "--labels", 0, *options)
    assert (status, told) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out" / "audit.html").exists()


def test_a_folder_of_something_else_is_left_alone(one_reader, drawn_folder, tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(DataError, match="not of something else"):
        benchmark.audit(tmp_path, data=drawn_folder, labels=())
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_only_texts_are_audited(photos, tmp_path):
    with pytest.raises(ParameterError, match="must show texts"):
        benchmark.audit(tmp_path / "out", data=photos, labels=())


def test_an_unknown_case_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="'case' must be one of keep, fold"):
        benchmark.audit(tmp_path / "out", generator="clean", case="FOLD", labels=())


def test_a_pattern_is_for_a_folder(tmp_path):
    with pytest.raises(ParameterError, match="'pattern' must be for a folder of images"):
        benchmark.audit(tmp_path / "out", generator="clean", pattern="(?P<text>.+)", labels=())


def test_a_generator_has_one_look():
    assert one_look("clean").scheme == "clean"
    assert one_look(TextGenerator("mixed", difficulty=0.3)).difficulty == 0.3


@pytest.mark.slow
def test_labels_are_trained_on(drawn_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("segcap.training.text_stages.REPLAY_LINES", 60)
    monkeypatch.setattr(run_module, "installed_peers", list)
    result = benchmark.audit(tmp_path / "out", data=drawn_folder, images=20, labels=(20, 5))
    (trained,) = result.trained
    (point,) = trained.learning_curve
    assert point.labels == 20
    assert point.seconds > 0
    assert list(result.needed) == ["any (trained)"]
    assert [one.name for one in result.ready] == ["any", "any (charset known)", "digits", "mixed"]
    assert any("Training takes at least 16" in problem for problem in result.problems)
    page = Page(tmp_path / "out" / "audit.html")
    assert "any (trained), 20 labels" in page.words
    assert len(result.passes) == 2


def test_an_audit_is_alone_in_its_folder(tmp_path):
    with (
        alone_in(tmp_path),
        pytest.raises(DataError, match="Another one is writing into"),
    ):
        benchmark.audit(tmp_path, generator="clean", images=4, labels=())
    assert not any(tmp_path.iterdir())


def test_an_audit_that_is_refused_makes_no_folder(tmp_path):
    with pytest.raises(ParameterError, match="scheme"):
        benchmark.audit(tmp_path / "out", generator="of nobody", labels=())
    with pytest.raises(DataError):
        benchmark.audit(tmp_path / "out", data=tmp_path / "none", labels=())
    with pytest.raises(DataError, match="failed with 1"):
        benchmark.audit(tmp_path / "out", command="false", labels=())
    assert not (tmp_path / "out").exists()


def test_who_is_at_hand_is_told_what_is_known(drawn_folder, monkeypatch):
    monkeypatch.setattr(run_module, "installed_peers", lambda: ["tesseract"])
    task, _ = divided(
        segcap.datasets.load("labelled", drawn_folder), "t", images=8, labels=(), least=16, seed=0
    )
    found = {method.name: method for method in run_module._ready(task)}
    assert list(found) == [
        "any",
        "any (charset known)",
        "digits",
        "mixed",
        "tesseract",
    ]
    assert found["any"].reader.allowlist is found["any"].reader.length is None
    for name in ("any (charset known)", "digits", "mixed"):
        assert found[name].reader.length == 4
        assert set(found[name].reader.allowlist) == set(task.tested.charset)
    assert found["tesseract"].charset == task.tested.charset


@pytest.mark.parametrize(
    ("label", "case", "right"),
    [("AB12", None, 1.0), ("AB12", "keep", 0.0), ("Ab12", None, 0.0), ("Ab12", "fold", 1.0)],
)
def test_cases_are_one_where_texts_have_one(tmp_path, monkeypatch, label, case, right):
    shown = drawn(difficulty=0.0)
    rows = ["file,label"]
    for number, sample in enumerate(shown.samples(4)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), sample.image)
        rows.append(f"{number}.png,{label}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    typist = FunctionMethod("typist", lambda _: "ab12")
    monkeypatch.setattr(run_module, "_ready", lambda _: [typist])
    out = tmp_path.parent / f"{tmp_path.name}-out"
    result = benchmark.audit(out, data=tmp_path, case=case, labels=())
    assert result.ready[0].accuracy.exact.value == right


@pytest.mark.slow
def test_a_changed_scheme_is_read_in_either_case(tmp_path, monkeypatch):
    scheme = TextGenerator("clean", charset="ABC", length=2, difficulty=0.0)
    typed = {
        load_image(sample.image).tobytes(): sample.label.lower()
        for look in (scheme, *(moved(scheme, name, after) for name, _, after in steps(scheme)))
        for sample in look.samples(4, seed=0)
    }
    typist = FunctionMethod("typist", lambda image: typed.get(image.tobytes(), ""))
    monkeypatch.setattr(run_module, "_ready", lambda _: [typist])
    result = benchmark.audit(tmp_path / "out", generator=scheme, images=4, labels=())
    assert {change.exact.value for change in result.changes} == {1.0}
