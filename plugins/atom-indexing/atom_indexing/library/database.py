"""The database in a folder: one for all libraries that a process has open there, kept up with other processes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from attrs import field, frozen
from filelock import FileLock, Timeout

import atom_core as atom
from atom_indexing.library import chroma
from atom_indexing.library.made_by import made_by
from atom_indexing.library.stored import page_of
from atom_indexing.replica.changes import Change, Stored
from atom_indexing.replica.replica import Replica
from atom_indexing.replica.stamp import stamp_of

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

    from atom_indexing.replica.snapshot import Snapshot

log = logging.getLogger("atom")
T = TypeVar("T")

_NAMES = (chroma.CLIPS, chroma.CAPTIONS, chroma.TEXTS)
_CHECK_S, _PATIENCE_S, _LOCK_LIMIT_S, _CLOSE_S = 0.5, 10.0, 600.0, 2.0
_MANY = 10_000
"""To make the replica of more clips anew takes so long that it is told."""


@frozen
class Collections:
    """What a library consists of, with the same ids."""

    clips: Collection
    """Vectors and metadata of clips."""
    captions: Collection
    """Vectors of their captions by the decoder."""
    texts: Collection
    """Vectors of their captions by a text embedder, which its metadata names; those of some may not be there yet."""
    changes: list[Change] = field(factory=list, repr=False)
    """What was changed since they were taken in hand."""


class Database:
    """Chroma's collections, used by one process at a time and opened anew once another one has changed them, and the
    replica that is searched in their place.

    Chroma reads a database once: what other processes change afterwards it sees in part, or fails at.
    """

    _opened: ClassVar[dict[Path, Database]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        """Use `shared`."""
        self.path = path
        self._stamp: str | None = None
        """What the database was when this process last had it in hand."""
        self._seen = False
        self._users = 0
        self.prepare()
        self._lock = threading.RLock()
        self._between = FileLock(path / chroma.LOCK, mode=0o600, thread_local=False)
        self._held = 0
        self._client: Client | None = None
        self._collections: Collections | None = None
        self._replica = Replica(path)
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
                    database = cls._opened[place] = cls._made(Path(os.path.abspath(path)))
            database._users += 1
        return database

    @classmethod
    def _made(cls, path: Path) -> Database:
        if atom.Settings(library=path).library_server:
            from atom_indexing.library.server import ServerDatabase

            return ServerDatabase(path)
        return cls(path)

    def prepare(self) -> None:
        """Make the folder of a new library.

        :raises LibraryError: if it holds other files, or there is no room on its disk
        """
        chroma.prepare(self.path)

    @property
    def home(self) -> Path | None:
        """The folder from which the way to a video is noted, too, since both may be moved or copied."""
        return self.path

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
                self._close()
            finally:
                self._lock.release()

    def snapshot(self) -> Snapshot | None:
        """The library as it is now, if the replica is in step; None if that is to be made anew, see `replicated`."""
        with self._lock, chroma.explained(self.path, "read"):
            if not self._seen and not self._exists():
                return None
            self._seen = True
            return self._replica.snapshot(self._now())

    def replicated(self, *, looked_through: bool = False) -> Snapshot:
        """The library as it is now; the replica is made anew if it is not in step.

        :param looked_through: whether all its files are read, and it is made anew where they are damaged
        :raises LibraryError: if the library cannot be read
        """
        with self._lock, chroma.explained(self.path, "read"), self._claimed():
            stamp = self._now()
            if not looked_through or self._replica.is_whole(stamp):
                found = self._replica.snapshot(stamp)
                if found is not None:
                    return found
            num = self._use(lambda found: int(found.clips.count()), "read")
            if num > _MANY:
                log.warning(
                    "library '%s' was changed, or its copy for searching: %d clips are read",
                    chroma.called(self.path),
                    num,
                )
            about = self._use(made_by, "read")
            pages = partial(self._pages, num)
            return self._replica.rebuild(self._now(), about, pages)

    def use(self, work: Callable[[Collections], T], done: str = "read") -> T:
        """What `work` makes of the collections. It may run twice, so it must not matter whether it did.

        :param done: what was to be done with the library, for messages
        :raises LibraryError: if that fails
        """
        with self._lock:
            return self._use(work, done)

    def clear(self, *names: str) -> None:
        """Delete the collections called `names`, or all there are; what is used next is new."""

        def delete(found: Collections) -> None:
            assert self._client is not None
            for name in names or _NAMES:
                self._client.delete_collection(name)
            if names == (chroma.TEXTS,):
                found.changes.append(Change(no_texts=True))

        with self._lock:
            try:
                self._use(delete, "emptied")
            finally:
                self._disconnect()
            if not names:
                self._replica.remove()

    def _pages(self, num: int) -> Iterator[Sequence[Stored]]:
        num_sound = 0
        for start in range(0, num, chroma.PAGE):
            page = self._use(partial(page_of, start), "read")
            num_sound += len(page)
            yield page
        if num_sound < num:
            log.warning("library '%s' has entries that are no clips of videos; they are passed over", self.path)

    def _use(self, work: Callable[[Collections], T], done: str) -> T:
        with chroma.explained(self.path, done), self._claimed():
            if self._stuck is not None:
                raise self._stuck
            try:
                fresh = self._collections is None or not self._is_current()
                try:
                    return self._call(work, done, fresh=fresh)
                except BaseException as error:
                    if fresh or not chroma.may_be_stale(error):
                        raise
                    return self._call(work, done, fresh=True)
            except chroma.StuckError as error:
                self._stuck = error
                raise
            finally:
                chroma.keep_private(self.path, self._folders)
                with suppress(OSError, atom.LibraryError):
                    self._stamp = self._now()

    def _call(self, work: Callable[[Collections], T], done: str, *, fresh: bool) -> T:
        if fresh:
            self._leave()
            chroma.bounded(self.path, partial(self._following, self._connect, done))
        assert self._collections is not None
        return chroma.bounded(self.path, partial(self._following, partial(work, self._collections), done))

    def _leave(self) -> None:
        """Let go of what another process has changed."""
        self._disconnect()

    def _connect(self) -> None:
        self._client = chroma.connect(self.path)
        self._take_in_hand()

    def _take_in_hand(self) -> None:
        assert self._client is not None
        clips, captions, texts = (chroma.collection(self._client, name) for name in _NAMES)
        self._collections = Collections(clips, captions, texts)
        self._collections.changes.append(Change())  # opening may write, and changes no clip

    def _following(self, work: Callable[[], T], done: str) -> T:
        """What `work` gives, with the replica led on by what it notes that it changed."""
        del done  # what it notes as changed tells
        before = self._now() if self._exists() else ""
        if self._collections is not None:
            self._collections.changes.clear()
        value = work()
        assert self._collections is not None
        changes, after = self._collections.changes, self._now()
        if changes and after != before:
            self._replica.follow(before, after, made_by(self._collections), changes)
        return value

    def _exists(self) -> bool:
        return (self.path / chroma.DATABASE).is_file()

    def _is_current(self) -> bool:
        """Whether nobody else has changed the database since this process had it in hand.

        :raises OSError: if the file is gone
        """
        return self._now() == self._stamp

    def _now(self) -> str:
        """
        :raises OSError: if the file is gone
        """
        return stamp_of(self.path / chroma.DATABASE)

    def _close(self) -> None:
        with suppress(atom.LibraryError, OSError):
            self._disconnect()
        self._replica.close()

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
                    log.warning("library '%s' is in use by another process: waiting for it", self.path)
                if waited_s >= _LOCK_LIMIT_S:
                    raise atom.LibraryError(
                        f"library '{self.path}' has been in use by another process for {waited_s:g} s; if that was"
                        " stopped, let it go on, or end it"
                    ) from None
            except (OSError, NotImplementedError):  # a disk without locks
                break
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                self._between.release()
