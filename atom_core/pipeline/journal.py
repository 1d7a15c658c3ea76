"""The journal of a run: what is done is not done again, also after the process was killed.

One SQLite file; a result is there whole or not at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import sys
import threading
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from cattrs import Converter
from cattrs.errors import BaseValidationError

from atom_core.errors import SettingsError

_VERSION = "1"


def _converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    converter.register_unstructure_hook_func(_is_array, _array_to_json)
    converter.register_structure_hook_func(_is_array, lambda value, _: _array_from_json(value))
    return converter


def _is_array(kind: Any) -> bool:
    return getattr(kind, "__module__", "") == "numpy" and getattr(kind, "__name__", "") == "ndarray"


def _array_to_json(array: Any) -> Any:
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def _array_from_json(value: Any) -> Any:
    import numpy as np

    flat = np.frombuffer(base64.b64decode(value["data"]), dtype=value["dtype"])
    return flat.reshape(value["shape"]).copy()


def _resolved(kind: Any) -> Any:
    """`kind` with its fields' annotations resolved, NumPy's too, which light modules import for type checkers only."""
    import numpy as np

    for record in typing.get_args(kind) or (kind,):
        if attrs.has(record):
            attrs.resolve_types(record, vars(sys.modules[record.__module__]), {"np": np})
    return kind


_CONVERTER = _converter()


def plain(value: Any) -> Any:
    """A record, or a tuple of records, as JSON values."""
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return _CONVERTER.unstructure(value, _resolved(type(value)) if attrs.has(type(value)) else None)


class Journal:
    """What the steps of one pipeline have done, by what they did it to. Safe to use from every thread."""

    def __init__(self, path: Path) -> None:
        """
        :param path: the file; made if missing
        :raises SettingsError: if it cannot be opened or is no journal
        """
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, result TEXT NOT NULL)")
        except (sqlite3.Error, OSError) as error:
            raise SettingsError(f"journal {path} cannot be used: {error}; remove it or name another") from None

    def key(self, about: Mapping[str, Any], item: Any) -> str:
        """The identity of a piece of work: what is done, with which settings, to which record."""
        data = [_VERSION, dict(about), type(item).__name__, plain(item)]
        return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()

    def done(self, key: str, kind: Any) -> Any:
        """The record kept under `key`, of type `kind`; None if there is none or it no longer fits the type."""
        with self._lock:
            row = self._db.execute("SELECT result FROM done WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            return _CONVERTER.structure(json.loads(row[0]), _resolved(kind))
        except (BaseValidationError, ValueError, TypeError, KeyError):
            return None

    def keep(self, key: str, result: Any) -> None:
        """Note that the work is done."""
        text = json.dumps(plain(result))
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", (key, text))

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT COUNT(*) FROM done").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def remove(self) -> None:
        """Close and delete the file: the run is complete."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
