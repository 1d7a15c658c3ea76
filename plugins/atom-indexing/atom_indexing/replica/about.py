"""What a replica is of, and what its files hold."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import asdict, field, frozen

from atom_indexing.replica.vectors import DamagedError, VectorFile

VERSION = 2
FOLDER, TABLES = "search", "search.sqlite3"
KINDS = ("clips", "captions", "means", "texts")
"""What there are vectors of: the collections, and the means of each clip and its caption by the decoder."""


@frozen(kw_only=True)
class About:
    """One state of a replica."""

    stamp: str
    """Of the database that it is in step with, see `stamp_of`."""
    made_by: Mapping[str, str]
    """``model``, ``model_name``, ``format`` and ``embedder`` of the library."""
    token: str = field(factory=lambda: secrets.token_hex(8))
    """A new one of each replica that is made whole, in the names of its files."""
    texts_token: str = field(factory=lambda: secrets.token_hex(8))
    """Likewise of each text embedder."""
    widths: Mapping[str, int] = field(factory=dict)
    """Numbers in a vector, by collection; of those that have any."""
    checksums: Mapping[str, int] = field(factory=dict)
    """Of the files of vectors, by collection."""
    fair: Sequence[float | None] | None = None
    """The score from which on a clip shows what a text says, once it was asked for, see `Snapshot.fair_score`."""
    version: int = VERSION

    def vectors(self, folder: Path, kind: str) -> VectorFile:
        """The file of a collection that has vectors."""
        token = self.texts_token if kind == "texts" else self.token
        return VectorFile(folder / f"{token}.{kind}", self.widths[kind])


def read(connection: sqlite3.Connection) -> About:
    """
    :raises DamagedError: if there is none, or one of another version
    """
    try:
        (text,) = connection.execute("SELECT value FROM about").fetchone()
        about = About(**json.loads(text))
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise DamagedError(str(error)) from error
    if about.version != VERSION:
        raise DamagedError(f"version {about.version}")
    return about


def write(connection: sqlite3.Connection, about: About) -> None:
    """Store it in place of the one before."""
    connection.execute("DELETE FROM about")
    connection.execute("INSERT INTO about VALUES (?)", (json.dumps(asdict(about)),))
