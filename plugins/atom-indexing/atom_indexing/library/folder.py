"""Where a library lies: in its folder, nowhere as long as nothing was written, in a copy where it cannot be written."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import atom_core as atom
from atom_indexing.library.chroma import DATABASE, called, cannot_be_written, check_room, copied, nowhere
from atom_indexing.library.database import Database

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory


class Folder:
    """The folder of a library, and the database that is used for it. Its library sees to it that one thread at a time
    changes which that is."""

    def __init__(self, path: Path, database: Database, *, read_only: bool = False, is_absent: bool = False) -> None:
        """
        :param database: that of the folder at `path`, or an empty one; the folder's own from now on
        :param read_only: whether nothing can be written there
        :param is_absent: whether there is no library there yet, so that `database` is an empty one elsewhere
        """
        self.path, self.database = path, database
        self._read_only, self._is_absent = read_only, is_absent
        self._copy: TemporaryDirectory[str] | None = None
        self._nowhere: Callable[[], object] | None = None

    @classmethod
    def open(cls, settings: atom.Settings) -> Folder:
        """That of the library at `settings.library`, which need not be there.

        :raises LibraryError: if it holds something else, or cannot be read
        """
        path = settings.library
        if settings.library_server or (path / DATABASE).is_file():
            return cls(path, Database.shared(path), read_only=cannot_be_written(path))
        place = nowhere(path)
        try:
            folder = cls(path, Database.shared(place), is_absent=True)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        folder._nowhere = weakref.finalize(folder, shutil.rmtree, place, ignore_errors=True)
        return folder

    @property
    def called(self) -> str:
        """What messages call it: its path, or the address of a server."""
        return called(self.path)

    @property
    def is_absent(self) -> bool:
        """Whether there was no library when it was looked for last."""
        return self._is_absent

    @property
    def has_come(self) -> bool:
        """Whether another program has made the library that was absent."""
        return self._is_absent and (self.path / DATABASE).is_file()

    @property
    def home(self) -> Path | None:
        """The folder from which the way to a video is noted, too; None on a server."""
        return self.path if self._is_absent else self.database.home

    def make(self) -> None:
        """Use the database at `path` from now on, which is made if there is none."""
        elsewhere, self.database = self.database, Database.shared(self.path)
        elsewhere.release()
        self._is_absent = False

    def use_copy(self) -> None:
        """Go on with a copy of what cannot be written, if it is not in use yet: Chroma writes where it reads."""
        if self._read_only and self._copy is None:
            self._copy = copied(self.path)
            self.database.release()
            self.database = Database.shared(Path(self._copy.name))

    def check_writable(self) -> None:
        """
        :raises LibraryError: if nothing can be written there
        """
        if self._read_only:
            check_room(self.path)
            raise atom.LibraryError(
                f"library '{self.called}' is read-only, it can be searched but not changed; "
                "change its permissions, or name another with --library DIR"
            )

    def close(self) -> None:
        """Let go of the files."""
        self.database.release()
        if self._copy is not None:
            self._copy.cleanup()
        if self._nowhere is not None:
            self._nowhere()
