"""Files that are written whole or not at all, and by one process at a time."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from segcap.core.errors import FileError

__all__ = ["lock", "write_atomically"]


def lock(file: IO[Any] | int) -> bool:
    """Lock an open file until it is closed, or its process ends.

    Returns
    -------
    bool
        False if another one has locked it. True on systems without such locks.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


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
