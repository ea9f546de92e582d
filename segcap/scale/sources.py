"""Images wherever they lie: folders, globs, lists, shards, tables, by path or URL."""

import io
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from glob import iglob
from typing import IO, Any, TypeAlias

from segcap.core.errors import DataError, SegcapError
from segcap.core.extras import require
from segcap.core.image_files import is_image_name, iterate_images

__all__ = ["LIST", "Named", "ReadMany", "find", "records_of"]

Named: TypeAlias = tuple[str, str | bytes | DataError]
"""An image's name and where or what it is: its path or URL, its bytes, or why there is none."""

ReadMany: TypeAlias = Callable[[Any], Sequence[Any]]
"""From images to results."""

LIST = "@"
"""What the name of a list of sources begins with."""

_SHARDS = (".tar", ".tar.gz", ".tgz")
_TABLE = ".parquet"
_ROWS_AT_ONCE = 64


def find(sources: Sequence[str], *, column: str = "image") -> Iterator[Named]:
    """Find images one after the other, each once, without a list of them.

    Parameters
    ----------
    sources : sequence of str
        Images; folders, searched to any depth for files with an image's ending, in natural order;
        globs; "@list.txt" for a file with a source a line; tar files, of which members with an
        image's ending are taken, as WebDataset has them; Parquet files. Each may be a URL that
        fsspec knows, such as "s3://bucket/*.tar".
    column : str
        Of Parquet files: which column holds the images' files, as bytes or as a struct with
        "bytes".

    Yields
    ------
    tuple of (str, str or bytes or DataError)
        Its name, SHARD/MEMBER and TABLE#ROW for what lies in files, and a path, URL or bytes. A
        source that is not there, holds no image or is damaged, gives its own name and an error
        after what images it has.

    Raises
    ------
    DataError
        It is the only one, and gives no image.
    ParameterError
        fsspec or pyarrow is needed and not installed.
    """
    unique = len(sources) == 1 and not (sources[0].startswith(LIST) or "**" in sources[0])
    seen: set[int] = set()  # of hashes, as names would take more room
    for source, missing in _listed(sources):
        alone, empty = [source] == list(sources), True
        try:
            if missing is not None:
                raise missing
            for name, image in _of_source(source, column):
                empty = False
                if unique or hash(name) not in seen:
                    yield name, image
                if not unique:
                    seen.add(hash(name))
            if empty:
                raise DataError(f"A source must hold at least one image. Got '{source}'.")
        except DataError as error:
            if alone and empty:
                raise
            yield source, error


def records_of(read_many: ReadMany, images: Iterable[Any]) -> list[dict[str, Any]]:
    """Read images, those behind URLs too, into records.

    Parameters
    ----------
    read_many : callable
    images : iterable of path, URL, bytes, array, PIL.Image.Image or SegcapError

    Returns
    -------
    list of dict
        As of `to_dict`; an image that cannot be had, or whose error is given, is "unreadable".
    """
    had = [_fetched(image) for image in images]
    results = read_many([b"" if isinstance(image, SegcapError) else image for image in had])
    records: list[dict[str, Any]] = [result.to_dict() for result in results]
    for record, image in zip(records, had, strict=True):
        if isinstance(image, SegcapError):
            record["error"] = str(image)
    return records


def _fetched(image: Any) -> Any:
    """The bytes behind a URL, or the error that keeps them there; anything else as it is."""
    if not (isinstance(image, str) and _is_url(image)):
        return image
    try:
        with _reached(image):
            system, path = _system(image)
            return system.cat_file(path)  # one request, where opening it would be two
    except DataError as error:
        return error


def _listed(
    sources: Iterable[str], within: tuple[str, ...] = ()
) -> Iterator[tuple[str, DataError | None]]:
    """List what lists and globs name, each with why it names nothing."""
    for source in sources:
        try:
            if not source:
                raise DataError("A path must not be empty. Got ''.")
            if source in within:
                raise DataError(f"A list must not name itself. Got '{source}'.")
            if source.startswith(LIST):
                with _opened(source[len(LIST) :]) as file:
                    lines = (os.fsdecode(line).strip("\r\n\ufeff") for line in file)
                    listed = _listed(filter(None, lines), (*within, source))
                    first = next(listed, None)
                    if first is None:
                        raise DataError(f"A list must name at least one source. Got '{source}'.")
                    yield first
                    yield from listed
            else:
                yield from ((path, None) for path in _globbed(source) or [source])
        except DataError as error:
            yield source, error
        except OSError as error:
            why = f"A list must be readable to its end. Got '{source}': {_reason(error)}."
            yield source, DataError(why)


