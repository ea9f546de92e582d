"""The command line."""

from segcap.cli import (
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

__all__ = [
    "about",
    "app",
    "auditing",
    "benching",
    "evaluating",
    "generating",
    "labeling",
    "main",
    "odds",
    "reading",
    "searching",
    "training",
]
