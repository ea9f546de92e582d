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
from hypothesis import given
from hypothesis import strategies as st

from segcap.benchmark.outcomes import Problem
from segcap.benchmark.report import page as page_module
from segcap.benchmark.report import write_report
from segcap.benchmark.report.album import album, glyph_pictures
from segcap.benchmark.report.charts import Point
from segcap.benchmark.report.plots import charts, pareto_front
from segcap.benchmark.report.rows import listed
from segcap.benchmark.report.scales import Scale, around
from segcap.benchmark.report.tables import tables
from segcap.benchmark.report.verdict import cards, verdict
from segcap.errors import BundleError, DataError, ParameterError
from segcap.evaluate.confusions import Confusion
from segcap.evaluate.metrics import wilson
from segcap.evaluate.pictures import data_uri
from segcap.image import load_image

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


def by_name(result, name):
    return next(one for one in result.entrants if one.name == name)


def bare(entrant):
    return replace(
        entrant,
        accuracy=replace(
            entrant.accuracy,
            characters=None,
            character_error_rate=None,
            length=None,
            top=(),
            classes=(),
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
    for part in (result.split.learned_sha256, result.split.tested_sha256, "any, 2 cores, 8 GiB"):
        assert part in page.text
    for entrant in result.entrants:
        exact = entrant.accuracy.exact
        assert f"{100 * exact.value:.2f} %" in page.text.replace("\u202f", " ")
        assert f"95 % interval {100 * exact.low:.2f} to {100 * exact.high:.2f}, n = 24" in page.text


def test_the_page_needs_nothing_else(written):
    page, source = Page(written), written.read_text("utf-8")
    assert source.startswith("<!DOCTYPE html>")
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "base"}
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert all(link["href"] == "#images" for link in page.all("a"))
    assert {use["href"][:6] for use in page.all("use")} == {"#mark-"}
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
    write_report(json.loads(json.dumps(result.to_json())), target, images)
    assert target.read_bytes() == written.read_bytes()


def test_every_image_is_listed_with_all_answers(written, result):
    listing = Page(written).listing
    assert listing["names"] == [one.name for one in result.entrants]
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


def test_wrong_characters_are_marked(target, result):
    answer = replace(
        result.answers[0],
        truth="2277",
        by={"mixed": replace(result.answers[0].by["mixed"], value="Z27")},
    )
    write_report(replace(report_material.only(result, ["mixed"]), answers=(answer,)), target)
    (row,) = Page(target).listing["rows"]
    characters, marks = row["by"][0]["pieces"]
    assert ["".join(characters), marks] == ["Z2⎵7", "1010"]


def test_labels_cannot_become_markup(target, material):
    result, images = material
    nasty = report_material.renamed(result, {"mixed": NASTY, "digits": "<!--<script>"})
    nasty = replace(
        nasty,
        title=NASTY,
        task=NASTY,
        entrants=(
            replace(nasty.entrants[0], description=NASTY, problems=(Problem(NASTY, 3),)),
            *nasty.entrants[1:],
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


def test_lone_surrogates_do_not_stop_it(target, result):
    write_report(replace(result, title="half \ud83d"), target)
    assert Page(target).words[0] == "half ?"


def test_one_entrant_is_compared_with_nothing(target, result):
    write_report(report_material.only(result, ["mixed"]), target)
    page = Page(target)
    assert "highest" not in page.words
    assert "Paired tests" not in page.words
    assert "Ratios of cost" not in page.words
    assert cards(report_material.only(result, ["mixed"]))[0].words == ""


def test_without_images_there_are_no_pictures(target, result):
    write_report(result, target)
    page = Page(target)
    assert not page.all("img")
    assert "There are no pictures: none were given." in page.text
    assert not any("picture" in row for row in page.listing["rows"])


def test_what_was_not_measured_is_said(target, result):
    write_report(replace(result, entrants=tuple(map(bare, result.entrants))), target)
    page = Page(target)
    assert (
        "Not measured, so not drawn: latency, learning curves, robustness, coverage, "
        "errors by position, failure kinds." in page.text
    )
    assert "Class by class" not in page.words
    assert page.words.count("Nothing is taken for anything else.") == len(result.entrants)
    assert not any("pieces" in shown for row in page.listing["rows"] for shown in row["by"])


def test_a_result_without_images_or_pairs_is_written(target, result):
    write_report(replace(result, pairs=(), answers=()), target, [])
    page = Page(target)
    assert page.listing["rows"] == []
    assert "behind" not in page.text


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
    whole = album(dict(enumerate(images)), range(len(images)), 10**9)[0]
    names = [one.name for one in result.entrants]
    order = listed(result.answers, names, 10)
    room = sum(len(whole[number].image) + len(whole[number].ink) for number in order[:4])
    monkeypatch.setattr(page_module, "_MOST_ROWS", 10)
    monkeypatch.setattr(page_module, "_ROOM", room)
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
    assert glyph_pictures(confusion, "mixed", answers, {0: images[3]}, most=6) == [data_uri(cut)]


def test_a_glyph_in_no_known_place_is_the_whole_image(material):
    result, images = material
    answer = result.answers[3]
    reply = replace(answer.by["mixed"], value="9" + answer.truth[1:], boxes=None)
    confusion = Confusion(answer.truth[0], "9", 1, 1.0, (0, 1))
    answers = [replace(answer, boxes=None, by={"mixed": reply})] * 2
    given = {0: b"no image", 1: images[3]}
    assert glyph_pictures(confusion, "mixed", answers, given, most=6) == [data_uri(images[3])]
    assert glyph_pictures(confusion, "mixed", answers, {}, most=6) == []
    assert glyph_pictures(confusion, "mixed", answers, given, most=0) == []


def test_boxes_outside_an_image_do_no_harm(material):
    result, images = material
    answer = result.answers[3]
    reply = replace(answer.by["mixed"], value="9", boxes=((400, 0, 420, 30),))
    answers = [replace(answer, truth="1", by={"mixed": reply})]
    confusion = Confusion("1", "9", 1, 1.0, (0,))
    assert glyph_pictures(confusion, "mixed", answers, {0: images[3]}, most=6) == [
        data_uri(images[3])
    ]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda one: 7, ParameterError, "'result' of write_report .* Got int"),
        (lambda one: {**one.to_json(), "format": 9}, DataError, "format 9"),
        (lambda one: {"format": 1}, DataError, "must follow their schema"),
        (lambda one: replace(one, entrants=()), DataError, "at least one entrant. Got none"),
        (
            lambda one: replace(one, answers=(replace(one.answers[0], by={}),)),
            DataError,
            "Got none of 'digits' to '00-",
        ),
    ],
)
def test_what_is_no_result_raises(target, result, change, error, message):
    with pytest.raises(error, match=message):
        write_report(change(result), target)
    assert not target.exists()


