"""The command that searches for settings: search."""

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcap.cli.app import app, said_when_interrupted, say, warnings_said
from segcap.cli.options import Allowlist, Data, FoldCase, Length, Pattern, Seed, given
from segcap.cli.output import progress_bar
from segcap.cli.reading import open_reader
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
_OF_CUTS = {"model", "wrong_cost", "length", "allowlist", "case"}
_OF_TRAININGS = {"classifier", "epochs", "folds"}
_TEST = 0.2
_DATABASE, _TRIALS, _LOG = "search.db", "trials.csv", "log"
_BEST, _STATE = "best.segcap", "best.state"
_OWN = ("labelled", "named")
_NETWORK_OF = {name: name for name in END_TO_END} | dict.fromkeys(_OWN, "captcha-v2")
"""The task as whose network what is trained for begins."""

Task = Annotated[
    str,
    typer.Argument(
        help=f"What to train for: {', '.join(_NETWORK_OF)}. For the study {_CUTS} the layout of "
        f"the folder: {', '.join(names())}."
    ),
]
OutFolder = Annotated[
    Path, typer.Option(help="Folder for the results; a search goes on with its own.")
]
Study = Annotated[str, typer.Option(help=f"Which settings: {', '.join(STUDIES)}.")]
Trials = Annotated[int | None, typer.Option(min=1, help="How many, with those made before.")]
Minutes = Annotated[float | None, typer.Option(help="Begin no trial after so many minutes.")]
EpochsOfTrial = Annotated[int, typer.Option(min=1, help="Epochs of a trial.")]
Fraction = Annotated[float, typer.Option(help="Fraction of the training images that trials use.")]
Folds = Annotated[
    int | None, typer.Option(min=2, help="Cross-validate each trial on so many folds.")
]
Network = Annotated[
    str | None, typer.Option(help="Another network than the study's or the task's own.")
]
Model = Annotated[str, typer.Option(help=f"For {_CUTS}: the reader, by name or path.")]
WrongCost = Annotated[
    float,
    typer.Option(min=0, help=f"For {_CUTS}: cost of a wrong reading, where a right one earns 1."),
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="A storage URL of Optuna's, for several machines; a file in OUT unless given."
    ),
]
Prune = Annotated[bool, typer.Option("--prune/--no-prune", help="Stop trials that fall behind.")]
TrainBest = Annotated[
    bool,
    typer.Option(
        "--train-best/--no-train-best",
        help="Train with the best settings in full, test once, write OUT/best.segcap.",
    ),
]


@app.command()
def search(
    ctx: typer.Context,
    data: Data,
    out: OutFolder,
    task: Task = _OWN[0],
    study: Study = "optimizer",
    pattern: Pattern = None,
    length: Length = None,
    allowlist: Allowlist = None,
    case: FoldCase = None,
    trials: Trials = None,
    minutes: Minutes = None,
    epochs: EpochsOfTrial = 5,
    fraction: Fraction = 1.0,
    folds: Folds = None,
    classifier: Network = None,
    model: Model = "mixed",
    wrong_cost: WrongCost = 0.0,
    storage: Storage = None,
    seed: Seed = 0,
    prune: Prune = True,
    train_best: TrainBest = False,
) -> None:
    """Search for settings; a search that was stopped goes on when started again."""
    from segcap.recipes.objectives import Cutting, Fitting

    _check(study, minutes, fraction, out)
    other = given(ctx) & (_OF_TRAININGS if study == _CUTS else _OF_CUTS)
    if other:
        of = f"another study than '{_CUTS}'" if study == _CUTS else f"the study '{_CUTS}'"
        name = min(other).replace("_", "-")
        raise ParameterError(f"The --{name} must be for {of}. Got it for '{study}'.")
    known = {"length": length, "allowlist": allowlist, "case": case}
    with warnings_said():
        warnings.filterwarnings("ignore", category=FutureWarning, module="keras")
        objective: Cutting | Fitting
        if study == _CUTS:
            glyphs, training, test = _glyph_reader(task, data, pattern, model, seed, known)
            objective = Cutting(glyphs, _part(training, fraction, seed), wrong_cost)
        else:
            reader, training, test = _reader(task, data, pattern, study, classifier, epochs, seed)
            objective = Fitting(reader, _part(training, fraction, seed), folds)
        out.mkdir(exist_ok=True)
        result = _search(
            objective,
            space_of(study, objective.reader, wrong_cost=wrong_cost),
            out,
            trials=trials or STUDIES[study].trials,
            name=f"{task} {study}",
            seconds=None if minutes is None else 60 * minutes,
            storage=storage or out / _DATABASE,
            seed=seed,
            grid=STUDIES[study].grid,
            prune=prune,
        )
        _show(result, out)
        if train_best:
            _finish(objective, result.best.settings, task, (training, test), out)


