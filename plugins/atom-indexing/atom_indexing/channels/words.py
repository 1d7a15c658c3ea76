"""The channel of words: captions in a full-text index of SQLite, in a file beside the vectors.

All of it can be made again from the captions: it is kept up with them, and a damaged one is made anew.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from atom_core.files import begin_private
from atom_indexing.channels.terms import Terms, match_of, spaced

log = logging.getLogger("atom")

FILE = "words.sqlite3"
_MAKE = """
CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, caption TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS stems USING fts5(text, tokenize='porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, tokenize='unicode61 remove_diacritics 2', prefix='3');
"""
_TABLES = ("stems", "words")
_COMMON_ROWS = 20_000
"""A word that more captions have tells too little to be worth its time."""
_WAIT_S = 10.0


class WordIndex:
    """Captions by their words. Safe to use from several threads and processes; close it when done."""

    def __init__(self, folder: Path | None) -> None:
        """
        :param folder: where its file is, or is made; None keeps it in memory, as is done where nothing can be written
        """
        self._folder = folder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._num_rows = 0

    def update(self, captions: Mapping[str, str]) -> None:
        """Hold these captions, by their clips' ids, and no others."""
        with self._lock:
            try:
                self._update(captions)
            except sqlite3.Error as error:
                log.info("words of captions are kept in memory: %s", error)
                self._forget()
                self._update(captions)

    def shares(self, terms: Terms) -> dict[str, float]:
        """How much of the words looked for each caption has that has any, 0 to 1; rare words count for more."""
        with self._lock:
            found: dict[str, float] = {}
            total = 0.0
            for word in terms.words:
                keys = self._having(word)
                worth = math.log(1 + (self._num_rows - len(keys) + 0.5) / (len(keys) + 0.5))
                total += worth
                for key in keys:
                    found[key] = found.get(key, 0.0) + worth
            return {key: worth / total for key, worth in found.items()} if total else {}

    def known(self, terms: Terms) -> tuple[float, float]:
        """How many of the words looked for any caption has: their share by number, and by how much they count."""
        with self._lock:
            worths = {}
            for word in terms.words:
                num_rows = len(self._having(word))
                worths[word] = num_rows, math.log(1 + (self._num_rows - num_rows + 0.5) / (num_rows + 0.5))
            total = sum(worth for _, worth in worths.values())
            there = [worth for num_rows, worth in worths.values() if num_rows]
            return (len(there) / len(worths), sum(there) / total) if total else (0.0, 0.0)

    def having(self, phrases: Sequence[str]) -> set[str]:
        """The clips whose captions have each of `phrases`, word by word."""
        with self._lock:
            found = [set(self._having(phrase, most=self._num_rows, exact=True)) for phrase in phrases]
            return set.intersection(*found) if found else set()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _having(self, term: str, most: int = _COMMON_ROWS, *, exact: bool = False) -> list[str]:
        """The clips with a term, in any form of an English word, or as it is written."""
        match, table = match_of(term), "words" if exact or term.endswith("*") else "stems"
        if self._connection is None or not any(letter.isalnum() for letter in match):
            return []
        asked = f"SELECT rows.key FROM {table} JOIN rows ON rows.number = {table}.rowid WHERE {table} MATCH ? LIMIT ?"
        with closing(self._connection.execute(asked, (match, most))) as found:
            return [key for (key,) in found]

    def _update(self, captions: Mapping[str, str]) -> None:
        connection = self._opened()
        with _writing(connection):
            held = dict(connection.execute("SELECT key, caption FROM rows"))
            gone = [(key,) for key, caption in held.items() if captions.get(key) != caption]
            new = [(key, caption) for key, caption in captions.items() if held.get(key) != caption]
            for table in _TABLES:
                gone_from = f"DELETE FROM {table} WHERE rowid = (SELECT number FROM rows WHERE key = ?)"
                connection.executemany(gone_from, gone)
            connection.executemany("DELETE FROM rows WHERE key = ?", gone)
            for key, caption in new:
                number = connection.execute("INSERT INTO rows (key, caption) VALUES (?, ?)", (key, caption)).lastrowid
                for table in _TABLES:
                    connection.execute(f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", (number, spaced(caption)))
        self._num_rows = len(captions)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._folder is not None:
                begin_private(self._folder / FILE)
            place = ":memory:" if self._folder is None else str(self._folder / FILE)
            self._connection = sqlite3.connect(place, timeout=_WAIT_S, check_same_thread=False, isolation_level=None)
            self._connection.executescript(_MAKE)
        return self._connection

    def _forget(self) -> None:
        """Go on in memory; a damaged file is removed, so that it is made anew."""
        if self._connection is not None:
            self._connection.close()
        if self._folder is not None and _is_damaged(self._folder / FILE):
            (self._folder / FILE).unlink(missing_ok=True)
        self._connection, self._folder = None, None


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_damaged(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True
