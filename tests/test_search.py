"""Searches are kept, stopped, resumed and shared."""

import os
import sqlite3
import subprocess
import sys

import numpy as np
import optuna
import pytest
from search_material import GRID, SPACE, climbed, hill, what_was_tried

from segcap.core.errors import DataError, ParameterError, SegcapWarning
from segcap.training.tuning import search


@pytest.fixture
def unbroken():
    """Fourteen trials, the last of which are chosen by what the others reported."""
    return search(climbed, SPACE, trials=14, seed=5)


def test_a_grid_tries_every_combination_once():
    result = search(hill, GRID, trials=100, grid=True)
    tried = [tuple(one.settings.values()) for one in result.trials]
    assert sorted(tried) == [(x, kind) for x in (1, 2, 3) for kind in "ab"]
    assert (result.best.settings, result.best.value) == ({"x": 3, "kind": "a"}, 0.0)
    assert [one.trial for one in result.trials] == [0, 1, 2, 3, 4, 5]
    orders = [
        [one.settings for one in search(hill, GRID, trials=6, grid=True, seed=seed).trials]
        for seed in (0, 1)
    ]
    assert orders[0] == [one.settings for one in result.trials]
    assert orders[0] != orders[1]


def test_it_looks_where_values_are_high(unbroken):
    first, last = (
        [one.value for one in unbroken.trials[part]] for part in (slice(0, 10), slice(10, 14))
    )
    assert np.mean(last) > np.mean(first)
    assert unbroken.best.value == max(first + last)
    assert what_was_tried(search(climbed, SPACE, trials=14, seed=5)) == what_was_tried(unbroken)
    seeds = {one.notes["seed"] for one in unbroken.trials}
    assert len(seeds) == 14
    assert search(climbed, SPACE, trials=1, seed=6).trials[0].notes["seed"] not in seeds


@pytest.mark.slow
def test_a_search_goes_on_as_if_it_had_not_stopped(tmp_path, unbroken):
    storage = tmp_path / "kept.db"
    counts = []
    for trials in (3, 12, 14, 14):
        result = search(
            climbed,
            SPACE,
            trials=trials,
            seed=5,
            storage=storage,
            on_trial=lambda so_far: counts.append(len(so_far.trials)),
        )
    assert what_was_tried(result) == what_was_tried(unbroken)
    assert [one.curve for one in result.trials] == [one.curve for one in unbroken.trials]
    assert counts == [0, 1, 2, 3, *range(3, 13), 12, 13, 14, 14]
    assert [path.name for path in tmp_path.iterdir()] == ["kept.db"]


@pytest.mark.slow
def test_a_search_that_goes_on_at_once_replaces_the_trial_that_was_killed(tmp_path):
    storage = tmp_path / "kept.db"
    search(hill, GRID, trials=2, grid=True, storage=storage)
    optuna.load_study(study_name="search", storage=f"sqlite:///{storage}").ask()
    result = search(hill, GRID, trials=6, grid=True, storage=storage)
    tried = [tuple(one.settings.values()) for one in result.trials]
    assert sorted(tried) == [(x, kind) for x in (1, 2, 3) for kind in "ab"]


@pytest.mark.slow
@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_stops_a_search_leaves_its_trial_to_be_tried_again(tmp_path, unbroken, error):
    def stopping(settings, report):
        if len(begun) == 4:
            raise error
        begun.append(settings)
        return climbed(settings, report)

    begun = []
    with pytest.raises(error):
        search(stopping, SPACE, trials=14, seed=5, storage=tmp_path / "kept.db")
    assert len(begun) == 4
    result = search(climbed, SPACE, trials=14, seed=5, storage=tmp_path / "kept.db")
    assert what_was_tried(result) == what_was_tried(unbroken)


@pytest.mark.slow
def test_an_interrupt_after_a_trial_costs_nothing(tmp_path):
    def stop(so_far):
        if len(so_far.trials) == 2:
            raise KeyboardInterrupt

    place = tmp_path / "kept.db"
    with pytest.raises(KeyboardInterrupt):
        search(hill, GRID, trials=6, grid=True, storage=place, on_trial=stop)
    begun = []
    search(
        lambda *given: begun.append(given) or hill(*given),
        GRID,
        trials=6,
        grid=True,
        storage=place,
    )
    assert len(begun) == 4


