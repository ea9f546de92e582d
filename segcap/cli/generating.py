"""Commands that make images: generate, balance."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from segcap.cli.app import app, warnings_said
from segcap.cli.options import Jobs, OutFolder, Resume, RunBy, Scheduler, Seed, run_by
from segcap.cli.output import progress_bar
from segcap.core.errors import ParameterError
from segcap.datasets.mnist import load_mnist
from segcap.datasets.uci_digits import load_uci_digits
from segcap.generate import DIFFICULTIES, TextGenerator, schemes, write_digit_sums, write_text
from segcap.generate.typefaces import Digits

_DIGIT_SUM = "digit-sum"

Scheme = Annotated[str, typer.Argument(help=f"{_DIGIT_SUM}, {', '.join(schemes())}.")]
Number = Annotated[int, typer.Option(help="Number of images.")]
Characters = Annotated[str | None, typer.Option(help="Characters to draw from.")]
Length = Annotated[str | None, typer.Option(help="Characters in an image: 5, or 4-6.")]
Size = Annotated[str | None, typer.Option(help="Width and height, pixels: 200x50.")]
Fonts = Annotated[Path | None, typer.Option(help="Folder of fonts to draw with.")]
Handwriting = Annotated[
    str | None, typer.Option(help="Handwriting to draw with: an mnist.npz, or 'scikit-learn'.")
]
Part = Annotated[str, typer.Option(help="Part of mnist.npz: train or test.")]
Overall = Annotated[float | None, typer.Option(help="All difficulties, 0 to 1.")]
Alone = Annotated[float | None, typer.Option(help="This difficulty alone, 0 to 1.")]
MinAdvance = Annotated[
    int | None,
    typer.Option(help="digit-sum: least advance; 22 separate, 15 touching, 10 overlapping."),
]
Masks = Annotated[bool, typer.Option("--masks/--no-masks", help="Write masks, too.")]


@app.command()
def generate(
    scheme: Scheme,
    n: Number,
    out: OutFolder,
    seed: Seed = 0,
    charset: Characters = None,
    length: Length = None,
    size: Size = None,
    fonts: Fonts = None,
    digits: Handwriting = None,
    part: Part = "train",
    difficulty: Overall = None,
    overlap: Alone = None,
    warp: Alone = None,
    lines: Alone = None,
    noise: Alone = None,
    contrast: Alone = None,
    min_advance: MinAdvance = None,
    masks: Masks = False,
    jobs: Jobs = 1,
    backend: RunBy = "loky",
    scheduler: Scheduler = None,
    resume: Resume = False,
) -> None:
    """Write images whose truth is known, with a manifest of every character's box."""
    _check_source(scheme, digits, part)
    handwriting = None if digits is None else _load_digits(digits, part)
    alone = dict(zip(DIFFICULTIES, (overlap, warp, lines, noise, contrast), strict=True))
    levels = {} if difficulty is None else dict.fromkeys(DIFFICULTIES, difficulty)
    levels |= {name: value for name, value in alone.items() if value is not None}
    with progress_bar("images", n) as bar:
        shared: Mapping[str, Any] = {"seed": seed, "resume": resume, "on_progress": bar}
        if scheme == _DIGIT_SUM:
            options = {"charset": charset, "size": size, "fonts": fonts, "masks": masks or None}
            _refuse(scheme, **options, jobs=None if jobs == 1 else jobs, scheduler=scheduler)
            _refuse(scheme, backend=None if backend == "loky" else backend)
            _refuse(scheme, difficulty=difficulty, **alone)
            _write_sums(n, out, handwriting, length, min_advance, **shared)
            return
        _refuse(scheme, min_advance=min_advance)
        generator = TextGenerator(
            scheme,
            charset=charset,
            length=None if length is None else _as_length(length),
            size=None if size is None else _as_size(size),
            fonts=fonts,
            handwriting=handwriting,
            difficulty=levels or None,
        )
        with run_by(backend, scheduler, jobs):
            write_text(generator, n, out, masks=masks, **shared)


@app.command()
def balance(
    root: Annotated[Path, typer.Argument(help="Photos, a folder for each class.")],
    out: OutFolder,
    per_class: Annotated[int, typer.Option(help="Photos of each class.")] = 2000,
    test: Annotated[float, typer.Option(help="Fraction or number of photos held out.")] = 0.3,
    seed: Seed = 0,
    resume: Resume = False,
) -> None:
    """Write a folder with the same number of photos of each class, and a manifest."""
    from segcap.datasets.catalogue import load
    from segcap.training.balancing import balance as write_balanced

    classes = load("recaptcha-tiles", root).classes or ()
    held_out = int(test) if test >= 1 and test.is_integer() else test
    with progress_bar("photos", per_class * len(classes)) as bar, warnings_said():
        made = write_balanced(
            root, out, per_class=per_class, test=held_out, seed=seed, resume=resume, on_progress=bar
        )
    print(f"{len(made.train)} photos of {len(classes)} classes, {len(made.test)} held out")


def _check_source(scheme: str, digits: str | None, part: str) -> None:
    if scheme not in (_DIGIT_SUM, *schemes()):
        raise ParameterError(
            f"A scheme must be one of: {', '.join((_DIGIT_SUM, *schemes()))}. Got {scheme!r}."
        )
    if part not in ("train", "test"):
        raise ParameterError(f"The --part must be train or test. Got {part!r}.")
    if part != "train" and digits in (None, "scikit-learn"):
        raise ParameterError(f"A --part must be of --digits mnist.npz. Got {part!r} without it.")


def _write_sums(
    n: int,
    out: Path,
    digits: Digits | None,
    length: str | None,
    min_advance: int | None,
    **options: Any,
) -> None:
    write_digit_sums(
        n,
        out,
        digits=digits or load_uci_digits(),
        min_advance=15 if min_advance is None else min_advance,
        count=4 if length is None else _as_numbers("length", length, r"(\d+)", "4")[0],
        **options,
    )


def _refuse(scheme: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            option = name.replace("_", "-")
            got = "it" if value is True else f"'{value}'"
            raise ParameterError(f"The scheme '{scheme}' takes no --{option}. Got {got}.")


def _as_length(text: str) -> tuple[int, int]:
    numbers = _as_numbers("length", text, r"(\d+)(?:-(\d+))?", "5 or 4-6")
    return numbers[0], numbers[-1]


def _as_size(text: str) -> tuple[int, int]:
    width, height = _as_numbers("size", text, r"(\d+)x(\d+)", "200x50")
    return width, height


def _as_numbers(name: str, text: str, pattern: str, example: str) -> list[int]:
    match = re.fullmatch(pattern, text, re.ASCII)
    if not match:
        raise ParameterError(f"The --{name} must be like {example}. Got {text!r}.")
    return [int(number) for number in match.groups() if number is not None]


def _load_digits(source: str, part: str) -> Digits:
    if source == "scikit-learn":
        return load_uci_digits()
    mnist = load_mnist(source)
    return (mnist.x_train, mnist.y_train) if part == "train" else (mnist.x_test, mnist.y_test)
