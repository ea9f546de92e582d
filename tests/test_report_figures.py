"""What a benchmark's page says: who wins, its tables, its charts."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
import report_material
from report_material import by_name

from segcap.benchmark.outcomes import CANNOT_ANSWER, Matrix, Problem
from segcap.benchmark.report import wording
from segcap.benchmark.report.charts import Axis, Point, Series, dot_chart, line_chart
from segcap.benchmark.report.plots import charts, pareto_front
from segcap.benchmark.report.tables import matrix_of, tables
from segcap.benchmark.report.verdict import cards, verdict
from segcap.benchmark.results import Pair
from segcap.evaluate import Agreement
from segcap.evaluate.metrics import wilson
from segcap.evaluate.paired import RateDifference

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def result():
    return report_material.material()[0]


def scored(result, right):
    """A result whose methods have so many of 100 right, apart from each other."""
    methods = tuple(
        replace(one, accuracy=replace(one.accuracy, exact=wilson(right[one.name], 100)))
        for one in result.methods
        if one.name in right
    )
    pairs = []
    for pair in report_material.only(result, right).pairs:
        both = min(right[pair.first], right[pair.second])
        first, second = right[pair.first] - both, right[pair.second] - both
        counts = Agreement(both, first, second, 100 - both - first - second)
        pairs.append(Pair.of(pair.first, pair.second, counts))
    return replace(result, methods=methods, pairs=tuple(pairs))


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
    turned = replace(given, pairs=tuple(pair.turned() for pair in given.pairs))
    for one in (given, turned):
        assert all(card.words.startswith(own) for card, own in zip(cards(one), words, strict=True))
        assert plain(verdict(one)[0]).startswith(said)
        assert [card.is_best for card in cards(one)] == [
            right[card.name] == max(right.values()) for card in cards(one)
        ]


def test_a_difference_that_mcnemar_does_not_confirm_is_not_shown(result):
    given = scored(result, {"six-char": 60, "mixed": 80})
    doubtful = replace(given, pairs=tuple(replace(pair, p_value=0.06) for pair in given.pairs))
    assert verdict(doubtful)[0].startswith("No difference is shown between")
    assert all("no difference from" in card.words for card in cards(doubtful))


def test_the_best_of_several_is_reported_as_chosen(result):
    warning = "The best of {} readers was chosen on the tested images, which favours it."
    assert warning.format("2 segmenting") in verdict(result)
    one_each = scored(result, {"six-char": 80, "mixed": 60})
    assert not [said for said in verdict(one_each) if said.startswith("The best of")]
    (whole,) = (one for one in one_each.methods if one.approach == "end-to-end")
    given = replace(one_each, methods=(*one_each.methods, replace(whole, name="other")))
    assert warning.format("2 end-to-end") in verdict(given)


@pytest.mark.parametrize(
    ("words", "values", "shown"),
    [
        (wording.percent, [None, 0.5], ["–", "50.00 %"]),
        (wording.rounded_percent, [0.975], ["97.5 %"]),
        (wording.count, [1200, 0.5], ["1,200", ""]),
        (wording.points, [-0.0125, -1e-9], ["−1.25", "0.00"]),
        (
            wording.difference,
            [RateDifference(0.03, -0.01, 0.07)],
            ["3.00 points (−1.00 to 7.00)"],
        ),
        (wording.amount, [0.01234, 12.34, 5161.73, None], ["0.0123", "12.3", "5,162", "–"]),
        (wording.duration, [0.0125, 1.5, 90, 7200], ["12.5 ms", "1.5 s", "1.5 min", "2 h"]),
        (
            wording.compact,
            [0, 0.01234, 12.34, 516173, 2.5e9, None],
            ["0", "0.0123", "12.3", "516k", "2.5G", "–"],
        ),
    ],
)
def test_numbers_are_worded(words, values, shown):
    assert [words(value).replace("\N{NARROW NO-BREAK SPACE}", " ") for value in values] == shown


def test_the_matrix_has_a_row_for_all_that_occurs_and_shades_by_fraction(result):
    mixed = by_name(result, "mixed")
    matrix = Matrix(("1", "7", "Z", "(none)"), ((8, 2, 0, 0), (0, 9, 1, 0), (0,) * 4, (0,) * 4))
    shown = matrix_of(replace(mixed, accuracy=replace(mixed.accuracy, matrix=matrix)))
    assert shown.labels == matrix.labels
    assert [label for label, _ in shown.rows] == ["1", "7"]
    cells = [(cell.count, cell.is_right, cell.shade) for cell in shown.rows[0][1]]
    assert cells == [(8, True, 4), (2, False, 1), (0, False, 0), (0, False, 0)]


def test_the_matrix_counts_every_character(result):
    for one in result.methods:
        counts = one.accuracy.matrix.counts
        assert sum(map(sum, counts)) == one.accuracy.characters.n
        supports = {row.label: row.support for row in one.accuracy.classes}
        rows = dict(zip(one.accuracy.matrix.labels, map(sum, counts), strict=True))
        assert {label: rows[label] for label in supports} == supports


def test_who_was_trained_for_something_else_neither_wins_nor_loses(result):
    given = scored(result, {"six-char": 60, "mixed": 80})
    for count, has_verdict in ((50, True), (51, False)):
        beyond = (Problem(CANNOT_ANSWER, count),)
        methods = [
            replace(one, problems=beyond) if one.name == "six-char" else one
            for one in given.methods
        ]
        told = replace(given, methods=tuple(methods))
        assert bool(verdict(told)) == has_verdict
        beaten = [card.words.startswith("behind mixed") for card in cards(told)]
        assert beaten == [card.name == "six-char" and has_verdict for card in cards(told)]


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


def test_costs_are_shown_as_ratios(result):
    cost = by_name(result, "mixed").cost
    whole = replace(by_name(result, "six-char"), cost=replace(cost, bytes=2 * cost.bytes))
    given = replace(
        result,
        methods=(whole, by_name(result, "mixed")),
        pairs=report_material.only(result, ["six-char", "mixed"]).pairs,
    )
    assert verdict(given)[1] == (
        "Against six-char, mixed takes 1 times the time for an image and 0.5 times the bytes "
        "on disk."
    )
    ratios = tables(given)[-1]
    assert ratios.title == "Ratios of cost"
    assert ratios.rows == [["six-char / mixed", "1×", "1×", "1×", "2×"]]
    assert len(verdict(replace(given, methods=(replace(whole, cost=None), given.methods[1])))) == 1


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
    drawn, missing = charts(result.methods)
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
    curves, failures = drawn[2], drawn[6]
    assert curves.legend == [(3, "◆", "templates")]
    assert [row[1] for row in curves.rows] == ["3", "8", "24"]
    said = [f"{row[0]}: {row[1]}, {row[2]}" for row in curves.rows]
    assert [title for title in titles_in(curves) if title.startswith("templates:")] == said
    counts = by_name(result, "digits").failures
    bars = [title for title in titles_in(failures) if title.startswith("digits:")]
    assert bars == [f"digits: {kind} {count}" for kind, count in counts.items() if count]
    assert [name for *_, name in failures.legend] == list(counts)


def titles_in(chart):
    """Return what is said of each thing that is drawn, in its order."""
    return [title.text for title in ElementTree.fromstring(chart.svg).iter(f"{SVG}title")]


def places_in(chart):
    """Return x and y of each mark of a series; bands begin in the corner."""
    uses = ElementTree.fromstring(chart.svg).iter(f"{SVG}use")
    marks = [use for use in uses if "--p" in use.get("fill") and use.get("x") != "0"]
    return [(float(use.get("x")), float(use.get("y"))) for use in marks]


AXIS = Axis("size", str, str)


def test_marks_stand_where_they_were_measured():
    points = tuple(Point(x, x / 100, 0.0, 1.0) for x in (1, 10, 100))
    square = Axis("rate", str, str, least=0, most=1)
    log = replace(AXIS, is_log=True)
    chart = line_chart("one", log, square, [Series("a", 1, points)])
    (x0, y0), (x1, y1), (x2, y2) = places_in(chart)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.01)
    assert (y0 - y1) / (y1 - y2) == pytest.approx(0.1, rel=0.01)
    linear = line_chart("one", AXIS, square, [Series("a", 1, points)])
    (x0, _), (x1, _), (x2, _) = places_in(linear)
    assert (x1 - x0) / (x2 - x1) == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize("values", [[1.0], [1.0, 1.0], [0.0, 1e-9], [1.0, 1e6]])
@pytest.mark.parametrize("is_log", [True, False])
def test_any_values_can_be_drawn(values, is_log):
    axis = replace(AXIS, is_log=is_log)
    values = [value + 1e-6 for value in values]
    points = tuple(Point(value, value, value, value) for value in values)
    chart = line_chart("any", axis, AXIS, [Series("a", 0, points)], front=points)
    assert len(places_in(chart)) == len(values)
    assert all(0 <= x <= 340 and 0 <= y <= 240 for x, y in places_in(chart))


def test_long_names_leave_what_is_drawn_its_room():
    points = (Point(0, 0.0, 0.0, 0.5), Point(0, 1.0, 0.5, 1.0))
    chart = dot_chart("long", AXIS, [Series("m" * 120, 0, points)])
    (left, _), (right, _) = places_in(chart)
    assert right - left > 250


def test_a_drawing_is_a_safe_part_of_any_page():
    names = ['<script>$x$ & "', "_mine", "字", 'style="fill: red"']
    series = [Series(name, place, (Point(1, 0.5, 0.4, 0.7),)) for place, name in enumerate(names)]
    chart = dot_chart("one & another", AXIS, series)
    elements = list(ElementTree.fromstring(chart.svg).iter())
    assert not {"style", "script", "metadata"} & {one.tag.removeprefix(SVG) for one in elements}
    assert not any("style" in one.attrib for one in elements)
    words = [one.text for one in elements if one.tag == f"{SVG}text"]
    assert set(names) <= set(words)
    assert set(names) <= set(titles_in(chart))
    colours = {one.get(key) for one in elements for key in ("fill", "stroke")} - {None, "none"}
    assert all(colour.startswith("var(--") for colour in colours)
    other = dot_chart("another", AXIS, series)
    assert not {*ids(chart)} & {*ids(other)}
    assert dot_chart("one & another", AXIS, series) == chart


def ids(chart):
    return [one.get("id") for one in ElementTree.fromstring(chart.svg).iter() if one.get("id")]


def test_nothing_surpasses_the_front():
    points = [Point(3, 0.9), Point(1, 0.5), Point(2, 0.5), Point(2, 0.7), Point(4, 0.9)]
    assert pareto_front(points) == [Point(1, 0.5), Point(2, 0.7), Point(3, 0.9)]
    assert pareto_front([]) == []
