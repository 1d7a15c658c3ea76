"""Which moments a query may find, whatever they show: by video, folder, kind, date and length."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import atom_core as atom

About = Callable[[Path], atom.Video]
"""What a file is now; raises a `MediaError` if it cannot be read."""


class Filter:
    """The filters of one query. What a library does not tell of a video, its file is asked for, once."""

    def __init__(self, query: atom.Query, about: About) -> None:
        self._query, self._about = query, about
        self._videos = frozenset(query.videos)
        self._folder = None if query.folder is None else os.path.abspath(query.folder)
        self._real = os.path.realpath(query.folder or "")
        self._real_folders: dict[str, bool] = {}
        self._known: dict[tuple[str, Path], bool] = {}

    def admits(self, found: atom.Span, content_hash: str, path: Path) -> bool:
        """Whether the query may find a span of the video at `path`."""
        query = self._query
        if found.duration_s < query.shortest_s or (query.longest_s is not None and found.duration_s > query.longest_s):
            return False
        key = content_hash, path
        if key not in self._known:
            self._known[key] = self.admits_video(content_hash, lambda: path, {})
        return self._known[key]

    def admits_video(self, content_hash: str, path: Callable[[], Path], row: Mapping[str, object]) -> bool:
        """Whether the query may find moments of a video.

        :param path: tells where it is, which is asked where it matters
        :param row: what the library has noted of it
        """
        if self._videos and content_hash not in self._videos:
            return False
        if self._folder is not None and not self._is_inside(path()):
            return False
        if not self._query.kind and self._query.recorded_from_s is None and self._query.recorded_to_s is None:
            return True
        is_film, when_s = row.get("is_film"), row.get("recorded_s")
        if not isinstance(is_film, bool) or not isinstance(when_s, float):
            try:
                video = self._about(path())
                is_film, when_s = video.is_film, recorded_s(video)
            except (atom.MediaError, OSError):
                return False
        after = self._query.recorded_from_s is None or when_s >= self._query.recorded_from_s
        before = self._query.recorded_to_s is None or when_s < self._query.recorded_to_s
        return after and before and self._query.kind in ("", "film" if is_film else "footage")

    def _is_inside(self, path: Path) -> bool:
        assert self._folder is not None
        text = os.fspath(path)
        if _is_below(text, self._folder):
            return True
        parent = os.path.dirname(text)
        if parent not in self._real_folders:
            self._real_folders[parent] = _is_below(os.path.realpath(parent) + os.sep, self._real)
        return _is_below(os.path.realpath(text), self._real) if os.path.islink(text) else self._real_folders[parent]


def _is_below(path: str, folder: str) -> bool:
    """Whether a normal path is that of `folder`, or of what is in it; by text, since thousands are asked."""
    path, folder = os.path.normcase(path), os.path.normcase(folder)
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def recorded_s(video: atom.Video) -> float:
    """When a video was recorded, seconds since 1970: as its file says, else when the file was last written.

    :raises OSError: if the file is gone
    """
    return video.recorded_s if video.recorded_s is not None else os.stat(video.path).st_mtime
