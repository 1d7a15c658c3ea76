"""Small values kept on disk between runs."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from atom_core.files import private_folder, sweep, write_whole
from atom_core.files.owner import read_own

log = logging.getLogger("atom")


class KeptValues:
    """JSON values by name, each in a file of its own. What cannot be kept or read costs reuse, never a result."""

    def __init__(self, folder: Path, version: str) -> None:
        """
        :param folder: where the files lie; made when something is kept
        :param version: names all but the name that decides the values; those of another version are not known
        """
        self._folder, self._version = folder, version

    def get(self, name: str) -> Any:
        """The value kept under `name`; None if there is none."""
        try:
            kept = json.loads(read_own(self._path(name)))
            return kept["value"] if (kept["version"], kept["name"]) == (self._version, name) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, name: str, value: object) -> None:
        """Keep a value under `name`, hexadecimal digits."""
        path = self._path(name)
        try:
            private_folder(path.parent)
            write_whole(path, json.dumps({"version": self._version, "name": name, "value": value}), private=True)
            sweep(path.parent)
        except OSError as error:
            log.info("%s cannot be kept in %s: %s", self._folder.name, self._folder, error)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.json"
