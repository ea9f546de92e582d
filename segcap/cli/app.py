"""The command line's frame: results on standard output, everything else on standard error."""

import codecs
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import Annotated

import typer

from segcap import __version__
from segcap.core.errors import SegcapError, SegcapWarning, one_line

__all__ = ["app", "main", "said_when_interrupted", "say", "warnings_said"]

_AS_IT_CAN_BE = "segcap.as-it-can-be"
_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read text-CAPTCHA and multi-digit images by cutting them into glyphs.",
)


def _show_version(is_asked_for: bool) -> None:
    if is_asked_for:
        print(f"segcap {__version__}")
        raise typer.Exit


@app.callback()
def _frame(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options of segcap itself."""


def main() -> None:
    """Run the command line; an error of segcap's is one sentence and exit status 2."""
    _open_streams()
    _hush_tensorflow()
    try:
        app()
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            say("Interrupted. What was written is kept.")
        raise
    except MemoryError:
        say("The work must fit into memory. Got more than there is.")
        sys.exit(2)
    except SegcapError as error:
        say(error)
        sys.exit(2)
    except OSError as error:
        say(f"Results must be written in full. Got: {error.strerror}.")
        # what could not be written would be tried again at the end, and fail again
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)


def _as_it_can_be(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write the bytes of names as they are, and what an encoding lacks as escapes."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.backslashreplace_errors(error)


def _open_streams() -> None:
    """Open closed standard streams on nothing: a file would take their place, and its contents.

    A closed standard output, to which results go, is an error.
    """
    output_is_closed = sys.stdout is None
    if isinstance(sys.stdout, TextIOWrapper):  # names of files are bytes, and need be no Unicode
        codecs.register_error(_AS_IT_CAN_BE, _as_it_can_be)
        sys.stdout.reconfigure(errors=_AS_IT_CAN_BE)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    if output_is_closed:
        say("Standard output must be open for results. Got a closed one.")
        sys.exit(2)


def _hush_tensorflow() -> None:
    """Silence TensorFlow's remarks about graphs and missing GPUs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def say(message: object) -> None:
    """Write a message to standard error."""
    print(f"segcap: {one_line(str(message))}", file=sys.stderr)


@contextmanager
def said_when_interrupted(message: str) -> Iterator[None]:
    """Say how work that Ctrl-C stops goes on."""
    try:
        yield
    except KeyboardInterrupt:
        say(message)
        raise


@contextmanager
def warnings_said(*, repeated: bool = True) -> Iterator[None]:
    """Show warnings as messages; segcap's own each time, or once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("always" if repeated else "once", category=SegcapWarning)
        warnings.showwarning = lambda message, *_: say(f"Warning: {message}")
        yield
