"""What a benchmark found, and the file that holds it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import fastjsonschema

from segcap.benchmark.outcomes import Box, Judged, MethodResult
from segcap.benchmark.plain import from_plain, to_plain
from segcap.core.errors import DataError
from segcap.core.files import write_atomically
from segcap.core.schemas import schema
from segcap.evaluate.agreement import Agreement
from segcap.evaluate.paired import RateDifference, is_shown, mcnemar, paired_difference

__all__ = ["FORMAT", "BenchmarkResult", "Hardware", "ImageResult", "Pair", "SplitResult"]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class SplitResult:
    """How many images were trained on and tested on, and the SHA-256 of either part."""

    seed: int
    training: int
    tested: int
    training_sha256: str
    tested_sha256: str


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine; memory in GiB."""

    processor: str
    cores: int
    memory_gib: float
    accelerators: tuple[str, ...]

    def __str__(self) -> str:
        memory = f"{self.memory_gib:g} GiB of memory"
        return ", ".join((self.processor, f"{self.cores} cores", memory, *self.accelerators))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two methods on the same images: how many both, one or none got right, and the test.

    `p_value` is McNemar's mid-p, `difference` the first's exact match less the second's.
    """

    first: str
    second: str
    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    difference: RateDifference

    @classmethod
    def of(cls, first: str, second: str, counts: Agreement) -> "Pair":
        """Compare two methods."""
        return cls(
            first,
            second,
            **asdict(counts),
            p_value=mcnemar(counts),
            difference=paired_difference(counts),
        )

    @property
    def counts(self) -> Agreement:
        """How often both, one and none are right."""
        return Agreement(self.both, self.only_first, self.only_second, self.neither)

    @property
    def is_shown(self) -> bool:
        """Whether their difference is more than chance explains."""
        return is_shown(self.difference, self.p_value)

    def turned(self) -> "Pair":
        """Return the same pair the other way round."""
        gap = self.difference
        return replace(
            self,
            first=self.second,
            second=self.first,
            only_first=self.only_second,
            only_second=self.only_first,
            difference=RateDifference(0 - gap.value, 0 - gap.high, 0 - gap.low),
        )


@dataclass(frozen=True, slots=True)
class ImageResult:
    """One tested image: its name, its truth, and what each method answers by name.

    `picture` is its file below the data's folder, None if it was drawn; `boxes` are where its
    characters are, if that is known.
    """

    image: str
    truth: str
    picture: str | None
    boxes: tuple[Box, ...] | None
    by: Mapping[str, Judged]


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """What a benchmark found; `to_json` and `from_json` follow results.schema.json."""

    version: str
    task: str
    title: str
    split: SplitResult
    hardware: Hardware
    methods: tuple[MethodResult, ...]
    pairs: tuple[Pair, ...]
    answers: tuple[ImageResult, ...]

    def _repr_html_(self) -> str:
        """Show notebooks the table that `segcap bench` prints."""
        from segcap.benchmark.outputs import table

        return f"<pre>{escape(table(self))}</pre>"

    def to_json(self) -> dict[str, Any]:
        """Return plain types."""
        return {"format": FORMAT, **to_plain(self)}

    @classmethod
    def from_json(cls, document: Any, *, name: str = "a mapping") -> "BenchmarkResult":
        """Make the result that a document holds.

        Raises
        ------
        DataError
            The document is of another format or does not follow the schema; `name` says which.
        """
        if isinstance(document, dict) and document.get("format", FORMAT) != FORMAT:
            raise DataError(
                f"Results of a benchmark must be of format {FORMAT}. "
                f"Got {name} of format {document['format']!r}."
            )
        try:
            schema("segcap.benchmark", "results.schema.json")(document)
        except fastjsonschema.JsonSchemaException as error:
            raise DataError(
                f"Results of a benchmark must follow their schema. Got {name}, where {error}."
            ) from None
        try:
            json.dumps(document, allow_nan=False)
            return from_plain(cls, {key: own for key, own in document.items() if key != "format"})
        except ValueError as error:
            raise DataError(
                f"Results of a benchmark must hold what one can find. Got {name}, where {error}"
            ) from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write results.json, whole or not at all.

        Raises
        ------
        FileError
            The folder is missing or cannot be written to.
        ValueError
            A figure is no number.
        """
        document = json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False)
        write_atomically(path, document.encode("utf-8", errors="surrogateescape"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "BenchmarkResult":
        """Read results.json.

        Raises
        ------
        DataError
            The file is missing, damaged or holds something else.
        """
        if not isinstance(path, str | os.PathLike):
            raise DataError(f"Results of a benchmark must be a JSON file. Got {path!r}.")
        try:
            content = Path(path).read_text("utf-8", errors="surrogateescape")
            document = json.loads(content)
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(
                f"Results of a benchmark must be a JSON file. Got '{path}': {error}."
            ) from None
        return cls.from_json(document, name=f"'{path}'")