def test_too_few_images_raise(target, material):
    with pytest.raises(ParameterError, match="Got 23 images and 24 answers"):
        write_report(material[0], target, material[1][1:])


def test_a_missing_folder_raises(tmp_path, result):
    with pytest.raises(BundleError, match="into a folder that exists"):
        write_report(result, tmp_path / "none" / "report.html")


def scored(result, right):
    """Give a result whose entrants have so many of 100 right, apart from each other."""
    entrants = tuple(
        replace(one, accuracy=replace(one.accuracy, exact=wilson(right[one.name], 100)))
        for one in result.entrants
        if one.name in right
    )
    pairs = []
    for pair in report_material.only(result, right).pairs:
        both = min(right[pair.first], right[pair.second])
        first, second = right[pair.first] - both, right[pair.second] - both
        pairs.append(
            replace(
                pair,
                both=both,
                only_first=first,
                only_second=second,
                neither=100 - both - first - second,
            )
        )
    return replace(result, entrants=entrants, pairs=tuple(pairs))


def plain(words):
    return words.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("right", "words", "said"),
    [
        (
            {"six-char": 60, "mixed": 80},
            ["behind mixed by 20.00 points (", "wins over six-char by 20.00 points ("],
            "The winner is segment-then-classify (mixed, 80.00 %), over end-to-end (six-char, "
            "60.00 %), by 20.00 points (",
        ),
        (
            {"six-char": 80, "mixed": 60},
            ["wins over mixed by 20.00 points (", "behind six-char by 20.00 points ("],
            "The winner is end-to-end (six-char, 80.00 %), over segment-then-classify (mixed, "
            "60.00 %), by 20.00 points (",
        ),
        (
            {"six-char": 80, "mixed": 81},
            [
                "no difference from mixed shown: −1.00 points (",
                "no difference from six-char shown: 1.00 points (",
            ],
            "No difference is shown between segment-then-classify (mixed, 81.00 %) and end-to-end",
        ),
    ],
)
def test_who_wins_is_said_whichever_way_pairs_stand(result, right, words, said):
    given = scored(result, right)
    turned = replace(
        given,
        pairs=tuple(
            replace(
                pair,
                first=pair.second,
                second=pair.first,
                only_first=pair.only_second,
                only_second=pair.only_first,
            )
            for pair in given.pairs
        ),
    )
    for one in (given, turned):
        assert all(card.words.startswith(own) for card, own in zip(cards(one), words, strict=True))
        assert plain(verdict(one)[0]).startswith(said)
        assert [card.is_best for card in cards(one)] == [
            right[card.name] == max(right.values()) for card in cards(one)
        ]


