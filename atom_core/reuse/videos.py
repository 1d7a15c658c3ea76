"""What video files were found to be, kept on disk: a file that is as it was is not read again to know it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from atom_core.files import write_whole
from atom_core.records import Video

log = logging.getLogger("atom")


class VideoStore:
    """Videos by place and stamp of their files, in small JSON files. What cannot be kept costs reuse."""

    def __init__(self, cache: Path, version: str) -> None:
        """
        :param cache: the folder of what is kept between runs
        :param version: of all but the file that decides what is found
        """
        self._folder, self._version = cache / "videos", version

    def get(self, path: Path, stamp: Sequence[int]) -> Video | None:
        """The video that the file at `path` was found to be when it had this `stamp`; None if that is not known.

        :param stamp: what changes whenever the file does, such as its size and the time of its last change
        """
        try:
            kept = json.loads(self._place(path).read_text(encoding="utf-8"))
            if kept["version"] != self._version or kept["stamp"] != list(stamp):
                return None
            video = Video(**kept["video"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return video if video.path == path else None

    def put(self, path: Path, stamp: Sequence[int], video: Video) -> None:
        """Keep what the file at `path` was found to be."""
        place = self._place(path)
        value = {"version": self._version, "stamp": list(stamp), "video": {**attrs.asdict(video), "path": str(path)}}
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, json.dumps(value))
        except OSError as error:
            log.info("what videos are cannot be kept in %s: %s", self._folder, error)

    def _place(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(path)).hexdigest()
        return self._folder / name[:2] / f"{name}.json"
