"""Commands that make images: generate, balance."""

import re
from pathlib import Path
from typing import Annotated

import typer

from segcap.cli.app import app, warnings_said
from segcap.cli.output import progress_bar
from segcap.core.errors import ParameterError
from segcap.datasets.mnist import load_mnist
from segcap.datasets.uci_digits import load_uci_digits
from segcap.generate import DIALS, TextGenerator, schemes, write_digit_sums, write_text
from segcap.generate.typefaces import Digits

_DIGIT_SUM = "digit-sum"

Dial = Annotated[float | None, typer.Option(help="This dial alone, 0 to 1.")]


@app.command()
def generate(
    scheme: Annotated[
        str,
        typer.Argument(help=f"{_DIGIT_SUM}, {', '.join(schemes())}."),
    ],
    n: Annotated[int, typer.Option(help="Number of images.")],
    out: Annotated[Path, typer.Option(help="Folder to write to, empty or not there.")],
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 0,
    charset: Annotated[str | None, typer.Option(help="Characters to draw from.")] = None,
    length: Annotated[str | None, typer.Option(help="Characters in an image: 5, or 4-6.")] = None,
    size: Annotated[str | None, typer.Option(help="Width and height, pixels: 200x50.")] = None,
    fonts: Annotated[Path | None, typer.Option(help="Folder of fonts to draw with.")] = None,
    digits: Annotated[
        str | None,
        typer.Option(help="Handwriting to draw with: an mnist.npz, or 'scikit-learn'."),
    ] = None,
    part: Annotated[str, typer.Option(help="Part of mnist.npz: train or test.")] = "train",
    difficulty: Annotated[float | None, typer.Option(help="All dials, 0 to 1.")] = None,
    overlap: Dial = None,
    warp: Dial = None,
    lines: Dial = None,
    noise: Dial = None,
    contrast: Dial = None,
    min_advance: Annotated[
        int | None,
        typer.Option(help="digit-sum: least advance; 22 apart, 15 touching, 10 overlapping."),
    ] = None,
    masks: Annotated[bool, typer.Option("--masks/--no-masks", help="Write masks, too.")] = False,
    jobs: Annotated[int, typer.Option(help="Worker processes; -1 for one per core.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on with a folder that was begun.")
    ] = False,
) -> None:
    """Write images whose truth is known, with a manifest of every character's box."""
    if scheme not in (_DIGIT_SUM, *schemes()):
        raise ParameterError(
            f"A scheme must be one of: {', '.join((_DIGIT_SUM, *schemes()))}. Got {scheme!r}."
        )
    if part not in ("train", "test"):
        raise ParameterError(f"The --part must be train or test. Got {part!r}.")
    if part != "train" and digits in (None, "scikit-learn"):
        raise ParameterError(f"A --part must be of --digits mnist.npz. Got {part!r} without it.")
    handwriting = None if digits is None else _load_digits(digits, part)
    alone = dict(zip(DIALS, (overlap, warp, lines, noise, contrast), strict=True))
    dials = {} if difficulty is None else dict.fromkeys(DIALS, difficulty)
    dials |= {name: value for name, value in alone.items() if value is not None}
    with progress_bar("images", n) as bar:
        if scheme == _DIGIT_SUM:
            _refuse(
                scheme,
                charset=charset,
                size=size,
                fonts=fonts,
                masks=masks or None,
                jobs=None if jobs == 1 else jobs,
                difficulty=difficulty,
                **alone,
            )
            write_digit_sums(
                n,
                out,
                digits=handwriting or load_uci_digits(),
                min_advance=15 if min_advance is None else min_advance,
                count=4 if length is None else _as_numbers("length", length, r"(\d+)", "4")[0],
                seed=seed,
                resume=resume,
                on_progress=bar,
            )
            return
        _refuse(scheme, min_advance=min_advance)
        generator = TextGenerator(
            scheme,
            charset=charset,
            length=None if length is None else _as_length(length),
            size=None if size is None else _as_size(size),
            fonts=fonts,
            handwriting=handwriting,
            difficulty=dials or None,
        )
        write_text(
            generator,
            n,
            out,
            seed=seed,
            n_jobs=jobs,
            masks=masks,
            resume=resume,
            on_progress=bar,
        )


@app.command()
def balance(
    root: Annotated[Path, typer.Argument(help="Photos, a folder for each class.")],
    out: Annotated[Path, typer.Option(help="Folder to write to, empty or not there.")],
    per_class: Annotated[int, typer.Option(help="Photos of each class.")] = 2000,
    test: Annotated[float, typer.Option(help="Share or number of photos held out.")] = 0.3,
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on with a folder that was begun.")
    ] = False,
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
