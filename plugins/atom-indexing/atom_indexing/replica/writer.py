"""Writing a replica: the changes of one transaction.

A row of a vector file is only ever written where no state of the replica says that there is one, so that whoever reads
an earlier state reads what it was, and a program that is killed leaves the earlier state.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve

from atom_indexing.channels.terms import spaced
from atom_indexing.entries.rows import group_of, unit
from atom_indexing.entries.summary import summed_up
from atom_indexing.replica import columns
from atom_indexing.replica.about import About
from atom_indexing.replica.changes import Change, Stored
from atom_indexing.replica.columns import CAPTIONED, EMBEDDED, FOUND, STORED

SCHEMA = """
CREATE TABLE about (value TEXT NOT NULL);
CREATE TABLE columns (chunk INTEGER PRIMARY KEY, clips BLOB NOT NULL);
CREATE TABLE videos (video INTEGER PRIMARY KEY, content_hash TEXT UNIQUE NOT NULL, held TEXT NOT NULL);
CREATE TABLE rows (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, video INTEGER NOT NULL, row TEXT NOT NULL);
CREATE INDEX rows_of_video ON rows (video);
CREATE VIRTUAL TABLE stems USING fts5(text, tokenize='porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE words USING fts5(text, tokenize='unicode61 remove_diacritics 2', prefix='3');
"""
_WORDS = ("stems", "words")
_AT_ONCE = 500
"""Values of one question to SQLite."""


class Writer:
    """Changes a replica within one transaction; `finish` stores what it has become."""

    def __init__(self, connection: sqlite3.Connection, folder: Path, about: About) -> None:
        self._connection, self._folder, self.about = connection, folder, about
        self._before = self._columns = columns.read(connection)
        self._touched: set[int] = set()
        self._videos: dict[str, int] = {}

    def apply(self, change: Change) -> None:
        """Make a change that was made to the collections."""
        if change.no_texts:
            self._forget_texts()
        if change.removed:
            self._remove(change.removed)
        if change.put:
            self._put(change.put)
        if change.texts:
            self._embed(change.texts)
        if change.placed is not None:
            self._place(*change.placed)

    def finish(self, stamp: str, made_by: Mapping[str, str]) -> About:
        """Store what the videos hold now, and what the replica is in step with."""
        for video in self._touched:
            self._sum_up(video)
        columns.write(self._connection, self._columns, self._before)
        self.about = evolve(self.about, stamp=stamp, made_by=dict(made_by), fair=None)
        return self.about

    @property
    def is_sparse(self) -> bool:
        """Whether most of the files is of clips that are gone, so that it is better made anew."""
        used = int(np.count_nonzero(self._columns.flags_N & STORED))
        return len(self._columns.rows_N) > 4 * _AT_ONCE + 2 * used

    def _put(self, clips: Sequence[Stored]) -> None:
        self._remove([key for key, _, _ in clips])
        start, num = len(self._columns.rows_N), len(clips)
        self._columns = self._columns.longer(num)
        added = self._columns.rows_N[start:]
        added["flags"] = STORED
        vectors = [_with_mean(own) for _, _, own in clips]
        for kind, flag in (("clips", 0), ("captions", CAPTIONED), ("means", 0), ("texts", EMBEDDED)):
            own = [(place, given[kind]) for place, given in enumerate(vectors) if kind in given]
            for place, _ in own:
                added["flags"][place] |= flag
            self._append(kind, start, num, own)
        for place, (key, row, _) in enumerate(clips):
            video = self._video(str(row["content_hash"]))
            added[place]["video"], added[place]["start_s"], added[place]["end_s"] = video, row["start_s"], row["end_s"]
            stored = start + place, key, video, json.dumps(row)
            self._connection.execute("INSERT INTO rows VALUES (?, ?, ?, ?)", stored)
            text = spaced(str(row["caption"]))
            for table in _WORDS:
                self._connection.execute(f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", (start + place, text))

    def _append(self, kind: str, start: int, num: int, own: list[tuple[int, np.ndarray]]) -> None:
        """Write vectors of the rows from `start` on, by their places among these."""
        if kind not in self.about.widths:
            if not own:
                return
            self.about = evolve(self.about, widths={**self.about.widths, kind: len(own[0][1])})
        rows_NE = np.zeros((num if own else 0, self.about.widths[kind]), np.float32)
        for place, vector in own:
            rows_NE[place] = vector
        self._count(kind, self.about.vectors(self._folder, kind).write(start, rows_NE, num))

    def _count(self, kind: str, checksum: int) -> None:
        total = (self.about.checksums.get(kind, 0) + checksum) % 2**64
        self.about = evolve(self.about, checksums={**self.about.checksums, kind: total})

    def _remove(self, keys: Sequence[str]) -> None:
        for number, _, video, _ in list(self._rows("key", keys)):
            self._touched.add(video)
            self._own()["flags"][number] = 0
            self._connection.execute("DELETE FROM rows WHERE number = ?", (number,))
            for table in _WORDS:
                self._connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))

    def _embed(self, vectors: Mapping[str, np.ndarray]) -> None:
        flags_N = self._columns.flags_N  # what two programs embed at once is the same text
        known = [(number, key) for number, key, _, _ in self._rows("key", list(vectors))]
        stored = [(number, vectors[key]) for number, key in sorted(known) if not flags_N[number] & EMBEDDED]
        if not stored:
            return
        numbers = np.array([number for number, _ in stored])
        rows_NF = np.stack([unit(vector, "a caption") for _, vector in stored])
        if "texts" not in self.about.widths:
            self.about = evolve(self.about, widths={**self.about.widths, "texts": rows_NF.shape[1]})
            self.about.vectors(self._folder, "texts").write(0, rows_NF[:0], len(self._columns.rows_N))
        self._count("texts", self.about.vectors(self._folder, "texts").fill(numbers, rows_NF))
        self._own()["flags"][numbers] |= EMBEDDED

    def _forget_texts(self) -> None:
        new = About(stamp="", made_by={}).texts_token
        widths = {kind: width for kind, width in self.about.widths.items() if kind != "texts"}
        checksums = {kind: checksum for kind, checksum in self.about.checksums.items() if kind != "texts"}
        self.about = evolve(self.about, texts_token=new, widths=widths, checksums=checksums)
        self._own()["flags"] &= 255 - EMBEDDED

    def _place(self, content_hash: str, place: Mapping[str, str]) -> None:
        video = self._video(content_hash)
        for number, _, _, text in list(self._rows("video", [video])):
            row = json.dumps({**json.loads(text), **place})
            self._connection.execute("UPDATE rows SET row = ? WHERE number = ?", (row, number))

    def _video(self, content_hash: str) -> int:
        """The number of a video, whose clips change."""
        if content_hash not in self._videos:
            asked = "SELECT video FROM videos WHERE content_hash = ?"
            found = self._connection.execute(asked, (content_hash,)).fetchone()
            if found is None:
                new = self._connection.execute("INSERT INTO videos VALUES (NULL, ?, '')", (content_hash,))
                found = (new.lastrowid,)
            self._videos[content_hash] = int(found[0])
            self._touched.add(int(found[0]))
        return self._videos[content_hash]

    def _sum_up(self, video: int) -> None:
        """Store what there is of a video, and which of its clips are found."""
        rows = [(number, json.loads(text)) for number, _, _, text in self._rows("video", [video])]
        if not rows:
            self._connection.execute("DELETE FROM videos WHERE video = ?", (video,))
            return
        summary = summed_up(row for _, row in rows)
        self._connection.execute("UPDATE videos SET held = ? WHERE video = ?", (summary.as_json(), video))
        flags_N = self._own()["flags"]
        for number, row in rows:
            is_found = group_of(row) in summary.groups
            flags_N[number] = (flags_N[number] & (255 - FOUND)) | (FOUND if is_found else 0)

    def _own(self) -> np.ndarray:
        """The numbers of the clips, as they may be changed."""
        if self._columns is self._before:
            self._columns = self._columns.longer(0)
        return self._columns.rows_N

    def _rows(self, column: str, values: Sequence[Any]) -> Iterator[tuple[int, str, int, str]]:
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            asked = f"SELECT number, key, video, row FROM rows WHERE {column} IN ({marks}) ORDER BY number"
            yield from self._connection.execute(asked, part).fetchall()


def _with_mean(vectors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A clip's vectors, each of length 1, and the mean of its own and its caption's."""
    found = {kind: unit(vector, "a clip") for kind, vector in vectors.items()}
    if "captions" in found:
        found["means"] = (found["clips"] + found["captions"]) / 2
    return found
