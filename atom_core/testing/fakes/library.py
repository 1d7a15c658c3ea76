"""A library in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from atom_core.records import Entry, Moment

if TYPE_CHECKING:
    import numpy as np


class FakeLibrary:
    """A `Library` in memory. Search is exact: the mean similarity to a clip's vectors."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[tuple[str, float, float], Entry] = {}
        self.closed = False
        self.add(list(entries))

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced."""
        for entry in entries:
            self._entries[entry.clip.video.content_hash, entry.clip.start_s, entry.clip.end_s] = entry

    def search(self, vector: np.ndarray, limit: int = 10) -> list[Moment]:
        """The nearest clips, best first."""
        return sorted((_moment(e, vector) for e in self._entries.values()), key=lambda m: -m.score)[:limit]

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video."""
        return {entry.clip.video.content_hash: entry.clip.video.path for entry in self._entries.values()}

    def remove(self, content_hash: str) -> int:
        """Forget a video; how many clips it had."""
        gone = [key for key in self._entries if key[0] == content_hash]
        for key in gone:
            del self._entries[key]
        return len(gone)

    def move(self, content_hash: str, path: Path) -> None:
        """Note that a video's file is at `path` now."""
        for key, entry in self._entries.items():
            if key[0] == content_hash:
                clip = evolve(entry.clip, video=evolve(entry.clip.video, path=path))
                self._entries[key] = evolve(entry, clip=clip)

    def __len__(self) -> int:
        return len(self._entries)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def _moment(entry: Entry, vector: np.ndarray) -> Moment:
    similarities = [float(v @ vector) for v in (entry.vector, entry.caption_vector) if v is not None]
    clip = entry.clip
    return Moment(
        start_s=clip.start_s,
        end_s=clip.end_s,
        path=clip.video.path,
        content_hash=clip.video.content_hash,
        caption=entry.caption,
        score=min(1.0, sum(similarities) / len(similarities)),
    )