def _globbed(source: str) -> list[str]:
    if _is_url(source):
        if "*" not in source:  # other signs have a meaning of their own in URLs
            return []
        with _reached(source):
            system, path = _system(source)
            return sorted(map(system.unstrip_protocol, system.glob(path)))
    return sorted(iglob(source, recursive=True)) if not os.path.lexists(source) else []


def _of_source(source: str, column: str) -> Iterator[Named]:
    ending = source.lower()
    if ending.endswith(_SHARDS):
        yield from _of_shard(source)
    elif ending.endswith(_TABLE) and not os.path.isdir(source):
        yield from _of_table(source, column)
    elif _is_url(source):
        yield from ((url, url) for url in _of_url(source))
    else:
        yield from ((path, path) for path in iterate_images(source))


def _of_url(url: str) -> Iterator[str]:
    with _reached(url):
        system, path = _system(url)
        if not system.isdir(path):
            yield url
            return
        for place, _, names in system.walk(path):
            for name in sorted(filter(is_image_name, names)):
                yield system.unstrip_protocol(f"{place}/{name}")


def _system(url: str) -> tuple[Any, str]:
    require("fsspec", "scale", f"The URL '{url}'")
    from fsspec.core import url_to_fs

    with _reached(url):
        return url_to_fs(url)


@contextmanager
def _reached(url: str) -> Iterator[None]:
    """Turn what the client of a storage raises, whose errors share no base, into one sentence."""
    try:
        yield
    except SegcapError:
        raise
    except Exception as error:  # noqa: BLE001
        raise DataError(f"A URL must be there. Got '{url}': {_reason(error)}.") from None


class _Member(tarfile.TarInfo):
    """A member of a shard whose end must be marked, or it was cut off."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Member":
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None


def _of_shard(shard: str) -> Iterator[Named]:
    with _opened(shard) as file:
        try:
            with tarfile.open(fileobj=file, mode="r|*", tarinfo=_Member) as members:
                for member in members:
                    if member.isfile() and is_image_name(member.name):
                        inside = members.extractfile(member)
                        if inside is not None:
                            yield f"{shard}/{member.name}", inside.read()
                    members.members.clear()  # type: ignore[attr-defined]  # it would list all
        except (tarfile.TarError, OSError, EOFError) as error:
            raise DataError(
                f"A shard must be a whole tar file. Got '{shard}', of which what comes before is "
                f"read: {_reason(error)}."
            ) from None


def _of_table(table: str, column: str) -> Iterator[Named]:
    require("pyarrow", "scale", f"The table '{table}'")
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    with _opened(table) as file:
        try:
            content = ParquetFile(file)
            names = content.schema_arrow.names
            if column not in names:
                raise DataError(
                    f"A table of images must have the column '{column}'. Got '{table}' with "
                    f"{', '.join(names)}."
                )
            row = 0
            for batch in content.iter_batches(_ROWS_AT_ONCE, columns=[column]):
                for value in batch.column(0).to_pylist():
                    image = value.get("bytes") if isinstance(value, dict) else value
                    if not isinstance(image, bytes | None):
                        raise DataError(
                            f"The column '{column}' of a table must hold the bytes of images. "
                            f"Got '{table}' with {batch.schema.field(0).type}."
                        )
                    yield f"{table}#{row}", image or b""
                    row += 1
        except (ArrowException, OSError) as error:
            raise DataError(
                f"A table must be a whole Parquet file. Got '{table}': {_reason(error)}."
            ) from None


def _is_url(source: str) -> bool:
    return "://" in source


def _opened(file: str) -> IO[bytes]:
    if not _is_url(file):
        try:
            return open(file, "rb")
        except OSError as error:
            raise DataError(f"A path must exist. Got '{file}': {_reason(error)}.") from None
    require("fsspec", "scale", f"The URL '{file}'")
    import fsspec

    with _reached(file):
        return io.BufferedReader(_Remote(fsspec.open(file, "rb").open()))


class _Remote(io.RawIOBase):
    """A file behind a URL; what its client raises while it is read is an OSError."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        try:
            content = self._file.read(len(buffer))
        except Exception as error:  # noqa: BLE001
            raise OSError(_reason(error)) from None
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split()).rstrip(".") or type(error).__name__
