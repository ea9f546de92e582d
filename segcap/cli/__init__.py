"""The command line."""

from segcap.cli import about, generating, learning, reading
from segcap.cli.app import app, main

__all__ = ["about", "app", "generating", "learning", "main", "reading"]
