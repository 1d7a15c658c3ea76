"""Libraries as JSON Lines, with all vectors: written, read into another library, and looked through for faults.

The first line says which model and which text embedder made the vectors; each further line is a clip, or
what is said or written in a video.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from attrs import field, frozen

import atom_core as atom
from atom_indexing.entries.rows import is_sound, placed, unit
from atom_indexing.library.chroma import PAGE, check_room, explained, pages
from atom_indexing.library.chroma_library import ChromaLibrary
from atom_indexing.library.database import Collections
from atom_indexing.library.groups import delete
from atom_indexing.library.made_by import content_of
from atom_indexing.passages.portable import KEY, Told, of_line

VERSION = 1
_VECTORS = ("clips", "captions", "texts")
"""The collections, and how lines name their vectors."""


def lines_of(library: ChromaLibrary) -> Iterator[str]:
    """All there is in a library, as lines.

    :raises LibraryError: if it cannot be read
    """
    made = library.made_by()
    yield json.dumps({"atom_library": VERSION, **made, "clips": library.num_stored()}, ensure_ascii=False)
    for page in library.stored_pages():
        for key, row, vectors in page:
            numbers = {name: [float(f"{value:.9g}") for value in vector] for name, vector in vectors.items()}
            yield json.dumps({"id": key, **dict(row), "vectors": numbers}, ensure_ascii=False)


@frozen(kw_only=True)
class Read:
    """What a file of lines holds."""

    head: Mapping[str, Any]
    """Its first line."""
    clips: tuple[tuple[str, dict[str, Any], dict[str, np.ndarray]], ...] = field(repr=False)
    """Ids, rows and vectors."""
    told: tuple[Told, ...] = field(default=(), repr=False)
    """What is said and written in videos."""


class _OtherFormatError(atom.LibraryError):
    """Lines that another version of Atom wrote."""


def read_lines(lines: Iterable[str], source: str) -> Read:
    """The clips that lines hold, all of them checked.

    :param source: how messages call where they are from
    :raises LibraryError: if a line is none of a library's, naming it
    """
    clips: list[tuple[str, dict[str, Any], dict[str, np.ndarray]]] = []
    told: list[Told] = []
    head: Mapping[str, Any] | None = None
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
            if head is None:
                head = {**value}
                if head["atom_library"] != VERSION:
                    raise _OtherFormatError(
                        f"{source}, line {number}: its format is {head['atom_library']}, this version reads {VERSION};"
                        " take it in with the Atom that wrote it, or a newer one"
                    )
                continue
            if KEY in value:
                told.append(of_line(value))
                continue
            row = {name: one for name, one in value.items() if name not in ("id", "vectors")}
            if not is_sound(row) or not isinstance(value["id"], str):
                raise ValueError("it is no clip of a video")
            vectors = {name: unit(np.asarray(value["vectors"][name]), value["id"]) for name in _VECTORS
                       if name in value["vectors"]}  # fmt: skip
            if "clips" not in vectors:
                raise ValueError("it has no vector")
            clips.append((value["id"], row, vectors))
        except _OtherFormatError:
            raise
        except (ValueError, TypeError, KeyError, RecursionError, atom.LibraryError) as error:
            said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise atom.LibraryError(
                f"{source}, line {number} is no line of an exported library: {said}; write it by atom library --export"
            ) from None
    if head is None:
        raise atom.LibraryError(f"{source} is empty; write it with atom library --export")
    return Read(head=head, clips=tuple(clips), told=tuple(told))


def bring_in(library: ChromaLibrary, read: Read, source: str) -> int:
    """Store what was read, in place of clips with the same ids; how many clips that are.

    :raises LibraryError: if another model made it, or another text embedder than the library has
    """
    embedder = check_made_alike(library, read.head, source)
    library.put([(key, {**row, **placed(str(row["path"]), library.home)}, vectors) for key, row, vectors in read.clips])
    texts = {key: vectors["texts"] for key, _, vectors in read.clips if "texts" in vectors}
    if texts and embedder:
        library.add_texts(embedder, texts)
    return len(read.clips)


def merge(library: ChromaLibrary, other: ChromaLibrary) -> int:
    """Store all clips of another library, in place of clips with the same ids; how many clips that are.

    Done again, it changes nothing; cut off, it goes on where it is done again, and videos of which a part is stored are
    not found until then. Memory is bounded, whatever the other holds.

    :raises LibraryError: as `bring_in`
    """
    head = other.made_by()
    embedder = check_made_alike(library, head, f"'{other.path}'")
    num = 0
    for page in other.stored_pages():
        library.put([(key, {**row, **placed(str(row["path"]), library.home)}, vectors) for key, row, vectors in page])
        texts = {key: vectors["texts"] for key, _, vectors in page if "texts" in vectors}
        if texts and embedder:
            library.add_texts(embedder, texts)
        num += len(page)
    return num


def check_made_alike(library: ChromaLibrary, head: Mapping[str, Any], source: str) -> str:
    """Make sure that what made other clips is what made a library's; the text embedder of the other ones.

    :raises LibraryError: if another model made it, or another text embedder than the library has
    """
    made = library.made_by()
    if content_of(str(head.get("model"))) != content_of(made["model"]):
        raise atom.LibraryError(
            f"{source} was made with model {head.get('model')}, the library with {made['model']}; take it into a"
            " library of that model: --library DIR"
        )
    embedder, own = str(head.get("embedder") or ""), made["embedder"]
    if embedder and own and content_of(embedder) != content_of(own):
        raise atom.LibraryError(
            f"{source} has its captions embedded by {embedder}, the library by {own}; embed those of one of them anew:"
            " atom index --embed"
        )
    return embedder


@frozen(kw_only=True)
class Faults:
    """What is wrong with a library, by kind: ids of entries."""

    unsound: tuple[str, ...]
    """Entries that are no clips of videos."""
    broken: tuple[str, ...]
    """Clips whose vector is not finite, or not of the width of the others."""
    orphans: tuple[str, ...]
    """Vectors of captions without their clips."""

    @property
    def num(self) -> int:
        """How many there are."""
        return len(self.unsound) + len(self.broken) + len(self.orphans)


def faults_of(library: ChromaLibrary) -> Faults:
    """What is wrong with a library; every entry is read.

    :raises LibraryError: if it cannot be read at all
    """

    def look(found: Collections) -> Faults:
        unsound, broken, seen = [], [], set()
        width = 0
        for page in pages(found.clips, ["metadatas", "embeddings"]):
            for key, row, vector in zip(page["ids"], page["metadatas"], page["embeddings"], strict=True):
                seen.add(key)
                width = width or len(vector)
                if not is_sound(row):
                    unsound.append(key)
                elif len(vector) != width or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
                    broken.append(key)
        others = [key for part in (found.captions, found.texts) for page in pages(part, []) for key in page["ids"]]
        orphans = tuple(dict.fromkeys(key for key in others if key not in seen))
        return Faults(unsound=tuple(unsound), broken=tuple(broken), orphans=orphans)

    with explained(library.path, "read"):
        return library.reading(look)


def mend(library: ChromaLibrary, faults: Faults) -> None:
    """Delete the entries that are faulty; videos that are not whole then are made again by ``atom index``.

    :raises LibraryError: if it cannot be written
    """
    check_room(library.path)
    keys = [*faults.unsound, *faults.broken, *faults.orphans]
    for start in range(0, len(keys), PAGE):
        library.changing(partial(_delete, keys[start : start + PAGE]))


def _delete(keys: list[str], found: Collections) -> None:
    delete(found, keys)
