"""What a search needs of every clip beside its vectors: a few numbers, as arrays.

Shapes: N clips, in the order of their rows in the vector files; rows of clips that are gone stay, unused.
"""

from __future__ import annotations

import sqlite3

import numpy as np
from attrs import frozen

_ROW = np.dtype([("flags", "u1"), ("video", "<i4"), ("start_s", "<f8"), ("end_s", "<f8")])
_CHUNK = 4096
"""Clips whose numbers are one value of the table, so that a change writes little."""
STORED, FOUND, CAPTIONED, EMBEDDED = 1, 2, 4, 8
"""Flags: the clip is there, it is found, it has a caption vector by the decoder, by a text embedder."""


@frozen
class Columns:
    """The numbers of N clips."""

    rows_N: np.ndarray
    """Structured."""

    @property
    def flags_N(self) -> np.ndarray:
        """Sums of flags; 0 of a clip that is gone."""
        return np.asarray(self.rows_N["flags"])

    @property
    def video_N(self) -> np.ndarray:
        """The number of each clip's video."""
        return np.asarray(self.rows_N["video"])

    @property
    def duration_s_N(self) -> np.ndarray:
        """How long each is, seconds."""
        return np.asarray(self.rows_N["end_s"] - self.rows_N["start_s"])

    def longer(self, count: int) -> Columns:
        """A copy with `count` clips more, all zeros."""
        rows_N = np.zeros(len(self.rows_N) + count, _ROW)
        rows_N[: len(self.rows_N)] = self.rows_N
        return Columns(rows_N)


def read(connection: sqlite3.Connection) -> Columns:
    """All that are stored."""
    chunks = [chunk for (chunk,) in connection.execute("SELECT clips FROM columns ORDER BY chunk")]
    return Columns(np.frombuffer(b"".join(chunks), _ROW))


def write(connection: sqlite3.Connection, columns: Columns, before: Columns) -> None:
    """Store what differs from `before`."""
    for start in range(0, len(columns.rows_N), _CHUNK):
        data = columns.rows_N[start : start + _CHUNK].tobytes()
        if data != before.rows_N[start : start + _CHUNK].tobytes():
            connection.execute("INSERT OR REPLACE INTO columns VALUES (?, ?)", (start // _CHUNK, data))


def none() -> Columns:
    """Of no clips."""
    return Columns(np.zeros(0, _ROW))
