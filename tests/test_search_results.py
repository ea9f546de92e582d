"""What a search has found: tables, files, plots, what TensorBoard shows."""

import csv

import matplotlib
import pytest
from matplotlib import pyplot
from optuna.distributions import FloatDistribution
from search_material import GRID, climbed

from segcap.core.errors import DataError, FileError, SegcapWarning
from segcap.training.tuning import SearchResult, Tried, search
from segcap.training.tuning.plots import plot_importance, plot_parallel
from segcap.training.tuning.spaces import as_distributions

RESULT = SearchResult(
    "tiles",
    as_distributions({"rate": FloatDistribution(1e-3, 1e-1, log=True), "decay": ["cosine", None]}),
    (
        Tried(0, {"rate": 0.001, "decay": "cosine"}, "complete", 0.25, 2.04, notes={"seed": 7}),
        Tried(1, {"rate": 0.1, "decay": None}, "pruned", 0.125, 1.0, ((1, 0.0625), (2, 0.125))),
        Tried(2, {"rate": 0.01}, "failed", None, 0.5, notes={"error": "No room."}),
        Tried(3, {"rate": 0.01, "decay": "cosine"}, "complete", 0.75, 2.0, ((1, 0.5),)),
    ),
)


def test_the_table_has_the_best_first():
    assert RESULT.table().splitlines() == [
        "trial  state     value  seconds  rate   decay   seed  error",
        "3      complete  0.75   2        0.01   cosine",
        "0      complete  0.25   2        0.001  cosine  7",
        "1      pruned    0.125  1        0.1    None",
        "2      failed           0.5      0.01                 No room.",
    ]
    assert RESULT.best is RESULT.trials[3]


def test_the_best_must_be_complete():
    with pytest.raises(DataError, match=r"must be a trial that is complete\. Got none"):
        SearchResult("tiles", RESULT.space, RESULT.trials[1:3]).best  # noqa: B018


def test_csv_has_the_curves(tmp_path):
    RESULT.write_csv(tmp_path / "trials.csv")
    with (tmp_path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["0", "1", "2", "3"]
    assert rows[1] == {
        "trial": "1",
        "state": "pruned",
        "value": "0.125",
        "seconds": "1",
        "rate": "0.1",
        "decay": "None",
        "seed": "",
        "error": "",
        "curve": "1:0.0625 2:0.125",
    }
    with pytest.raises(FileError, match="folder that exists"):
        RESULT.write_csv(tmp_path / "missing" / "trials.csv")


def test_importance_finds_what_matters(capfd):
    result = search(
        lambda settings, report: 10.0 * settings["x"] + (settings["kind"] == "a"),
        {"x": [1, 2, 3, 4], "kind": ["a", "b"]},
        trials=8,
        grid=True,
    )
    importances = result.importance()
    assert list(importances) == ["x", "kind"]
    assert sum(importances.values()) == pytest.approx(1)
    assert importances["x"] > 0.8
    assert "study" not in capfd.readouterr().err
    bars = plot_importance(result).axes[0].patches
    assert [bar.get_width() for bar in bars] == pytest.approx(sorted(importances.values()))
    alike = search(lambda *_: 1.0, GRID, trials=4, grid=True)
    for little in (alike, SearchResult("x", result.space, result.trials[:1])):
        with pytest.raises(DataError, match=r"2 different values of complete trials\. Got 1"):
            little.importance()


def test_lines_lead_from_values_to_settings(tmp_path):
    before = dict(matplotlib.rcParams)
    figure = plot_parallel(RESULT)
    assert figure.axes[0].get_title(loc="left") == "tiles"
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert [*names[:1], *sorted(names[1:])] == ["value", "decay", "rate"]
    figure.savefig(tmp_path / "parallel.png")
    assert (tmp_path / "parallel.png").stat().st_size > 10_000
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []
    with pytest.raises(DataError, match=r"must be complete\. Got none that is"):
        plot_parallel(SearchResult("x", RESULT.space, RESULT.trials[1:3]))


def test_a_result_is_a_study_of_optunas():
    study = RESULT.as_study()
    assert [one.state.name for one in study.trials] == ["COMPLETE", "PRUNED", "FAIL", "COMPLETE"]
    assert (study.best_trial.number, study.best_params) == (3, {"rate": 0.01, "decay": "cosine"})
    assert study.trials[1].intermediate_values == {1: 0.0625, 2: 0.125}


def plugin_data(folder):
    """The settings and the status that TensorBoard's HParams read of a trial."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from tensorboard.plugins.hparams import metadata

    read = accumulator.EventAccumulator(str(folder))
    read.Reload()
    kept = read.summary_metadata
    start, end = (
        kept[tag].plugin_data.content if tag in kept else None
        for tag in (metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG)
    )
    scalars = {tag: [event.value for event in read.Scalars(tag)] for tag in read.Tags()["scalars"]}
    hparams = metadata.parse_session_start_info_plugin_data(start).hparams
    settings = {name: value.WhichOneof("kind") for name, value in hparams.items()}
    status = None if end is None else metadata.parse_session_end_info_plugin_data(end).status
    return settings, status, scalars


@pytest.mark.slow
def test_tensorboard_shows_trials_while_they_run(tmp_path):
    from tensorboard.plugins.hparams import api_pb2

    live = []

    def objective(settings, report):
        report(1, 0.25)
        (folder,) = set((tmp_path / "log").iterdir()) - set(seen)
        live.append(plugin_data(folder))
        seen.append(folder)
        report(2, 0.5)
        if settings["flag"]:
            raise DataError("No room.")
        return 0.75

    seen = []
    space = {"flag": [False, True], "kind": ["a"], "rate": [0.5], "none": [None]}
    with pytest.warns(SegcapWarning, match="No room"):
        result = search(objective, space, trials=2, grid=True, log=tmp_path / "log")
    settings = {
        "flag": "bool_value",
        "kind": "string_value",
        "rate": "number_value",
        "none": "string_value",
    }
    assert live == [(settings, None, {"curve": [0.25]})] * 2
    assert [folder.name for folder in seen] == ["trial-0000", "trial-0001"]
    for folder, one in zip(seen, result.trials, strict=True):
        failed = one.settings["flag"]
        status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
        scalars = {"curve": [0.25, 0.5]} | ({} if failed else {"value": [0.75]})
        assert plugin_data(folder) == (settings, status, scalars)


@pytest.mark.slow
def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.warns(SegcapWarning, match=r"goes on without its log in '.*log'\. Got") as caught:
        result = search(climbed, GRID, trials=2, grid=True, log=tmp_path / "file" / "log")
    assert len(caught) == 1
    assert len(result.trials) == 2


@pytest.mark.slow
def test_no_log_without_tensorboard(tmp_path, monkeypatch):
    monkeypatch.setattr("segcap.training.tuning.report.find_spec", lambda name: None)
    search(climbed, GRID, trials=1, grid=True, log=tmp_path / "log")
    assert not (tmp_path / "log").exists()
