"""The command line."""

from segcap.cli import (  # noqa: F401 each brings its commands
    about,
    auditing,
    benching,
    evaluating,
    generating,
    labeling,
    odds,
    reading,
    searching,
    training,
)
from segcap.cli.app import app, main

__all__ = ["app", "main"]
