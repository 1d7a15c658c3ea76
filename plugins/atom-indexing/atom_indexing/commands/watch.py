"""Videos that come into folders, or change there, while somebody watches."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from attrs import frozen

from atom_core.media.probe import find_videos


@frozen
class _Stamp:
    """What changes when a file is written."""

    size: int
    mtime_ns: int
    inode: int


class Watched:
    """Files and folders, and what was seen of the videos in them."""

    def __init__(self, paths: Sequence[str]) -> None:
        """
        :param paths: as `find_videos` takes them; the videos that are there now are not told of until they change
        """
        self._paths = paths
        self.faults: tuple[str, ...] = ()
        """Why some of them could not be looked through at the last look."""
        self.empty: frozenset[Path] = frozenset()
        """Folders that had no video then, which is no fault."""
        self._told = self._before = self._look()

    def ready(self) -> list[str]:
        """Look once more: the videos that are new or have changed, and have not changed since the last look, so that
        whoever writes them is done.
        """
        now = self._look()
        ready = {
            path for path, stamp in now.items() if stamp != self._told.get(path) and stamp == self._before.get(path)
        }
        self._told = {
            path: now[path] if path in ready else self._told[path] for path in now if path in {*self._told, *ready}
        }
        self._before = now
        return sorted(map(str, ready))

    def put_back(self, paths: Collection[str]) -> None:
        """Let these be told of once more, unless they are gone or written by then."""
        self._told = {path: stamp for path, stamp in self._told.items() if str(path) not in paths}

    def _look(self) -> dict[Path, _Stamp]:
        files, errors = find_videos(self._paths)
        self.empty = frozenset(path for path, _ in errors if _can_be_listed(path))
        self.faults = tuple(str(error) for path, error in errors if path not in self.empty)
        found = {}
        for file in files:
            try:
                about = os.stat(file)
            except OSError:  # it went while we looked
                continue
            found[file] = _Stamp(about.st_size, about.st_mtime_ns, about.st_ino)
        return found


def _can_be_listed(path: Path) -> bool:
    """Whether it is a folder whose names can be read."""
    try:
        with os.scandir(path):
            return True
    except OSError:
        return False
