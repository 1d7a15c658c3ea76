"""Where a video's shots begin, kept on disk by content: the pictures are compared once, ever."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from atom_core.files import write_whole

log = logging.getLogger("atom")


class ShotStore:
    """Cuts by content hash, in small JSON files. What cannot be kept or read costs reuse, never a result."""

    def __init__(self, cache: Path, version: str) -> None:
        """
        :param cache: the folder of what is kept between runs
        :param version: of all but the video that decides where cuts are found
        """
        self._folder, self._version = cache / "shots", version

    def get(self, content_hash: str) -> list[tuple[float, float]] | None:
        """Time in seconds and strength of each cut; None if they are not known."""
        try:
            kept = json.loads(self._path(content_hash).read_text(encoding="utf-8"))
            if kept["version"] != self._version or kept["video"] != content_hash:
                return None
            return [(float(time_s), float(strength)) for time_s, strength in kept["cuts"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, content_hash: str, cuts: Sequence[tuple[float, float]]) -> None:
        """Keep the cuts of a video."""
        path = self._path(content_hash)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps({"version": self._version, "video": content_hash, "cuts": list(cuts)}))
        except OSError as error:
            log.info("shots cannot be kept in %s: %s", self._folder, error)

    def _path(self, content_hash: str) -> Path:
        return self._folder / content_hash[:2] / f"{content_hash}.json"
