"""Files that are written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from segcap.core.errors import FileError

__all__ = ["write_atomically"]


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file under a temporary name beside it and rename it.

    Raises
    ------
    FileError
        The folder is missing or cannot be written to, or something that is no file stands there.
    """
    if not isinstance(path, str | os.PathLike):
        raise FileError(f"A file must be written to a path. Got {path!r}.")
    target = Path(path)
    if os.path.lexists(target) and not os.path.isfile(target):
        raise FileError(f"A file must take the place of nothing but a file. Got '{target}'.")
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                file.close()
                os.chmod(file.name, 0o644)
                os.replace(file.name, target)
            except BaseException:
                with suppress(OSError):
                    file.close()
                os.unlink(file.name)
                raise
    except OSError as error:
        raise FileError(
            f"A file must be written into a folder that exists and has room. Got '{target}': "
            f"{error.strerror}."
        ) from None
