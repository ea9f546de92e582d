"""The command line."""

from segcap.cli import about, evaluating, generating, learning, odds, reading
from segcap.cli.app import app, main

__all__ = ["about", "app", "evaluating", "generating", "learning", "main", "odds", "reading"]
