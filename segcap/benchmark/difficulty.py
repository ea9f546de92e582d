"""Generators of images like those of a task, at any difficulty."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcap.benchmark.split_task import ImageGenerator
from segcap.core.bundle import digest
from segcap.core.errors import ParameterError
from segcap.datasets.dataset import Dataset
from segcap.generate import TextGenerator, digit_sums, schemes

__all__ = ["sums_generator", "texts_generator"]

_SCHEMES = {
    "captcha-v2": "gradient-line",
    "wordpress": "wordpress",
    "captcha-wordpress": "wordpress",
    "six-char": "six-char",
}
_OVERLAPPING, _APART = 10, 22
_SEED = 987_654


def sums_generator(digits: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> ImageGenerator:
    """Turn the least advance of digits in a row from 22, apart, to 10, overlapping.

    Parameters
    ----------
    digits : tuple of (M, 28, 28) uint8 array and (M,) uint8 array
        What is drawn with; see `segcap.generate.digit_sums`.
    """

    def draw(difficulty: float, n: int) -> tuple[Sequence[NDArray[np.uint8]], list[str]]:
        advance = round(_APART - difficulty * (_APART - _OVERLAPPING))
        rows = digit_sums(n, advance, seed=_SEED, digits=digits)
        return list(rows.images), list(map(str, rows.labels.sum(axis=1, dtype=np.int64).tolist()))

    return ImageGenerator(f"digit-sum of {digest(*digits)}", draw)


def texts_generator(task: str, dataset: Dataset) -> ImageGenerator | None:
    """Return the generator of a scheme that draws like a data set, with its characters and lengths.

    Returns
    -------
    ImageGenerator or None
        None where neither the task nor a settings.json beside the images names a scheme, or where
        it has no such characters.
    """
    if dataset.charset is None:
        return None
    given = {} if isinstance(dataset.images, np.ndarray) else _settings(dataset.root)
    scheme = _SCHEMES.get(task, given.get("scheme"))
    if scheme not in schemes():
        return None
    lengths = list(map(len, dataset.labels.tolist()))
    try:
        options: dict[str, Any] = {
            "charset": dataset.charset,
            "length": (min(lengths), max(lengths)),
            "size": given.get("size"),
        }
        name = json.dumps(TextGenerator(scheme, **options).settings(), sort_keys=True)
    except ParameterError:
        return None

    def draw(difficulty: float, n: int) -> tuple[Sequence[NDArray[np.uint8]], list[str]]:
        samples = TextGenerator(scheme, **options, difficulty=difficulty).samples(n, seed=_SEED)
        return [sample.image for sample in samples], [sample.label for sample in samples]

    return ImageGenerator(name, draw)


def _settings(root: Path) -> dict[str, Any]:
    """Read what the images beside were drawn with, if they were."""
    for folder in (root, root.parent):
        try:
            found = json.loads((folder / "settings.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return {}
