"""Commands that learn: train."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app, say, warnings_said
from segcap.cli.output import progress_bar
from segcap.core.errors import DataError, ParameterError
from segcap.datasets.labelled import LABELS, LabelledImages, load_labelled
from segcap.datasets.named import load_named
from segcap.readers.glyph import GlyphReader
from segcap.readers.whole import WholeImageReader
from segcap.recipes.tasks import END_TO_END

_STATES = {"text": ("", ".0", ".1", ".2"), "digits": ("", ".lines")}
_EPOCHS = {"digits": 30, "mixed": 14, "text": 12}
_OPTIONS = {
    "text": {"charset", "length", "classifier"},
    "digits": set[str](),
    "mixed": set[str](),
}
_END_TO_END_OPTIONS = {"classifier", "log"}


@app.command()
def train(
    task: Annotated[
        str,
        typer.Argument(
            help="What to learn: text, from labelled images; digits or mixed, as shipped; end to "
            f"end {', '.join(END_TO_END)}."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Bundle to write.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of images named by their texts, or with labels.csv; for digits and mixed "
            "mnist.npz, keras.datasets' copy unless given. For what is learned end to end the "
            "published folder; digit-sum and six-char are drawn without."
        ),
    ] = None,
    charset: Annotated[
        str | None, typer.Option(help="Characters of the texts; those of the labels unless given.")
    ] = None,
    length: Annotated[
        int | None, typer.Option(min=1, help="Characters in every text, if all have as many.")
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="Another one than the task's own. For text span_cnn or glyph_cnn; end to end a "
            "network's name."
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="End to end: folder for history.csv and TensorBoard's files."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most passes over the data.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random choices.")] = 0,
) -> None:
    """Learn a reader; a killed training goes on from OUT.state... when started again."""
    if task not in (known := [*_EPOCHS, *END_TO_END]):
        raise ParameterError(f"The task must be one of: {', '.join(known)}. Got {task!r}.")
    given = {
        "charset": charset,
        "length": length,
        "classifier": classifier,
        "log": None if log is None else str(log),
    }
    for name, value in given.items():
        if value is not None and name not in _OPTIONS.get(task, _END_TO_END_OPTIONS):
            raise ParameterError(f"To train '{task}', --{name} must not be given. Got {value!r}.")
    _check_new(out)
    state = _beside(out, ".state")
    states = [_beside(state, ending) for ending in _STATES.get(task, ("",))]
    passes = epochs or (_EPOCHS[task] if task in _EPOCHS else END_TO_END[task].epochs)
    reader: GlyphReader | WholeImageReader
    with progress_bar("epochs", passes) as bar, warnings_said(), _told_how_to_go_on(states):
        warnings.filterwarnings("ignore", category=FutureWarning, module="keras")
        if task == "text":
            images, labels = _labelled(data)
            reader = GlyphReader(
                charset or "".join(sorted(set("".join(labels)))),
                length=length,
                classifier=classifier or "span_cnn",
                epochs=passes,
                random_state=seed,
            )
            _learn(reader, images, labels, state, bar, _beside(out, ".partial"))
        elif task in END_TO_END:
            from segcap.recipes.end_to_end import train_end_to_end

            reader = train_end_to_end(
                task,
                data,
                classifier=classifier,
                epochs=passes,
                seed=seed,
                state=state,
                log=log,
                on_epoch=partial(_show, bar),
            )
        else:
            reader = _as_shipped(task, data, passes, seed, state, bar)
    reader.save(out)
    for file in [*states, _beside(out, ".partial")]:
        file.unlink(missing_ok=True)
    for name, value in reader.provenance_["figures"].items():
        print(f"{name} {value}")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _check_new(out: Path) -> None:
    if os.path.lexists(out):
        raise DataError(f"A bundle must be a new file. Got '{out}', which exists.")
    if not os.path.isdir(out.parent) or not os.access(out.parent, os.W_OK):
        raise DataError(
            f"A bundle must go into a folder that exists and can be written to. Got '{out}'."
        )


@contextmanager
def _told_how_to_go_on(states: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if any(map(os.path.exists, states)):
            say("The same command goes on after the last epoch that is complete.")
        raise


def _learn(
    reader: GlyphReader,
    images: list[Path],
    labels: list[str],
    state: Path,
    bar: Callable[..., None],
    partial_out: Path,
) -> None:
    try:
        reader.fit(images, labels, state=state, on_progress=lambda done, _, note: bar(done, note))
    except KeyboardInterrupt:
        if hasattr(reader, "provenance_"):
            reader.save(partial_out)
            say(f"What was learned until the last epoch's end is kept in '{partial_out}'.")
        raise


def _labelled(folder: Path | None) -> LabelledImages:
    if folder is None:
        raise ParameterError("To learn texts, --data must be a folder of images. Got none.")
    return load_labelled(folder) if (folder / LABELS).exists() else load_named(folder)


def _as_shipped(
    task: str,
    data: Path | None,
    epochs: int,
    seed: int,
    state: Path,
    bar: Callable[..., None],
) -> GlyphReader:
    from segcap.recipes.digits import train_digits
    from segcap.recipes.mixed import train_mixed

    show = partial(_show, bar)
    learn = train_mixed if task == "mixed" else train_digits
    return learn(data, epochs=epochs, seed=seed, state=state, on_epoch=show)


def _show(bar: Callable[..., None], epoch: int, history: Any) -> None:
    accuracy, loss = history.validation_accuracy[-1], history.validation_loss[-1]
    bar(epoch, f"validation accuracy {accuracy:.4f}, loss {loss:.4f}")
