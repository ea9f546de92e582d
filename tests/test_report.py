"""A benchmark's page, read as a browser would."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import report_material

from segcap.benchmark.outcomes import Matrix, Problem
from segcap.benchmark.report import page as page_module
from segcap.benchmark.report import write_report
from segcap.benchmark.report.album import album, glyph_pictures
from segcap.benchmark.report.rows import listed
from segcap.benchmark.report.verdict import cards
from segcap.benchmark.results import BenchmarkResult
from segcap.core.errors import FileError
from segcap.core.image import load_image
from segcap.evaluate.confusions import Confusion
from segcap.evaluate.pictures import data_uri

EMPTY_ELEMENTS = {"meta", "img", "input"}
NASTY = "</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Words, tags and attributes of a page whose elements are all closed."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.words, self.heads, self.raw, self._open = [], [], [], {}, []
        self.feed(path.read_text("utf-8"))
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in EMPTY_ELEMENTS:
            self._open.append(tag)
        if tag == "h2":
            self.heads.append("")

    def handle_endtag(self, tag):
        if tag not in EMPTY_ELEMENTS:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] in (["style"], ["script"]):
            kind = (
                self.all("script")[-1].get("type", "script")
                if self._open[-1] == "script"
                else "style"
            )
            self.raw[kind] = self.raw.get(kind, "") + data
        elif data.strip():
            self.words.append(data.strip())
            if self._open[-1] == "h2":
                self.heads[-1] += data

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def listing(self):
        return json.loads(self.raw["application/json"])


@pytest.fixture(scope="module")
def material():
    return report_material.material()


@pytest.fixture(scope="module")
def result(material):
    return material[0]


@pytest.fixture
def target(tmp_path):
    return tmp_path / "report.html"


@pytest.fixture(scope="module")
def written(material, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(material[0], path, material[1])
    return path


def bare(method):
    return replace(
        method,
        accuracy=replace(
            method.accuracy,
            characters=None,
            character_error_rate=None,
            length=None,
            top=(),
            classes=(),
            matrix=Matrix((), ()),
            confusions=(),
        ),
        failures=None,
        ceiling=None,
        errors_by_position=None,
        calibration=None,
        cost=None,
        learning_curve=(),
        robustness=(),
    )


def test_what_is_most_wanted_stands_first(written, result):
    page = Page(written)
    assert page.heads == ["Exact match", "Plots", "Tables", "What is taken for what", "Every image"]
    assert page.words[0] == result.title
    for part in (result.split.training_sha256, result.split.tested_sha256, "any, 2 cores, 8 GiB"):
        assert part in page.text
    for method in result.methods:
        exact = method.accuracy.exact
        assert f"{100 * exact.value:.2f} %" in page.text.replace("\u202f", " ")
        assert f"95 % interval {100 * exact.low:.2f} to {100 * exact.high:.2f}, n = 24" in page.text


def test_the_page_needs_nothing_else(written):
    page, source = Page(written), written.read_text("utf-8")
    assert source.startswith("<!DOCTYPE html>")
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "base"}
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert all(link["href"] == "#images" for link in page.all("a"))
    assert all(use["href"].startswith("#") for use in page.all("use"))
    assert not any(
        "style" in own or any(key.startswith("on") for key in own) for _, own in page.tags
    )


def test_only_its_own_script_and_styles_may_run(written):
    page = Page(written)
    (policy,) = [
        meta["content"]
        for meta in page.all("meta")
        if "Content-Security" in meta.get("http-equiv", "")
    ]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.raw[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_the_same_input_gives_the_same_bytes(target, written, material):
    result, images = material
    write_report(BenchmarkResult.from_json(result.to_json()), target, images)
    assert target.read_bytes() == written.read_bytes()


def test_every_image_is_listed_with_all_answers(written, result):
    listing = Page(written).listing
    assert listing["names"] == [one.name for one in result.methods]
    assert len(listing["rows"]) == len(result.answers)
    for number, (row, answer) in enumerate(zip(listing["rows"], result.answers, strict=True)):
        assert (row["number"], row["image"], row["truth"]) == (number, answer.image, answer.truth)
        assert row["boxes"] == [end for box in answer.boxes for end in box]
        assert row["size"] == [250, 50]
        assert all(row[key].startswith("data:image/") for key in ("picture", "ink"))
        for name, shown in zip(listing["names"], row["by"], strict=True):
            reply = answer.by[name]
            assert shown["value"] == reply.value
            assert shown["right"] == (reply.value == answer.truth)
            assert shown.get("status", "ok") == reply.status
            assert shown.get("failure") == reply.failure
            assert shown.get("confidence") == pytest.approx(reply.confidence, abs=1e-4)
            assert ("pieces" in shown) == (reply.value != answer.truth)


def test_wrong_characters_are_marked(target, material):
    result, images = material
    answer = replace(
        result.answers[0],
        truth="2277",
        by={"mixed": replace(result.answers[0].by["mixed"], value="Z27")},
    )
    answers = (answer, *result.answers[1:])
    write_report(replace(report_material.only(result, ["mixed"]), answers=answers), target, images)
    row = Page(target).listing["rows"][0]
    characters, marks = row["by"][0]["pieces"]
    assert ["".join(characters), marks] == ["Z2⎵7", "1010"]


def test_labels_cannot_become_markup(target, material):
    result, images = material
    nasty = report_material.renamed(result, {"mixed": NASTY, "digits": "<!--<script>"})
    nasty = replace(
        nasty,
        title=NASTY,
        task=NASTY,
        methods=(
            replace(nasty.methods[0], description=NASTY, problems=(Problem(NASTY, 3),)),
            *nasty.methods[1:],
        ),
        answers=tuple(replace(one, image=NASTY, truth=NASTY) for one in nasty.answers),
    )
    write_report(nasty, target, images)
    page = Page(target)
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert len(page.all("script")) == 2
    assert page.words[0] == NASTY
    assert f"{NASTY} (3 times)" in page.text
    assert {row["truth"] for row in page.listing["rows"]} == {NASTY}
    assert page.listing["names"][1:3] == [NASTY, "<!--<script>"]


def test_lone_surrogates_do_not_stop_it(target, material):
    result, images = material
    write_report(replace(result, title="half \ud83d"), target, images)
    assert Page(target).words[0] == "half ?"


def test_one_method_is_compared_with_nothing(target, material):
    result, images = material
    write_report(report_material.only(result, ["mixed"]), target, images)
    page = Page(target)
    assert "highest" not in page.words
    assert "Paired tests" not in page.words
    assert "Ratios of cost" not in page.words
    assert cards(report_material.only(result, ["mixed"]))[0].words == ""


def test_what_was_not_measured_is_said(target, material):
    result, images = material
    write_report(replace(result, methods=tuple(map(bare, result.methods))), target, images)
    page = Page(target)
    assert (
        "Not measured, so not drawn: latency, learning curves, robustness, coverage, "
        "errors by position, failure kinds." in page.text
    )
    assert "Class by class" not in page.words
    assert page.words.count("Nothing is taken for anything else.") == len(result.methods)
    assert not any("pieces" in shown for row in page.listing["rows"] for shown in row["by"])


def test_a_result_without_pairs_is_written(target, material):
    write_report(replace(material[0], pairs=()), target, material[1])
    assert "behind" not in Page(target).text


def test_images_that_cannot_be_loaded_are_counted(target, material, tmp_path):
    result, images = material
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"no image")
    write_report(result, target, [torn, tmp_path / "none.png", *images[2:]])
    page = Page(target)
    assert "2 images could not be loaded." in page.text
    assert [row["number"] for row in page.listing["rows"] if "picture" not in row] == [0, 1]


def test_what_has_no_room_is_left_out_and_said(target, material, monkeypatch):
    result, images = material
    whole = album(images, range(len(images)), 10**9)[0]
    names = [one.name for one in result.methods]
    order = listed(result.answers, names, 10)
    room = sum(len(whole[number].image) + len(whole[number].ink) for number in order[:4])
    monkeypatch.setattr(page_module, "MOST_ROWS", 10)
    monkeypatch.setattr(page_module, "ROOM", room)
    write_report(result, target, images)
    page = Page(target)
    assert [row["number"] for row in page.listing["rows"]] == sorted(order)
    assert {row["number"] for row in page.listing["rows"] if "picture" in row} == set(order[:4])
    assert "The table has 10 of 24 images, first those that somebody read wrong" in page.text
    assert "Pictures of 4 of 10 images stand in the table" in page.text


def test_images_read_wrong_go_first(result):
    only = report_material.only(result, ["mixed"])
    wrong = [place for place, one in enumerate(only.answers) if one.by["mixed"].value != one.truth]
    order = listed(only.answers, ["mixed"], 24)
    assert 0 < len(wrong) < 24
    assert order[: len(wrong)] == wrong
    assert sorted(order) == list(range(24))
    assert listed(only.answers, ["mixed"], 1) == wrong[:1]


@pytest.mark.parametrize("own", [True, False])
def test_glyphs_are_cut_by_the_readers_boxes_or_the_true_ones(material, own):
    result, images = material
    answer = result.answers[3]
    reply = replace(answer.by["mixed"], value="9" + answer.truth[1:])
    if not own:
        reply = replace(reply, boxes=None)
    answers = [replace(answer, by={"mixed": reply})]
    x0, y0, x1, y1 = reply.boxes[0] if own else answer.boxes[0]
    pixels = load_image(images[3])
    cut = pixels[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2]
    confusion = Confusion(answer.truth[0], "9", 1, 1.0, (0,))
    assert glyph_pictures(confusion, "mixed", answers, [images[3]], most=6) == [data_uri(cut)]


def test_a_glyph_in_no_known_place_is_the_whole_image(material):
    result, images = material
    answer = result.answers[3]
    reply = replace(answer.by["mixed"], value="9" + answer.truth[1:], boxes=None)
    confusion = Confusion(answer.truth[0], "9", 1, 1.0, (0, 1))
    answers = [replace(answer, boxes=None, by={"mixed": reply})] * 2
    given = [b"no image", images[3]]
    assert glyph_pictures(confusion, "mixed", answers, given, most=6) == [data_uri(images[3])]
    assert glyph_pictures(confusion, "mixed", answers, given, most=0) == []


def test_slivers_are_widened_to_half_their_height(material):
    result, images = material
    answer = result.answers[3]
    reply = replace(answer.by["mixed"], value="9", boxes=((100, 4, 102, 44),))
    answers = [replace(answer, truth="1", by={"mixed": reply})]
    confusion = Confusion("1", "9", 1, 1.0, (0,))
    cut = images[3][2:46, 100 - 9 - 2 : 102 + 9 + 2]
    assert glyph_pictures(confusion, "mixed", answers, [images[3]], most=6) == [data_uri(cut)]


def test_boxes_outside_an_image_do_no_harm(material):
    result, images = material
    answer = result.answers[3]
    reply = replace(answer.by["mixed"], value="9", boxes=((400, 0, 420, 30),))
    answers = [replace(answer, truth="1", by={"mixed": reply})]
    confusion = Confusion("1", "9", 1, 1.0, (0,))
    assert glyph_pictures(confusion, "mixed", answers, [images[3]], most=6) == [data_uri(images[3])]


def test_a_missing_folder_raises(tmp_path, material):
    with pytest.raises(FileError, match="into a folder that exists"):
        write_report(material[0], tmp_path / "none" / "report.html", material[1])


def test_importing_it_imports_no_plots_and_no_networks():
    code = (
        "import sys, segcap.benchmark.report; "
        "print(sorted({'keras', 'tensorflow', 'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_pictures_are_the_images(written, material):
    for row, image in zip(Page(written).listing["rows"], material[1], strict=True):
        data = base64.b64decode(row["picture"].split(",", 1)[1])
        shown = load_image(data)
        assert shown.shape == (50, 250, 3)
        assert np.abs(shown.astype(int) - load_image(image)).mean() < 6
        ink = load_image(base64.b64decode(row["ink"].split(",", 1)[1]))
        assert ink.shape == shown.shape


def test_sections_have_names_that_exist(written):
    page = Page(written)
    identities = {own["id"] for _, own in page.tags if "id" in own}
    named = [own["aria-labelledby"] for _, own in page.tags if "aria-labelledby" in own]
    assert set(named) <= identities
    assert re.fullmatch("#(.*)", page.all("a")[0]["href"])[1] in identities
