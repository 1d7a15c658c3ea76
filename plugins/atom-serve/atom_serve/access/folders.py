"""Which files callers may name: those below folders that the user allowed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import atom_core as atom


class Refused(atom.SettingsError):
    """A file that callers may not name."""


class Folders:
    """The folders that the user allowed, resolved as the server starts."""

    def __init__(self, allow: Iterable[Path] = ()) -> None:
        """
        :raises SettingsError: if one of them is no folder
        """
        self.allowed = tuple(map(_folder, allow))
        """The folders, absolute, links resolved."""

    def file(self, name: str) -> Path:
        """The file that a caller means by `name`: absolute, or relative to an allowed folder; links are followed, and
        must not lead out.

        :raises Refused: if it lies outside every allowed folder, whether it exists or not
        :raises MediaError: if it lies inside, and is not there
        """
        if not name or "\0" in name:
            raise Refused("a file needs a name; give its path")
        given = Path(name)
        candidates = [given] if given.is_absolute() else [folder / given for folder in self.allowed]
        for candidate in candidates:
            resolved = Path(os.path.realpath(candidate))
            if self.holds(resolved) and (resolved.exists() or candidate is candidates[-1]):
                if not resolved.exists():
                    raise atom.MediaError(f"'{name}' is not there", path=name)
                return resolved
        raise Refused(f"'{name}' is outside the folders that this server was allowed; start it with --allow FOLDER")

    def holds(self, resolved: Path) -> bool:
        """Whether a path, absolute and without links, lies in an allowed folder."""
        return any(resolved.is_relative_to(folder) for folder in self.allowed)


def _folder(path: Path) -> Path:
    resolved = Path(os.path.realpath(path.expanduser()))
    if not resolved.is_dir():
        raise atom.SettingsError(f"--allow {path}: there is no such folder; create it, or name another")
    return resolved
