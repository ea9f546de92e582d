"""The command that searches for settings: search."""

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcap.cli.app import app, say, warnings_said
from segcap.cli.output import progress_bar
from segcap.core.errors import DataError, ParameterError
from segcap.datasets.catalogue import load, names
from segcap.datasets.dataset import Dataset
from segcap.readers.glyph import GlyphReader
from segcap.recipes.studies import STUDIES, space_of
from segcap.recipes.tasks import END_TO_END

if TYPE_CHECKING:
    from segcap.recipes.end_to_end import EndToEndReader
    from segcap.recipes.objectives import Cutting, Fitting
    from segcap.training.tuning import SearchResult

_CUTS = "segmentation"
_TESTED = 0.2
_DATABASE, _TRIALS, _LOG = "search.db", "trials.csv", "log"
_BEST, _STATE = "best.segcap", "best.state"


@app.command()
def search(
    task: Annotated[
        str,
        typer.Argument(
            help=f"What to learn: {', '.join(END_TO_END)}. For the study {_CUTS} the layout of the "
            f"folder: {', '.join(names())}."
        ),
    ],
    data: Annotated[Path, typer.Option(help="Folder that holds the images.")],
    out: Annotated[
        Path, typer.Option(help="Folder for what is found; a search goes on with its own.")
    ],
    study: Annotated[
        str, typer.Option(help=f"Which settings: {', '.join(STUDIES)}.")
    ] = "optimizer",
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many, with those made before.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Begin no trial after so many minutes.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the images in a trial.")] = 5,
    share: Annotated[
        float, typer.Option(help="Share of the images learned from that the trials see.")
    ] = 1.0,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Judge each trial by so many folds.")
    ] = None,
    classifier: Annotated[
        str | None, typer.Option(help="Another network than the study's or the task's own.")
    ] = None,
    model: Annotated[
        str, typer.Option(help=f"For {_CUTS}: the reader, by name or path.")
    ] = "mixed",
    wrong_cost: Annotated[
        float,
        typer.Option(
            min=0, help=f"For {_CUTS}: what a wrong reading costs, where a right one is worth 1."
        ),
    ] = 0.0,
    storage: Annotated[
        str | None,
        typer.Option(
            help="A storage URL of Optuna's, for several machines; a file in OUT unless given."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random choices.")] = 0,
    prune: Annotated[
        bool, typer.Option("--prune/--no-prune", help="Stop trials that fall behind.")
    ] = True,
    train_best: Annotated[
        bool,
        typer.Option(
            "--train-best/--no-train-best",
            help="Learn with the best settings in full, test once, write OUT/best.segcap.",
        ),
    ] = False,
) -> None:
    """Search for settings; a search that was stopped goes on when started again."""
    from segcap.recipes.objectives import Cutting, Fitting
    from segcap.training import search as search_for

    if study not in STUDIES:
        raise ParameterError(f"The --study must be one of {', '.join(STUDIES)}. Got {study!r}.")
    if minutes is not None and not 0 < minutes < inf:
        raise ParameterError(f"The --minutes must be a number above 0. Got {minutes}.")
    if not 0 < share <= 1:
        raise ParameterError(f"The --share must be above 0 and at most 1. Got {share}.")
    if not out.parent.is_dir() or (out.exists() and not out.is_dir()):
        raise DataError(f"What is found must go to a folder in one that exists. Got '{out}'.")
    chosen = STUDIES[study]
    wanted = trials or chosen.trials
    with warnings_said():
        warnings.filterwarnings("ignore", category=FutureWarning, module="keras")
        objective: Cutting | Fitting
        if study == _CUTS:
            glyphs, learned, tested = _glyph_reader(task, data, model, seed)
            objective = Cutting(glyphs, _part(learned, share, seed), wrong_cost)
        else:
            reader, learned, tested = _reader(task, data, study, classifier, epochs, seed)
            objective = Fitting(reader, _part(learned, share, seed), folds)
        space = space_of(study, objective.reader, wrong_cost=wrong_cost)
        out.mkdir(exist_ok=True)
        with progress_bar("trials", wanted) as bar:
            try:
                result = search_for(
                    objective,
                    space,
                    trials=wanted,
                    name=f"{task} {study}",
                    seconds=None if minutes is None else 60 * minutes,
                    storage=storage or out / _DATABASE,
                    seed=seed,
                    grid=chosen.grid,
                    prune=prune,
                    identity=objective.identity,
                    log=out / _LOG,
                    on_trial=partial(_tell, out, bar),
                )
            except KeyboardInterrupt:
                say("The same command goes on after the last trial that has ended.")
                raise
        _show(result, out)
        if train_best:
            _finish(objective, result.best.settings, task, (learned, tested), out)


def _glyph_reader(
    task: str, data: Path, model: str, seed: int
) -> tuple[GlyphReader, Dataset, Dataset]:
    import segcap

    reader = segcap.load(model)
    known = load(task, data)
    if not isinstance(reader, GlyphReader) or known.charset is None:
        raise ParameterError(
            f"The study '{_CUTS}' must be of texts, and of a reader that cuts them into glyphs. "
            f"Got '{model}' of type {type(reader).__name__}, for '{task}'."
        )
    return reader, *known.split(_TESTED, seed)


def _reader(
    task: str, data: Path, study: str, classifier: str | None, epochs: int, seed: int
) -> "tuple[EndToEndReader, Dataset, Dataset]":
    from segcap.recipes.end_to_end import end_to_end_reader, task_data

    ((learned, tested),) = task_data(task, data, seed=seed)
    if classifier is None and learned.classes is not None:
        classifier = STUDIES[study].classifier
    reader = end_to_end_reader(task, learned, classifier=classifier, epochs=epochs, seed=seed)
    return reader, learned, tested


def _part(learned: Dataset, share: float, seed: int) -> Dataset:
    return learned if share == 1 else learned.split(share, seed)[1]


def _tell(out: Path, bar: Callable[..., None], result: "SearchResult") -> None:
    """Keep what is known so far where it can be looked at."""
    result.write_csv(out / _TRIALS)
    known = [one.value for one in result.trials if one.state == "complete" and one.value]
    bar(len(result.trials), f"best {max(known):.4f}" if known else "")


def _show(result: "SearchResult", out: Path) -> None:
    from segcap.training.tuning.plots import plot_importance, plot_parallel

    print(result.table())
    plot_parallel(result).savefig(out / "parallel.png", dpi=150)
    try:
        plot_importance(result).savefig(out / "importance.png", dpi=150)
    except DataError as error:
        say(error)
        return
    print()
    for name, share in result.importance().items():
        print(f"importance {share:.3f}  {name}")


def _finish(
    objective: "Cutting | Fitting",
    settings: Mapping[str, Any],
    task: str,
    parts: tuple[Dataset, Dataset],
    out: Path,
) -> None:
    """Write the reader of the best settings, and how it does in the test."""
    from segcap.recipes.objectives import Cutting

    best: GlyphReader | EndToEndReader
    state = out / _STATE
    if isinstance(objective, Cutting):
        best = objective.finish(settings, parts[1])
    else:
        epochs = END_TO_END[task].epochs
        with progress_bar("epochs", epochs) as bar:
            best = objective.finish(
                settings,
                *parts,
                epochs=epochs,
                state=state,
                log=out / "best",
                on_epoch=lambda epoch, _: bar(epoch),
            )
    best.save(out / _BEST)
    state.unlink(missing_ok=True)
    print()
    for name, value in best.provenance_["figures"].items():
        print(f"{name} {value}")
