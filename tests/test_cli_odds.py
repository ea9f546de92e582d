"""segcap odds: what is printed is what the functions give."""

import re

import pytest
from PIL import Image

from segcap.evaluate import wilson
from segcap.evaluate.odds import (
    TokenBucket,
    accuracy_limit_of,
    choose_tiles,
    items_needed,
    partial_credit,
    passes_per_hour,
    passes_per_hour_with_credit,
)

CELL = re.compile(r"\s{2,}")


def cells(out):
    """Numbers of every row, by section and name."""
    found, section = {}, ""
    for line in out.splitlines()[1:]:
        if not line.startswith("  "):
            section = CELL.split(line)[0]
        else:
            name, *numbers = CELL.split(line.strip())
            found[section, name] = [float(number.replace(",", "")) for number in numbers]
    return found


def test_a_bare_accuracy(command):
    status, out, err = command("odds", "--accuracy", 0.5, "--n", 2)
    assert (status, err) == (0, "")
    limit = accuracy_limit_of(lambda accuracy: partial_credit(accuracy, 2), 1e-6)
    assert out == (
        "accuracy 0.5\n"
        "\n"
        "passes per attempt\n"
        "  all 2 right                                   0.25\n"
        "  partial credit                              0.4167\n"
        "\n"
        "at most one pass in 1,000,000 attempts\n"
        "  accuracy up to                               0.001\n"
        f"  accuracy up to, partial credit           {limit:.7f}\n"
        "  items against this accuracy                     20\n"
    )


def test_the_number_of_items_has_no_default(command):
    status, out, err = command("odds", "--accuracy", 0.5)
    assert (status, out) == (2, "")
    assert "Missing option '--n'" in err


def test_intervals_come_from_what_was_measured(command):
    rate = wilson(2949, 3000)
    _, out, _ = command("odds", "--accuracy", 0.983, "--measured", 3000, "--n", 12)
    assert out.startswith(f"accuracy {rate}\n")
    found = cells(out)["passes per attempt", "all 12 right"]
    assert found == pytest.approx([rate.value**12, rate.low**12, rate.high**12], rel=1e-3)


def test_hours_buckets_and_prices(command):
    _, out, _ = command(
        "odds",
        *("--accuracy", 0.9),
        *("--n", 6),
        *("--seconds-per-attempt", 10),
        *("--capacity", 5),
        *("--refill-per-hour", 20),
        *("--price-per-attempt", 0.001),
        *("--price-per-hour", 0.36),
    )
    bucket, found = TokenBucket(5, 20), cells(out)
    plain, both = "all 6 right, token bucket", "partial credit, token bucket"
    for name, exact in (
        ("all 6 right", 360 * 0.9**6),
        ("partial credit", 360 * partial_credit(0.9, 6)),
        (plain, passes_per_hour(0.9**6, 360, bucket)),
        (both, passes_per_hour_with_credit(0.9, 6, 360, bucket)),
    ):
        expected = pytest.approx([exact], rel=1e-3)
        assert found["passes per hour of 360 attempts", name] == expected
        assert found["price of a pass", name] == pytest.approx([0.72 / exact], rel=1e-3)
        assert found["passes per attempt", name] == pytest.approx([exact / 360], rel=1e-3)


def test_attempts_per_hour_may_be_other_than_seconds_allow(command):
    options = ("--attempts-per-hour", 12, "--seconds-per-attempt", 30)
    _, out, _ = command("odds", "--accuracy", 0.5, "--n", 1, *options)
    assert cells(out)["passes per hour of 12 attempts", "all 1 right"] == [6]
    assert "partial credit" not in out


def test_tries_tiles_and_people(command):
    _, out, _ = command(
        "odds",
        *("--accuracy", 0.8, "--n", 4, "--wrong-allowed", 1, "--tries", 2),
        *("--tiles", 9, "--targets", 3, "--precision", 0.9),
        *("--target", 0.01, "--human", 0.99),
    )
    found = cells(out)
    once = 0.8**4 + 4 * 0.2 * 0.8**3
    assert found["passes per attempt", "at most 1 of 4 wrong"] == pytest.approx([once], rel=1e-3)
    assert found["passes per attempt", "at most 1 of 4 wrong, in 2 tries"] == pytest.approx(
        [1 - (1 - once) ** 2], rel=1e-3
    )
    assert found["passes per attempt", "the right 3 of 9 tiles"] == pytest.approx(
        [choose_tiles(0.8, 0.9, 9, 3)], rel=1e-3
    )
    needed = items_needed(0.01, 0.8, 0.99, wrong_allowed=1)
    section = "at most one pass in 100 attempts"
    assert found[section, "items against this accuracy"] == [needed.n]
    assert found[section, "passes of a person, as many items"] == pytest.approx(
        [needed.human], rel=1e-3
    )


