"""A trained reader as one safe file.

A bundle is a ZIP archive of a manifest, "bundle.json", and the parts that the manifest names with
their SHA-256. The archive's comment seals the file: it is the SHA-256 of all bytes before it. The
seal notices damage and change. It proves no author: whoever makes a bundle can seal it. What a
bundle may hold is bounded, so that one from a stranger can be opened: it answers wrongly at worst.
"""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import fastjsonschema
import numpy as np
from numpy.typing import NDArray

from segcap.core.charset import Charset
from segcap.core.display import short, short_repr
from segcap.core.errors import BundleError, ParameterError
from segcap.core.files import write_atomically
from segcap.core.schemas import schema

__all__ = [
    "FORMAT",
    "Bundle",
    "available",
    "bundle_path",
    "digest",
    "read_bundle",
    "write_bundle",
]

FORMAT = 1
_MANIFEST = "bundle.json"
_SEAL_LENGTH = hashlib.sha256().digest_size * 2
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LARGEST = 512 * 2**20
_LARGEST_PART = 256 * 2**20
_LARGEST_MANIFEST = 8 * 2**20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_SUFFIX = ".segcap"
_BEGINNING = re.compile(rb"PK\x03\x04.{26}bundle\.json", re.DOTALL)


@dataclass(frozen=True, repr=False)
class Bundle:
    """What a bundle holds.

    Attributes
    ----------
    kind : str
        Which reader it is: "glyph-reader", "sequence-reader", "sum-classifier",
        "image-classifier".
    architecture : str
        Name of the network.
    charset : str
        Characters in class order; empty for what reads no text.
    settings : mapping
        The reader's parameters.
    calibration : mapping
        "temperature" of the class probabilities.
    provenance : mapping
        Data, seed, versions, figures; "training", the schedule, of what looks at whole images.
    parts : mapping of str to bytes
        The classifier; see `segcap.recognition.engines`.
    network : mapping of str to int, float, str or list
        What a network was built with: one that looks at whole images with "classes", "height",
        "width", ...; a glyph reader's with its options, "context." before those of spans.
    """

    kind: str
    architecture: str
    charset: str
    settings: Mapping[str, Any]
    calibration: Mapping[str, float]
    provenance: Mapping[str, Any]
    parts: Mapping[str, bytes]
    network: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = short_repr


def write_bundle(bundle: Bundle, path: str | os.PathLike[str]) -> None:
    """Write a bundle under a temporary name and rename it.

    The same bundle gives the same bytes.

    Parameters
    ----------
    bundle : Bundle
    path : path
        Replaced if it exists.

    Raises
    ------
    BundleError
        The manifest does not follow its schema.
    FileError
        The folder cannot be written to.
    """
    manifest = {
        "format": FORMAT,
        "kind": bundle.kind,
        "architecture": bundle.architecture,
        "charset": bundle.charset,
        "settings": dict(bundle.settings),
        "calibration": dict(bundle.calibration),
        "provenance": dict(bundle.provenance),
        **({"network": dict(bundle.network)} if bundle.network else {}),
        "parts": {
            name: {"sha256": hashlib.sha256(part).hexdigest(), "bytes": len(part)}
            for name, part in bundle.parts.items()
        },
    }
    _validate(manifest, f"'{path}'")
    files = {_MANIFEST: json.dumps(manifest, indent=1, ensure_ascii=False).encode(), **bundle.parts}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
        archive.comment = b"0" * _SEAL_LENGTH
    sealed = buffer.getvalue()[:-_SEAL_LENGTH]
    write_atomically(path, sealed + hashlib.sha256(sealed).hexdigest().encode())