@pytest.mark.slow
def test_trials_that_fall_behind_are_pruned():
    def curve(settings, report):
        for step in range(1, 6):
            report(step, settings["x"] * step)
        return settings["x"] * 5

    space = {"x": [6, 5, 4, 3, 2, 1]}
    result = search(curve, space, trials=6, grid=True, seed=1)
    (pruned,) = [one for one in result.trials if one.state == "pruned"]
    assert pruned is result.trials[-1]
    x = pruned.settings["x"]
    assert x < 3.5
    assert (pruned.value, pruned.curve) == (2 * x, ((1, x), (2, 2 * x)))
    whole = search(curve, space, trials=6, grid=True, seed=1, prune=False)
    assert {one.state for one in whole.trials} == {"complete"}
    assert whole.trials[-1].settings == pruned.settings


@pytest.mark.slow
@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "high"])
def test_a_value_that_is_no_number_fails_its_trial(value):
    def objective(settings, report):
        return value if settings["x"] == 2 else settings["x"]

    with pytest.warns(SegcapWarning, match=rf"Trial \d has failed: .* a number. Got {value!r}\."):
        result = search(objective, {"x": [1, 2, 3]}, trials=3, grid=True)
    (failed,) = [one for one in result.trials if one.state == "failed"]
    assert failed.settings == {"x": 2}
    assert failed.value is None
    assert "must give a number" in failed.notes["error"]
    assert result.best.settings == {"x": 3}


@pytest.mark.slow
def test_settings_that_cannot_be_do_not_end_the_search(tmp_path):
    def objective(settings, report):
        if settings["x"] > 1:
            raise DataError("Images must be larger. Got 3 x 3.")
        return 1.0

    place = tmp_path / "kept.db"
    with pytest.warns(SegcapWarning, match="has failed: Images must be larger") as caught:
        result = search(objective, {"x": [1, 2, 3]}, trials=3, grid=True, storage=place)
    assert len(caught) == 2
    assert result.best.settings == {"x": 1}
    again = search(objective, {"x": [1, 2, 3]}, trials=3, grid=True, storage=place)
    assert what_was_tried(again) == what_was_tried(result)


def test_all_trials_failed():
    with (
        pytest.warns(SegcapWarning, match="has failed"),
        pytest.raises(DataError, match=r"must come to a value\. Got 2 without, the last: .* nan\."),
    ):
        search(lambda *_: float("nan"), {"x": [1, 2]}, trials=2, grid=True)
    with pytest.raises(DataError, match=r"must come to a value\. Got 0 without\."):
        search(hill, SPACE, trials=2, seconds=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trials": 0}, r"'trials' must be an integer of at least 1\. Got 0"),
        ({"seconds": 0}, r"'seconds' of search must be a number above 0\. Got 0"),
        ({"space": {}}, r"'space' of search must map at least one name .* Got \{\}"),
        ({"space": {"x": []}}, r"must have for 'x' a distribution .* Got \[\]"),
        ({"space": {"x": [(1, 2)]}}, r"must have for 'x' a distribution .* Got \[\(1, 2\)\]"),
        ({"grid": True}, r"'grid' must have a list of values for 'x'\. Got FloatDistribution"),
    ],
)
def test_impossible_searches(change, message):
    with pytest.raises(ParameterError, match=message):
        search(hill, **{"space": SPACE, "trials": 2} | change)


def test_searching_without_optuna(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ParameterError, match="Searching needs the extra 'train': pip install"):
        search(hill, SPACE, trials=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, r"its own file\. Got '.*kept\.db', which holds 'search' instead"),
        ({"space": {"x": [1]}}, r"what it began with\. Got '.*', a search of another space\."),
        ({"seed": 1}, r"a search of another seed\."),
        ({"grid": False}, r"a search of another grid\."),
        ({"identity": {"data": "b", "folds": 3}}, r"of another data, another folds\."),
    ],
)
def test_a_file_of_another_search(tmp_path, change, message):
    own = {"space": GRID, "trials": 2, "grid": True, "identity": {"data": "a"}}
    search(hill, storage=tmp_path / "kept.db", **own)
    before = (tmp_path / "kept.db").read_bytes()
    with pytest.raises(DataError, match=message):
        search(hill, storage=tmp_path / "kept.db", **own | change)
    assert (tmp_path / "kept.db").read_bytes() == before


