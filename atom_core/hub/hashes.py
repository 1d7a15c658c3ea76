"""What files contain, told by a hash that is computed once and remembered."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from pathlib import Path

from atom_core.files import private_folder, write_whole
from atom_core.files.owner import read_own
from atom_core.files.stamp import FileStamp

log = logging.getLogger("atom")

_WORTH_REMEMBERING_BYTES = 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


class Hashes:
    """Hashes of files. Those of large files are remembered by path, size and times, of which nobody can set that of the
    last change; one so young that it may change within a tick of the clock is not.
    """

    def __init__(self, memory: Path | None = None) -> None:
        """
        :param memory: file to remember them in; None remembers nothing between runs
        """
        self._memory = memory
        self._known = _read(memory)
        self._new = False

    def sha256(self, path: Path) -> str:
        """The sha256 of a file's bytes.

        :raises OSError: if it cannot be read
        """
        return self._hash(path, "sha256")

    def is_what_hub_lists(self, path: Path, etag: str) -> bool:
        """Whether a file has the bytes that the hub names by `etag`: sha256 of large files, git's sha1 of others.

        :raises OSError: if it cannot be read
        """
        if _SHA256.fullmatch(etag):
            return self.sha256(path) == etag
        if _SHA1.fullmatch(etag):  # mirrors may name a file by the hash of its bytes alone
            return etag in (
                self._hash(path, "sha1", f"blob {path.stat().st_size}\0".encode()),
                self._hash(path, "sha1"),
            )
        return True

    def remember(self, path: Path, etag: str) -> None:
        """Take it that a file that nobody else writes was found to have the bytes that the hub names by `etag`."""
        if _SHA256.fullmatch(etag):
            target = path.resolve()
            self._known[_name(target, FileStamp.of(target.stat()))], self._new = etag, True

    def knows(self, name: str) -> bool:
        """Whether something was noted, in this run or before."""
        return name in self._known

    def note(self, name: str) -> None:
        """Remember something that was found out, by a name that holds what it is about."""
        self._known[name], self._new = "", True

    def save(self) -> None:
        """Keep what is new for the next run."""
        if self._memory is None or not self._new:
            return
        try:
            private_folder(self._memory.parent)
            write_whole(self._memory, json.dumps(_read(self._memory) | self._known), private=True)
            self._new = False
        except OSError as error:
            log.info("hashes of weights cannot be remembered in %s: %s", self._memory, error)

    def _hash(self, path: Path, kind: str, before: bytes = b"") -> str:
        target = path.resolve()
        stamp, now_ns = FileStamp.of(target.stat()), time.time_ns()
        name = _name(target, stamp) + ("" if kind == "sha256" else f"|{kind}{'|git' if before else ''}")
        if name in self._known:
            return self._known[name]
        with target.open("rb") as file:
            digest = hashlib.new(kind, before)
            value = hashlib.file_digest(file, lambda: digest).hexdigest()
        if stamp.size >= _WORTH_REMEMBERING_BYTES and stamp.is_settled(now_ns):
            self._known[name], self._new = value, True
        return value


def _name(target: Path, stamp: FileStamp) -> str:
    return f"{target}|{stamp.size}|{stamp.mtime_ns}|{stamp.ctime_ns}|{stamp.inode}"


def _read(memory: Path | None) -> dict[str, str]:
    try:
        known = json.loads(read_own(memory)) if memory is not None else {}
        return known if isinstance(known, dict) else {}
    except (OSError, ValueError, RecursionError):
        return {}
