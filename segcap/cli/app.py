"""The command line's frame: results on standard output, everything else on standard error."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from segcap import __version__
from segcap.core.errors import SegcapError, SegcapWarning

__all__ = ["app", "main", "say", "warnings_said"]

_INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read text-CAPTCHA and multi-digit images by cutting them into glyphs.",
)


def _tell_version(is_asked_for: bool) -> None:
    if is_asked_for:
        print(f"segcap {__version__}")
        raise typer.Exit


@app.callback()
def _frame(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version."),
    ] = False,
) -> None:
    """Hold the options that belong to no command."""


def main() -> None:
    """Run the command line; an error of segcap's is one sentence and exit status 2."""
    _hush_tensorflow()
    try:
        app()
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            say("Interrupted. Whatever was written stays.")
        raise
    except MemoryError:
        say("What is asked for must fit into memory. It does not.")
        sys.exit(2)
    except SegcapError as error:
        say(error)
        sys.exit(2)
    except OSError as error:
        say(f"Results must go where there is room to write. Got: {error.strerror}.")
        sys.exit(2)


def _hush_tensorflow() -> None:
    """Keep remarks about graphs and missing GPUs away from people who asked for neither."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def say(message: object) -> None:
    """Tell the user something that is no result."""
    print(f"segcap: {message}", file=sys.stderr)


@contextmanager
def warnings_said(*, repeated: bool = True) -> Iterator[None]:
    """Tell the user of warnings as of other things; segcap's own each time, or once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("always" if repeated else "once", category=SegcapWarning)
        warnings.showwarning = lambda message, *_: say(f"Warning: {message}")
        yield
