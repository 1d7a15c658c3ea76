"""The replica of a library: what searches need of it, in files that are mapped or asked, in step with the database.

It is trusted where it was made from the database as that is now, byte count, time and number of changes, and its files
hold what was written into them; else it is made anew, whole. It is written under the library's lock alone, and read
without.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from attrs import evolve

from atom_core.files import begin_private, private_folder
from atom_indexing.replica import about as abouts
from atom_indexing.replica import columns
from atom_indexing.replica.about import FOLDER, KINDS, TABLES, About
from atom_indexing.replica.changes import Change, Stored
from atom_indexing.replica.snapshot import Snapshot
from atom_indexing.replica.vectors import DamagedError, StaleError
from atom_indexing.replica.writer import SCHEMA, Writer

log = logging.getLogger("atom")

Pages = Iterable[Sequence[Stored]]
"""Clips, some at once."""
_WAIT_S = 10.0
_FAULTS = (OSError, sqlite3.Error, ValueError, TypeError, KeyError, IndexError)
"""What files raise that are damaged, cannot be written, or hold something else."""


class Replica:
    """The files of one library's replica. Safe to use from several threads and processes; close it when done."""

    def __init__(self, home: Path) -> None:
        """
        :param home: the library's folder
        """
        self._folder = home / FOLDER
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._snapshot: Snapshot | None = None
        self._temporary: TemporaryDirectory[str] | None = None

    def snapshot(self, stamp: str) -> Snapshot | None:
        """The library as it is where the database has this stamp; None if the replica is not in step with it."""
        with self._lock:
            if self._snapshot is not None and self._snapshot.about.stamp == stamp:
                return self._snapshot
            try:
                with self._reading() as connection:
                    about = abouts.read(connection)
                    if about.stamp != stamp:
                        return None
                    self._snapshot = Snapshot(self, about, columns.read(connection))
                    return self._snapshot
            except (StaleError, *_FAULTS) as error:
                log.debug("the library's replica is not used: %s", error)
                return None

    def is_whole(self, stamp: str) -> bool:
        """Whether it is in step, and all its files are what was written."""
        with self._lock:
            self._snapshot = None
            if (found := self.snapshot(stamp)) is None:
                return False
            try:
                for kind in KINDS:
                    found.vectors(kind)
                return found.ask("PRAGMA quick_check") == [("ok",)]
            except StaleError:
                return False

    def rebuild(
        self, stamp: str, made_by: Mapping[str, str], pages: Callable[[], Iterable[Sequence[Stored]]]
    ) -> Snapshot:
        """Make it anew from all clips; in a temporary folder where the library's cannot be written.

        :param pages: gives all clips, some at once; it is called again for the temporary folder
        :raises OSError: if it cannot be made there either
        """
        with self._lock:
            try:
                self._make(stamp, made_by, pages())
            except (OSError, sqlite3.Error) as error:
                log.info("the library's replica is kept in a temporary folder: %s", error)
                self._disconnect()
                self._temporary = TemporaryDirectory(prefix="atom-replica-", ignore_cleanup_errors=True)
                self._folder = Path(self._temporary.name)
                self._make(stamp, made_by, pages())
            if (found := self.snapshot(stamp)) is None:
                raise OSError("what was written cannot be read")
            return found

    def follow(self, before: str, after: str, made_by: Mapping[str, str], changes: Sequence[Change]) -> None:
        """Make the changes that led the database from one stamp to another; where that fails, or it was not in step
        before, it is made anew when it is needed.
        """
        with self._lock:
            try:
                with closing(self._opened("rw")) as connection, _writing(connection):
                    about = abouts.read(connection)
                    if about.stamp != before:
                        return
                    writer = Writer(connection, self._folder, about)
                    for change in changes:
                        writer.apply(change)
                    written = writer.finish("" if writer.is_sparse else after, made_by)
                    abouts.write(connection, written)
                if written.texts_token != about.texts_token:
                    self._sweep(written)
            except (StaleError, *_FAULTS) as error:
                log.info("the library's replica is to be made anew: %s", error)

    def note_fair(self, about: About, fair: float | None) -> None:
        """Keep what was found in one state, for the next program, where that can be written."""
        tried = suppress(StaleError, *_FAULTS)
        with self._lock, tried, closing(self._opened("rw")) as connection, _writing(connection):
            if abouts.read(connection) == about:
                abouts.write(connection, evolve(about, fair=(fair,)))

    def ask(self, token: str, question: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """What SQLite answers of the replica called `token`.

        :raises StaleError: if it is another one by now, or cannot be read
        """
        with self._lock:
            try:
                with self._reading() as connection:
                    if abouts.read(connection).token != token:
                        raise StaleError("the replica was made anew")
                    return connection.execute(question, values).fetchall()
            except (sqlite3.Error, OSError) as error:
                raise DamagedError(str(error)) from error

    def map(self, about: About, kind: str, count: int) -> np.ndarray:
        """The vectors of a collection, [N, E].

        :raises DamagedError: if they are not what was written
        """
        return about.vectors(self._folder, kind).mapped(count, about.checksums.get(kind, 0))

    def remove(self) -> None:
        """Delete its files."""
        with self._lock:
            self._disconnect()
            self._sweep(None)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._disconnect()
            if self._temporary is not None:
                self._temporary.cleanup()
                self._temporary = None

    def _make(self, stamp: str, made_by: Mapping[str, str], pages: Pages) -> None:
        private_folder(self._folder)
        about = About(stamp="", made_by={})
        place = self._folder / f"{about.token}.part"
        begin_private(place)
        try:
            with closing(sqlite3.connect(place, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute("PRAGMA synchronous = OFF")
                connection.executescript(SCHEMA)
                with _writing(connection):
                    writer = Writer(connection, self._folder, about)
                    for page in pages:
                        writer.apply(Change(put=page))
                    about = writer.finish(stamp, made_by)
                    abouts.write(connection, about)
            self._disconnect()
            os.replace(place, self._folder / TABLES)
        finally:
            place.unlink(missing_ok=True)
        self._sweep(about)

    def _sweep(self, about: About | None) -> None:
        """Delete the files of other states."""
        kept = set() if about is None else {TABLES, f"{TABLES}-journal"}
        if about is not None:
            kept |= {about.vectors(self._folder, kind).path.name for kind in about.widths}
        with suppress(OSError):
            for file in list(self._folder.iterdir()):
                if file.name not in kept:
                    with suppress(OSError):
                        file.unlink()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The file as it is now, in one state."""
        inode = os.stat(self._folder / TABLES).st_ino
        if self._connection is None or inode != self._inode:
            self._disconnect()
            mode = "rw" if os.access(self._folder, os.W_OK) else "ro"
            self._connection, self._inode = self._opened(mode), inode
        connection = self._connection
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            with suppress(sqlite3.Error):
                connection.execute("COMMIT")

    def _opened(self, mode: str) -> sqlite3.Connection:
        address = f"{(self._folder / TABLES).absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, uri=True, timeout=_WAIT_S, check_same_thread=False, isolation_level=None)

    def _disconnect(self) -> None:
        self._snapshot = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
