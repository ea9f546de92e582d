"""The command line."""

from segcap.cli import (
    about,
    benching,
    evaluating,
    generating,
    learning,
    odds,
    reading,
    searching,
)
from segcap.cli.app import app, main

__all__ = [
    "about",
    "app",
    "benching",
    "evaluating",
    "generating",
    "learning",
    "main",
    "odds",
    "reading",
    "searching",
]
