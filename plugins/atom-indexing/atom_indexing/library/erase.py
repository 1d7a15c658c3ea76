"""Emptying a library, whichever model made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from atom_indexing.library.chroma import DATABASE, called, check_room, explained
from atom_indexing.library.chroma_library import ChromaLibrary
from atom_indexing.library.database import Database
from atom_indexing.library.folder import Folder


def erase(path: Path, *, first: Callable[[dict[str, Path]], object] = len) -> dict[str, Path]:
    """Empty the library at `path`, whichever model made it; the videos it had, also such as were not whole, by hash.

    :param first: called with those videos before anything is deleted
    :raises LibraryError: if it cannot be read or written
    """
    if called(path) == str(path) and not (path / DATABASE).exists():
        return {}
    check_room(path)
    database = Database.shared(path)
    try:
        library = ChromaLibrary(Folder(path, database))
        videos = {content_hash: held.path for content_hash, held in library.held().items()}
        first(videos)
        with explained(path, "emptied"):
            database.clear()
    finally:
        database.release()
    return videos
