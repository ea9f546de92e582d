"""The command line."""

from segcap.cli import (
    about,
    benching,
    evaluating,
    generating,
    odds,
    reading,
    searching,
    training,
)
from segcap.cli.app import app, main

__all__ = [
    "about",
    "app",
    "benching",
    "evaluating",
    "generating",
    "main",
    "odds",
    "reading",
    "searching",
    "training",
]
