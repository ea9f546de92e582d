"""The Python blocks of README.md and docs/ run, and what the README points to is there."""

import ast
import re
from importlib import import_module
from itertools import takewhile
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

import segcap
from segcap.generate import TextGenerator, write_text

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = {
    page.relative_to(ROOT).as_posix(): re.findall(
        r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    for page in PAGES
}
HEAVY = re.compile(r'\.fit\(|segcap\.training|benchmark\.(run|audit)|engine="keras"')
LIGHT = {
    page: list(takewhile(lambda block: not HEAVY.search(block), BLOCKS[page])) for page in BLOCKS
}


def quick(block):
    """The same code with a single epoch."""
    block = block.replace(
        "length=4)\nmine.fit", 'length=4, epochs=1, binarization="otsu")\nmine.fit'
    )
    for settings in ("length=5).fit", '("digit_heads").fit', 'balance="sampling").fit'):
        block = block.replace(settings, settings.replace(").fit", ", epochs=1).fit"))
    return block.replace("epochs=60", "epochs=1")


@pytest.fixture
def beside_data(monkeypatch, tmp_path):
    """A folder, current, with the repository's data."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def material(beside_data, monkeypatch, handwriting):
    """What the blocks take for granted: images and labels of the reader's own."""
    monkeypatch.setattr("segcap.training.text_stages.REPLAY_LINES", 60)
    rows = segcap.generate.digit_sums(40, 24, seed=0, digits=handwriting)
    labels = ["".join(map(str, label)) for label in rows.labels]
    write_text(TextGenerator("gradient-line"), 30, beside_data / "archive")
    for name in ("china", "flower"):
        picture = load_sample_image(f"{name}.jpg")
        (beside_data / "Large" / name).mkdir(parents=True)
        for place in range(10):
            part = picture[40 * place : 40 * place + 32, 60 * place : 60 * place + 32]
            Image.fromarray(part).save(beside_data / "Large" / name / f"{place}.png")
    photos = segcap.datasets.load("folders", beside_data / "Large")
    return {
        "segcap": segcap,
        "images": rows.images,
        "labels": labels,
        "other_images": rows.images[:5],
        "other_labels": labels[:5],
        "more_images": rows.images[:20],
        "their_labels": labels[:20],
        "sums": rows.labels.sum(axis=1),
        "photos": photos.images,
        "names": photos.labels,
        "other_photos": photos.images[:3],
    }


@pytest.mark.usefixtures("beside_data")
@pytest.mark.parametrize("page", [page for page, blocks in LIGHT.items() if blocks])
def test_the_blocks_that_read_run_one_after_the_other(page):
    names = {}
    for block in LIGHT[page]:
        exec(block, names)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*trained reader does not read")
@pytest.mark.parametrize("page", [page for page in BLOCKS if BLOCKS[page] != LIGHT[page]])
def test_all_blocks_run_one_after_the_other(page, material):
    for block in BLOCKS[page]:
        exec(quick(block), material)


def test_what_examples_import_is_there():
    """Examples and the scripts of the figures take hours; that they begin takes none."""
    for path in (ROOT / "examples").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("segcap"):
                module = import_module(node.module)
                assert all(hasattr(module, own.name) for own in node.names), path


def test_the_readme_is_two_pages():
    assert len(README.split()) <= 1200


def test_what_the_readme_points_to_is_there():
    targets = [target for target in re.findall(r"\]\(([^)#]+)", README) if "://" not in target]
    assert targets
    for target in targets:
        assert (ROOT / target).is_file()


def test_the_samples_are_as_many_as_the_changelog_says():
    count = len(list((ROOT / "data" / "samples").glob("*.png")))
    assert f"{count} sample images" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