def test_no_length_stops_who_is_always_right(command):
    status, out, _ = command("odds", "--accuracy", 1, "--n", 12, "--price-per-attempt", 2)
    assert status == 0
    assert "items against" not in out
    assert cells(out)["price of a pass", "all 12 right"] == [2]


def test_who_never_passes_pays_without_end(command):
    _, out, _ = command("odds", "--accuracy", 0, "--n", 12, "--price-per-attempt", 2)
    assert cells(out)["price of a pass", "all 12 right"] == [float("inf")]


def test_the_plot_is_written(command, tmp_path):
    path = tmp_path / "odds.png"
    status, _, _ = command("odds", "--accuracy", 0.9, "--n", 12, "--measured", 100, "--plot", path)
    assert status == 0
    with Image.open(path) as figure:
        assert figure.width > 600


@pytest.mark.parametrize("name", ["odds.txt", "none/odds.png", "there.png"])
def test_a_plot_is_a_new_figure(command, tmp_path, name):
    (tmp_path / "there.png").touch()
    status, out, err = command("odds", "--accuracy", 0.9, "--n", 12, "--plot", tmp_path / name)
    assert (status, out) == (2, "")
    assert "must go to a new .pdf, .png or .svg file" in err
    assert (tmp_path / "there.png").read_bytes() == b""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--accuracy", 1.2], "The 'accuracy' must lie in [0, 1]. Got 1.2."),
        (["--accuracy", "nan"], "The 'accuracy' must lie in [0, 1]. Got nan."),
        (["--n", 0], "The 'n' must be an integer of at least 1. Got 0."),
        (
            ["--measured", 12],
            "The --accuracy must be a fraction of the --measured items, such as 0.91",
        ),
        (["--measured", 0], "The 'measured' must be an integer in 1 ... 1000000000000. Got 0."),
        (["--measured", 10**21], "The 'measured' must be an integer in 1 ... 1000000000000."),
        (["--wrong-allowed", 12], "The 'wrong_allowed' must be an integer in 0 ... 11. Got 12."),
        (["--tries", 0], "The 'tries' must be an integer of at least 1. Got 0."),
        (["--target", 0], "The 'target' must be a number in (0, 1). Got 0.0."),
        (["--human", "nan"], "The 'human' must lie in [0, 1]. Got nan."),
        (["--tiles", 9], "Tiles to choose need --tiles, --targets and --precision. Got 9, None"),
        (["--attempts-per-hour", -1], "The 'attempts_per_hour' must be a number greater than 0."),
        (["--attempts-per-hour", "nan"], "The 'attempts_per_hour' must be a number greater"),
        (["--seconds-per-attempt", 0], "The 'seconds_per_attempt' must be a number greater than"),
        (["--price-per-attempt", -1], "The 'price_per_attempt' must be a number of at least 0."),
        (["--price-per-hour", 1], "A --price-per-hour needs --seconds-per-attempt. Got 1.0"),
        (["--capacity", 5], "A token bucket needs --capacity, --refill-per-hour and"),
    ],
)
def test_bad_input_is_one_sentence(command, options, message):
    status, out, err = command("odds", "--accuracy", 0.9, "--n", 12, *options)
    assert (status, out) == (2, "")
    assert err.startswith(f"segcap: {message}")
    assert err.count("\n") == 1


def test_a_plot_without_room_leaves_nothing_behind(command, tmp_path, no_room):
    with no_room():
        place = tmp_path / "odds.png"
        status, _, err = command("odds", "--accuracy", 0.9, "--n", 12, "--plot", place)
    assert status == 2
    assert "A plot must go where it can be written" in err
    assert list(tmp_path.iterdir()) == []


def test_a_plot_that_cannot_be_written(command):
    status, out, err = command("odds", "--accuracy", 0.9, "--n", 12, "--plot", "/proc/odds.png")
    assert status == 2
    assert out.startswith("accuracy 0.9")
    assert err.startswith("segcap: A plot must go where it can be written. Got '/proc/odds.png'")
