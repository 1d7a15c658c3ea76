"""Where a video's shots begin, kept on disk by content: the pictures are compared once, ever."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atom_core.stores.json_store import KeptValues


class ShotStore:
    """Cuts by content hash."""

    def __init__(self, cache: Path, version: str) -> None:
        """
        :param cache: the folder of what is kept between runs
        :param version: names all but the video that decides where cuts are found
        """
        self._kept = KeptValues(cache / "shots", version)

    def get(self, content_hash: str) -> list[tuple[float, float, float, float]] | None:
        """Time, strength, begin and end of each cut, times in seconds; None if they are not known."""
        try:
            return [
                (float(time_s), float(strength), float(first_s), float(last_s))
                for time_s, strength, first_s, last_s in self._kept.get(content_hash)
            ]
        except (ValueError, TypeError):
            return None

    def put(self, content_hash: str, cuts: Sequence[tuple[float, float, float, float]]) -> None:
        """Keep the cuts of a video."""
        self._kept.put(content_hash, list(cuts))
