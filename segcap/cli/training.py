"""The command that trains a reader: train."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from segcap.cli.advice import advise, characters, common_length, warn_of_rare
from segcap.cli.app import app, say, warnings_said
from segcap.cli.options import Epochs, Pattern, Seed
from segcap.cli.output import progress_bar
from segcap.core.errors import DataError, ParameterError
from segcap.core.image_files import find_images
from segcap.datasets.catalogue import load
from segcap.datasets.labelled import LabelledImages
from segcap.readers.glyph import GlyphReader
from segcap.readers.whole import WholeImageReader
from segcap.recipes.tasks import END_TO_END

_STATES = {
    "any": (".ink", ".spans", ".line"),
    "text": ("", *(f"{on}.{part}" for on in ("", ".more") for part in ("line", 0, 1, 2))),
    "digits": ("", ".lines"),
}
_EPOCHS = {"any": 2, "digits": 30, "mixed": 14, "text": 12}
_OPTIONS = {
    "any": {"fonts"},
    "text": {"charset", "length", "classifier", "pattern", "unlabelled"},
    "digits": set[str](),
    "mixed": set[str](),
}
_END_TO_END_OPTIONS = {"classifier", "log"}


class _OptionsOfTask(TyperCommand):
    """Shows in its help the options of the task that is named with it, if one is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = (arg for arg in args if arg in _EPOCHS or arg in END_TO_END)
        ctx.meta["task"] = next(named, None)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        task = ctx.meta["task"]
        others = _END_TO_END_OPTIONS.union(*_OPTIONS.values())
        others -= others if task is None else _OPTIONS.get(task, _END_TO_END_OPTIONS)
        params: Sequence[Any] = self.params  # click's base class has no "hidden"
        for param in params:
            param.hidden = param.name in others
        super().format_help(ctx, formatter)


Task = Annotated[
    str,
    typer.Argument(
        help="What to train: text, on labelled images; any, digits, mixed, as shipped; end to end "
        f"{', '.join(END_TO_END)}."
    ),
]
Bundle = Annotated[Path, typer.Option(help="Bundle to write.")]
TrainingData = Annotated[
    Path | None,
    typer.Option(
        help="Folder of images named by their texts, or with labels.csv; for any, digits, mixed "
        "and digit-sum mnist.npz, which Keras downloads unless given. For what else is trained end "
        "to end the published folder; six-char is drawn without."
    ),
]
Characters = Annotated[
    str | None, typer.Option(help="Characters of the texts; those of the labels unless given.")
]
Length = Annotated[
    int | None, typer.Option(min=1, help="Characters in every text, if all have as many.")
]
Classifier = Annotated[
    str | None,
    typer.Option(
        help="Another one than the task's own. For text span_cnn, which reads faster, "
        "or glyph_cnn; end to end a network's name."
    ),
]
Fonts = Annotated[
    Path | None, typer.Option(help="For any: folder of typefaces; see data/collect_fonts.py.")
]
Unlabelled = Annotated[
    Path | None,
    typer.Option(help="For text: folder of other images, whose sure readings join if that helps."),
]
Log = Annotated[
    Path | None, typer.Option(help="End to end: folder for history.csv and TensorBoard's files.")
]


