"""Small values kept on disk between runs."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any

from atom_core.files import private_folder, write_whole
from atom_core.files.owner import read_own

log = logging.getLogger("atom")


class KeptValues:
    """JSON values by name, each in a file of its own. What cannot be kept or read costs reuse, never a result."""

    def __init__(self, folder: Path, version: str, *, max_bytes: int | None = None) -> None:
        """
        :param folder: where the files lie; made when something is kept
        :param version: names all but the name that decides the values; those of another version are not known
        :param max_bytes: most disk space; those that were not read for the longest time go first; None is no limit
        """
        self._folder, self._version, self._max_bytes = folder, version, max_bytes

    def get(self, name: str) -> Any:
        """The value kept under `name`; None if there is none."""
        try:
            path = self._path(name)
            kept = json.loads(read_own(path))
            if self._max_bytes is not None:
                with contextlib.suppress(OSError):  # what cannot be written can be read all the same
                    os.utime(path)
            return kept["value"] if (kept["version"], kept["name"]) == (self._version, name) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, name: str, value: object) -> None:
        """Keep a value under `name`, hexadecimal digits."""
        path = self._path(name)
        try:
            private_folder(path.parent)
            write_whole(path, json.dumps({"version": self._version, "name": name, "value": value}), private=True)
            self._make_room()
        except OSError as error:
            log.info("%s cannot be kept in %s: %s", self._folder.name, self._folder, error)

    def _make_room(self) -> None:
        if self._max_bytes is None:
            return
        files = []
        for path in self._folder.glob("*/*.json"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._max_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.json"
