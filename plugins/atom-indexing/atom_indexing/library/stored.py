"""What the collections hold, read and written some entries at once: ids, rows, and vectors.

Shapes: N clips, E width of the decoder's vectors, F of the embedder's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atom_indexing.library.chroma import PAGE, pages
from atom_indexing.library.table import Row, Table, float32, is_sound, unit

if TYPE_CHECKING:
    from atom_indexing.library.database import Collections

Stored = tuple[str, Row, Mapping[str, np.ndarray]]
"""A clip: its id, its row, and its vectors by collection."""


def page_of(start: int, found: Collections) -> list[Stored]:
    """The sound clips of a page of entries, which begins with the entry number `start`."""
    page: Any = found.clips.get(include=["metadatas", "embeddings"], limit=PAGE, offset=start)
    vectors = {key: {"clips": vector} for key, vector in zip(page["ids"], float32(page["embeddings"]), strict=True)}
    for name, part in (("captions", found.captions), ("texts", found.texts)):
        more: Any = part.get(ids=page["ids"], include=["embeddings"])
        for key, vector in zip(more["ids"], float32(more["embeddings"]), strict=True):
            vectors[key][name] = vector
    return [(key, row, vectors[key]) for key, row in zip(page["ids"], page["metadatas"], strict=True) if is_sound(row)]


def put_page(clips: Sequence[Stored], found: Collections) -> None:
    """Store clips, at most `PAGE`, but for the text embedder's vectors; what counts as indexed has all its parts."""
    worded = [(key, vectors["captions"]) for key, _, vectors in clips if "captions" in vectors]
    keys = [key for key, _, _ in clips]
    if bare := [key for key, _, vectors in clips if "captions" not in vectors]:
        found.captions.delete(ids=bare)
    if worded:
        found.captions.upsert(ids=[key for key, _ in worded], embeddings=[vector for _, vector in worded])
    found.texts.delete(ids=keys)  # another caption may be another text
    found.clips.upsert(
        ids=keys,
        embeddings=[vectors["clips"] for _, _, vectors in clips],
        metadatas=[dict(row) for _, row, _ in clips],
        documents=[str(row["caption"]) for _, row, _ in clips],
    )


def put_texts(embedder: str, vectors: Mapping[str, np.ndarray], found: Collections) -> None:
    """Store the vectors that `embedder` gives captions, by id."""
    keys = list(vectors)
    if (found.texts.metadata or {}).get("embedder") != embedder:
        found.texts.modify(metadata={"embedder": embedder})
    for start in range(0, len(keys), PAGE):
        part = keys[start : start + PAGE]
        found.texts.upsert(ids=part, embeddings=[unit(vectors[key], key) for key in part])


def place_videos(content_hash: str, place: Mapping[str, str], found: Collections) -> None:
    """Note in the rows of a video where it is now."""
    rows = found.clips.get(where={"content_hash": content_hash}, include=["metadatas"])
    metadata: list[Mapping[str, Any]] = [{**row, **place} for row in rows["metadatas"] or []]
    for start in range(0, len(metadata), PAGE):
        end = start + PAGE
        found.clips.update(ids=rows["ids"][start:end], metadatas=metadata[start:end])


def table_of(rows: Mapping[str, Row], keys: list[str] | None, found: Collections) -> Table:
    """The clips with their vectors, in memory.

    :param rows: by id; those of others are not wanted
    :param keys: which entries are read; None is all
    """
    vectors = {
        key: vector_E
        for page in pages(found.clips, ["embeddings"], keys)
        for key, vector_E in zip(page["ids"], float32(page["embeddings"]), strict=True)
        if key in rows
    }
    place = {key: number for number, key in enumerate(vectors)}
    clips_NE = np.stack(list(vectors.values())) if vectors else np.zeros((0, 0), np.float32)
    captions_NE = np.zeros_like(clips_NE)
    for key, vector_E in _vectors_of(found.captions, keys):
        if key in place:
            captions_NE[place[key]] = vector_E
    texts_NF: np.ndarray | None = None
    for key, vector_F in _vectors_of(found.texts, keys):
        if key in place:
            if texts_NF is None:
                texts_NF = np.zeros((len(vectors), len(vector_F)), np.float32)
            texts_NF[place[key]] = vector_F
    return Table(
        metadata=[rows[key] for key in vectors],
        clips_NE=clips_NE,
        captions_NE=captions_NE,
        keys=list(vectors),
        texts_NF=texts_NF,
    )


def _vectors_of(collection: Any, keys: list[str] | None) -> Iterator[tuple[str, np.ndarray]]:
    for page in pages(collection, ["embeddings"], keys):
        yield from zip(page["ids"], float32(page["embeddings"]), strict=True)