@app.command(cls=_OptionsOfTask)
def train(
    task: Task,
    out: Bundle,
    data: TrainingData = None,
    pattern: Pattern = None,
    charset: Characters = None,
    length: Length = None,
    classifier: Classifier = None,
    unlabelled: Unlabelled = None,
    fonts: Fonts = None,
    log: Log = None,
    epochs: Epochs = None,
    seed: Seed = 0,
) -> None:
    """Train a reader; a killed training goes on from OUT.state... when started again.

    The help of segcap train TASK shows the options of the task alone.
    """
    options: dict[str, object] = {
        "charset": charset,
        "length": length,
        "classifier": classifier,
        "pattern": pattern,
        "unlabelled": unlabelled and str(unlabelled),
        "fonts": fonts and str(fonts),
        "log": log and str(log),
    }
    _check_options(task, **options)
    _check_new(out)
    state = _beside(out, ".state")
    states = [_beside(state, ending) for ending in _STATES.get(task, ("",))]
    most = epochs or (_EPOCHS[task] if task in _EPOCHS else END_TO_END[task].epochs)
    reader: GlyphReader | WholeImageReader
    said_after: Callable[[], None] | None = None
    more = 0 if unlabelled is None else max(1, most // 3)
    with (
        progress_bar("epochs", most + more, in_lines=True) as bar,
        warnings_said(),
        _resuming_explained(states),
    ):
        warnings.filterwarnings("ignore", category=FutureWarning, module="keras")
        shared: Mapping[str, Any] = {"epochs": most, "seed": seed, "state": state}
        show = partial(_show, bar)
        if task == "text":
            folder = _given(data)
            known = _labelled(folder, pattern)
            others = [] if unlabelled is None else find_images([str(unlabelled)])
            trained = _train_text(
                known, others, charset, length, classifier, **shared, bar=bar, out=out
            )
            reader = trained
            said_after = partial(advise, trained, *known, data=folder, out=out, pattern=pattern)
        else:
            reader = _train_on_its_data(task, data, epochs, fonts, classifier, log, show, shared)
    reader.save(out)
    for file in [*states, _beside(out, ".partial")]:
        file.unlink(missing_ok=True)
    if said_after is not None:
        with warnings_said(repeated=False):
            said_after()
    for name, value in reader.provenance_["figures"].items():
        print(f"{name} {value}")


def _train_on_its_data(
    task: str,
    data: Path | None,
    epochs: int | None,
    fonts: Path | None,
    classifier: str | None,
    log: Path | None,
    show: Callable[..., None],
    shared: Mapping[str, Any],
) -> GlyphReader | WholeImageReader:
    """Train what has data of its own: a shipped reader, or one that is trained end to end."""
    if task == "any":
        from segcap.recipes.any import train_any

        return train_any(data, fonts=fonts, on_epoch=show, **shared)
    if task == "digits":
        from segcap.recipes.digits import train_digits

        rows: Mapping[str, Any] = {} if epochs is None else {"line_epochs": epochs}
        return train_digits(data, on_epoch=show, **shared, **rows)
    if task == "mixed":
        from segcap.recipes.mixed import train_mixed

        return train_mixed(data, on_epoch=show, **shared)
    from segcap.recipes.end_to_end import train_end_to_end

    return train_end_to_end(task, data, classifier=classifier, log=log, on_epoch=show, **shared)


def _check_options(task: str, **options: object) -> None:
    if task not in (known := [*_EPOCHS, *END_TO_END]):
        raise ParameterError(f"The task must be one of: {', '.join(known)}. Got {task!r}.")
    for name, value in options.items():
        if value is not None and name not in _OPTIONS.get(task, _END_TO_END_OPTIONS):
            raise ParameterError(f"To train '{task}', --{name} must not be given. Got {value!r}.")


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
def _resuming_explained(states: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if any(map(os.path.exists, states)):
            say("The same command goes on after the last epoch that is complete.")
        raise


def _train_text(
    known: LabelledImages,
    unlabelled: Sequence[Path],
    charset: str | None,
    length: int | None,
    classifier: str | None,
    *,
    epochs: int,
    seed: int,
    state: Path,
    bar: Callable[..., None],
    out: Path,
) -> GlyphReader:
    images, labels = known
    length = length or common_length(labels)
    charset = charset or characters(labels)
    warn_of_rare(images, labels)
    reader = GlyphReader(
        charset,
        length=length,
        classifier=classifier,
        epochs=epochs,
        random_state=seed,
    )
    try:
        return reader.fit(
            images,
            labels,
            unlabelled=unlabelled,
            state=state,
            on_progress=lambda done, _, note: bar(done, note),
        )
    except KeyboardInterrupt:
        if hasattr(reader, "provenance_"):
            partial_out = _beside(out, ".partial")
            reader.save(partial_out)
            say(f"The reader as trained up to the last complete epoch is in '{partial_out}'.")
        raise


def _given(folder: Path | None) -> Path:
    if folder is None:
        raise ParameterError("To train on texts, --data must be a folder of images. Got none.")
    return folder


def _labelled(folder: Path, pattern: str | None) -> LabelledImages:
    known = load("labelled", folder, pattern=pattern)
    return LabelledImages(list(known.images), known.labels.tolist())


def _show(bar: Callable[..., None], epoch: int, history: Any) -> None:
    accuracy, loss = history.validation_accuracy[-1], history.validation_loss[-1]
    bar(epoch, f"validation accuracy {accuracy:.4f}, loss {loss:.4f}")
