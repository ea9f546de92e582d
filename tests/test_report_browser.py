"""A benchmark's page in a real browser."""

import re
from dataclasses import replace

import pytest
import report_material
from browser_material import needs_browser

from segcap.benchmark.report import write_report

NASTY = "</script><img src=x onerror='document.title=1'>"
pytestmark = needs_browser


@pytest.fixture(scope="module")
def result():
    return report_material.material()[0]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(report_material.material()[0], path, report_material.material()[1])
    return path


@pytest.fixture
def show(browser):
    """Open a page; at the end, see that it has asked for nothing and complained of nothing."""
    opened, complaints, requests = [], [], []

    def call(path, width=1280, height=900, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.set_default_timeout(20_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        opened.append((page, path.as_uri()))
        return page

    yield call
    for page, _ in opened:
        page.close()
    assert complaints == []
    assert {url for url in requests if not url.startswith("data:")} == {uri for _, uri in opened}


@pytest.fixture
def page(show, written):
    return show(written)


def field(page, name):
    return page.locator(f"#filters [name={name}]")


def names(page):
    return page.locator("#rows tbody th").all_inner_texts()


def column(page, place):
    return page.locator(f"#rows tbody td:nth-of-type({place})").all_inner_texts()


def fitting(result, fits):
    return [one.image for one in result.answers if fits(one)]


def is_wrong(answer, name):
    return answer.by[name].value != answer.truth


@pytest.mark.parametrize("verdict", ["wrong", "right"])
@pytest.mark.parametrize("reader", ["any", "every", "six-char", "mixed", "digits"])
def test_answers_are_filtered_by_reader(page, result, reader, verdict):
    field(page, "reader").select_option(label="every one" if reader == "every" else reader)
    field(page, "answer").select_option(label=f"{verdict} only")
    asked = list(result.answers[0].by) if reader in ("any", "every") else [reader]
    some = all if reader == "every" else any

    def fits(answer):
        return some(is_wrong(answer, name) == (verdict == "wrong") for name in asked)

    assert names(page) == fitting(result, fits)
    assert page.locator("#count").inner_text() == f"{len(names(page))} of 24 images fit."


def test_failures_are_filtered_by_kind(page, result):
    kinds = {own.failure for one in result.answers for own in one.by.values()} - {None}
    kind_field = field(page, "failure")
    assert kind_field.locator("option").all_inner_texts()[1:] == sorted(kinds)
    for kind in sorted(kinds):
        kind_field.select_option(kind)
        assert names(page) == fitting(
            result, lambda one, kind=kind: any(own.failure == kind for own in one.by.values())
        )


def test_answers_are_filtered_by_confidence(page, result):
    field(page, "reader").select_option(label="mixed")
    field(page, "least").fill("50")
    assert field(page, "least-shown").inner_text() == "50 %"
    assert names(page) == fitting(result, lambda one: one.by["mixed"].confidence >= 0.5)
    field(page, "most").fill("90")
    assert names(page) == fitting(result, lambda one: 0.5 <= one.by["mixed"].confidence <= 0.9)
    field(page, "reader").select_option(label="templates")
    assert names(page) == []
    assert page.locator("#count").inner_text() == "0 of 24 images fit."
    page.get_by_role("button", name="Show all").click()
    page.locator("#rows tbody tr").nth(23).wait_for()
    assert field(page, "least-shown").inner_text() == "0 %"


def test_texts_are_found(page, result):
    field(page, "text").fill(result.answers[5].truth[:4])
    found = fitting(
        result,
        lambda one: any(
            result.answers[5].truth[:4] in text
            for text in (one.image, *(own.value for own in one.by.values()))
        ),
    )
    assert names(page) == found
    field(page, "text").fill(".PNG")
    assert len(names(page)) == 24
    field(page, "text").fill("<b>")
    assert names(page) == []


def test_columns_are_sorted_up_and_down(page, result):
    def sureness(answer):
        return round(answer.by["mixed"].confidence, 4)

    rising = sorted(result.answers, key=sureness)
    falling = sorted(result.answers, key=lambda one: -sureness(one))
    button = page.get_by_role("button", name="mixed", exact=True)
    head = page.locator("#rows th", has=button)
    assert head.get_attribute("aria-sort") == "none"
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(page) == [one.image for one in rising]
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("#rows [aria-sort=ascending]").count() == 0
    assert names(page) == [one.image for one in falling]
    assert [re.search(r"[\d.]+(?= % sure)", cell)[0] for cell in column(page, 6)] == [
        f"{100 * sureness(one):.1f}" for one in falling
    ]
    page.get_by_role("button", name="truth", exact=True).click()
    assert names(page) == [one.image for one in sorted(result.answers, key=lambda one: one.truth)]
    page.get_by_role("button", name="number", exact=True).click()
    assert names(page) == [one.image for one in result.answers]


def test_sorting_keeps_what_was_filtered(page, result):
    field(page, "answer").select_option("wrong")
    field(page, "reader").select_option(label="six-char")
    page.get_by_role("button", name="image", exact=True).click()
    page.get_by_role("button", name="image", exact=True).click()
    assert names(page) == fitting(result, lambda one: is_wrong(one, "six-char"))[::-1]


def test_those_without_confidence_are_sorted_by_right_and_wrong(page, result):
    page.get_by_role("button", name="templates", exact=True).click()
    wrong = sum(is_wrong(one, "templates") for one in result.answers)
    verdicts = ["wrong" in cell for cell in column(page, 8)]
    assert verdicts == [True] * wrong + [False] * (24 - wrong)


def focused(page):
    return page.evaluate("document.activeElement.sectionRowIndex ?? -1")


def test_keys_go_from_row_to_row(page):
    page.keyboard.press("j")
    assert focused(page) == 0
    for key, place in [("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)]:
        page.keyboard.press(key)
        assert focused(page) == place
    page.keyboard.press("End")
    assert focused(page) == 23
    page.keyboard.press("ArrowDown")
    assert focused(page) == 23
    assert (
        page.locator("#rows tbody tr")
        .nth(23)
        .evaluate("row => row.getBoundingClientRect().bottom <= innerHeight + 1")
    )
    page.keyboard.press("Home")
    assert focused(page) == 0
    assert page.locator("#rows tbody tr[tabindex='0']").count() == 1
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_keys_do_not_leave_what_is_typed(page):
    text = field(page, "text")
    text.focus()
    page.keyboard.type("jk")
    assert text.input_value() == "jk"
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Show all").focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == -1


def test_everything_is_reached_by_tab(page):
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the images")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(one => one.name || one.textContent.slice(0, 8) || one.tagName)"
                "(document.activeElement)"
            )
        )
        if focused(page) >= 0:
            break
    wanted = ["reader", "answer", "failure", "least", "most", "text", "boxes", "ink", "Show all"]
    assert seen[: len(wanted)] == wanted
    assert focused(page) == 0


def test_boxes_and_ink_are_shown_as_asked(page, result):
    shapes = page.locator("#rows tbody tr").first.locator("rect")
    assert field(page, "boxes").locator("option").all_inner_texts() == [
        "none",
        "true ones",
        "of mixed",
        "of digits",
    ]
    answer = result.answers[0]
    for label, boxes in [
        ("of mixed", answer.by["mixed"].boxes),
        ("of digits", answer.by["digits"].boxes),
        ("true ones", answer.boxes),
        ("none", ()),
    ]:
        field(page, "boxes").select_option(label=label)
        drawn = [
            tuple(int(shape.get_attribute(key)) for key in ("x", "y", "width", "height"))
            for shape in shapes.all()
        ]
        assert drawn == [(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes]
    assert page.locator("#rows img.ink").count() == 24
    field(page, "ink").uncheck()
    assert page.locator("#rows img.ink").count() == 0
    sizes = page.locator("#rows .picture img").evaluate_all(
        "all => all.map(one => [one.naturalWidth, one.naturalHeight])"
    )
    assert sizes == [[250, 50]] * 24


def test_rows_come_a_hundred_at_a_time(show, tmp_path, result):
    many = replace(result, answers=result.answers * 10)
    write_report(many, tmp_path / "many.html", [b"no image"] * 240)
    page = show(tmp_path / "many.html")
    rows = page.locator("#rows tbody tr")
    assert rows.count() == 100
    assert page.locator("#count").inner_text() == (
        "240 of 240 images fit; the first 100 are shown."
    )
    page.get_by_role("button", name="Show 100 more").click()
    assert rows.count() == 200
    assert focused(page) == 100
    page.keyboard.press("End")
    page.keyboard.press("j")
    assert focused(page) == 200
    assert rows.count() == 240
    assert not page.locator("#further").is_visible()
    field(page, "text").fill(result.answers[0].image)
    assert rows.count() == 10


@pytest.mark.parametrize("width", [320, 360, 640, 1280])
def test_nothing_is_wider_than_the_window(show, written, width):
    page = show(written, width=width)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    is_narrow = width <= 640
    display = page.locator("#rows tbody td").first.evaluate("one => getComputedStyle(one).display")
    assert display == ("block" if is_narrow else "table-cell")
    assert page.get_by_role("button", name="mixed", exact=True).is_visible()
    sizes = page.locator(".chart text").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 9


def test_long_names_are_no_wider_than_the_window(show, tmp_path):
    result, images = report_material.material()
    long = report_material.renamed(result, {"mixed": "m" * 120, "digits": "a reader " * 20})
    answers = tuple(replace(one, image="i" * 200, truth="w" * 100) for one in long.answers)
    write_report(replace(long, title="t" * 200, answers=answers), tmp_path / "long.html", images)
    for width in (360, 1280):
        page = show(tmp_path / "long.html", width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_labels_run_nothing(show, tmp_path):
    result, images = report_material.material()
    nasty = report_material.renamed(result, {"mixed": NASTY, "digits": "constructor"})
    answers = tuple(
        replace(
            one,
            image=NASTY,
            truth="__proto__",
            by={name: replace(own, error=NASTY) for name, own in one.by.items()},
        )
        for one in nasty.answers
    )
    nasty = replace(nasty, title=NASTY, answers=answers)
    write_report(nasty, tmp_path / "nasty.html", images)
    page = show(tmp_path / "nasty.html")
    assert page.title() == NASTY
    assert page.locator("img[src=x]").count() == 0
    assert names(page) == [NASTY] * 24
    assert page.get_by_role("button", name=NASTY, exact=True).count() == 1


def contrast(one, other):
    def luminance(colour):
        levels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in levels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_by_day_and_by_night(show, written, scheme):
    page = show(written, scheme=scheme)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert contrast(background, "0 0 0" if scheme == "light" else "255 255 255") > 10
    for selector in ["h1", ".note", ".verdict", "mark", ".right .verdict-mark", ".said"]:
        colour = page.locator(selector).first.evaluate("one => getComputedStyle(one).color")
        assert contrast(colour, background) >= 4.5, selector
    for place in range(5):
        colour = page.locator(f".p{place}").first.evaluate("one => getComputedStyle(one).color")
        assert contrast(colour, background) >= 3, place
    ground = page.evaluate("getComputedStyle(document.querySelector('.chart')).backgroundColor")
    for place in range(3):
        marks = page.locator(f".chart [fill='var(--p{place})']").first
        assert contrast(marks.evaluate("one => getComputedStyle(one).fill"), ground) >= 3, place
    fill = page.locator(".chart text").first.evaluate("one => getComputedStyle(one).fill")
    assert contrast(fill, background) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_matrices_open_and_can_be_read(show, written, result, scheme):
    page = show(written, scheme=scheme)
    details = page.locator("details:has(.matrix)").filter(
        has=page.locator("summary", has_text="templates")
    )
    details.locator("summary").click()
    table = details.locator(".matrix")
    labels = table.locator("thead th").all_inner_texts()
    matrix = next(one for one in result.methods if one.name == "templates").accuracy.matrix
    assert labels == list(matrix.labels)
    ink = table.evaluate("one => getComputedStyle(one).color")
    for kind in ("hit", "miss"):
        cell = table.locator(f".{kind}").first
        shown = cell.evaluate(
            """one => { const paint = document.createElement("canvas").getContext("2d");
                for (const colour of [getComputedStyle(document.body), getComputedStyle(one)]) {
                    paint.fillStyle = colour.backgroundColor; paint.fillRect(0, 0, 1, 1); }
                return paint.getImageData(0, 0, 1, 1).data.slice(0, 3).join(" "); }"""
        )
        assert contrast(ink, shown) >= 4.5, kind


def test_one_method_without_pictures_is_shown(show, tmp_path, result):
    one = report_material.only(result, ["templates"])
    write_report(one, tmp_path / "one.html", [b"no image"] * 24)
    page = show(tmp_path / "one.html")
    assert page.locator("#rows tbody tr").count() == 24
    assert field(page, "boxes").locator("option").all_inner_texts() == ["none", "true ones"]
    assert "no picture" in page.locator("#rows").inner_text()