def _check(study: str, minutes: float | None, fraction: float, out: Path) -> None:
    if study not in STUDIES:
        raise ParameterError(f"The --study must be one of {', '.join(STUDIES)}. Got {study!r}.")
    if minutes is not None and not 0 < minutes < inf:
        raise ParameterError(f"The --minutes must be a number above 0. Got {minutes}.")
    if not 0 < fraction <= 1:
        raise ParameterError(f"The --fraction must be above 0 and at most 1. Got {fraction}.")
    if not out.parent.is_dir() or (out.exists() and not out.is_dir()):
        raise DataError(f"Results must go to a folder in one that exists. Got '{out}'.")


def _search(
    objective: "Cutting | Fitting", space: Any, out: Path, *, trials: int, **options: Any
) -> "SearchResult":
    from segcap.training import search as search_for

    goes_on = "The same command goes on after the last trial that has ended."
    with progress_bar("trials", trials) as bar, said_when_interrupted(goes_on):
        return search_for(
            objective,
            space,
            trials=trials,
            identity=objective.identity,
            log=out / _LOG,
            on_trial=partial(_save, out, bar),
            **options,
        )


def _glyph_reader(
    task: str, data: Path, pattern: str | None, model: str, seed: int, known: Mapping[str, Any]
) -> tuple[GlyphReader, Dataset, Dataset]:
    reader = open_reader(model, of="texts", **known)
    dataset = load(task, data, pattern=pattern)
    if not isinstance(reader, GlyphReader) or dataset.charset is None:
        raise ParameterError(
            f"The study '{_CUTS}' must be of texts, and of a reader that cuts them into glyphs. "
            f"Got '{model}' of type {type(reader).__name__}, for '{task}'."
        )
    return reader, *dataset.split(_TEST, seed)


def _reader(
    task: str,
    data: Path,
    pattern: str | None,
    study: str,
    classifier: str | None,
    epochs: int,
    seed: int,
) -> "tuple[EndToEndReader, Dataset, Dataset]":
    from segcap.recipes.end_to_end import end_to_end_reader, task_data

    if task in _OWN:
        training, test = load(task, data, pattern=pattern).split(_TEST, seed)
    elif pattern is not None:
        raise ParameterError(
            f"A --pattern must be for {' or '.join(_OWN)}, or for the study '{_CUTS}'. "
            f"Got it for '{task}'."
        )
    else:
        ((training, test),) = task_data(task, data, seed=seed)
    if classifier is None and training.classes is not None:
        classifier = STUDIES[study].classifier
    options: dict[str, Any] = {"classifier": classifier, "epochs": epochs, "seed": seed}
    return end_to_end_reader(_NETWORK_OF[task], training, **options), training, test


def _part(training: Dataset, fraction: float, seed: int) -> Dataset:
    return training if fraction == 1 else training.split(fraction, seed)[1]


def _save(out: Path, bar: Callable[..., None], result: "SearchResult") -> None:
    """Write the trials so far to their table, and show the best."""
    result.write_csv(out / _TRIALS)
    known = [one.value for one in result.trials if one.state == "complete" and one.value]
    bar(len(result.trials), f"best {max(known):.4f}" if known else "")


def _show(result: "SearchResult", out: Path) -> None:
    from segcap.training.tuning.plots import plot_importance, plot_parallel

    print(result.table())
    plot_parallel(result).savefig(out / "parallel.png", dpi=150, bbox_inches="tight")
    try:
        plot_importance(result).savefig(out / "importance.png", dpi=150, bbox_inches="tight")
    except DataError as error:
        say(error)
        return
    print()
    for name, importance in result.importance().items():
        print(f"importance {importance:.3f}  {name}")


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
        epochs = END_TO_END[_NETWORK_OF[task]].epochs
        with progress_bar("epochs", epochs, in_lines=True) as bar:
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
