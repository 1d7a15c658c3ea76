"""What video files were found to be, kept on disk: a file that is as it was is not read again to know it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from atom_core.records import Video
from atom_core.stores.json_store import KeptValues


class VideoStore:
    """Videos by place and stamp of their files."""

    def __init__(self, cache: Path, version: str) -> None:
        """
        :param cache: the folder of what is kept between runs
        :param version: names all but the file that decides what is found
        """
        self._kept = KeptValues(cache / "videos", version)

    def get(self, path: Path, stamp: Sequence[int]) -> Video | None:
        """The video that the file at `path` was found to be when it had this `stamp`; None if that is not known.

        :param stamp: what changes whenever the file does, such as its size and the time of its last change
        """
        try:
            kept = self._kept.get(_name(path))
            video = Video(**kept["video"]) if kept["stamp"] == list(stamp) else None
        except (ValueError, KeyError, TypeError):
            return None
        return video if video is not None and video.path == path else None

    def put(self, path: Path, stamp: Sequence[int], video: Video) -> None:
        """Keep what the file at `path` was found to be."""
        value = {"stamp": list(stamp), "video": {**attrs.asdict(video), "path": str(path)}}
        self._kept.put(_name(path), value)


def _name(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()
