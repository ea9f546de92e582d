"""Options that several commands take, with the help that they share."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from segcap.core.charset import Case, Kind
from segcap.datasets.catalogue import names
from segcap.recognition.engines import Device as DeviceName
from segcap.recognition.engines import EngineName
from segcap.scale.engines import Backend, workers

__all__ = [
    "Allowlist",
    "Data",
    "Device",
    "Engine",
    "Epochs",
    "FoldCase",
    "Jobs",
    "Layout",
    "Length",
    "ManyValues",
    "OfFrames",
    "OutFolder",
    "Pattern",
    "ReadKind",
    "RejectBelow",
    "Resume",
    "RunBy",
    "Scheduler",
    "Seed",
    "given",
    "run_by",
]

Length = Annotated[
    int | None, typer.Option(min=1, help="Characters in every image, if they are known.")
]
Allowlist = Annotated[
    str | None, typer.Option(help="The characters that may occur, if they are known.")
]
FoldCase = Annotated[
    Case | None, typer.Option("--case", help="With fold, letters of both cases are one.")
]
ReadKind = Annotated[
    Kind | None, typer.Option("--kind", help="With number, numbers and arithmetic tasks alone.")
]
OfFrames = Annotated[
    Any,
    typer.Option(
        "--frame",
        parser=lambda given: int(given) if given.isdecimal() else given,
        metavar="FRAME",
        help="Of animations: first, last, merge or a number from 0; see the guides.",
    ),
]
RejectBelow = Annotated[
    float | None, typer.Option(min=0, max=1, help="Reject readings of less confidence.")
]
Engine = Annotated[EngineName, typer.Option(help="What runs the network.")]
Device = Annotated[DeviceName, typer.Option(help="Where onnx runs it: cuda is a GPU.")]

Data = Annotated[Path, typer.Option(help="Folder that holds the images.")]
Layout = Annotated[str, typer.Option(help=f"How the folder is laid out: {', '.join(names())}.")]
Pattern = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help="Of files named by their texts: where in the name the text stands, as its group text, "
        r"such as '\d+_(?P<text>.+)'.",
    ),
]
OutFolder = Annotated[Path, typer.Option(help="Folder to write to, empty or new.")]
Resume = Annotated[
    bool, typer.Option("--resume/--no-resume", help="Go on with a folder that was begun.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random choices.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Most epochs over the data.")]
Jobs = Annotated[
    int, typer.Option(help="Workers; -1 for one per core. With --scheduler all that it has.")
]
RunBy = Annotated[
    Backend, typer.Option(help="What runs them; dask and ray come with the extra 'scale'.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Dask's scheduler or Ray's head, such as tcp://head:8786; both start workers on this "
        "machine without.",
    ),
]


def run_by(backend: Backend, scheduler: str | None, jobs: int) -> AbstractContextManager[None]:
    """Run what can be in such workers."""
    return workers(backend, n_jobs=None if scheduler else jobs, scheduler=scheduler)


class ManyValues(TyperCommand):
    """Lets one option be followed by several values: --labels 50 100."""

    _many = ("--labels", "--readers")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each of its values."""
        repeated: list[str] = []
        option = None
        for arg in args:
            if arg.startswith("-"):
                option = arg if arg in self._many else None
            elif option is not None and repeated[-1] != option:
                repeated.append(option)
            repeated.append(arg)
        return super().parse_args(ctx, repeated)


def given(ctx: typer.Context) -> set[str]:
    """Return the parameters that stand on the command line."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}
