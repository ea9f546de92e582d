"""The command that finds out how weak a scheme is: audit."""

from pathlib import Path
from typing import Annotated

import typer

from segcap.cli.app import app, said_when_interrupted, say, warnings_said
from segcap.cli.options import FoldCase, ManyValues, Pattern, Seed
from segcap.cli.output import parts_bar

DataFolder = Annotated[
    Path | None, typer.Option(help="Folder with labels.csv, or of images named by their texts.")
]
Generator = Annotated[
    str | None,
    typer.Option(
        help="Draw a scheme of segcap generate, as it is and changed; none whose images have "
        "looks of their own, as mixed and wild."
    ),
]
Program = Annotated[
    str | None,
    typer.Option(
        metavar='"PROGRAM ..."',
        help="Run a program, without a shell, that prints a line an image: PATH, a tab, TEXT.",
    ),
]
OutFolder = Annotated[
    Path, typer.Option(help="Folder for audit.html, audit.json and finished parts.")
]
Images = Annotated[int, typer.Option(min=1, help="Most images to test on.")]
Labels = Annotated[
    list[int],
    typer.Option(min=0, help="Train on so many labels, as far as there are; 0 trains nothing."),
]
EndToEnd = Annotated[
    bool, typer.Option("--end-to-end", help="Train the end-to-end network on them, too.")
]
AttemptsPerHour = Annotated[float, typer.Option(help="Attempts an hour from one address.")]
PricePerAttempt = Annotated[float, typer.Option(help="Of one attempt, such as of a new address.")]


@app.command(cls=ManyValues)
def audit(
    out: OutFolder,
    data: DataFolder = None,
    generator: Generator = None,
    command: Program = None,
    pattern: Pattern = None,
    case: FoldCase = None,
    images: Images = 200,
    labels: Labels = [20, 100],  # noqa: B006 typer copies it
    end_to_end: EndToEnd = False,
    attempts_per_hour: AttemptsPerHour = 60.0,
    price_per_attempt: PricePerAttempt = 0.001,
    seed: Seed = 0,
) -> None:
    """Find out how weak a CAPTCHA is, to which attack, and which change helps; one page.

    An audit that was killed goes on when the same command is given again.
    """
    from segcap.benchmark import AuditTerms
    from segcap.benchmark import audit as run_audit

    terms = AuditTerms(attempts_per_hour, price_per_attempt)
    goes_on = "The same command goes on with the parts that are finished."
    with warnings_said(), said_when_interrupted(goes_on), parts_bar() as bar:
        result = run_audit(
            out,
            data=data,
            generator=generator,
            command=command,
            pattern=pattern,
            case=case,
            images=images,
            labels=[count for count in labels if count],
            end_to_end=end_to_end,
            terms=terms,
            seed=seed,
            on_progress=bar,
        )
    print("\n".join(result.summary))
    say(f"The page is '{out / 'audit.html'}'.")
