"""Which stored clips belong together: those of one segmentation of a video, which are found once all are there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

import atom_core as atom
from atom_indexing.library.chroma import PAGE
from atom_indexing.library.remembering import Held
from atom_indexing.library.table import Row, place_of

if TYPE_CHECKING:
    from atom_indexing.library.database import Collections


def key_of(entry: atom.Entry) -> str:
    """The id of an entry: that of its video, span and segmentation."""
    clip = entry.clip
    return f"{clip.video.content_hash}:{clip.start_s!r}:{clip.end_s!r}{group_mark(entry)}"


def group_mark(entry: atom.Entry) -> str:
    """How the ids of the entries end that belong together with one; empty where it is stored by itself."""
    return f":{entry.num_clips}-{entry.segmentation}" if entry.num_clips else ""


@define
class _Group:
    """Rows of a video that belong together."""

    row: Row
    """One of them, the last."""
    count: int = 0
    wanted: int = 0
    """How many there are of it if it is whole."""
    first_s: float = math.inf
    """When the oldest of them was stored, seconds since 1970; 0 where that is not known."""
    last_s: float = 0.0
    """When the newest was."""
    settings: set[str] = field(factory=set)

    def take(self, row: Row) -> None:
        """Count `row` in."""
        self.row = row
        self.count += 1
        self.wanted = max(self.wanted, int(_number(row, "num_clips")))
        added_s = _number(row, "added_s")
        self.first_s, self.last_s = min(self.first_s, added_s), max(self.last_s, added_s)
        self.settings.add(str(row.get("settings", "")))


def contents(rows: Iterable[Row], home: Path) -> dict[str, Held]:
    """What rows tell of each video, by content hash."""
    videos: dict[str, dict[str, _Group]] = {}
    for row in rows:
        name = group_of(row)
        groups = videos.setdefault(row["content_hash"], {})
        if name not in groups:
            groups[name] = _Group(row)
        groups[name].take(row)
    return {content_hash: _held(groups, home) for content_hash, groups in videos.items()}


def _held(groups: Mapping[str, _Group], home: Path) -> Held:
    """What the groups of one video's rows make: the whole one that was stored last, and what was added since."""
    whole = {name: group for name, group in groups.items() if group.count >= group.wanted}
    found = dict(whole)
    if segmented := [name for name in whole if name]:
        last = max(segmented, key=lambda name: (whole[name].last_s, name))
        found = {name: whole[name] for name in (last, "") if name in whole}
        if "" in found and found[""].last_s <= found[last].last_s:
            del found[""]
    counted = (found or groups).values()
    last_s = max((group.last_s for group in found.values()), default=-1.0)
    return Held(
        path=place_of(next(iter(counted)).row, home),
        num_clips=sum(group.count for group in counted),
        is_whole=bool(found),
        settings=frozenset[str]().union(*(group.settings for group in counted)),
        groups=frozenset(found),
        stale_groups=frozenset(name for name in groups.keys() - found.keys() if groups[name].last_s <= last_s),
        first_s=min(group.first_s for group in counted),
    )


def group_of(row: Row) -> str:
    """Which rows of its video a row belongs to: those of one segmentation; empty where it was stored by itself."""
    name = row.get("group", "")
    return name if isinstance(name, str) else ""


def _number(row: Row, name: str) -> float:
    value = row.get(name, 0)
    return value if isinstance(value, (int, float)) else 0


def replace_others(entry: atom.Entry, found: Collections) -> None:
    """Once the clips of an entry's video are all there, delete what else there is of it."""
    keys = found.clips.get(where={"content_hash": entry.clip.video.content_hash}, include=[])["ids"]
    others = [key for key in keys if not key.endswith(group_mark(entry))]
    if others and len(keys) - len(others) >= entry.num_clips:
        delete(found, others)


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
