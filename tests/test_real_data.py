import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

import segcap
from segcap.core.bundle import digest
from segcap.core.charset import Charset
from segcap.core.image import load_image
from segcap.datasets import load_mnist, load_named
from segcap.recipes.digits import measure_glyphs
from segcap.recipes.end_to_end import task_data

pytestmark = pytest.mark.slow

FIGURES = Path(__file__).parent.parent / "examples" / "figures"

needs_mnist = pytest.mark.skipif(
    not (Path(os.environ.get("SEGCAP_DATA", "")) / "mnist.npz").is_file(),
    reason="SEGCAP_DATA names no folder with mnist.npz",
)


@pytest.fixture(scope="module")
def mnist():
    return load_mnist(os.environ["SEGCAP_DATA"])


@needs_mnist
def test_the_shipped_classifier_keeps_its_figures(mnist):
    reader = segcap.load("digits")
    figures = measure_glyphs(reader, mnist.x_test, mnist.y_test)
    kept = reader.provenance_["figures"]
    assert figures["test_accuracy"] == pytest.approx(kept["test_accuracy"], abs=2e-4)
    assert figures["test_accuracy"] >= 0.995
    assert figures["test_calibration_error"] <= 0.01


@needs_mnist
@pytest.mark.parametrize(("min_advance", "least"), [(22, 0.975), (15, 0.97), (10, 0.955)])
def test_sums_of_four_digits(mnist, min_advance, least):
    rows = segcap.generate.digit_sums(
        2000, min_advance, seed=9, digits=(mnist.x_test, mnist.y_test)
    )
    answers = segcap.load("digits", length=4).digit_sums(rows.images)
    right = np.array([answer.value for answer in answers]) == rows.labels.sum(axis=1)
    assert right.mean() >= least


@needs_mnist
@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("digit_sums.py", ["--n", "50"]),
        ("digit_sums.py", ["--n", "50", "--model", "digit-sum"]),
        ("sizes.py", ["--n", "20"]),
        ("robustness.py", ["--n", "20"]),
        ("cutters.py", ["--n", "30"]),
    ],
)
def test_the_figure_scripts_run(script, options):
    data = Path(os.environ["SEGCAP_DATA"]) / "mnist.npz"
    run = subprocess.run(
        [sys.executable, FIGURES / script, "--data", data, *options],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "95 % interval" in run.stdout or "n = 20 a step" in run.stdout


@pytest.fixture(scope="module")
def real_images(tmp_path_factory):
    """Folders of real images by their task."""
    root = Path(os.environ.get("SEGCAP_DATA", ""))
    archives = {"captcha-v2": "samples", "captcha-wordpress": "generated_captcha_images"}
    folder = tmp_path_factory.mktemp("real")
    for task in archives:
        if not (root / f"{task}.tar").is_file():
            pytest.skip(f"SEGCAP_DATA names no folder with {task}.tar")
        with tarfile.open(root / f"{task}.tar") as tar:
            tar.extractall(folder, filter="data")
    return {task: folder / inside for task, inside in archives.items()}


@pytest.fixture(scope="module")
def texts(real_images):
    """Images and labels of real CAPTCHAs, all of a task."""
    return {task: load_named(folder) for task, folder in real_images.items()}


def test_mixed_reads_real_images_of_which_it_has_seen_none(texts):
    images, labels = texts["captcha-v2"]
    some = slice(0, None, len(images) // 200)
    reader = segcap.load("mixed", length=5, allowlist="2345678bcdefgmnpwxy")
    assert reader.score(images[some], labels[some]) >= 0.92


@pytest.mark.parametrize(
    ("model", "task", "least"),
    [("captcha-v2", "captcha-v2", 0.97), ("wordpress", "captcha-wordpress", 0.99)],
)
def test_readers_of_one_scheme_read_the_tenth_that_they_were_calibrated_on(
    texts, model, task, least
):
    """No image that weights were fitted to: `fit` holds a tenth out, by its seed."""
    images, labels = texts[task]
    reader = segcap.load(model)
    pixels = [load_image(image) for image in images]
    classes = [Charset(reader.charset_).encode(label) for label in labels]
    assert reader.provenance_["data"]["sha256"] == digest(*pixels, *classes)
    order = np.random.default_rng(reader.provenance_["seed"]).permutation(len(images))
    held_out = order[: reader.provenance_["figures"]["images_held_out"]]
    unseen = [pixels[i] for i in held_out], [labels[i] for i in held_out]
    assert reader.score(*unseen) >= least


@pytest.mark.parametrize(
    ("model", "inside", "least"),
    [
        ("captcha-v2-crnn", "samples", 0.98),
        ("cats-dogs", "train", 0.9),
        ("recaptcha-tiles", "Large", 0.75),
    ],
)
def test_end_to_end_readers_answer_images_held_out(tmp_path, model, inside, least):
    task = model.removesuffix("-crnn")
    archive = Path(os.environ.get("SEGCAP_DATA", "")) / f"{task}.tar"
    if not archive.is_file():
        pytest.skip(f"SEGCAP_DATA names no folder with {task}.tar")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    reader = segcap.load(model)
    ((_, tested),) = task_data(task, tmp_path / inside, seed=reader.provenance_["seed"])
    assert reader.provenance_["data"]["split"]["tested"] == tested.digest
    some = tested.subset(range(0, len(tested), max(1, len(tested) // 200)))
    assert reader.score(some.images, some.labels.tolist()) >= least


def test_the_zero_shot_script_runs(real_images):
    folders = ["--captcha-v2", real_images["captcha-v2"]]
    schemes = ["--schemes", "colour-lines", "six-char"]
    run = subprocess.run(
        [sys.executable, FIGURES / "zero_shot.py", *folders, *schemes, "--n", "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    measured = [line.strip() for line in run.stdout.splitlines() if not line.startswith("  ")]
    assert measured == ["captcha-v2", "colour-lines, generated", "six-char, generated"]
    for kind in ("texts", "characters"):
        assert len(re.findall(rf"  {kind} .*95 % interval", run.stdout)) == 3
    assert re.search(r"    wave .*95 % interval", run.stdout)


def test_real_and_generated_images_are_drawn_side_by_side(tmp_path):
    archive = Path(os.environ.get("SEGCAP_DATA", "")) / "captcha-six-samples.tar"
    if not archive.is_file():
        pytest.skip("SEGCAP_DATA names no folder with captcha-six-samples.tar")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    run = subprocess.run(
        [sys.executable, FIGURES / "side_by_side.py", "--data", tmp_path, "--out", "pairs.png"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert run.stdout == "11 pairs in pairs.png\n"
    assert (tmp_path / "pairs.png").stat().st_size > 10_000


@pytest.mark.parametrize("script", ["speed.py", "generation_speed.py"])
def test_the_speed_scripts_run(script):
    run = subprocess.run(
        [sys.executable, FIGURES / script, "--n", "100"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "images/s" in run.stdout
