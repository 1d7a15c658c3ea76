"""What was found of a video, kept on disk for the next question."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_core.files import private_folder, sweep, write_whole
from atom_core.files.owner import read_own

log = logging.getLogger("atom")

MOST_REPLIES = 20_000
"""Replies kept of one video; the oldest go first."""
MOST_BYTES = 64 * 2**20
"""Of all videos together; the files that were not used for the longest time go first."""
_VERSION = "1"


class Kept:
    """Captions and replies of one video's clips, by what was asked; written when it is closed."""

    def __init__(self, host: atom.Host, video: atom.Video, decoder: atom.Decoder) -> None:
        self._folder = host.settings.cache / "answers"
        self._on = host.settings.reuse
        name = hashlib.sha256(video.content_hash.encode()).hexdigest()
        self._path = self._folder / name[:2] / f"{name}.json"
        self._version = _version(host, decoder)
        found = self._read() if self._on else None
        if not (isinstance(found, dict) and all(isinstance(found.get(part), dict) for part in ("captions", "replies"))):
            found = {"captions": {}, "replies": {}}
        self._captions: dict[str, list[Any]] = found["captions"]
        self._replies: dict[str, Any] = found["replies"]
        self._lock = threading.Lock()
        self._changed = False

    def _read(self) -> Any:
        """What is kept of the video by the same version; what cannot be read costs reuse, never an answer."""
        try:
            kept = json.loads(read_own(self._path))
            return kept if kept["version"] == self._version else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def caption(self, clip: atom.Clip) -> tuple[str, float] | None:
        """The caption of a clip and how sure it is."""
        found = self._captions.get(_key(clip))
        return (str(found[0]), float(found[1])) if found else None

    def put_caption(self, clip: atom.Clip, text: str, confidence: float) -> None:
        """Keep the caption of a clip."""
        with self._lock:
            self._captions[_key(clip)] = [text, round(confidence, 4)]
            self._changed = True

    def reply(self, clip: atom.Clip, asked: str) -> Any:
        """What a clip replied; None if it was not asked."""
        return self._replies.get(f"{_key(clip)} {asked}")

    def put_reply(self, clip: atom.Clip, asked: str, value: object) -> None:
        """Keep what a clip replied, a JSON value."""
        with self._lock:
            self._replies[f"{_key(clip)} {asked}"] = value
            self._changed = True

    def close(self) -> None:
        """Write what is new."""
        if not (self._on and self._changed):
            return
        with self._lock:
            replies = dict(list(self._replies.items())[-MOST_REPLIES:])
            value = {"version": self._version, "captions": self._captions, "replies": replies}
        try:
            private_folder(self._path.parent)
            write_whole(self._path, json.dumps(value), private=True)
            sweep(self._path.parent)
        except OSError as error:
            log.info("answers cannot be kept in %s: %s", self._folder, error)
        _bound(self._folder)


def _version(host: atom.Host, decoder: atom.Decoder) -> str:
    """Everything beside the video and the question that could change what is found."""
    about = host.about("caption") if "caption" in host.tasks else {"frames": host.settings.frames}
    text = json.dumps([_VERSION, about, decoder.name], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _key(clip: atom.Clip) -> str:
    return f"{clip.start_s:.3f}-{clip.end_s:.3f}"


def _bound(folder: Path) -> None:
    files = []
    for path in folder.glob("*/*.json"):
        with contextlib.suppress(OSError):
            stat = path.stat()
            files.append((stat.st_mtime, stat.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= MOST_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
