"""Videos of one library, carried into another: what machines that work on one run hand to the one that writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

import atom_core as atom
from atom_indexing.entries.rows import group_of, placed
from atom_indexing.library.groups import keep_group
from atom_indexing.library.portable import check_made_alike
from atom_indexing.library.stored import of_videos
from atom_indexing.passages.store import Passage, Passages
from atom_indexing.replica.changes import Stored

if TYPE_CHECKING:
    from atom_indexing.library.chroma_library import ChromaLibrary


@frozen(kw_only=True)
class Parcel:
    """All that a library holds of some videos."""

    made_by: Mapping[str, str]
    """Which model and which text embedder made the vectors."""
    clips: tuple[Stored, ...]
    """Ids, rows and vectors."""
    passages: tuple[tuple[str, str, str, tuple[Passage, ...]], ...]
    """Channel, content hash, what made them, and the passages themselves."""


def parcel_of(library: ChromaLibrary, content_hashes: Sequence[str]) -> Parcel:
    """What a library holds of some videos.

    :raises LibraryError: if it cannot be read
    """
    try:
        with Passages.opened(library.path) as passages:
            words = tuple(
                (channel, content_hash, made_by, tuple(passages.of_video(channel, content_hash)))
                for content_hash in content_hashes
                for channel, made_by in passages.looked_through(content_hash).items()
            )
    except sqlite3.Error as error:
        raise atom.LibraryError(f"what is said and written cannot be read in '{library.called}': {error}") from None
    clips = library.reading(partial(of_videos, content_hashes))
    return Parcel(made_by=library.made_by(), clips=tuple(clips), passages=words)


def put_parcels(library: ChromaLibrary, parcels: Sequence[object]) -> None:
    """Put videos into a library, as adding them there would; many at once cost little more than one.

    :raises LibraryError: if they are of another model or embedder, or cannot be written
    """
    clips: dict[str, Stored] = {}
    texts: dict[str, dict[str, np.ndarray]] = {}
    for parcel in parcels:
        if not isinstance(parcel, Parcel):
            raise atom.LibraryError(f"{type(parcel).__name__} is nothing that a library gave")
        embedder = check_made_alike(library, parcel.made_by, "a library of another machine")
        for key, row, vectors in parcel.clips:
            clips[key] = key, {**row, **placed(str(row["path"]), library.home)}, vectors
            if embedder and "texts" in vectors:
                texts.setdefault(embedder, {})[key] = vectors["texts"]
    held = library.held({str(row["content_hash"]) for _, row, _ in clips.values()})
    library.put(list(clips.values()))
    for embedder, embedded in texts.items():
        library.add_texts(embedder, embedded)
    whole = {(str(row["content_hash"]), group_of(row)): int(row["num_clips"]) for _, row, _ in clips.values()}
    for (content_hash, group), num_clips in whole.items():
        if group and content_hash in held:
            library.changing(partial(keep_group, content_hash, group, num_clips))
    for path, content_hash in {(str(row["path"]), str(row["content_hash"])) for _, row, _ in clips.values()}:
        library.forget_former(path, content_hash)
    _put_passages(library, parcels)


def _put_passages(library: ChromaLibrary, parcels: Sequence[object]) -> None:
    found = [one for parcel in parcels if isinstance(parcel, Parcel) for one in parcel.passages]
    if not found:
        return
    try:
        with Passages.opened(library.path, write=True) as kept:
            for channel, content_hash, made_by, passages in found:
                kept.put(channel, content_hash, made_by, passages)
    except (OSError, sqlite3.Error) as error:
        raise atom.LibraryError(
            f"what is said and written cannot be kept in '{library.called}': {error}; `atom index PATH` finds it anew"
        ) from None
