"""Which files callers may name: those below folders that the user allowed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import atom_core as atom

MOST_CHARS = 200
"""Of a name, where it is told."""
MOST_TOLD = 3
"""Places where a file was looked for, where they are told."""


class Refused(atom.SettingsError):
    """A file that callers may not name."""


class NoName(Refused):
    """What no file can be called."""


class Missing(atom.MediaError):
    """A file that callers may name, and that is not there."""


class Folders:
    """The folders that the user allowed, resolved as the server starts."""

    def __init__(self, allow: Iterable[Path] = ()) -> None:
        """
        :raises SettingsError: if one of them is no folder
        """
        self.allowed = tuple(map(_folder, allow))
        """The folders, absolute, links resolved."""
        try:
            self._started: Path | None = Path.cwd()
        except OSError:  # it has been removed
            self._started = None

    def file(self, name: str) -> Path:
        """The file that a caller means by `name`: absolute, or relative to an allowed folder or to where the server was
        started; links are followed, and must not lead out.

        :raises Refused: if it lies outside every allowed folder, whether it exists or not
        :raises Missing: if it lies inside, and is not there
        """
        inside = self._inside(name, self.allowed)
        for path in inside:
            if os.path.exists(path):
                return path
        looked = ", ".join(f"'{str(path)[: 2 * MOST_CHARS]}'" for path in inside[:MOST_TOLD])
        raise Missing(f"'{name[:MOST_CHARS]}' is not there; looked for {looked}", path=inside[0])

    def place(self, name: str) -> Path:
        """Where a file that a caller calls `name` is read or written: as `file`, but it need not be there. Relative
        names count from the first allowed folder, or from where the server was started if their folder is only there.

        :raises Refused: if it lies outside every allowed folder
        """
        if not self.allowed:
            raise Refused("no folder is allowed; start the server with --allow FOLDER")
        inside = self._inside(name, self.allowed[:1])
        for there in (os.path.exists, lambda path: os.path.isdir(os.path.dirname(path))):
            for path in inside:
                if there(path):
                    return path
        return inside[0]

    def _inside(self, name: str, folders: Iterable[Path]) -> list[Path]:
        """What `name` may mean, without links, as far as it lies in an allowed folder.

        :raises Refused: if nothing of it does; `NoName` if it is nothing that a file can be called
        """
        if not name or "\0" in name:
            raise NoName("a file needs a name; give its path")
        started = () if self._started is None else (self._started,)
        candidates = [folder / name for folder in (*folders, *started)] or [Path(name)]
        try:
            resolved = dict.fromkeys(Path(os.path.realpath(candidate)) for candidate in candidates)
        except ValueError:  # no name of a file, such as half a character
            raise NoName("a file needs a name; give its path") from None
        if inside := [path for path in resolved if self.holds(path)]:
            return inside
        raise Refused(
            f"'{name[:MOST_CHARS]}' is outside the folders that this server was allowed; start it with --allow FOLDER"
        )

    def holds(self, resolved: Path) -> bool:
        """Whether a path, absolute and without links, lies in an allowed folder."""
        return any(resolved.is_relative_to(folder) for folder in self.allowed)


def _folder(path: Path) -> Path:
    resolved = Path(os.path.realpath(path.expanduser()))
    if not resolved.is_dir():
        raise atom.SettingsError(f"--allow {path}: there is no such folder; create it, or name another")
    return resolved
