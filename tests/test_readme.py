import re
from pathlib import Path

import pytest

import segcap

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.filterwarnings("ignore:.*has not learned to read")
def test_the_python_blocks_run_one_after_the_other(monkeypatch, tmp_path, handwriting):
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("segcap.training.fit._LEAST_STEPS", 4)
    monkeypatch.setattr("segcap.training.learn._REHEARSED", 60)
    rows = segcap.generate.digit_sums(40, 24, seed=0, digits=handwriting)
    labels = ["".join(map(str, label)) for label in rows.labels]
    names = {
        "images": rows.images,
        "labels": labels,
        "other_images": rows.images[:5],
        "other_labels": labels[:5],
        "more_images": rows.images[:20],
        "their_labels": labels[:20],
    }
    for block in BLOCKS:
        quick = block.replace("length=4).fit", 'length=4, epochs=1, binarization="otsu").fit')
        exec(quick.replace("epochs=60", "epochs=1"), names)
    assert names["logits"].shape == (len(names["segments"].boxes), 10)


def test_the_pictures_are_there():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()


def test_the_samples_are_as_many_as_the_changelog_says():
    count = len(list((ROOT / "data" / "samples").glob("*.png")))
    assert f"{count} sample images" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
