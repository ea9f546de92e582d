"""Third parties' readers, and functions of an image, as methods of a benchmark."""

import csv
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from math import nan
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcap.benchmark.memory import MAXRSS_UNIT, peak_memory
from segcap.benchmark.outcomes import Approach
from segcap.benchmark.split_task import Asks
from segcap.core.errors import ImageError, ParameterError
from segcap.core.image import ImageSource, load_or_error
from segcap.core.reading import ClassReading, Reading, Result, Status, SumReading

__all__ = ["PEERS", "Ddddocr", "FunctionMethod", "Tesseract", "in_charset", "installed_peers"]

_MIB = 2**20
_OPEN_DDDDOCR = """
import ddddocr
from PIL import Image
ocr = ddddocr.DdddOcr(show_ad=False)
ocr.set_ranges(options[0])
for image in images:
    ocr.classification(Image.fromarray(image))
"""
_START = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(eq=False)
class FunctionMethod:
    """A function from an image to its text.

    Parameters
    ----------
    name : str
    function : callable
        From an (H, W, 3) uint8 RGB image to a text, or to None for no answer. Where sums are asked
        for, the digits of the text are added up.
    asks : {"texts", "sums", "classes"}
    description : str
    """

    name: str
    function: Callable[[NDArray[np.uint8]], str | None]
    asks: Asks = "texts"
    description: str = "a function of an image"

    approach: ClassVar[Approach] = "peer"

    @property
    def identity(self) -> dict[str, Any]:
        """What its answers depend on, but for the code behind it."""
        return {name: own for name, own in vars(self).items() if isinstance(own, str | int)}

    def answer(self, images: Sequence[ImageSource]) -> list[Result]:
        """Answer to each image.

        Raises
        ------
        ParameterError
            The function gives neither a text nor None.
        """
        return [self._result(load_or_error(image)) for image in images]

    def _result(self, image: NDArray[np.uint8] | ImageError) -> Result:
        if isinstance(image, ImageError):
            return Reading.unreadable(str(image))
        text = self.function(image)
        if text is not None and not isinstance(text, str):
            raise ParameterError(
                f"A method '{self.name}' must answer with a text or None. Got {text!r}."
            )
        if self.asks == "sums":
            total = _summed(text or "")
            return SumReading(total, confidence=nan, status="empty" if total is None else "ok")
        status: Status = "ok" if text else "empty"
        if self.asks == "classes":
            return ClassReading(text, confidence=nan, status=status)
        return Reading(text or "", confidence=nan, status=status)


@dataclass(eq=False)
class Ddddocr(FunctionMethod):
    """The OCR of the package ddddocr, as it comes; nothing is trained.

    Its answers are kept to the characters of the charset, in either case.

    Parameters
    ----------
    asks : {"texts", "sums"}
    charset : str
    """

    name: str = "ddddocr"
    function: Callable[[NDArray[np.uint8]], str | None] = field(init=False)
    asks: Asks = "texts"
    description: str = "ddddocr as it comes, its answers kept to the charset"
    charset: str = "0123456789"

    def __post_init__(self) -> None:
        self.function = self._read

    @cached_property
    def version(self) -> str | None:
        """Of the package; None where it is not installed."""
        try:
            return version("ddddocr")
        except PackageNotFoundError:
            return None

    @property
    def identity(self) -> dict[str, Any]:
        """What its answers depend on."""
        return {**super().identity, "version": self.version}

    @cached_property
    def _ocr(self) -> Any:
        ocr = import_module("ddddocr").DdddOcr(show_ad=False)
        ocr.set_ranges(_either_case(self.charset))
        return ocr

    def peak_memory(self, images: Sequence[NDArray[np.uint8]]) -> float:
        """Return the most memory that a process takes which opens it and reads, MiB."""
        return peak_memory(_OPEN_DDDDOCR, [_either_case(self.charset)], images)

    def _read(self, image: NDArray[np.uint8]) -> str:
        text = self._ocr.classification(Image.fromarray(image))
        return in_charset(text, self.charset)


@dataclass(eq=False)
class Tesseract(FunctionMethod):
    """The program tesseract, started for each image; nothing is trained.

    Parameters
    ----------
    asks : {"texts", "sums"}
    charset : str
        Its whitelist, in either case.
    psm : {7, 8}
        Whether an image is a line of text or a word.
    """

    name: str = "tesseract"
    function: Callable[[NDArray[np.uint8]], str | None] = field(init=False)
    asks: Asks = "texts"
    description: str = "the program tesseract as it comes, started for each image"
    charset: str = "0123456789"
    psm: int = 7

    def __post_init__(self) -> None:
        self.function = self._read
        if self.psm not in (7, 8):
            raise ParameterError(f"The 'psm' of Tesseract must be 7 or 8. Got {self.psm!r}.")

    @cached_property
    def version(self) -> str | None:
        """The name and version that the program prints; None where it is not installed."""
        try:
            printed = subprocess.run(["tesseract", "--version"], capture_output=True, text=True)
        except OSError:
            return None
        return (printed.stdout or printed.stderr).split("\n")[0]

    @property
    def identity(self) -> dict[str, Any]:
        """What its answers depend on."""
        return {**super().identity, "version": self.version}

    def peak_memory(self, images: Sequence[NDArray[np.uint8]]) -> float:
        """Return the most memory that one start of the program takes, MiB."""
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(_as_png(images[0]))
            file.flush()
            command = [sys.executable, "-S", "-E", "-c", _START, *self._command(file.name)]
            run = subprocess.run(command, capture_output=True, check=True, text=True)
        return int(run.stdout) * MAXRSS_UNIT / _MIB

    def _read(self, image: NDArray[np.uint8]) -> str | None:
        run = subprocess.run(self._command("stdin"), input=_as_png(image), capture_output=True)
        if run.returncode < 0:  # it was killed by what it made of the image
            return None
        run.check_returncode()
        rows = csv.DictReader(
            io.StringIO(run.stdout.decode("utf-8", errors="replace")),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
        return in_charset("".join(row["text"] or "" for row in rows), self.charset)

    def _command(self, source: str) -> list[str]:
        whitelist = f"tessedit_char_whitelist={_either_case(self.charset)}"
        return ["tesseract", source, "stdout", "--psm", str(self.psm), "-c", whitelist, "tsv"]


PEERS: dict[str, type[Ddddocr] | type[Tesseract]] = {"ddddocr": Ddddocr, "tesseract": Tesseract}


def installed_peers() -> list[str]:
    """Return the names of the third parties' readers that can be started here."""
    found = {
        "ddddocr": find_spec("ddddocr") is not None,
        "tesseract": shutil.which("tesseract") is not None,
    }
    return [name for name, is_there in found.items() if is_there]


def in_charset(text: str, charset: str) -> str:
    """Keep the characters of a charset, those of the other case as its own."""
    cased = (char if char in charset else char.swapcase() for char in text)
    return "".join(char for char in cased if char in charset)


def _either_case(charset: str) -> str:
    return "".join(dict.fromkeys(char for own in charset for char in (own, own.swapcase())))


def _summed(text: str) -> int | None:
    digits = [int(char) for char in text if char.isdecimal()]
    return sum(digits) if digits else None


def _as_png(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
