import re
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

import segcap
from segcap.generate import TextGenerator, write_text

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def quick(block):
    """The same code with a single pass over the data."""
    block = block.replace("length=4).fit", 'length=4, epochs=1, binarization="otsu").fit')
    for settings in ("length=5)", '("digit_heads")', 'balance="sampling")'):
        block = block.replace(settings, f"{settings[:-1]}, epochs=1)")
    return block.replace("epochs=60", "epochs=1")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*trained reader does not read")
def test_the_python_blocks_run_one_after_the_other(monkeypatch, tmp_path, handwriting):
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "image.png").symlink_to(ROOT / "data" / "samples" / "field-bright-0.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("segcap.training.fit.LEAST_STEPS", 4)
    monkeypatch.setattr("segcap.training.text_fitting.REPLAY_LINES", 60)
    rows = segcap.generate.digit_sums(40, 24, seed=0, digits=handwriting)
    labels = ["".join(map(str, label)) for label in rows.labels]
    names = {
        "images": rows.images,
        "labels": labels,
        "other_images": rows.images[:5],
        "other_labels": labels[:5],
        "more_images": rows.images[:20],
        "their_labels": labels[:20],
        "sums": rows.labels.sum(axis=1),
    }
    generator = TextGenerator("gradient-line")
    write_text(generator, 30, tmp_path / "archive")
    for name in ("china", "flower"):
        picture = load_sample_image(f"{name}.jpg")
        (tmp_path / "Large" / name).mkdir(parents=True)
        for place in range(10):
            part = picture[40 * place : 40 * place + 32, 60 * place : 60 * place + 32]
            Image.fromarray(part).save(tmp_path / "Large" / name / f"{place}.png")
    photos = segcap.datasets.load("folders", tmp_path / "Large")
    names |= {"photos": photos.images, "names": photos.labels, "other_photos": photos.images[:3]}
    for block in BLOCKS:
        exec(quick(block), names)
    assert len(names["train"]) == 4000
    assert names["logits"].shape == (len(names["segments"].boxes), 10)


def test_the_pictures_are_there():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()


def test_the_samples_are_as_many_as_the_changelog_says():
    count = len(list((ROOT / "data" / "samples").glob("*.png")))
    assert f"{count} sample images" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
