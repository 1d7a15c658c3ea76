"""The journal of a run: what is done is not done again, also after the process was killed.

One SQLite file; a result is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from atom_core.errors import SettingsError
from atom_core.files import begin_private, private_folder
from atom_core.pipeline.record_json import converter, plain, structured

log = logging.getLogger("atom")

_VERSION = "2"
_TABLE = "CREATE TABLE done (key TEXT PRIMARY KEY, result TEXT NOT NULL)"
"""The table as the database remembers it; a database with anything else is not a journal."""


_CONVERTER = converter()


class Journal:
    """What the steps of one pipeline have done, by what they did it to. Safe to use from every thread.

    What cannot be noted or read, as on a full disk, costs doing it again, never a result; it is said once.
    """

    def __init__(self, path: Path) -> None:
        """
        :param path: the file; made if missing
        :raises SettingsError: if it cannot be opened or is no journal
        """
        self.path = path
        self._lock = threading.Lock()
        self._told = False
        try:
            private_folder(path.parent)
            begin_private(path)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            if {sql for (sql,) in self._db.execute("SELECT sql FROM sqlite_master WHERE sql NOTNULL")} - {_TABLE}:
                raise sqlite3.DatabaseError("it is another database")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(_TABLE.replace("TABLE", "TABLE IF NOT EXISTS"))
        except (sqlite3.Error, OSError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            raise SettingsError(f"journal {path} cannot be used: {reason}; remove it or name another") from None

    def key(self, about: Mapping[str, object], item: object) -> str | None:
        """The identity of a piece of work: what is done, with which settings, to which record.

        None where the record has parts that are no JSON values, by which it could be told from others.
        """
        try:
            data = [_VERSION, json.dumps(about, sort_keys=True, default=str), type(item).__name__, plain(item)]
            return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
        except (TypeError, ValueError, RecursionError) as error:
            self._tell(error)
            return None

    def done(self, key: str, kind: object, *, counts: Callable[[Mapping[str, Any]], bool] | None = None) -> Any:
        """The record kept under `key`, of type `kind`; None if there is none or it no longer fits the type.

        :param counts: whether it counts still, by what was kept beside it; for one that was kept so
        """
        try:
            with self._lock:
                row = self._db.execute("SELECT result FROM done WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._tell(error)
            return None
        if row is None:
            return None
        try:
            value = json.loads(row[0])
            if counts is not None:
                value = value["result"] if counts(value) else None
            return None if value is None else structured(value, kind, _CONVERTER)
        except Exception:  # types of plugins, whatever they are
            return None

    def keep(self, key: str, result: object, *, asked: Mapping[str, object] | None = None) -> None:
        """Note that the work is done.

        :param asked: JSON values to keep beside the result, by which it is told later whether it counts
        """
        try:
            value = plain(result)
            text = json.dumps(value if asked is None else {**asked, "result": value})
            with self._lock:
                self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", (key, text))
        except (sqlite3.Error, TypeError, ValueError, RecursionError) as error:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "not all can be noted in journal %s: %s; if this run is cut off, that is done again", self.path, error
            )

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def remove(self) -> None:
        """Close and delete the file: the run is complete."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
