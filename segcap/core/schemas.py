"""The JSON schemas that files are checked by."""

import json
from functools import cache
from importlib import resources
from typing import Any

import fastjsonschema

__all__ = ["schema"]


@cache
def schema(package: str, name: str) -> Any:
    """Return a function that checks a document by a schema in a package."""
    text = resources.files(package).joinpath(name).read_text("utf-8")
    return fastjsonschema.compile(json.loads(text))