def read_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Read and check a bundle.

    Parameters
    ----------
    path : path

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        The file is missing, is no bundle, was changed or damaged, or is of a newer format.
    """
    try:
        if (size := os.stat(path).st_size) > _LARGEST:
            raise BundleError(
                f"A bundle must have at most {_LARGEST:,} bytes. Got '{path}' of {size:,}."
            )
        content = Path(path).read_bytes()
    except OSError as error:
        raise BundleError(
            f"A bundle must be a readable file. Got '{path}': {error.strerror}."
        ) from None
    if not _BEGINNING.match(content):
        raise BundleError(
            f"'{path}' is no segcap bundle: a bundle is a file that a reader's save has written."
        )
    seal = hashlib.sha256(content[:-_SEAL_LENGTH]).hexdigest().encode()
    if content[-_SEAL_LENGTH:] != seal:
        raise BundleError(
            f"A bundle's SHA-256 must agree with its seal. Got '{path}', which was changed or "
            "cut off after it was written."
        )
    files, manifest = _unpack(content, f"'{path}'")
    if isinstance(manifest, dict) and manifest.get("format", FORMAT) != FORMAT:
        raise BundleError(
            f"A bundle must be of format {FORMAT}, which this version of segcap reads. "
            f"Got '{path}' of format {short(manifest['format'])}."
        )
    _validate(manifest, f"'{path}'")
    described = manifest.pop("parts")
    digests = {name: hashlib.sha256(part).hexdigest() for name, part in files.items()}
    if digests != {name: part["sha256"] for name, part in described.items()}:
        raise BundleError(
            f"A bundle's parts must agree with the SHA-256 in its manifest. Got '{path}', "
            "whose parts do not."
        )
    del manifest["format"]
    return Bundle(**manifest, parts=files)


def digest(*arrays: NDArray) -> str:
    """SHA-256 of arrays' bytes, for provenance."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return sha.hexdigest()


def available() -> list[str]:
    """Return the names of the readers that segcap ships, in alphabetical order.

    Returns
    -------
    list of str

    Examples
    --------
    >>> "digits" in available()
    True
    """
    files = (resources.files("segcap") / "weights").iterdir()
    return sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX))


def bundle_path(model: str | os.PathLike[str]) -> Path:
    """Find a bundle by a shipped reader's name or by its path.

    Raises
    ------
    ParameterError
        It is neither.
    """
    if model in (names := available()):
        return Path(str(resources.files("segcap") / "weights" / f"{model}{_SUFFIX}"))
    if isinstance(model, str | os.PathLike) and os.path.isfile(model):
        return Path(model)
    raise ParameterError(
        f"A model must be one of the shipped readers ({', '.join(names)}) or the path of a bundle. "
        f"Got '{model}', which is neither."
    )


def _unpack(content: bytes, name: str) -> tuple[dict[str, bytes], Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist(), name)
            files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        return files, json.loads(files.pop(_MANIFEST), parse_constant=_no_number)
    except (BundleError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 zipfile raises what it likes on damaged files
        raise BundleError(
            f"A bundle must be a ZIP file with a manifest '{_MANIFEST}'. Got {name}: {error}."
        ) from None


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    """Check what a ZIP's directory says, before anything is unpacked."""
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        raise BundleError(
            f"The files in a bundle must differ in name. Got {name}, where two agree."
        )
    for entry in entries:
        most = _LARGEST_MANIFEST if entry.filename == _MANIFEST else _LARGEST_PART
        if entry.file_size > most:
            raise BundleError(
                f"A file in a bundle must unpack to at most {most:,} bytes. "
                f"Got {name} with {entry.file_size:,}."
            )
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _COMPRESSIONS:
            raise BundleError(
                "The files in a bundle must be stored or deflated, and not encrypted. "
                f"Got {name}, where '{entry.filename[:100]}' is not."
            )
    total = sum(entry.file_size for entry in entries)
    if total > _LARGEST:
        raise BundleError(
            f"A bundle must unpack to at most {_LARGEST:,} bytes. Got {name} with {total:,}."
        )


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def _validate(manifest: Any, name: str) -> None:
    try:
        schema("segcap.core", "bundle.schema.json")(manifest)
        if manifest["charset"]:
            Charset(manifest["charset"])
    except (fastjsonschema.JsonSchemaException, ParameterError) as error:
        raise BundleError(
            f"A bundle's manifest must follow its schema. Got {name}, where {error}."
        ) from None
