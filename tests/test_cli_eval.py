"""segcap eval: every layout, every kind of reader."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import segcap
from segcap.datasets import load, summarise
from segcap.generate import TextGenerator, write_digit_sums, write_text

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


@pytest.fixture(scope="module")
def sums(tmp_path_factory, handwriting):
    """Fifty rows of four digits in the layout of digit-sum."""
    folder = tmp_path_factory.mktemp("sums")
    write_digit_sums(50, folder, digits=handwriting, min_advance=22)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Parts of a photo of a cat, and of one of coffee that passes for a dog, in folders."""
    folder = tmp_path_factory.mktemp("photos")
    for name, photo in (("cat", data.chelsea()), ("dog", data.coffee())):
        (folder / name).mkdir()
        for place in range(30):
            row, column = divmod(place, 6)
            part = photo[50 * row : 50 * row + 48, 64 * column : 64 * column + 48]
            Image.fromarray(part).save(folder / name / f"{place}.png")
    return folder


def test_the_folder_is_summarised_before_the_accuracy(command, tmp_path):
    write_text(TextGenerator("wordpress"), 8, tmp_path)
    options = ["--data", tmp_path, "--dataset", "captcha-wordpress"]
    status, plain, _ = command("eval", "wordpress", *options)
    _, summarised, _ = command("eval", "wordpress", *options, "--summary")
    assert status == 0
    assert "exact match" in plain
    assert "n = 32" in plain
    assert summarised == f"{summarise(load('captcha-wordpress', tmp_path))}\n\n{plain}"


def test_a_glyph_reader_adds_up_where_labels_are_sums(command, sums):
    status, out, _ = command(
        "eval", "digits", "--length", 4, "--data", sums, "--dataset", "digit-sum"
    )
    dataset = load("digit-sum", sums)
    totals = segcap.load("digits", length=4).digit_sums(dataset.images)
    right = np.mean([total.value for total in totals] == dataset.labels)
    assert status == 0
    assert out.startswith(f"accuracy            {right:.2%} (")
    assert "n = 50" in out


def test_a_sum_classifier_answers_sums(command, sums):
    status, out, _ = command("eval", "digit-sum", "--data", sums, "--dataset", "digit-sum")
    dataset = load("digit-sum", sums)
    right = segcap.load("digit-sum").score(dataset.images, dataset.labels)
    assert status == 0
    assert out.splitlines()[0].startswith(f"accuracy            {right:.2%} (")
    assert out.splitlines()[1] == "ok                  50"


def test_the_truth_of_a_sum_classifier_is_the_sum_of_the_labels_digits(command, sums, tmp_path):
    dataset = load("digit-sum", sums)
    rows = ["file,label"]
    for place, (image, total) in enumerate(zip(dataset.images, dataset.labels, strict=True)):
        Image.fromarray(np.asarray(image)).save(tmp_path / f"{place}.png")
        rows.append(f"{place}.png," + "".join(str(np.clip(total - 9 * n, 0, 9)) for n in range(4)))
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    _, of_texts, _ = command("eval", "digit-sum", "--data", tmp_path)
    for impossible in ("99999", "a1"):
        wrong = [*rows[:-1], rows[-1].split(",")[0] + f",{impossible}"]
        (tmp_path / "labels.csv").write_text("\n".join(wrong))
        _, _, err = command("eval", "digit-sum", "--data", tmp_path)
        warning = "1 of 50 labels are no answers that the reader accepts, such as"
        assert f"{warning} {impossible!r}" in err
    _, of_sums, _ = command("eval", "digit-sum", "--data", sums, "--dataset", "digit-sum")
    assert of_texts == of_sums


def test_a_sequence_reader_reads_texts_and_no_sums(command, sums):
    status, out, err = command("eval", "six-char", "--data", SAMPLES)
    assert status == 0
    assert "character accuracy" in out
    assert err.count("another size") == 1
    status, out, err = command("eval", "six-char", "--data", sums, "--dataset", "digit-sum")
    assert (status, out) == (2, "")
    assert "The model for 'digit-sum' must be a reader of sums. Got" in err
    assert "of type SequenceReader" in err


def test_labels_that_cannot_be_answered_are_reported(command, tmp_path):
    write_text(TextGenerator("wordpress", charset="ABCD"), 3, tmp_path)
    options = ["--data", tmp_path, "--dataset", "captcha-wordpress"]
    status, _, err = command("eval", "digits", *options)
    assert status == 0
    assert "Warning: 3 of 3 labels are no answers that the reader accepts" in err


