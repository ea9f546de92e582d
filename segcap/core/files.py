"""Files that are written whole or not at all, and by one process at a time."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
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
    """Write a file beside its place, without a name where the system can, and move it there.

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
        if not _written_nameless(target, content):
            _write_named(target, content)
    except OSError as error:
        raise FileError(
            f"A file must be written into a folder that exists and has room. Got '{target}': "
            f"{error.strerror}."
        ) from None


def _written_nameless(target: Path, content: bytes) -> bool:
    """Write a file that has no name until it is whole: a writer that is killed leaves none.

    Returns
    -------
    bool
        False where the system or the file system has no such files; nothing is written then.
    """
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        number = os.open(target.parent, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except OSError:
        return False
    with os.fdopen(number, "wb") as file:
        _fill(file, content)
        if target.exists():
            os.fchmod(number, S_IMODE(target.stat().st_mode))
        try:
            _name(number, target)
        except FileExistsError:
            pass
        except OSError:  # no /proc
            return False
        else:
            return True
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        _name(number, temporary)
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def _name(number: int, path: Path) -> None:
    # src_dir_fd changes nothing but that the link is followed, to the file that is open
    os.link(f"/proc/self/fd/{number}", path, src_dir_fd=number, follow_symlinks=True)


def _write_named(target: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(
        dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as file:
        try:
            _fill(file, content)
            file.close()
            os.chmod(file.name, S_IMODE(target.stat().st_mode) if target.exists() else 0o644)
            os.replace(file.name, target)
        except BaseException:
            with suppress(OSError):
                file.close()
            os.unlink(file.name)
            raise


def _fill(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())
