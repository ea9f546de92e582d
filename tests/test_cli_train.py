"""segcap train text: from a folder to a bundle."""

import os
from pathlib import Path

import pytest

import segcap
from segcap.cli.advice import _next_step, characters, common_length
from segcap.cli.output import progress_bar
from segcap.core.errors import DataError
from segcap.datasets import load_named
from segcap.generate import TextGenerator, write_text


@pytest.fixture
def run(monkeypatch, command):
    """Run the command line, training less."""
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 4)
    monkeypatch.setattr("segcap.training.text_stages.REPLAY_LINES", 60)
    return command


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty-four images named by their texts."""
    path = tmp_path_factory.mktemp("drawn") / "named"
    write_text(TextGenerator("wordpress", charset="ABCD2345"), 24, path, seed=1)
    return next(image.parent for image in path.rglob("*.png"))


@pytest.mark.slow
def test_train_text_writes_a_reader_and_names_unreadable_images(run, folder, tmp_path):
    torn = folder / "AAAZ.png"
    torn.write_bytes(b"torn")
    status, out, err = run(
        "train",
        "text",
        "--data",
        folder,
        "--epochs",
        1,
        "--out",
        tmp_path / "m.segcap",
    )
    torn.unlink()
    assert status == 0, err
    assert "All 25 labels have 4 characters" in err
    assert "Characters of one label only, perhaps slips: 'Z' ('AAAZ' of" in err
    assert "1 of 25 images were left out" in err
    assert "AAAZ.png" in err
    how_good, *after = err[err.index("Texts of images held out that are") :].splitlines()
    assert "of them before the training. They also chose what is kept:" in how_good
    assert after[0].startswith("segcap: Next: ")
    assert "The labels hold 9 characters, each letter in one case: 2345ABCDZ" in err
    assert "images 16" in out
    assert "line_texts" in out
    images, labels = load_named(folder)
    reader = segcap.load(tmp_path / "m.segcap")
    assert reader.charset_ == "2345ABCDZ"
    assert reader.score(images, labels) >= 0.9
    assert [path.name for path in tmp_path.iterdir()] == ["m.segcap"]


@pytest.mark.slow
def test_an_interrupted_training_keeps_what_it_trained(run, folder, tmp_path, monkeypatch):
    fit = segcap.GlyphReader.fit

    def stopped(self, images, labels, *, on_progress, **options):
        def stop(done, total, note):
            on_progress(done, total, note)
            if done == 2:
                raise KeyboardInterrupt

        return fit(self, images, labels, on_progress=stop, **options)

    monkeypatch.setattr(segcap.GlyphReader, "fit", stopped)
    out = tmp_path / "m.segcap"
    status, _, err = run("train", "text", "--data", folder, "--epochs", 3, "--out", out)
    assert status == 130
    assert f"is in '{out}.partial'" in err
    assert "goes on after the last epoch that is complete" in err
    assert segcap.load(f"{out}.partial").charset_ == "2345ABCD"
    assert not out.exists()
    monkeypatch.setattr(segcap.GlyphReader, "fit", fit)
    assert (tmp_path / "m.segcap.state.line").exists()
    assert run("train", "text", "--data", folder, "--epochs", 3, "--out", out)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["m.segcap"]


def test_without_a_terminal_an_epoch_is_a_line(capsys):
    with progress_bar("epochs", 2, in_lines=True) as bar:
        bar(1, "loss 0.5")
        bar(2)
    assert capsys.readouterr().err == "epochs 1/2 loss 0.5\nepochs 2/2\n"


def test_without_a_terminal_other_steps_are_a_line_now_and_then(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("segcap.cli.output.monotonic", lambda: now[0])
    with progress_bar("images", 100) as bar:
        for done in range(11, 41):
            now[0] += 5
            bar(done)
    assert capsys.readouterr().err == "images 22/100\nimages 34/100\n"


def test_an_early_interrupt_promises_nothing(run, folder, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(segcap.GlyphReader, "fit", stop)
    status, _, err = run("train", "text", "--data", folder, "--out", tmp_path / "m.segcap")
    assert status == 130
    assert err.splitlines()[-1] == "segcap: Interrupted. What was written is kept."
    assert "goes on" not in err


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("precious.segcap", "must be a new file. Got '{place}', which exists."),
        ("", "must be a new file. Got '{place}', which exists."),
        (".", "must be a new file. Got '{place}', which exists."),
        ("pipe", "must be a new file. Got '{place}', which exists."),
        ("nowhere/m.segcap", "folder that exists and can be written to. Got '{place}'."),
    ],
)
def test_where_nothing_can_be_written_nothing_is_trained(
    run, folder, tmp_path, monkeypatch, place, message
):
    (tmp_path / "precious.segcap").write_text("precious")
    (tmp_path / "precious.segcap.state.2").write_text("of another training")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    out = place if place == "." else tmp_path / place
    status, _, err = run("train", "text", "--data", folder, "--epochs", 1, "--out", out)
    assert status == 2
    assert message.format(place=out) in err
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "precious.segcap").read_text() == "precious"


def test_a_folder_that_is_closed_is_reported_before_anything_is_trained(run, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    status, _, err = run("train", "six-char", "--out", tmp_path / "m.segcap")
    assert status == 2
    assert "must go into a folder that exists and can be written to" in err


@pytest.mark.slow
def test_a_training_leaves_the_state_of_another_alone(run, folder, tmp_path):
    foreign = tmp_path / "m.segcap.state.lines"
    foreign.write_text("of another training")
    options = ("--classifier", "glyph_cnn", "--epochs", 1, "--data", folder)
    assert run("train", "text", *options, "--out", tmp_path / "m.segcap")[0] == 0
    assert foreign.read_text() == "of another training"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["poems"], "recaptcha-tiles, cats-dogs. Got 'poems'"),
        (["text"], "--data must be a folder of images. Got none"),
        (["text", "--data", "nowhere"], "nowhere"),
        (["text", "--data", "{folder}", "--charset", "AB"], "characters of 'AB' only"),
        (["text", "--data", "{folder}", "--length", "5"], "'length' 5"),
        (["mixed", "--length", "5"], "To train 'mixed', --length must not be given. Got 5"),
        (["digits", "--charset", "01"], "--charset must not be given. Got '01'"),
        (["mixed", "--classifier", "glyph_cnn"], "--classifier must not be given. Got 'glyph_cnn'"),
    ],
)
def test_wrong_use_is_one_sentence(run, folder, tmp_path, arguments, message):
    given = [argument.format(folder=folder) for argument in arguments]
    status, out, err = run("train", *given, "--out", tmp_path / "m.segcap")
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        ([], {"charset", "length", "classifier", "pattern", "unlabelled", "fonts", "log"}),
        (["text"], {"charset", "length", "classifier", "pattern", "unlabelled"}),
        (["any"], {"fonts"}),
        (["digits"], set()),
        (["cats-dogs"], {"classifier", "log"}),
    ],
)
def test_the_help_shows_the_options_of_the_task(run, task, shown):
    status, out, _ = run("train", *task, "--help")
    assert status == 0
    some = {"charset", "length", "classifier", "pattern", "unlabelled", "fonts", "log"}
    assert {name for name in some if f"--{name} " in out} == shown
    assert all(f"--{name} " in out for name in ("data", "out", "epochs", "seed"))


def test_epochs_are_those_of_digits_and_of_rows(run, tmp_path, monkeypatch):
    def trained(data, **options):
        given.append(options)
        raise KeyboardInterrupt

    given = []
    monkeypatch.setattr("segcap.recipes.digits.train_digits", trained)
    run("train", "digits", "--out", tmp_path / "m.segcap", "--epochs", 2)
    run("train", "digits", "--out", tmp_path / "m.segcap")
    assert (given[0]["epochs"], given[0]["line_epochs"]) == (2, 2)
    assert given[1]["epochs"] == 30
    assert "line_epochs" not in given[1]


def test_images_without_a_label_are_handed_on(run, folder, tmp_path, monkeypatch):
    def fitted(self, images, labels, *, unlabelled, **options):
        given.extend(unlabelled)
        raise KeyboardInterrupt

    given = []
    monkeypatch.setattr("segcap.GlyphReader.fit", fitted)
    others = tmp_path / "others"
    write_text(TextGenerator("wordpress"), 3, others)
    known = "text", "--data", folder, "--out", tmp_path / "m.segcap"
    run("train", *known, "--unlabelled", others)
    assert len(given) == 3
    assert all(others in image.parents for image in given)


@pytest.mark.parametrize(("first", "said"), [("1234", True), ("0034", False), ("12a4", False)])
def test_numbers_that_may_have_lost_their_zeros(capsys, first, said):
    assert common_length([first, *["423"] * 19]) is None
    assert ("If they lost leading zeros" in capsys.readouterr().err) == said


def test_what_labels_say_is_reported(capsys):
    assert common_length(["12a4"] * 16) == 4
    assert common_length(["12a4"] * 18 + ["12a", "12a44"]) is None
    assert "18 of 20 labels have 4 characters. If the others are slips" in capsys.readouterr().err
    assert characters(["aB", "Ab", "1c"]) == "1ABabc"
    assert "hold 6 characters, both cases of 2 letters among them" in capsys.readouterr().err
    assert characters(["12"]) == "12"
    assert "hold 2 characters: 12" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("right", "labels", "said"),
    [
        (0.96, 100, "segcap threshold m.segcap --data DIR"),
        (0.5, 100, "bench --data mine --out OUT --readers span_roi --labels 25 50"),
        (0.5, 48, "--readers span_roi --labels 24"),
        (0.5, 20, "Next: more labelled images help most."),
        (0.5, 400, "is ahead: segcap bench --data mine --out OUT --readers span_roi end-to-end"),
    ],
)
def test_what_to_do_next(right, labels, said):
    assert said in _next_step(right, labels, "span_roi", Path("mine"), Path("m.segcap"), None)


def test_what_to_do_next_can_be_pasted():
    said = _next_step(0.5, 100, "span_roi", Path("my images"), Path("m.segcap"), r"(?P<text>\d+)")
    assert r"--data 'my images' --pattern '(?P<text>\d+)' --out OUT" in said


def test_file_names_give_the_texts(folder, tmp_path):
    images, labels = load_named(folder)
    assert len(images) == len(labels) == 24
    assert all(image.name.startswith(label) for image, label in zip(images, labels, strict=True))
    (tmp_path / "22A6_2.jpeg").write_bytes(images[0].read_bytes())
    (tmp_path / "22A6.png").write_bytes(images[0].read_bytes())
    assert load_named(tmp_path).labels == ["22A6", "22A6"]
    for name in ("1234_1.png", "5678_1.png"):
        (tmp_path / "spelled").mkdir(exist_ok=True)
        (tmp_path / "spelled" / name).write_bytes(images[0].read_bytes())
    assert load_named(tmp_path / "spelled").labels == ["1234", "5678"]
    write_text(TextGenerator("six-char"), 4, tmp_path / "numbered")
    for lost in ("1", "3"):
        next((tmp_path / "numbered" / "captchas").glob(f"{lost}_*")).unlink()
    with pytest.raises(DataError, match=r"not with its number; .* and 1 more of the layout"):
        load_named(tmp_path / "numbered" / "captchas")
    (tmp_path / "_1.png").write_bytes(images[0].read_bytes())
    with pytest.raises(DataError, match=r"begin with what it shows;.* Got .*_1\.png"):
        load_named(tmp_path)
    with pytest.raises(DataError):
        load_named(tmp_path / "nowhere")
