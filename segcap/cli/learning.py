"""Commands that learn: train."""

from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app
from segcap.errors import DataError, ParameterError
from segcap.output import progress_bar


@app.command()
def train(
    task: Annotated[str, typer.Argument(help="What to learn: digits.")],
    out: Annotated[Path, typer.Option(help="Bundle to write.")],
    data: Annotated[
        Path | None, typer.Option(help="mnist.npz; keras.datasets' copy unless given.")
    ] = None,
    classifier: Annotated[str, typer.Option(help="glyph_cnn, hog_svm or knn.")] = "glyph_cnn",
    epochs: Annotated[int, typer.Option(min=1, help="Most passes over the data.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random choices.")] = 0,
) -> None:
    """Learn a reader; a killed training goes on from OUT.state when started again."""
    from segcap.recipes import train_digits

    if task != "digits":
        raise ParameterError(f"The task must be one of: digits. Got {task!r}.")
    if not out.parent.is_dir() or out.is_dir():
        raise DataError(f"A bundle must be a file in a folder that exists. Got '{out}'.")
    state = out.with_name(out.name + ".state")
    with progress_bar("epochs", epochs) as bar:

        def show(epoch: int, history: Any) -> None:
            accuracy, loss = history.validation_accuracy[-1], history.validation_loss[-1]
            bar(epoch, f"validation accuracy {accuracy:.4f}, loss {loss:.4f}")

        reader = train_digits(
            data, classifier=classifier, epochs=epochs, seed=seed, state=state, on_epoch=show
        )
    reader.save(out)
    state.unlink(missing_ok=True)
    for name, value in reader.provenance_["figures"].items():
        print(f"{name} {value}")