def test_an_image_classifier_answers_classes_and_fails_on_damaged_files(command, photos):
    dataset = load("folders", photos)
    reader = segcap.load("cats-dogs")
    right = round(60 * reader.score(dataset.images, dataset.labels))
    options = ["classify", photos / "cat", "--model", "cats-dogs", "--csv"]
    rows = list(csv.DictReader(command(*options)[1].splitlines()))
    assert [row["label"] for row in rows] == reader.predict(dataset.images[:30]).tolist()
    status, _, err = command("classify", photos / "cat", "--model", "digits")
    assert status == 2
    assert "must be a reader of photos. Got 'digits' of type GlyphReader" in err
    labels = [f"{row['path'].rsplit('/')[-1]},{row['label']}" for row in rows]
    (photos / "cat" / "labels.csv").write_text("\n".join(["file,label", *labels, "x.png,horse"]))
    (photos / "cat" / "x.png").write_bytes((photos / "cat" / "0.png").read_bytes())
    _, out, err = command(*options[:-1])
    assert "exact match 96.77%" in out
    assert "1 of 31 labels are no answers that the reader accepts" in err
    (photos / "cat" / "labels.csv").unlink()
    (photos / "cat" / "x.png").unlink()
    options = ["--data", photos, "--dataset", "folders"]
    damaged = photos / "cat" / "damaged.png"
    damaged.write_text("no image")
    status, out, err = command("eval", "cats-dogs", *options)
    damaged.unlink()
    assert status == 1
    assert out.splitlines()[0].startswith(f"accuracy            {right / 61:.2%} (")
    assert out.splitlines()[1:] == ["ok                  60", "unreadable          1"]
    assert "damaged.png" in err


def test_an_unknown_layout(command):
    status, out, err = command("eval", "digits", "--data", SAMPLES, "--dataset", "imagenet")
    assert (status, out) == (2, "")
    assert "must be one of digit-sum" in err


def test_answers_and_a_page_are_written_to_new_files(command, sums, tmp_path):
    options = [
        "--data",
        SAMPLES,
        "--predictions",
        tmp_path / "a.csv",
        "--page",
        tmp_path / "a.html",
    ]
    status, out, _ = command("eval", "digits", *options)
    assert status == 0
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "id,label,probability"
    assert len(lines) == 49
    name, text, confidence = lines[1].split(",")
    reading = segcap.load("digits").read(SAMPLES / name)
    assert (text, pytest.approx(float(confidence), abs=1e-4)) == (reading.text, reading.confidence)
    page = (tmp_path / "a.html").read_text()
    assert out.splitlines()[0].split()[2] in page
    assert page.count("data:image") >= 48
    status, out, err = command("eval", "digits", *options)
    assert (status, out) == (2, "")
    assert "must go to a new file in a folder that exists" in err
    rows = ["--data", sums, "--dataset", "digit-sum", "--predictions", tmp_path / "sums.csv"]
    assert command("eval", "digit-sum", *rows)[0] == 0
    ids = [line.split(",")[0] for line in (tmp_path / "sums.csv").read_text().splitlines()[1:]]
    assert ids == list(map(str, range(50)))


def test_probabilities_of_all_sums_are_written(command, sums, tmp_path):
    written = tmp_path / "sums.csv"
    options = ["--data", sums, "--dataset", "digit-sum", "--predictions", written]
    assert command("eval", "digit-sum", *options, "--probabilities")[0] == 0
    head, *rows = [line.split(",") for line in written.read_text().splitlines()]
    assert head == ["id", "label", *map(str, range(37))]
    probabilities = np.array([row[2:] for row in rows], float)
    reader = segcap.load("digit-sum")
    expected = reader.predict_proba(load("digit-sum", sums).images)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    assert [int(row[1]) for row in rows] == probabilities.argmax(axis=1).tolist()


def test_photos_that_cannot_be_read_have_probabilities_of_0(command, photos, tmp_path):
    damaged = photos / "cat" / "damaged.png"
    damaged.write_text("no image")
    options = ["--data", photos, "--dataset", "folders", "--predictions", tmp_path / "a.csv"]
    status, _, _ = command("eval", "cats-dogs", *options, "--probabilities")
    damaged.unlink()
    assert status == 1
    head, *rows = [line.split(",") for line in (tmp_path / "a.csv").read_text().splitlines()]
    assert head == ["id", "label", "cat", "dog"]
    probabilities = {row[0]: np.array(row[2:], float).sum() for row in rows}
    assert probabilities.pop("cat/damaged.png") == 0
    assert np.allclose(list(probabilities.values()), 1)


def test_probabilities_are_those_of_whole_images(command, sums, tmp_path):
    written = ["--predictions", tmp_path / "new.csv"]
    status, out, err = command("eval", "digits", "--data", SAMPLES, *written, "--probabilities")
    assert (status, out) == (2, "")
    assert "The model for probabilities must classify whole images" in err
    rows = ["--data", sums, "--dataset", "digit-sum"]
    status, out, err = command("eval", "digit-sum", *rows, "--probabilities")
    assert (status, out) == (2, "")
    assert "Probabilities must go to the file of --predictions. Got none." in err
    assert not list(tmp_path.iterdir())