@pytest.mark.slow
def test_a_url_holds_searches_of_several_names(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    for name in ("one", "two"):
        assert len(search(hill, GRID, trials=2, grid=True, storage=url, name=name).trials) == 2
    with pytest.raises(DataError, match="a search of another seed"):
        search(hill, GRID, trials=2, grid=True, storage=url, name="two", seed=1)


def test_a_study_of_somebody_elses(tmp_path):
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path / 'theirs.db'}", study_name="search", direction="maximize"
    )
    study.optimize(lambda trial: trial.suggest_int("x", 0, 1), n_trials=1)
    with pytest.raises(DataError, match="a search of another space, another seed, another grid"):
        search(hill, SPACE, trials=2, storage=tmp_path / "theirs.db")


def test_files_that_are_no_searches(tmp_path):
    (tmp_path / "text.db").write_text("no database, whatever its name says")
    for place in (tmp_path / "text.db", tmp_path, tmp_path / "missing" / "kept.db"):
        with pytest.raises(DataError, match=rf"a URL that Optuna can open\. Got '{place}': "):
            search(hill, SPACE, trials=1, storage=place)
    assert "whatever" in (tmp_path / "text.db").read_text()
    with pytest.raises(DataError, match=r"a URL that Optuna can open\. Got 'parrot://kept'"):
        search(hill, SPACE, trials=1, storage="parrot://kept")


def test_a_storage_that_breaks_is_reported_in_a_sentence(tmp_path):
    place = tmp_path / "kept.db"

    def breaks(settings, report):
        with sqlite3.connect(place) as database:
            database.execute("DROP TABLE trial_user_attributes")
        database.close()
        report.note(size=1)
        return 1.0

    with pytest.raises(DataError, match=r"must stay whole, with room to write\. Got '.*kept\.db'"):
        search(breaks, SPACE, trials=1, storage=place)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": 3}, "'objective' of search must be a function. Got 3"),
        ({"storage": 5}, "'storage' of search must be a path or a URL. Got 5"),
        ({"identity": [1]}, r"'identity' of search must be a mapping .* Got \[1\]"),
        ({"identity": {"a": float("nan")}}, r"without NaN\. Got \{'a': nan\}"),
    ],
)
def test_what_a_search_cannot_take(options, message):
    with pytest.raises(ParameterError, match=message):
        search(**{"objective": hill, "space": SPACE, "trials": 1, **options})


@pytest.mark.parametrize(
    ("step", "value", "message"),
    [
        ("a", 1.0, "'step' must be an integer"),
        (-1, 1.0, "'step' must be an integer"),
        (1, "x", "'value' of a step must be a number. Got 'x'"),
    ],
)
def test_points_of_a_curve_that_cannot_be(step, value, message):
    def objective(settings, report):
        with pytest.raises(ParameterError, match=message):
            report(step, value)
        return 1.0

    search(objective, SPACE, trials=1)


@pytest.mark.filterwarnings("ignore:Trial 0 has failed")
def test_a_value_that_no_float_can_hold():
    with pytest.raises(DataError, match=r"An objective must give a number\. Got 1000"):
        search(lambda settings, report: 10**400, SPACE, trials=1)


def test_passwords_in_urls_are_not_shown():
    with pytest.raises(DataError, match=r"Got 'parrot://ann:\*\*\*@host/kept': ") as caught:
        search(hill, SPACE, trials=1, storage="parrot://ann:sec@secret@host/kept")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("from segcap.training import search; import segcap.cli", "optuna keras tensorflow"),
        (
            "from segcap.training import search; "
            "search(lambda *_: 1.0, dict(x=[1]), trials=1, grid=True, log={log!r})",
            "keras tensorflow matplotlib",
        ),
    ],
)
def test_what_is_not_needed_is_not_imported(tmp_path, code, absent):
    checked = (
        f"import sys; {code.format(log=str(tmp_path))}; import segcap.training as t; "
        f"assert callable(t.search); sys.exit(bool(set({absent.split()!r}) & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", checked], check=True, env=os.environ)
