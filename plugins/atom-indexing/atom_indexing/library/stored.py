"""What the collections hold, read and written some entries at once: ids, rows, and vectors.

Whatever writes notes in `Collections.changes` what it has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atom_indexing.entries.rows import float32, is_sound, unit
from atom_indexing.library.chroma import PAGE
from atom_indexing.replica.changes import Change, Stored

if TYPE_CHECKING:
    from atom_indexing.library.database import Collections


def page_of(start: int, found: Collections) -> list[Stored]:
    """The sound clips of a page of entries, which begins with the entry number `start`."""
    return _with_vectors(found.clips.get(include=["metadatas", "embeddings"], limit=PAGE, offset=start), found)


def of_videos(content_hashes: Sequence[str], found: Collections) -> list[Stored]:
    """The sound clips of some videos."""
    where: Any = {"content_hash": {"$in": list(content_hashes)}}
    return _with_vectors(found.clips.get(where=where, include=["metadatas", "embeddings"]), found)


def _with_vectors(page: Any, found: Collections) -> list[Stored]:
    """Entries with their vectors, those of captions too."""
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
    found.changes.append(Change(put=[(key, row, _without_texts(vectors)) for key, row, vectors in clips]))


def _without_texts(vectors: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    return {kind: vector for kind, vector in vectors.items() if kind != "texts"}


def put_texts(embedder: str, vectors: Mapping[str, np.ndarray], found: Collections) -> None:
    """Store the vectors that `embedder` gives captions, by id."""
    keys = list(vectors)
    if (found.texts.metadata or {}).get("embedder") != embedder:
        found.texts.modify(metadata={"embedder": embedder})
    for start in range(0, len(keys), PAGE):
        part = keys[start : start + PAGE]
        found.texts.upsert(ids=part, embeddings=[unit(vectors[key], key) for key in part])
    found.changes.append(Change(texts=vectors))


def place_videos(content_hash: str, place: Mapping[str, str], found: Collections) -> None:
    """Note in the rows of a video where it is now."""
    rows = found.clips.get(where={"content_hash": content_hash}, include=["metadatas"])
    metadata: list[Mapping[str, Any]] = [{**row, **place} for row in rows["metadatas"] or []]
    for start in range(0, len(metadata), PAGE):
        end = start + PAGE
        found.clips.update(ids=rows["ids"][start:end], metadatas=metadata[start:end])
    found.changes.append(Change(placed=(content_hash, place)))