def test_a_model_must_fit_what_the_folder_holds(command, photos, tmp_path):
    for model, folder, layout, wanted in (
        ("mixed", photos, "folders", "photos"),
        ("digit-sum", photos, "folders", "photos"),
    ):
        status, out, err = command("eval", model, "--data", folder, "--dataset", layout)
        assert (status, out) == (2, "")
        assert f"must be a reader of {wanted}" in err
    write_text(TextGenerator("wordpress"), 3, tmp_path)
    options = ["--data", tmp_path, "--dataset", "captcha-wordpress"]
    digits = next(tmp_path.glob("*/*.png"))
    (digits.parent / "2345.png").write_bytes(digits.read_bytes())
    status, _, err = command("eval", "digit-sum", *options)
    assert status == 2
    assert "must be a reader of texts" in err


def test_predictions_and_page_are_two_files(command, tmp_path):
    both = tmp_path / "both"
    for page in (both, tmp_path / ".." / tmp_path.name / "both"):
        status, out, err = command(
            "eval", "digits", "--data", SAMPLES, "--predictions", both, "--page", page
        )
        assert (status, out) == (2, "")
        assert "must go to two files" in err


def test_a_threshold_keeps_an_accuracy(command, sums):
    reader = segcap.load("digits")
    known = load("digit-sum", sums)
    results = reader.digit_sums(known.images)
    status, out, _ = command(
        "threshold", "digits", "--data", sums, "--dataset", "digit-sum", "--accuracy", 0.9
    )
    assert status == 0
    kept = float(out.split("reject below")[1].split()[0])
    answered = [one.confidence >= kept for one in results]
    right = np.array([one.value for one in results])[answered] == known.labels[answered]
    assert right.mean() >= 0.9
    assert f"{np.mean(answered):.2%} of {len(results)}" in out


def test_what_is_never_answered_has_no_threshold(command, samples):
    (samples / "broken.png").write_bytes(b"torn")
    with (samples / "labels.csv").open("a") as file:
        file.write("broken.png,1234\n")
    status, out, _ = command("threshold", "digits", "--data", samples, "--accuracy", 0.5)
    assert status == 1
    assert float(out.splitlines()[0].split()[-1]) > 0
    assert "100.00% of" not in out.splitlines()[1]
    for image in samples.glob("*.png"):
        image.write_bytes(b"torn")
    status, _, err = command("threshold", "digits", "--data", samples)
    assert status == 2
    assert "At least one image must be answered" in err


def test_characters_are_compared_as_the_reader_spells_them(command, tmp_path):
    capitals = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    write_text(TextGenerator("wordpress", charset=capitals), 4, tmp_path / "own", seed=1)
    _, out, _ = command("eval", "mixed", "--data", tmp_path / "own", "--case", "fold")
    figures = {line.split("  ")[0]: line for line in out.splitlines()}
    assert "100.00%" in figures["exact match"]
    assert "100.00%" in figures["character accuracy"]


def test_a_reader_that_rejects_nothing_has_a_confidence(command, photos):
    status, out, _ = command(
        "threshold", "cats-dogs", "--data", photos, "--dataset", "folders", "--accuracy", 0.5
    )
    assert status == 0
    assert out.startswith("confidence ")


def test_a_threshold_that_is_not_there(command, tmp_path):
    write_text(TextGenerator("wordpress"), 20, tmp_path)
    status, _, err = command("threshold", "digits", "--data", tmp_path)
    assert status == 2
    assert "No confidence keeps an accuracy of 0.99. The best is 0.0000" in err


def test_a_reader_measures_its_own_coverage():
    drawn = segcap.generate.digit_sums(20, 22, seed=3, digits=segcap.datasets.load_uci_digits())
    texts = ["".join(map(str, row)) for row in drawn.labels]
    reader = segcap.load("digits")
    curve = reader.coverage_curve(drawn.images, texts)
    assert curve.points[-1].accuracy == pytest.approx(reader.score(drawn.images, texts))


def test_a_pattern_gives_the_texts_of_files(command, tmp_path):
    for number, name in enumerate(("sum-apart-0", "sum-apart-1")):
        text = segcap.load("digits").read(SAMPLES / f"{name}.png").text
        (tmp_path / f"{number}-{text}.png").write_bytes((SAMPLES / f"{name}.png").read_bytes())
    status, out, _ = command("eval", "digits", "--data", tmp_path, "--pattern", r"\d-(?P<text>\d+)")
    assert status == 0
    assert out.startswith("exact match         100.00%")
    told = "--data", tmp_path, "--pattern", r"\d-(?P<text>\d+)", "--kind", "number"
    status, out, _ = command("threshold", "digits", *told)
    assert status == 0
    assert "100.00% of 2" in out
