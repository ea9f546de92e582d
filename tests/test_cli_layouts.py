"""One folder, one understanding: commands accept the same layouts and options."""

from pathlib import Path

import pytest

import segcap
from segcap.benchmark.audit import run as auditing

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
NAMES = [f"sum-apart-{number}.png" for number in range(6)]


@pytest.fixture(scope="module")
def truth():
    """Images of real digits, and what "digits" takes them for."""
    reader = segcap.load("digits", length=4)
    return {(SAMPLES / name).read_bytes(): reader.read(SAMPLES / name).text for name in NAMES}


def with_header(header):
    def write(folder, truth):
        lines = [header]
        for number, (image, text) in enumerate(truth.items()):
            (folder / f"{number}.png").write_bytes(image)
            lines.append(f"{number}.png,{text}")
        (folder / "labels.csv").write_text("\n".join(lines), "utf-8")

    return write


def named(pattern):
    def write(folder, truth):
        for number, (image, text) in enumerate(truth.items()):
            (folder / pattern.format(number=number, text=text)).write_bytes(image)

    return write


def partly_labelled(folder, truth):
    with_header("file,label")(folder, truth)
    for name in ("undone.png", "beside.png"):
        (folder / name).write_bytes((SAMPLES / NAMES[0]).read_bytes())
    with (folder / "labels.csv").open("a") as file:
        file.write("\nundone.png,\n")


LAYOUTS = {
    "file, label": (with_header("file,label"), None),
    "Filename, Text": (with_header("\ufeffFilename, Text"), None),
    "path, text": (with_header("path,text"), None),
    "image, label": (with_header("image,label"), None),
    "partly labelled": (partly_labelled, None),
    "texts as names": (named("{text}.png"), None),
    "names with hashes": (named("{text}_{number}f3.png"), r"(?P<text>\d+)_.*"),
    "numbered names": (named("{number}-{text}.png"), r"\d+-(?P<text>\d+)"),
    "hashed names": (named("6x3=_{text}.png"), r".*_(?P<text>\d+)"),
}


class Seen:
    """What commands are about to work on, as texts by images."""

    def __init__(self, command, monkeypatch):
        self.command, self.monkeypatch = command, monkeypatch
        self.labels = {}

    def stop_at(self, *place, found):
        def stop(*given, **options):
            images, labels = found(*given)
            pairs = zip(images, labels, strict=True)
            self.labels |= {Path(image).read_bytes(): str(label) for image, label in pairs}
            raise KeyboardInterrupt

        self.monkeypatch.setattr(*place, stop)


def of_parts(*parts):
    images = [image for part in parts for image in part.images]
    return images, [label for part in parts for label in part.labels.tolist()]


def judged(seen, folder, options, *words):
    """All images were judged, and were right."""
    status, out, err = seen.command(*words, *options)
    assert status == 0, err
    assert "100.00%" in out
    return int(out.split("n = ")[1].split(")")[0])


def read(seen, folder, options):
    assert judged(seen, folder, options, "read", folder, "--length", 4) == len(NAMES)


def evaluate(seen, folder, options):
    words = ("eval", "digits", "--data", folder, "--length", 4)
    assert judged(seen, folder, options, *words) == len(NAMES)


def threshold(seen, folder, options):
    words = ("threshold", "digits", "--data", folder, "--length", 4, *options)
    status, out, err = seen.command(*words)
    assert status == 0, err
    assert f"100.00% of {len(NAMES)}" in out


def train(seen, folder, options):
    seen.stop_at("segcap.GlyphReader.fit", found=lambda _, images, labels: (images, labels))
    place = folder.parent / "m.segcap"
    assert seen.command("train", "text", "--data", folder, "--out", place, *options)[0] == 130


def bench(seen, folder, options):
    seen.stop_at("segcap.benchmark.run", found=lambda _, own: of_parts(own.training, own.tested))
    words = ("bench", "--data", folder, "--out", folder.parent / "out", "--readers", "digits")
    assert seen.command(*words, *options)[0] == 130


def audit(seen, folder, options):
    seen.monkeypatch.setattr(auditing, "require_report", lambda: None)
    found = lambda own, *_: of_parts(own.training, own.tested)  # noqa: E731 one line
    seen.stop_at(auditing, "_audited", found=found)
    words = ("audit", "--data", folder, "--out", folder.parent / "out", "--labels", 0)
    assert seen.command(*words, *options)[0] == 130


def searching(*words):
    def search(seen, folder, options):
        pytest.importorskip("optuna", reason="searches are Optuna's")
        place = ("--data", folder, "--out", folder.parent / "out", *words)
        seen.stop_at("segcap.training.search", found=lambda own, _: of_parts(own.data))
        seen.monkeypatch.setattr(
            "segcap.datasets.Dataset.split", lambda self, *_: (self, self.subset([]))
        )
        assert seen.command("search", *place, *options)[0] == 130

    return search


JUDGING = {"read": read, "eval": evaluate, "threshold": threshold}
WORKING = {
    "train": train,
    "bench": bench,
    "audit": audit,
    "search": searching("--study", "segmentation", "--model", "digits", "--length", 4),
    "search of a network": searching("--study", "training"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [*JUDGING, *WORKING])
def test_commands_accept_the_same_layouts(name, layout, truth, command, monkeypatch, tmp_path):
    write, pattern = LAYOUTS[layout]
    if name == "read" and layout == "texts as names":
        pattern = r"(?P<text>\d+)"  # any name is read, and is no label unless it is said
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder, truth)
    seen = Seen(command, monkeypatch)
    (JUDGING | WORKING)[name](seen, folder, [] if pattern is None else ["--pattern", pattern])
    if name in WORKING:
        assert seen.labels == truth


@pytest.mark.parametrize("name", [name for name in (JUDGING | WORKING) if name != "read"])
def test_of_numbered_files_a_pattern_is_suggested(name, truth, command, tmp_path):
    named("{number}_{text}.png")(tmp_path, truth)
    words = {"eval": ["eval", "digits"], "threshold": ["threshold", "digits"]}
    words["train"] = ["train", "text"]
    words["search of a network"] = ["search"]
    out = [] if name in JUDGING else ["--out", tmp_path.parent / f"{tmp_path.name}-out"]
    words["audit"] = ["audit", "--labels", 0]
    status, _, err = command(*words.get(name, [name]), "--data", tmp_path, *out)
    assert status == 2
    assert "such as --pattern '" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("read", {"length", "allowlist", "case", "kind", "frame", "reject-below", "pattern"}),
        ("eval", {"length", "allowlist", "case", "kind", "frame", "reject-below", "pattern"}),
        ("threshold", {"length", "allowlist", "case", "kind", "frame", "pattern"}),
        ("sum", {"length", "allowlist", "frame", "reject-below", "pattern"}),
        ("value", {"length", "allowlist", "kind", "frame", "reject-below", "pattern"}),
        ("bench", {"length", "allowlist", "case", "pattern"}),
        ("search", {"length", "allowlist", "case", "pattern"}),
        ("label", {"length", "allowlist", "case"}),
        ("audit", {"case", "pattern"}),  # the rest it takes from the labels, to say what that helps
    ],
)
def test_what_is_known_of_the_images_is_said_alike(name, options, command):
    status, out, _ = command(name, "--help")
    assert status == 0
    known = {"length", "allowlist", "case", "kind", "frame", "reject-below", "pattern"}
    assert {option for option in known if f"--{option} " in out} == options
