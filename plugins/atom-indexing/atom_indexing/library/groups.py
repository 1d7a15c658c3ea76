"""Which stored clips belong together: those of one segmentation of a video, which are found once all are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import atom_core as atom
from atom_indexing.entries.rows import group_mark, group_of
from atom_indexing.library.chroma import PAGE
from atom_indexing.replica.changes import Change

if TYPE_CHECKING:
    from atom_indexing.library.database import Collections


def replace_others(entry: atom.Entry, found: Collections) -> bool:
    """Once the clips of an entry's video are all there, delete what else there is of it; whether they are."""
    return keep_group(entry.clip.video.content_hash, group_mark(entry), entry.num_clips, found)


def keep_group(content_hash: str, group: str, num_clips: int, found: Collections) -> bool:
    """Once the `num_clips` clips of a group are all there, delete what else there is of their video; whether
    they are.
    """
    keys = found.clips.get(where={"content_hash": content_hash}, include=[])["ids"]
    others = [key for key in keys if not key.endswith(group)]
    is_whole = len(keys) - len(others) >= num_clips
    if others and is_whole:
        delete(found, others)
    return is_whole


def delete_groups(content_hash: str, groups: frozenset[str], found: Collections) -> None:
    """Delete what the groups called `groups` have of a video."""
    rows = found.clips.get(where={"content_hash": content_hash}, include=["metadatas"])
    stored = zip(rows["ids"], rows["metadatas"] or [], strict=True)
    delete(found, [key for key, row in stored if group_of(row) in groups])


def delete(found: Collections, keys: list[str]) -> None:
    """Delete the entries `keys`."""
    for start in range(0, len(keys), PAGE):
        found.clips.delete(ids=keys[start : start + PAGE])  # first: what counts as indexed has all its parts
        found.captions.delete(ids=keys[start : start + PAGE])
        found.texts.delete(ids=keys[start : start + PAGE])
    found.changes.append(Change(removed=keys))
