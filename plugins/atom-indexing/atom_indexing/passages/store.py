"""Passages, such as sentences that are said and titles that are read, in a file of the library's folder.

They are kept by the content of videos, so that they stay right whatever becomes of the clips. Opened for each use: it
is one SQLite file, which several processes may read and write.

P: number of passages, F: width of the text embedder.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from atom_core.files import begin_private
from atom_indexing.channels.terms import match_of, spaced

if TYPE_CHECKING:
    import numpy as np

FILE = "passages.sqlite3"
_MAKE = """
CREATE TABLE IF NOT EXISTS videos (
    channel TEXT NOT NULL, content_hash TEXT NOT NULL, made_by TEXT NOT NULL, PRIMARY KEY (channel, content_hash));
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY, channel TEXT NOT NULL, content_hash TEXT NOT NULL, start_s REAL NOT NULL,
    end_s REAL NOT NULL, text TEXT NOT NULL, times TEXT NOT NULL, embedder TEXT NOT NULL DEFAULT '', vector BLOB);
CREATE INDEX IF NOT EXISTS passages_of ON passages (channel, content_hash);
CREATE VIRTUAL TABLE IF NOT EXISTS stems USING fts5(text, tokenize='porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, tokenize='unicode61 remove_diacritics 2', prefix='3');
"""
_TABLES = ("stems", "words")
_WAIT_S = 10.0
LEFT_OUT = ""
"""What made the passages of a video that the user did not want to be looked through."""


@frozen(kw_only=True)
class Passage:
    """Words that are said or written together."""

    content_hash: str
    start_s: float
    end_s: float
    text: str
    words: tuple[tuple[str, float, float], ...] = ()
    """The single words with their times, seconds, where these are known."""


class Passages:
    """The passages of one library, of all channels; made by `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, *, write: bool = False) -> Iterator[Passages]:
        """Those in a library's folder; none where there is no file yet, or none that can be read.

        :param write: make the file if there is none
        :raises sqlite3.Error: if it cannot be written, or is damaged
        """
        file = folder / FILE
        if write:
            begin_private(file)
            connection = sqlite3.connect(file, timeout=_WAIT_S, isolation_level=None)
        elif file.is_file():
            connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)
        else:
            connection = sqlite3.connect(":memory:")
            write = True
        try:
            if write:
                connection.executescript(_MAKE)
            yield cls(connection)
        finally:
            connection.close()

    def made_by(self, channel: str) -> dict[str, str]:
        """What made the passages of each video that was looked through, by content hash."""
        found = self._connection.execute("SELECT content_hash, made_by FROM videos WHERE channel = ?", (channel,))
        return dict(found.fetchall())

    def looked_through(self, content_hash: str) -> dict[str, str]:
        """What made the passages of a video, by channel."""
        found = self._connection.execute("SELECT channel, made_by FROM videos WHERE content_hash = ?", (content_hash,))
        return dict(found.fetchall())

    def put(self, channel: str, content_hash: str, made_by: str, passages: Iterable[Passage]) -> None:
        """Hold these passages of a video, and no others of this channel."""
        with self._writing():
            self._forget(channel, content_hash)
            asked = "INSERT INTO videos (channel, content_hash, made_by) VALUES (?, ?, ?)"
            self._connection.execute(asked, (channel, content_hash, made_by))
            for one in passages:
                row = channel, content_hash, one.start_s, one.end_s, one.text, json.dumps(one.words)
                asked = (
                    "INSERT INTO passages (channel, content_hash, start_s, end_s, text, times)"
                    " VALUES (?, ?, ?, ?, ?, ?)"
                )
                number = self._connection.execute(asked, row).lastrowid
                for table in _TABLES:
                    self._connection.execute(
                        f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", (number, spaced(one.text))
                    )

    def forget_others(self, content_hashes: Iterable[str]) -> None:
        """Forget the passages of all videos but these."""
        kept = set(content_hashes)
        there = self._connection.execute("SELECT channel, content_hash FROM videos").fetchall()
        with self._writing():
            for channel, content_hash in there:
                if content_hash not in kept:
                    self._forget(channel, content_hash)

    def num(self, channel: str) -> int:
        """How many passages there are."""
        asked = "SELECT count(*) FROM passages WHERE channel = ?"
        return int(self._connection.execute(asked, (channel,)).fetchone()[0])

    def having(self, channel: str, term: str, *, exact: bool = False) -> list[int]:
        """The numbers of passages with a term: a word in any form of it in English, a beginning, or a phrase."""
        match, table = match_of(term), "words" if exact or term.endswith("*") else "stems"
        if not any(letter.isalnum() for letter in match):
            return []
        asked = (
            f"SELECT passages.number FROM {table} JOIN passages ON passages.number = {table}.rowid"
            f" WHERE {table} MATCH ? AND passages.channel = ?"
        )
        return [int(number) for (number,) in self._connection.execute(asked, (match, channel))]

    def get(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number."""
        found: dict[int, Passage] = {}
        asked = "SELECT content_hash, start_s, end_s, text, times FROM passages WHERE number = ?"
        for number in numbers:
            row = self._connection.execute(asked, (number,)).fetchone()
            if row is not None:
                content_hash, start_s, end_s, text, words = row
                times = tuple((str(word), float(first_s), float(last_s)) for word, first_s, last_s in json.loads(words))
                found[number] = Passage(content_hash=content_hash, start_s=start_s, end_s=end_s, text=text, words=times)
        return found

    def of_video(self, channel: str, content_hash: str) -> list[Passage]:
        """The passages of a video, in order."""
        asked = "SELECT number FROM passages WHERE channel = ? AND content_hash = ? ORDER BY number"
        rows = self._connection.execute(asked, (channel, content_hash)).fetchall()
        return list(self.get([int(number) for (number,) in rows]).values())

    def not_embedded(self, channel: str, embedder: str) -> dict[int, str]:
        """The texts of passages that an embedder has not embedded, by number."""
        asked = "SELECT number, text FROM passages WHERE channel = ? AND embedder != ?"
        return {int(number): str(text) for number, text in self._connection.execute(asked, (channel, embedder))}

    def embed(self, embedder: str, vectors: Mapping[int, np.ndarray]) -> None:
        """Keep the vectors that an embedder gives passages, by number."""
        with self._writing():
            rows = [(embedder, vector.astype("float32").tobytes(), number) for number, vector in vectors.items()]
            self._connection.executemany("UPDATE passages SET embedder = ?, vector = ? WHERE number = ?", rows)

    def vectors(self, channel: str, embedder: str) -> tuple[list[int], np.ndarray]:
        """The numbers of passages that an embedder has embedded, and their vectors [P, F]."""
        import numpy as np

        asked = "SELECT number, vector FROM passages WHERE channel = ? AND embedder = ? AND vector IS NOT NULL"
        rows = self._connection.execute(asked, (channel, embedder)).fetchall()
        vectors = [np.frombuffer(vector, np.float32) for _, vector in rows]
        return [int(number) for number, _ in rows], np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)

    def is_whole(self) -> bool:
        """Whether SQLite finds nothing wrong with the file."""
        return bool(self._connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")

    def stored(self) -> tuple[list[tuple[str, str]], list[tuple[int, str, str, bool, bytes | None]]]:
        """Channel and content hash of each video that was looked through; number, channel, content hash, whether it is
        sound, and vector of each passage.
        """
        videos = self._connection.execute("SELECT channel, content_hash FROM videos").fetchall()
        asked = "SELECT number, channel, content_hash, start_s, end_s, text, times, vector FROM passages"
        rows = []
        for number, channel, content_hash, start_s, end_s, text, times, vector in self._connection.execute(asked):
            sound = all(isinstance(one, (int, float)) for one in (start_s, end_s)) and isinstance(text, str)
            rows.append((int(number), str(channel), str(content_hash), sound and _are_times(times), vector))
        return [(str(channel), str(content_hash)) for channel, content_hash in videos], rows

    def forget(self, channel: str, content_hash: str) -> None:
        """Forget the passages of a video, as if it had not been looked through."""
        with self._writing():
            self._forget(channel, content_hash)

    def forget_video(self, content_hash: str) -> None:
        """Forget the passages of a video, of all channels."""
        with self._writing():
            for channel in self.looked_through(content_hash):
                self._forget(channel, content_hash)

    def forget_vectors(self, numbers: Iterable[int]) -> None:
        """Forget the vectors of passages."""
        with self._writing():
            asked = "UPDATE passages SET embedder = '', vector = NULL WHERE number = ?"
            self._connection.executemany(asked, [(number,) for number in numbers])

    def _forget(self, channel: str, content_hash: str) -> None:
        of_video = "SELECT number FROM passages WHERE channel = ? AND content_hash = ?"
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table} WHERE rowid IN ({of_video})", (channel, content_hash))
        for table in ("passages", "videos"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE channel = ? AND content_hash = ?", (channel, content_hash)
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def forget_video(folder: Path, content_hash: str) -> None:
    """Forget what is said and written in a video of the library in `folder`; what cannot be written stays, and is not
    found.
    """
    if (folder / FILE).is_file():
        with suppress(OSError, sqlite3.Error), Passages.opened(folder, write=True) as kept:
            kept.forget_video(content_hash)


def _are_times(text: object) -> bool:
    """Whether a text is words with their times, as they are stored."""
    try:
        return all(isinstance(float(start_s) + float(end_s), float) for _, start_s, end_s in json.loads(str(text)))
    except (ValueError, TypeError, RecursionError):
        return False