def test_without_pairs_nobody_wins(result):
    given = replace(scored(result, {"six-char": 60, "mixed": 80}), pairs=())
    assert [card.words for card in cards(given)] == ["", ""]
    assert plain(verdict(given)[0]) == (
        "Best of either approach: segment-then-classify (mixed, 80.00 %) and end-to-end "
        "(six-char, 60.00 %)."
    )


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ({"mixed": 60, "vote": 80}, "vote gains 20.00 points ("),
        ({"mixed": 80, "vote": 60}, "vote loses 20.00 points ("),
        ({"mixed": 80, "vote": 80}, "vote shows no gain over mixed: 0.00 points ("),
    ],
)
def test_what_a_vote_gains_is_said(result, right, said):
    assert verdict(scored(result, right))[0].startswith(said)
    assert verdict(replace(scored(result, right), pairs=()))[0].startswith("vote reaches")


def test_costs_are_told_as_ratios(result):
    cost = by_name(result, "mixed").cost
    whole = replace(by_name(result, "six-char"), cost=replace(cost, bytes=2 * cost.bytes))
    given = replace(
        result,
        entrants=(whole, by_name(result, "mixed")),
        pairs=report_material.only(result, ["six-char", "mixed"]).pairs,
    )
    assert verdict(given)[1] == (
        "Against six-char, mixed takes 1 times the time for an image and 0.5 times the bytes "
        "on disk."
    )
    ratios = tables(given)[-1]
    assert ratios.title == "Ratios of cost"
    assert ratios.rows == [["six-char / mixed", "1×", "1×", "1×", "2×"]]
    assert (
        len(verdict(replace(given, entrants=(replace(whole, cost=None), given.entrants[1])))) == 1
    )


def test_tables_say_what_was_measured(result):
    known = {table.title: table for table in tables(result)}
    assert list(known) == ["Accuracy", "Paired tests", "Agreement", "Cost", "Ratios of cost"]
    exact = by_name(result, "mixed").accuracy.exact
    row = next(row for row in known["Accuracy"].rows if row[0] == "mixed")
    assert plain(row[1]).splitlines() == [
        f"{100 * exact.value:.2f} %",
        f"{100 * exact.low:.2f} to {100 * exact.high:.2f}",
    ]
    pair = result.pairs[0]
    row = known["Agreement"].rows[0]
    assert row[0] == f"{pair.first}, {pair.second}"
    assert plain(row[1]) == f"{100 * pair.both / 24:.2f} %"
    assert [row[0] for row in known["Cost"].rows] == ["six-char", "mixed", "digits"]
    assert "training" not in known["Cost"].head
    assert all(len(row) == len(table.head) for table in known.values() for row in table.rows)


def test_charts_show_what_was_measured(result):
    drawn, missing = charts(result.entrants)
    assert missing == []
    titles = [chart.title for chart in drawn]
    assert titles == [
        "Accuracy",
        "Latency against accuracy",
        "Learning curves",
        "Robustness",
        "Coverage against accuracy",
        "Errors by position",
        "Kinds of failure",
    ]
    learning, failures = drawn[2], drawn[6]
    assert [curve.name for curve in learning.curves] == ["templates"]
    assert [row[1] for row in learning.rows] == ["3", "8", "24"]
    for chart in drawn[1:6]:
        for dot in (dot for curve in chart.curves for dot in curve.dots):
            assert chart.left <= dot.x <= chart.right
            assert chart.top <= dot.y <= chart.bottom
    counts = by_name(result, "digits").failures
    widths = {failures.kinds[bar.kind]: bar.width for bar in failures.lines[1].bars}
    assert set(widths) == {kind for kind, count in counts.items() if count}
    per_image = {round(widths[kind] / counts[kind], 1) for kind in widths}
    assert len(per_image) == 1


def test_nothing_surpasses_the_front():
    points = [Point(3, 0.9), Point(1, 0.5), Point(2, 0.5), Point(2, 0.7), Point(4, 0.9)]
    assert pareto_front(points) == [Point(1, 0.5), Point(2, 0.7), Point(3, 0.9)]
    assert pareto_front([]) == []


@given(
    st.floats(1e-6, 1e6),
    st.floats(1.001, 1e6),
    st.booleans(),
)
def test_ticks_are_few_and_on_the_axis(low, factor, is_log):
    scale = Scale(low, low * factor, 50, 150, is_log=is_log)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 6
    assert ticks == sorted(set(ticks))
    assert all(low - 1e-9 * factor * low <= tick <= low * factor * (1 + 1e-9) for tick in ticks)
    places = [scale(tick) for tick in ticks]
    assert places == sorted(places)
    assert all(50 <= place <= 150 for place in places)
    assert [scale(low), scale(low * factor), scale(-1), scale(1e15)] == [50, 150, 50, 150]


@given(st.lists(st.floats(0, 1), min_size=1), st.booleans())
def test_an_axis_holds_its_values(values, is_log):
    if is_log:
        values = [value + 0.001 for value in values]
    low, high = around(values, least=0.0 if not is_log else 0.0001, most=2, is_log=is_log)
    assert 0 <= low <= min(values)
    assert max(values) <= high <= 3
    assert low < high


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
