"""What is wrong with what is kept of speech and titles, and how it is put right."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from attrs import field, frozen

import atom_core as atom
from atom_indexing.passages.store import FILE, Passages

_UNIT = 1e-3


@frozen(kw_only=True)
class PassageFaults:
    """What is wrong, by kind."""

    damaged: bool = False
    """Whether the file cannot be read at all."""
    unsound: tuple[tuple[str, str], ...] = ()
    """Channels and content hashes of videos of which a passage is none."""
    orphans: tuple[str, ...] = ()
    """Content hashes of videos that the library has not."""
    vectors: Mapping[int, str] = field(factory=dict)
    """Content hashes of the videos of passages whose vector is not one, by the numbers of these."""

    @property
    def num(self) -> int:
        """How many there are."""
        return int(self.damaged) + len(self.unsound) + len(self.orphans) + len(self.vectors)


def passage_faults(folder: Path, content_hashes: Collection[str]) -> PassageFaults:
    """What is wrong with the passages in a library's folder; every one is read.

    :param content_hashes: of the videos that the library has
    """
    if not (folder / FILE).is_file():
        return PassageFaults()
    try:
        with Passages.opened(folder) as kept:
            videos, rows = kept.stored()
            if not kept.is_whole():
                return PassageFaults(damaged=True)
    except sqlite3.Error:
        return PassageFaults(damaged=True)
    unsound, vectors = dict[tuple[str, str], None](), dict[int, str]()
    for number, channel, content_hash, is_sound, vector in rows:
        if not is_sound:
            unsound[channel, content_hash] = None
        elif vector is not None and not _is_unit(vector):
            vectors[number] = content_hash
    gone = dict.fromkeys(content_hash for _, content_hash in videos if content_hash not in content_hashes)
    return PassageFaults(unsound=tuple(unsound), orphans=tuple(gone), vectors=vectors)


def mend_passages(folder: Path, faults: PassageFaults, content_hashes: Collection[str]) -> None:
    """Forget what is wrong: `atom index PATH` looks through videos again of which that is missing; vectors are made
    again by the next search.

    :raises LibraryError: if it cannot be written
    """
    try:
        if faults.damaged:
            (folder / FILE).unlink()
            return
        with Passages.opened(folder, write=True) as kept:
            for channel, content_hash in faults.unsound:
                kept.forget(channel, content_hash)
            kept.forget_vectors(faults.vectors)
            kept.forget_others(content_hashes)
    except (OSError, sqlite3.Error) as error:
        raise atom.LibraryError(
            f"what is said and written cannot be mended in '{folder / FILE}': {error}; check the folder"
        ) from None


def _is_unit(vector: bytes) -> bool:
    if len(vector) % 4:
        return False
    return abs(float(np.linalg.norm(np.frombuffer(vector, np.float32))) - 1) < _UNIT
