"""Files that are complete or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_UNFINISHED = ".part"
_OWN = re.compile(r"\.(?:(?P<processes>[0-9a-f]{8})-(?P<process>\d{1,9})-[0-9a-f]{8}|[0-9a-f]{16})\.part")
"""Names of files that are being written, of today and of versions before: nobody else's are removed."""
_STALE_S = 3600.0
_unfinished: set[Path] = set()
_swept: set[Path] = set()


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A new name in the folder of `target`, to write to and move from; what is left there in the end is removed.

    What programs that were killed left in that folder is removed too.
    """
    if target.parent not in _swept:
        _swept.add(target.parent)
        sweep(target.parent)
    temporary = target.with_name(f".{_processes()}-{os.getpid()}-{secrets.token_hex(4)}{_UNFINISHED}")
    _unfinished.add(temporary)
    try:
        yield temporary
    finally:
        _remove(temporary)


def abandon() -> None:
    """Remove what is being written in any thread, for a program that ends without waiting for its threads."""
    for temporary in tuple(_unfinished):
        _remove(temporary)


def sweep(folder: Path) -> None:
    """Remove what programs that were killed left unfinished in `folder`.

    What a process of another machine or container began may still be being written, so it has to be an hour old.
    """
    for temporary in folder.glob(f".*{_UNFINISHED}"):
        with suppress(OSError):
            if (name := _OWN.fullmatch(temporary.name)) and (
                _writer_is_gone(name) or temporary.stat().st_mtime < time.time() - _STALE_S
            ):
                temporary.unlink()


@cache
def _processes() -> str:
    """What names the processes that this one can see, those of one start of one machine or container."""
    known = platform.node()
    with suppress(OSError):
        known += Path("/proc/sys/kernel/random/boot_id").read_text() + os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(known.encode()).hexdigest()[:8]


def _writer_is_gone(name: re.Match[str]) -> bool:
    """Whether the process that began the file of this name is known to have ended."""
    if name["processes"] != _processes() or os.name != "posix":  # elsewhere, to ask after a process ends it
        return False
    try:
        os.kill(int(name["process"]), 0)
        about = Path(f"/proc/{name['process']}/stat").read_text()
    except ProcessLookupError:
        return True
    except OSError:  # another user's; a system without such files
        return False
    return about.rpartition(")")[2].split()[:1] == ["Z"]  # ended, though nobody has asked how


def private_folder(folder: Path) -> Path:
    """`folder`, made for the user alone if there is none, as are the folders on the way to it; one that is there stays
    as it is.

    :raises OSError: if it cannot be made
    """
    if not folder.is_dir():
        if folder.parent != folder:
            private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def writable_folder(folder: Path) -> Path:
    """`folder`, made if there is none.

    :raises OSError: if it cannot be made, or nothing can be written into it
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return folder


def _remove(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()
    _unfinished.discard(temporary)


def begin_private(path: Path) -> None:
    """Make an empty file for the user alone, to be written to, if there is none.

    :raises OSError: if it cannot be made
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def check_writable(path: Path | str) -> None:
    """Make sure that `write_whole` could write at `path`, before any work is spent.

    :raises OSError: if it is a folder, or in none that can be written, or holds something other than text
    """
    given = os.path.abspath(path)
    target = Path(os.path.realpath(given))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if given.startswith(("/dev/", "/proc/")) or (target.exists() and not target.is_file()):
        return
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder '{Path(path).parent}'", str(path))
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    _check_text(target, path)


def write_whole(path: Path | str, text: str | Iterable[str], *, private: bool = False) -> None:
    """Write `text`, whole or in parts, as UTF-8, so that `path` has its old content or all of the new, whatever happens
    meanwhile.

    A link's target is written; a pipe or terminal directly. What is not text, such as a video, is not replaced by text.
    Names that are not UTF-8 are written with their bytes as ``\\udce9``, which is JSON's form for them too.

    :param private: whether the file is for the user alone to read, whatever the umask
    :raises OSError: if it cannot be written, or holds something other than text; an old file is as it was
    """
    given = os.path.abspath(path)
    target = Path(os.path.realpath(given))
    if given.startswith(("/dev/", "/proc/")) or (target.exists() and not target.is_file()):
        _write(Path(given), text)
        return
    _check_text(target, path)
    with beside(target) as temporary:
        if private:
            begin_private(temporary)
        _write(temporary, text)
        if not private:
            with suppress(OSError):
                shutil.copymode(target, temporary)
        temporary.replace(target)


def _write(path: Path, text: str | Iterable[str]) -> None:
    if isinstance(text, str):
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        return
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(text)


def _check_text(target: Path, path: Path | str) -> None:
    if _is_binary(target):
        raise FileExistsError(errno.EEXIST, "the file there is not text, so it is kept", str(path))


def _is_binary(path: Path) -> bool:
    """Whether there is a file with a zero byte near its start, as text has none."""
    try:
        with path.open("rb") as file:
            return b"\0" in file.read(4096)
    except FileNotFoundError:
        return False
