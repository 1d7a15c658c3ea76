"""The database in a folder: one for all libraries that a process has open there, kept up with other processes."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from attrs import frozen
from filelock import FileLock, Timeout

import atom_core as atom
from atom_indexing.library import chroma

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

log = logging.getLogger("atom")
T = TypeVar("T")

_NAMES = (chroma.CLIPS, chroma.CAPTIONS, chroma.TEXTS)
_CHECK_S, _PATIENCE_S, _LOCK_LIMIT_S, _CLOSE_S = 0.5, 10.0, 600.0, 2.0


@frozen
class Collections:
    """What a library consists of, with the same ids."""

    clips: Collection
    """Vectors and metadata of clips."""
    captions: Collection
    """Vectors of their captions by the decoder."""
    texts: Collection
    """Vectors of their captions by a text embedder, which its metadata names; those of some may not be there yet."""


Version = tuple[int, int, int]
"""Device and inode of the file, and SQLite's count of the changes that others made to it."""


class Database:
    """Chroma's collections, used by one process at a time and opened anew once another one has changed them.

    Chroma reads a database once: what other processes change afterwards it sees in part, or fails at.
    """

    _opened: ClassVar[dict[Path, Database]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        """Use `shared`."""
        self.path = path
        self.version: Version | None = None
        """What the collections were when this process last had them in hand."""
        self._users = 0
        self._lock = threading.RLock()
        self._between = FileLock(path / chroma.LOCK, mode=0o600, thread_local=False)
        self._client: Client | None = None
        self._collections: Collections | None = None
        self._watch: sqlite3.Connection | None = None
        self._folders = {entry.name for entry in os.scandir(path)}
        self._stuck: chroma.StuckError | None = None

    @classmethod
    def shared(cls, path: Path) -> Database:
        """The database of the folder `path`, which is made if there is none; to be `released`.

        :raises LibraryError: if the folder holds something else, or cannot be opened
        """
        place = Path(os.path.realpath(path))
        with cls._opening:
            database = cls._opened.get(place)
            if database is None or database._stuck is not None:
                with chroma.explained(path, "opened"):
                    chroma.prepare(path)
                    database = cls._opened[place] = cls(Path(os.path.abspath(path)))
            database._users += 1
        return database

    def release(self) -> None:
        """Let go of the files, if nobody else in this process uses them."""
        with self._opening:
            self._users -= 1
            if self._users > 0:
                return
            for place in [place for place, database in self._opened.items() if database is self]:
                del self._opened[place]
        if self._lock.acquire(timeout=_CLOSE_S):  # who holds it longer waits for a call that does not end
            try:
                self._disconnect()
                if self._watch is not None:
                    self._watch.close()
                    self._watch = None
            finally:
                self._lock.release()

    def changed(self, since: Version | None) -> bool:
        """Whether anything was stored or removed since the version `since`, by whomever."""
        with self._lock, chroma.explained(self.path, "read"):
            return since is None or since != self.version or not self._is_current()

    def use(self, work: Callable[[Collections], T], done: str = "read") -> tuple[T, Version | None]:
        """What `work` makes of the collections, and their version then. It may run twice, so it must not matter
        whether it did.

        :param done: what was to be done with the library, for messages
        :raises LibraryError: if that fails
        """
        with self._lock:
            return self._use(work, done), self.version

    def clear(self, *names: str) -> None:
        """Delete the collections called `names`, or all there are; what is used next is new."""

        def delete(_: Collections) -> None:
            assert self._client is not None
            for name in names or _NAMES:
                self._client.delete_collection(name)

        with self._lock:
            try:
                self._use(delete, "emptied")
            finally:
                self._disconnect()

    def _use(self, work: Callable[[Collections], T], done: str) -> T:
        with chroma.explained(self.path, done), self._claimed():
            if self._stuck is not None:
                raise self._stuck
            try:
                fresh = self._collections is None or not self._is_current()
                try:
                    return self._call(work, fresh=fresh)
                except BaseException as error:
                    if fresh or not chroma.may_be_stale(error):
                        raise
                    return self._call(work, fresh=True)
            except chroma.StuckError as error:
                self._stuck = error
                raise
            finally:
                chroma.keep_private(self.path, self._folders)
                with suppress(OSError, sqlite3.Error):
                    self.version = self._now()

    def _call(self, work: Callable[[Collections], T], *, fresh: bool) -> T:
        if fresh:
            self._disconnect()

        def call() -> T:
            if self._collections is None:
                self._client = chroma.connect(self.path)
                found = [
                    chroma.collection(self._client, name) for name in (chroma.CLIPS, chroma.CAPTIONS, chroma.TEXTS)
                ]
                self._collections = Collections(*found)
            return work(self._collections)

        return chroma.bounded(self.path, call)

    def _is_current(self) -> bool:
        """Whether nobody else has changed the database since this process had it in hand.

        :raises OSError: if the file is gone
        """
        try:
            return self._now() == self.version
        except sqlite3.Error:  # what a killed program was writing is still to be undone
            return False

    def _now(self) -> Version:
        """
        :raises OSError: if the file is gone
        """
        file = os.stat(self.path / chroma.DATABASE)
        if self._watch is not None and self.version is not None and self.version[:2] != (file.st_dev, file.st_ino):
            self._watch.close()
            self._watch = None
        if self._watch is None:
            address = f"{(self.path / chroma.DATABASE).as_uri()}?mode=ro"
            self._watch = sqlite3.connect(address, uri=True, timeout=chroma.LIMIT_S, check_same_thread=False)
        with closing(self._watch.execute("PRAGMA data_version")) as found:
            return file.st_dev, file.st_ino, int(found.fetchone()[0])

    def _disconnect(self) -> None:
        client, self._client, self._collections = self._client, None, None
        if client is not None and self._stuck is None:
            client.close()

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """The right to use the files, which other processes wait for; one that writes and one that reads would mix up
        what Chroma keeps beside the database.
        """
        waited_s = 0.0
        while not self._between.is_locked:
            try:
                self._between.acquire(timeout=_CHECK_S)
            except Timeout:
                waited_s += _CHECK_S
                if waited_s == _PATIENCE_S:
                    log.warning("library %s is in use by another process: waiting for it", self.path)
                if waited_s >= _LOCK_LIMIT_S:
                    raise atom.LibraryError(
                        f"library '{self.path}' has been in use by another process for {waited_s:g} s; if that was"
                        " stopped, let it go on, or end it"
                    ) from None
            except (OSError, NotImplementedError):  # a disk without locks
                break
        try:
            yield
        finally:
            self._between.release()
